import { writeFileSync } from 'node:fs'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { missingCommand, missingKernelHost } from '../../../testing/missing.node.ts'
import { optional } from '../../../testing/optional.ts'
import { atLeast, command } from '../arguments.ts'
import type { BenchmarkDocument } from '../document.ts'
import { timedEntry } from '../document.ts'
import type { ContenderResult, TimedResult } from '../measure.ts'
import { runtimeLine, timedReport } from '../report.ts'
import { hostRuntime } from '../machine.ts'
import { summarize } from '../statistics.ts'
import type { Direction, Turn } from './tun-host.ts'
import { TunHost } from './tun-host.ts'

const usage = `npm run bench:tun -- [options]

iperf3 over a TUN interface between the Linux kernel and our host, each direction, with segmentation and checksum offload and without.
Needs Linux, root, TUN and iperf3.

  --rounds N        turns of each contender, 5 by default
  --seconds N       how long a turn takes, 3 by default
  --json FILE       write the results as one JSON document, like \`npm run bench\`
  --help`

const directions: readonly { readonly direction: Direction, readonly title: string }[] = [
  { direction: 'receive', title: 'the kernel sends, we receive' },
  { direction: 'send', title: 'we send, the kernel receives' },
]
const contenders = [
  { name: 'offload', words: [] },
  { name: 'no offload', words: ['--no-offload'] },
]
const BASELINE = 1
const UNIT = 'Gbit/s'

async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '3' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return console.log(usage)
  const rounds = atLeast(values.rounds, '--rounds', 1)
  const seconds = atLeast(values.seconds, '--seconds', 1)
  const missing = missingKernelHost() ?? missingCommand('iperf3')
  if (!optional('iperf3 and a kernel test host', missing, 'the benchmark over TUN')) return

  // Namespaces outlive their processes: leave in order, for `exit` removes them.
  for (const [signal, number] of [['SIGINT', 2], ['SIGTERM', 15]] as const) process.once(signal, () => process.exit(128 + number))
  const hosts = contenders.map(() => new TunHost())
  const results: TimedResult[] = []
  try {
    for (const [i, host] of hosts.entries()) await host.open(contenders[i]!.words)
    console.log(`${runtimeLine(hostRuntime())}; ${rounds} × ${seconds} s`)
    for (const { direction, title } of directions) {
      const result = await compare(hosts, direction, title, rounds, seconds)
      console.log(`\n${timedReport(result)}`)
      results.push(result)
    }
  } finally {
    await Promise.all(hosts.map((host) => host.remove()))
  }
  if (values.json === undefined) return
  const document: BenchmarkDocument = {
    schema: 1, runtime: hostRuntime(), date: new Date().toISOString(), benchmarks: results.map(timedEntry),
  }
  writeFileSync(values.json, `${JSON.stringify(document, null, 2)}\n`)
}

/** The hosts take turns: whatever else the machine does meets all of them. A first turn, while the engine compiles, does not count. */
async function compare(
  hosts: readonly TunHost[], direction: Direction, title: string, rounds: number, seconds: number,
): Promise<TimedResult> {
  const turns: Turn[][] = contenders.map(() => [])
  for (const host of hosts) await host.run(direction, 1)
  for (let round = 0; round < rounds; round++) {
    for (const [i, host] of hosts.entries()) turns[i]!.push(await host.run(direction, seconds))
  }
  const base = turns[BASELINE]!
  const results = contenders.map(({ name }, i): ContenderResult => {
    const own = turns[i]!
    return {
      name,
      rate: summarize(own.map(({ rate }) => rate)),
      perCpuSecond: summarize(own.map(({ perCpuSecond }) => perCpuSecond)),
      ratio: summarize(own.map(({ rate }, round) => rate / base[round]!.rate)),
      cpuRatio: summarize(own.map(({ perCpuSecond }, round) => perCpuSecond / base[round]!.perCpuSecond)),
      boundRatio: null,
    }
  })
  const name = `tun-${direction}`
  return {
    benchmark: { kind: 'timed', group: 'speed', name, title, unit: UNIT, scale: 1, contenders: [], baseline: contenders[BASELINE]!.name },
    rounds,
    contenders: results,
  }
}

await command(main)
