/** Something that was set up to do one kind of work, over and over. */
export interface Load {
  /** Does `amount` units of the work; the promise settles when all of it is done, at the far end too. */
  run(amount: number): Promise<void>
  close(): Promise<void> | void
}

/** One way of doing a benchmark's work. */
export interface Contender {
  readonly name: string
  /** Sets up connections and buffers; not measured. */
  open(): Promise<Load>
}

/** Work that several contenders do in turn, so that whatever else the machine does meets all of them. */
export interface TimedBenchmark {
  readonly kind: 'timed'
  /** What `npm run bench -- NAME` takes. */
  readonly name: string
  readonly title: string
  /** What the rates count: `MB/s`, `requests/s`. */
  readonly unit: string
  /** Units of work, as `Load.run` counts them, in one of `unit`: 1e6 bytes in a MB. */
  readonly scale: number
  /** The first one is the subject of `ratio`. */
  readonly contenders: readonly Contender[]
  /** Name of the contender that every other one is compared with. */
  readonly baseline: string
}

/** What was counted rather than timed, by case. */
export interface Count {
  readonly name: string
  readonly value: number
  /** Where it comes from, the largest first. */
  readonly parts: readonly { readonly name: string, readonly value: number }[]
}

/** A benchmark without a clock. */
export interface CountingBenchmark {
  readonly kind: 'counted'
  readonly name: string
  readonly title: string
  readonly unit: string
  count(): Promise<readonly Count[]>
}

export type Benchmark = TimedBenchmark | CountingBenchmark
