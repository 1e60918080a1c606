import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import { CliError } from '../cli-error.ts'
import { ExitCode } from '../exit-codes.ts'
import { askHost, findHost } from '../netstat/find-host.ts'
import { formatStats } from '../netstat/print-stats.ts'
import type { Terminal } from '../terminal/terminal.ts'

const examples = `
Examples:
  l4 netstat                       the only host that runs
  l4 netstat l4                    the one on the interface l4
  l4 netstat --watch               again and again, every second
  l4 netstat --watch 0.2 --json | jq '.sockets[].cwnd'

It asks the host's control socket (see \`l4 host --help\`), so it works from outside the host's network namespace too.
Exit code 7 when no host runs.`

interface Options {
  readonly control?: string
  readonly watch?: number | true
  readonly json?: true
}

export function addNetstatCommand(program: Command, terminal: Terminal): void {
  program.command('netstat')
    .summary('show the sockets of a running host')
    .description('Shows the sockets of a host that `l4 host` runs: state, queues, congestion window, round-trip time, timers.')
    .argument('[name]', "the host's interface (default: the only host that runs)")
    .option('--control <path>', "the host's control socket, if it is not at its usual place")
    .option('--watch [seconds]', 'repeat', parseSeconds)
    .option('--json', 'print one JSON object, or one a line with --watch')
    .addHelpText('after', examples)
    .action((name: string | undefined, options: Options) => netstat(name, options, terminal))
}

async function netstat(name: string | undefined, options: Options, terminal: Terminal): Promise<void> {
  if (name !== undefined && options.control !== undefined) throw new CliError('expected a name or --control, got both', ExitCode.Usage)
  const path = options.control ?? await findHost(name)
  const interval = options.watch === true ? 1000 : options.watch
  for (;;) {
    const stats = await askHost(path)
    if (options.json === true) terminal.out(`${JSON.stringify(stats)}\n`)
    else {
      const clear = interval !== undefined && terminal.outIsTerminal ? '\x1b[H\x1b[2J' : ''
      terminal.out(`${clear}${formatStats(stats, terminal.colours).join('\n')}\n`)
    }
    if (interval === undefined) return
    await new Promise((resolve) => setTimeout(resolve, interval))
  }
}

/** Milliseconds. */
function parseSeconds(text: string): number {
  const seconds = Number(text)
  if (!(seconds >= 0.05 && seconds <= 86_400)) throw new InvalidArgumentError('Expected seconds from 0.05 to 86400.')
  return seconds * 1000
}
