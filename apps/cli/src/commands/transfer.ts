import type { Command } from 'commander'
import { InvalidArgumentError, Option } from 'commander'
import { CliError } from '../cli-error.ts'
import { congestionOption } from '../congestion.ts'
import { ExitCode } from '../exit-codes.ts'
import { formatBytes, formatRate } from '../format.ts'
import { ProgressBar } from '../terminal/progress-bar.ts'
import type { Terminal } from '../terminal/terminal.ts'
import type { ByteSource } from '../transfer/byte-source.ts'
import { openSource } from '../transfer/byte-source.ts'
import { Capture } from '../transfer/capture.ts'
import type { Phase, TransferEvent, WindowEvent } from '../transfer/events.ts'
import { judge } from '../transfer/judge.ts'
import { formatEvent, windowChanged } from '../transfer/print-event.ts'
import { formatIntroduction, formatSummary } from '../transfer/print-summary.ts'
import { runTransfer } from '../transfer/run-transfer.ts'
import type { HostName, TransferSettings } from '../transfer/settings.ts'
import { defaultSettings } from '../transfer/settings.ts'
import type { TransferSummary } from '../transfer/summary.ts'
import { summarise } from '../transfer/summary.ts'
import { parseByteCount, parseDuration, parseInteger, parseProbability, parseQueue, parseRate } from '../units.ts'

const examples = `
Examples:
  l4 transfer                                      10 MiB over a link that loses and reorders 1 %
  l4 transfer film.mp4 --rate 100mbit --delay 25ms --loss 0.1%
  l4 transfer --size 64KiB --loss 20% --trace      every segment, one a line
  l4 transfer --seed 7 --pcap run.pcapng           the same file, byte for byte, whenever and wherever it runs
  l4 transfer --congestion bbr --loss 2%           another congestion control; --trace tells what it does
  l4 transfer --json | jq .goodput

The run takes place in virtual time: it depends on the options and the file alone, not on this machine.
Exit code 4 when the digests of both sides differ, 6 when the connection failed.`

interface Options {
  readonly size?: number
  readonly rate: number
  readonly delay: number
  readonly jitter: number
  readonly loss: number
  readonly reorder: number
  readonly duplicate: number
  readonly corrupt: number
  readonly queue: { readonly packets: number } | { readonly bytes: number }
  readonly seed: number
  readonly mtu: number
  readonly buffer: number
  readonly congestion?: string
  readonly pacing?: true
  readonly ipv6?: true
  readonly pcap?: string
  readonly pcapAt: HostName
  readonly trace?: true
  readonly json?: true
}

export function addTransferCommand(program: Command, terminal: Terminal): void {
  const { link, seed, mtu, buffer } = defaultSettings
  program.command('transfer')
    .summary('send a file between two hosts over an emulated link')
    .description('Sends a file by TCP between two hosts in this process, over an emulated link, and checks that it arrived.')
    .argument('[file]', 'what to send (default: 10 MiB of the RFC 864 pattern, samples/chargen.txt)')
    .option('--size <bytes>', 'send so much of the RFC 864 pattern instead of a file', parseByteCount)
    .addOption(new Option('--rate <rate>', "the link's rate").argParser(parseRate).default(link.rate, '10mbit'))
    .addOption(new Option('--delay <time>', 'propagation delay each way').argParser(parseDuration).default(link.delay, '5ms'))
    .addOption(new Option('--jitter <time>', 'up to so much more for each packet').argParser(parseDuration).default(link.jitter, '0ms'))
    .addOption(new Option('--loss <probability>', 'of a packet being lost').argParser(parseProbability).default(link.loss, '1%'))
    .addOption(new Option('--reorder <probability>', 'of a packet being overtaken').argParser(parseProbability).default(link.reorder, '1%'))
    .addOption(new Option('--duplicate <probability>', 'of a packet coming twice').argParser(parseProbability).default(link.duplicate, '0%'))
    .addOption(new Option('--corrupt <probability>', 'of one bit being flipped').argParser(parseProbability).default(link.corrupt, '0%'))
    .addOption(new Option('--queue <size>', 'packets or bytes that may wait for the link').argParser(parseQueue).default(link.queue, '100packets'))
    .option('--seed <number>', 'of all that is random', parseInteger(0, Number.MAX_SAFE_INTEGER), seed)
    .option('--mtu <bytes>', 'largest IP packet', parseInteger(68, 65_535), mtu)
    .addOption(new Option('--buffer <bytes>', 'send and receive buffer').argParser(parseBuffer).default(buffer, '1MiB'))
    .addOption(congestionOption('--congestion <name>'))
    .option('--pacing', 'spread segments over the round trip, as bbr does without being told')
    .option('-6, --ipv6', 'IPv6 instead of IPv4')
    .option('--pcap <file>', 'write a pcapng capture, with state changes as packet comments')
    .addOption(new Option('--pcap-at <host>', 'where the capture is taken').choices(['client', 'server']).default('client'))
    .option('--trace', 'print every segment, and what congestion control does')
    .option('--json', 'print one JSON object')
    .addHelpText('after', examples)
    .action((file: string | undefined, options: Options) => transfer(file, options, terminal))
}

