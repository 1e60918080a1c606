import type { Count, CountingBenchmark, Part } from './benchmark.ts'
import type { TimedResult } from './measure.ts'
import type { Runtime } from './runtime.ts'
import type { Summary } from './statistics.ts'

/**
 * What `--json FILE` writes; `document.schema.json` says the same to other readers. Additions do not change `schema`; what a reader would
 * misunderstand does.
 */
export interface BenchmarkDocument {
  readonly schema: 1
  readonly runtime: Runtime
  /** When the run ended, ISO 8601 in UTC. */
  readonly date: string
  readonly benchmarks: readonly BenchmarkEntry[]
}

export interface BenchmarkEntry {
  readonly name: string
  readonly title: string
  /** Of the contenders' `median`, `low`, `high`. */
  readonly unit: string
  /** The first contender's rate over the baseline's: median of the rounds. `null` where nothing is compared, or cannot be. */
  readonly ratio: number | null
  /** Where the middle half of the rounds' ratios lies. */
  readonly spread: Range | null
  /** The contender that the others are compared with. */
  readonly baseline: string | null
  /** Rounds in which every contender had its turn; 0 for what is counted without a clock. */
  readonly rounds: number
  readonly contenders: readonly ContenderEntry[]
}

export interface Range {
  readonly low: number
  readonly high: number
}

export interface ContenderEntry {
  readonly name: string
  readonly median: number
  /** Quarter and three-quarter points of the rounds. */
  readonly low: number
  readonly high: number
  /** The same work by CPU time (user and system, all threads) instead of real time; `null` for what is counted, and in pages. */
  readonly perCpuSecond: Summary | null
  /** This contender over the baseline, in real time and by CPU time. */
  readonly ratio: Summary | null
  readonly cpuRatio: Summary | null
  /** The contender that does only what this one cannot do without, and this one's rate over its; `null` without one. */
  readonly bound: string | null
  readonly boundRatio: Summary | null
  /** What a counted figure consists of, the largest first; empty for what is timed. */
  readonly parts: readonly Part[]
}

export function timedEntry({ benchmark, rounds, contenders }: TimedResult): BenchmarkEntry {
  const { name, title, unit, baseline } = benchmark
  const first = contenders[0]!.ratio
  const bounds = new Map(benchmark.contenders.map((contender) => [contender.name, contender.bound]))
  return {
    name, title, unit,
    ratio: first?.median ?? null,
    spread: first === null ? null : { low: first.low, high: first.high },
    baseline: first === null ? null : baseline,
    rounds,
    contenders: contenders.map((contender) => ({
      name: contender.name, ...contender.rate,
      perCpuSecond: contender.perCpuSecond, ratio: contender.ratio, cpuRatio: contender.cpuRatio,
      bound: bounds.get(contender.name) ?? null, boundRatio: contender.boundRatio, parts: [],
    })),
  }
}

export function countedEntry({ name, title, unit }: CountingBenchmark, counts: readonly Count[]): BenchmarkEntry {
  return {
    name, title, unit, ratio: null, spread: null, baseline: null, rounds: 0,
    contenders: counts.map((count) => ({
      name: count.name, median: count.value, low: count.value, high: count.value,
      perCpuSecond: null, ratio: null, cpuRatio: null, bound: null, boundRatio: null, parts: count.parts,
    })),
  }
}
