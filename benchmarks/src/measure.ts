import type { Contender, Load, TimedBenchmark } from './benchmark.ts'
import { collectGarbage } from './host.ts'
import { hasKernelSockets } from './runtime.ts'
import type { Summary } from './statistics.ts'
import { summarize } from './statistics.ts'

export interface MeasureOptions {
  /** How often every contender has its turn. */
  readonly rounds: number
  /** How long one turn should take, in ms. */
  readonly turn: number
  readonly clocks?: Clocks
}

/** Both in ms from any beginning. */
export interface Clocks {
  now(): number
  /** User and system time of all threads of the process; NaN where a program cannot know, in pages. */
  cpu(): number
}

const hostClocks: Clocks = {
  now: () => performance.now(),
  cpu: () => {
    if (!hasKernelSockets) return NaN
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  },
}

/** What one contender did, in the benchmark's unit. */
export interface ContenderResult {
  readonly name: string
  /** Work per second of real time. */
  readonly rate: Summary
  /** Work per second of CPU time: user and system, all threads of the process. `null` where nobody can tell. */
  readonly perCpuSecond: Summary | null
  /** Rate over the baseline's rate, of the turns in the same round. `null` where the baseline cannot take part. */
  readonly ratio: Summary | null
  readonly cpuRatio: Summary | null
  /** Rate over that of the contender named as this one's bound; `null` without one. */
  readonly boundRatio: Summary | null
}

export interface TimedResult {
  readonly benchmark: TimedBenchmark
  readonly rounds: number
  readonly contenders: readonly ContenderResult[]
}

interface Runner {
  readonly contender: Contender
  readonly load: Load
  readonly amount: number
  readonly rates: number[]
  readonly cpuRates: number[]
}

interface Turn {
  /** Both in seconds. */
  readonly real: number
  readonly cpu: number
}

/** A turn that takes so many ms has got stuck. */
const STUCK = 60_000
/** Work that is done before anything is measured, in turns: the engine compiles what is hot. */
const WARM_UP_TURNS = 3

/**
 * Lets the contenders take turns: A B A B …, each doing an amount of work that takes it about `turn` ms. Ratios are taken within a
 * round, between neighbours in time.
 */
export async function measure(benchmark: TimedBenchmark, options: MeasureOptions): Promise<TimedResult> {
  const { rounds, turn, clocks = hostClocks } = options
  const loads: Load[] = []
  const runners: Runner[] = []
  checkNames(benchmark)
  try {
    for (const contender of benchmark.contenders) {
      if (contender.needs === 'kernel sockets' && !hasKernelSockets) continue
      const load = await contender.open()
      loads.push(load)
      const amount = await calibrate(contender.name, load, turn / 1000, clocks)
      runners.push({ contender, load, amount, rates: [], cpuRates: [] })
    }
    for (let round = 0; round < rounds; round++) {
      for (const runner of runners) {
        const { real, cpu } = await takeTurn(runner.contender.name, runner.load, runner.amount, clocks)
        const work = runner.amount / benchmark.scale
        runner.rates.push(work / real)
        runner.cpuRates.push(work / cpu)
      }
    }
  } finally {
    for (const load of loads) await load.close()
  }
  return { benchmark, rounds, contenders: compare(runners, benchmark.baseline) }
}

/**
 * The amount of work that takes about `seconds`, and a warm-up by the way: turns of less than half of that do not count. The best rate
 * does, because whatever else the machine does only makes turns longer.
 */
async function calibrate(name: string, load: Load, seconds: number, clocks: Clocks): Promise<number> {
  let amount = 1000
  let best = 0
  for (let turns = 0; turns < WARM_UP_TURNS;) {
    const { real } = await takeTurn(name, load, amount, clocks)
    if (real < seconds / 50) {
      // Too short for the clock to tell a rate.
      amount *= 4
      continue
    }
    best = Math.max(best, amount / real)
    if (amount >= best * seconds / 2) turns++
    amount = Math.ceil(Math.min(amount * 4, best * seconds))
  }
  return amount
}

async function takeTurn(name: string, load: Load, amount: number, clocks: Clocks): Promise<Turn> {
  // What one contender threw away is not for the next one to sweep up.
  collectGarbage()
  const cpu = clocks.cpu()
  const start = clocks.now()
  await untilStuck(name, load.run(amount))
  const real = clocks.now() - start
  // The CPU clock may stand still for a tick.
  return { real: real / 1000, cpu: Math.max(clocks.cpu() - cpu, 0.001) / 1000 }
}

/** Rejects when `work` does not settle: a figure that never comes is to be seen in CI. */
async function untilStuck(name: string, work: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const stuck = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${name} got stuck: a turn took more than ${STUCK / 1000} s`)), STUCK)
  })
  try {
    await Promise.race([work, stuck])
  } finally {
    clearTimeout(timer)
  }
}

function checkNames({ contenders, baseline }: TimedBenchmark): void {
  const names = new Set(contenders.map(({ name }) => name))
  if (!names.has(baseline)) throw new RangeError(`no contender is named '${baseline}', expected the baseline to be one`)
  for (const { bound } of contenders) {
    if (bound !== undefined && !names.has(bound)) throw new RangeError(`no contender is named '${bound}', expected a bound to be one`)
  }
}

function compare(runners: readonly Runner[], baselineName: string): ContenderResult[] {
  const find = (wanted: string | undefined): Runner | undefined => runners.find(({ contender: { name } }) => name === wanted)
  const baseline = find(baselineName)
  return runners.map(({ contender: { name, bound }, rates, cpuRates }) => ({
    name,
    rate: summarize(rates),
    perCpuSecond: known(cpuRates),
    ratio: over(rates, baseline?.rates),
    cpuRatio: over(cpuRates, baseline?.cpuRates),
    boundRatio: over(rates, find(bound)?.rates),
  }))
}

/** Round by round. */
function over(own: readonly number[], others: readonly number[] | undefined): Summary | null {
  return others === undefined ? null : known(own.map((rate, round) => rate / others[round]!))
}

function known(samples: readonly number[]): Summary | null {
  return samples.some(Number.isNaN) ? null : summarize(samples)
}