function transfer(file: string | undefined, options: Options, terminal: Terminal): void {
  if (file !== undefined && options.size !== undefined) throw new CliError('expected a file or --size, got both', ExitCode.Usage)
  if (options.ipv6 === true && options.mtu < 1280) {
    throw new CliError(`--mtu is ${options.mtu}, expected at least 1280 for IPv6 (RFC 8200 §5)`, ExitCode.Usage)
  }
  const settings = settingsOf(options)
  const source = openSource(file, options.size)
  const capture = options.pcap === undefined ? undefined : openCapture(options.pcap, options.pcapAt, settings, source)
  const traceAll = options.trace === true
  const summary = options.json === true
    ? runQuietly(settings, source, capture, traceAll)
    : runWatched(settings, source, capture, traceAll, terminal)
  if (options.json === true) terminal.out(`${JSON.stringify(summary)}\n`)
  else terminal.out(`${formatSummary(summary, terminal.colours).join('\n')}\n`)
  judge(summary)
}

function runQuietly(settings: TransferSettings, source: ByteSource, capture: Capture | undefined, traceAll: boolean): TransferSummary {
  const events: TransferEvent[] = []
  const result = runTransfer(settings, source, {
    event: (event) => events.push(event), traceAll, ...(capture === undefined ? {} : { capture }),
  })
  return summarise(source.name, settings, result, capture?.close(), events)
}

const headings: Readonly<Record<Phase, string>> = { handshake: 'Handshake', data: 'Data', close: 'Close' }

function runWatched(
  settings: TransferSettings, source: ByteSource, capture: Capture | undefined, traceAll: boolean, terminal: Terminal,
): TransferSummary {
  const { colours } = terminal
  const bar = new ProgressBar(terminal, source.size)
  let phase: Phase | undefined
  const windows: Partial<Record<HostName, WindowEvent>> = {}
  terminal.out(`${formatIntroduction(source.name, source.size, settings, colours).join('\n')}\n`)
  const result = runTransfer(settings, source, {
    traceAll,
    event: (event) => bar.above(() => {
      if (event.type === 'window') {
        const before = windows[event.host]
        windows[event.host] = event
        if (!windowChanged(before, event)) return
      }
      if (event.phase !== phase) terminal.out(`\n${colours.bold(headings[event.phase])}\n`)
      phase = event.phase
      terminal.out(`${formatEvent(event, colours)}\n`)
    }),
    progress: (received, now) => bar.update(received, `${formatBytes(received)}, ${formatRate(now === 0 ? 0 : (received * 8000) / now)}`),
    ...(capture === undefined ? {} : { capture }),
  })
  bar.clear()
  terminal.out(`\n${colours.bold('Result')}\n`)
  return summarise(source.name, settings, result, capture?.close(), [])
}

function openCapture(file: string, host: HostName, settings: TransferSettings, source: ByteSource): Capture {
  const { link, seed, mtu, congestion } = settings
  const comment = `l4 transfer: ${formatRate(link.rate)}, delay ${link.delay} ms, jitter ${link.jitter} ms, loss ${link.loss}, `
    + `reorder ${link.reorder}, duplicate ${link.duplicate}, corrupt ${link.corrupt}, MTU ${mtu}, ${congestion}, seed ${seed}; times are virtual`
  try {
    return new Capture(file, host, comment)
  } catch (error) {
    source.close()
    throw error
  }
}

function settingsOf(options: Options): TransferSettings {
  const { rate, delay, jitter, loss, reorder, duplicate, corrupt, queue, seed, mtu, buffer } = options
  const { ipv6 = false, congestion = defaultSettings.congestion, pacing = false } = options
  return { link: { rate, delay, jitter, loss, reorder, duplicate, corrupt, queue }, seed, mtu, ipv6, buffer, congestion, pacing }
}

function parseBuffer(text: string): number {
  const bytes = parseByteCount(text)
  if (bytes < 2048 || bytes > 2 ** 26) throw new InvalidArgumentError('Expected 2KiB to 64MiB.')
  return bytes
}
