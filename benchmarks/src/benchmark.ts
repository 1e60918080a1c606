/** Something that was set up to do one kind of work, over and over. */
export interface Load {
  /** Does `amount` units of the work; the promise settles when all of it is done, at the far end too. */
  run(amount: number): Promise<void>
  close(): Promise<void> | void
}

/** One way of doing a benchmark's work. */
export interface Contender {
  readonly name: string
  /** Takes part only where the host has them: pages have no sockets of the kernel's. */
  readonly needs?: 'kernel sockets'
  /** Name of the contender that does nothing but what this one cannot do without. */
  readonly bound?: string
  /** Sets up connections and buffers; not measured. */
  open(): Promise<Load>
}

export type RuntimeName = 'Node' | 'Deno' | 'Bun' | 'Chromium'

/** What a name on the command line may stand for. */
export type Group = 'speed' | 'bound' | 'scale' | 'memory'

interface Described {
  /** What `npm run bench NAME` takes. */
  readonly name: string
  readonly title: string
  readonly group: Group
  /** What the figures count: `MB/s`, `requests/s`. */
  readonly unit: string
  /** Where it makes sense; everywhere by default. */
  readonly runtimes?: readonly RuntimeName[]
}

/** Work that several contenders do in turn, so that whatever else the machine does meets all of them. */
export interface TimedBenchmark extends Described {
  readonly kind: 'timed'
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
  readonly parts: readonly Part[]
}

export interface Part {
  readonly name: string
  readonly value: number
}

/** A benchmark without turns. */
export interface CountingBenchmark extends Described {
  readonly kind: 'counted'
  /** Why it cannot be counted here and now; undefined when it can. */
  missing?(): Promise<string | undefined>
  count(): Promise<readonly Count[]>
}

export type Benchmark = TimedBenchmark | CountingBenchmark
