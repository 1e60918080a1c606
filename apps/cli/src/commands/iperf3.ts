import { randomBytes } from 'node:crypto'
import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import { SocketError } from '@layerfour/socket'
import { isMulticast, isUnspecified, parseIpAddress } from '@layerfour/wire'
import { CliError } from '../cli-error.ts'
import { ExitCode } from '../exit-codes.ts'
import { openStack } from '../host/open-stack.ts'
import type { ClientResult } from '../iperf3/client.ts'
import { runIperf3 } from '../iperf3/client.ts'
import { realClock } from '../iperf3/clock.ts'
import { Iperf3Error } from '../iperf3/iperf3-error.ts'
import type { TestParameters } from '../iperf3/parameters.ts'
import { LONGEST_TIME, MOST_STREAMS } from '../iperf3/parameters.ts'
import { formatInterval, formatResult, formatTest } from '../iperf3/print-result.ts'
import { IPERF3_PORT } from '../iperf3/server.ts'
import { sumUp } from '../iperf3/summary.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { parseByteCount, parseInteger } from '../units.ts'
import type { InterfaceOptions } from './interface-options.ts'
import { addInterfaceOptions, interfaceOf, interrupted } from './interface-options.ts'

const examples = `
Examples:
  iperf3 --server                                  in one terminal; in another one:
  sudo l4 iperf3 10.9.0.1 --tun l4 --address 10.9.0.2/24
  sudo l4 iperf3 10.9.0.1 --tun l4 --address 10.9.0.2/24 --reverse --parallel 8 --time 3
  sudo l4 iperf3 fd09::1 --tun l4 --address fd09::2/64 --bytes 1GiB --json | jq .sums

The kernel has 10.9.0.1 on its side of the interface (see \`l4 host --help\`). The other way round, \`l4 host\` has a server for the
kernel's \`iperf3 --client\`. Exit code 6 when the test could not be made or broke.`

interface Options extends InterfaceOptions {
  readonly port: number
  readonly reverse?: true
  readonly bidir?: true
  readonly parallel: number
  readonly time?: number
  readonly bytes?: number
  readonly length: number
  /** Nagle's algorithm. */
  readonly delay: boolean
  readonly json?: true
}

export function addIperf3Command(program: Command, terminal: Terminal): void {
  const command = program.command('iperf3')
    .summary('measure throughput against an iperf3 server')
    .description('Measures TCP throughput between a host of its own, on a Linux TUN or TAP interface, and an iperf3 server.')
    .argument('<address>', "the server's IP address", parseServer)
  addInterfaceOptions(command)
    .option('-p, --port <number>', "the server's port", parseInteger(1, 65_535), IPERF3_PORT)
    .option('-R, --reverse', 'the server sends')
    .option('--bidir', 'both send')
    .option('-P, --parallel <streams>', 'streams in each direction', parseInteger(1, MOST_STREAMS), 1)
    .option('-t, --time <seconds>', 'how long (default: 10)', parseInteger(1, LONGEST_TIME))
    .option('-n, --bytes <bytes>', 'how much instead of how long, all streams of a direction together', parseAmount)
    .option('-l, --length <bytes>', 'so many at a time', parseLength, 131_072)
    .option('-N, --no-delay', "Nagle's algorithm off")
    .option('--json', 'print one JSON object')
    .addHelpText('after', examples)
    .action((hostname: string, options: Options) => iperf3(hostname, options, terminal))
}

async function iperf3(hostname: string, options: Options, terminal: Terminal): Promise<void> {
  const { port, json = false } = options
  const parameters = parametersOf(options)
  const host = openStack({
    ...interfaceOf(options),
    report: (error) => terminal.error(`l4: ${error instanceof Error ? error.stack ?? error.message : String(error)}\n`),
  })
  try {
    if (!json) terminal.out(`${formatTest(hostname, port, parameters, terminal.colours)}\n`)
    const stop = new AbortController()
    void interrupted().then((signal) => stop.abort(new CliError(`${signal}: the test is over`, ExitCode.ConnectionFailed)))
    const result = await runIperf3({
      stack: host.stack,
      clock: realClock(host.stack),
      hostname,
      port,
      parameters,
      random: randomBytes,
      signal: stop.signal,
      onInterval: (interval) => {
        if (!json) terminal.out(`${formatInterval(interval)}\n`)
      },
    })
    terminal.out(json ? `${toJson(hostname, port, parameters, result)}\n` : `\n${formatResult(result, terminal.colours).join('\n')}\n`)
  } catch (error) {
    if (error instanceof Iperf3Error || error instanceof SocketError) throw new CliError(error.message, ExitCode.ConnectionFailed, error)
    throw error
  } finally {
    await host.close()
  }
}

function toJson(hostname: string, port: number, parameters: TestParameters, result: ClientResult): string {
  return JSON.stringify({ server: { hostname, port }, parameters, sums: sumUp(result), ...result })
}

function parametersOf(options: Options): TestParameters {
  const { parallel, time, bytes, length } = options
  if (options.reverse === true && options.bidir === true) throw new CliError('expected --reverse or --bidir, got both', ExitCode.Usage)
  if (time !== undefined && bytes !== undefined) throw new CliError('expected --time or --bytes, got both', ExitCode.Usage)
  return {
    direction: options.bidir === true ? 'both' : options.reverse === true ? 'reverse' : 'forward',
    parallel,
    time: bytes === undefined ? time ?? 10 : 0,
    bytes: bytes ?? 0,
    omit: 0,
    blockSize: length,
    noDelay: !options.delay,
    ...(options.congestion === undefined ? {} : { congestion: options.congestion }),
  }
}

function parseServer(text: string): string {
  const address = parseIpAddress(text)
  if (address === undefined || isMulticast(address) || isUnspecified(address)) {
    throw new InvalidArgumentError('Expected an IP address of one host.')
  }
  return text
}

function parseAmount(text: string): number {
  const bytes = parseByteCount(text)
  if (bytes === 0) throw new InvalidArgumentError('Expected 1 or more.')
  return bytes
}

function parseLength(text: string): number {
  const bytes = parseByteCount(text)
  if (bytes < 1 || bytes > 1_048_576) throw new InvalidArgumentError('Expected 1 to 1MiB.')
  return bytes
}
