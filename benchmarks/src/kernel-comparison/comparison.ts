import type { Summary } from '../statistics.ts'
import { quantile, summarize } from '../statistics.ts'
import type { Scenario } from './scenarios.ts'
import { SEGMENT_TEXT } from './scenarios.ts'
import type { Run, SenderName, TestBed } from './test-bed.ts'

/** Turns of the senders with one seed. A sender that was not asked for has none. */
export interface Round {
  readonly seed: number
  readonly runs: Readonly<Partial<Record<SenderName, Run>>>
}

export interface Comparison {
  readonly scenario: Scenario
  readonly rounds: readonly Round[]
}

export interface SenderSummary {
  readonly sender: SenderName
  readonly congestionControl: string
  /** Mbit/s of text that the receiver's program got, over the rounds. */
  readonly goodput: Summary
  readonly least: number
  readonly most: number
  /** Median goodput over what the link carries of text in full segments. */
  readonly utilisation: number
  /** Medians of the rounds. */
  readonly retransmissions: number
  readonly lost: number
  readonly queueDrops: number
  /** ms; the worst of the rounds. */
  readonly latenessP99: number
  readonly latenessMax: number
}

export const senderNames: readonly SenderName[] = ['kernel', 'layerfour']
/** Rounds differ in their seeds by this. */
const SEED_STEP = 1000
/** A turn in which the path was later than this, in ms, does not count: something else had the machine. It is taken again. */
const MOST_LATE = 20
const ATTEMPTS = 3

export async function compare(
  bed: TestBed, scenario: Scenario, senders: readonly SenderName[], rounds: number, duration: number,
): Promise<Comparison> {
  const done: Round[] = []
  for (let round = 0; round < rounds; round++) {
    const seed = scenario.link.seed! + round * SEED_STEP
    const seeded = { ...scenario, link: { ...scenario.link, seed } }
    const runs: Partial<Record<SenderName, Run>> = {}
    for (const name of senders) {
      const run = await undisturbed(() => bed.run(name, seeded, duration))
      if (!run.received.sound) throw new Error(`${name}, ${scenario.name}, seed ${seed}: wrong text after ${run.received.bytes} bytes`)
      runs[name] = run
    }
    done.push({ seed, runs })
  }
  return { scenario, rounds: done }
}

/** Runs until a run met a path that kept its times, or the attempts are used up. */
async function undisturbed(turn: () => Promise<Run>): Promise<Run> {
  for (let attempt = 1; ; attempt++) {
    const run = await turn()
    if (attempt === ATTEMPTS || run.path.lateness.max <= MOST_LATE) return run
  }
}

/** Text in Mbit/s. */
export function goodput({ received }: Run): number {
  return received.bytes * 8 / received.duration / 1000
}

/** Undefined for a sender without runs. */
export function summarizeSender({ scenario, rounds }: Comparison, sender: SenderName): SenderSummary | undefined {
  const runs = rounds.flatMap((round) => round.runs[sender] ?? [])
  if (runs.length === 0) return undefined
  const rates = runs.map(goodput)
  const median = (of: (run: Run) => number): number => quantile(runs.map(of), 0.5)
  const rate = summarize(rates)
  return {
    sender,
    congestionControl: runs[0]!.sender.congestionControl,
    goodput: rate,
    least: Math.min(...rates),
    most: Math.max(...rates),
    utilisation: rate.median * 1e6 / (scenario.rate * SEGMENT_TEXT / 1500),
    retransmissions: median((run) => run.sender.retransmissions),
    lost: median((run) => run.path.aToB.lost),
    queueDrops: median((run) => run.path.aToB.queueDrops),
    latenessP99: Math.max(...runs.map((run) => run.path.lateness.p99)),
    latenessMax: Math.max(...runs.map((run) => run.path.lateness.max)),
  }
}

/** Our goodput over the kernel's, of rounds with the same seed; undefined unless both took part. */
export function ratios({ rounds }: Comparison): Summary | undefined {
  const each = rounds.flatMap(({ runs: { kernel, layerfour } }) =>
    kernel === undefined || layerfour === undefined ? [] : goodput(layerfour) / goodput(kernel))
  return each.length === 0 ? undefined : summarize(each)
}
