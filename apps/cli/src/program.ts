import { Command, CommanderError } from 'commander'
import { explain } from './cli-error.ts'
import { addHelpCommand } from './commands/help.ts'
import { addHostCommand } from './commands/host.ts'
import { addIperf3Command } from './commands/iperf3.ts'
import { addNetstatCommand } from './commands/netstat.ts'
import { addTransferCommand } from './commands/transfer.ts'
import { ExitCode, exitCodeMeanings } from './exit-codes.ts'
import type { Terminal } from './terminal/terminal.ts'
import { version } from './version.ts'

const afterHelp = `
Exit codes:
${Object.entries(exitCodeMeanings).map(([code, meaning]) => `  ${code}  ${meaning}`).join('\n')}

Colours follow NO_COLOR and FORCE_COLOR; what is no terminal gets none.
\`l4 help COMMAND\` has the options and examples of a command.`

/** Runs one command line (without the program's name) and returns its exit code. Never throws. */
export async function run(words: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const program = new Command('l4')
    .description('A TCP/IP stack of its own, at work: transfers over emulated links, a host on a TUN device, throughput against iperf3.')
    .version(version)
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: (text) => terminal.error(text) })
    .showHelpAfterError('(`--help` shows what is possible)')
    .addHelpText('after', afterHelp)
  addTransferCommand(program, terminal)
  addHostCommand(program, terminal)
  addNetstatCommand(program, terminal)
  addIperf3Command(program, terminal)
  addHelpCommand(program)
  try {
    await program.parseAsync(words, { from: 'user' })
    return ExitCode.Ok
  } catch (error) {
    // Commander has said everything already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.Ok : ExitCode.Usage
    const { message, exitCode } = explain(error)
    terminal.error(`${terminal.errorColours.red('l4:')} ${message}\n`)
    return exitCode
  }
}
