import type { Command } from 'commander'

/** In place of commander's own, which ignores words behind the command's name. */
export function addHelpCommand(program: Command): void {
  program.helpCommand(false)
  program.command('help')
    .summary('display help for command')
    .description('Shows the options and examples of a command, or all commands.')
    .argument('[command]', 'which one')
    .action((name: string | undefined) => {
      if (name === undefined) program.help()
      const command = program.commands.find((candidate) => candidate.name() === name)
      if (command === undefined) program.error(`error: unknown command '${name}'`)
      command.help()
    })
}
