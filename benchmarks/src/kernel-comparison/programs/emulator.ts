/** The path, in a process of its own: two TUN interfaces, whose other ends belong to the sender and to the receiver, joined by a link. */
import type { LinkStats } from '@layerfour/sim'
import { EmulatedLink, Prng } from '@layerfour/sim'
import { openTun } from '@layerfour/tun'
import { quantile } from '../../statistics.ts'
import type { Scenario } from '../scenarios.ts'
import { REORDER_STRETCH } from '../scenarios.ts'
import { serve } from '../serve.ts'

export interface EmulatorReport {
  readonly aToB: LinkStats
  readonly bToA: LinkStats
  /** How late packets left the link, in ms. */
  readonly lateness: Lateness
  /** Packets that the kernel had no memory for. */
  readonly refused: number
}

export interface Lateness {
  readonly median: number
  readonly p99: number
  readonly max: number
}

export interface EmulatorCommands {
  /** Names of the two interfaces, which are this namespace's until they are moved. */
  open(): readonly [a: string, b: string]
  /** Joins the interfaces by the link of a scenario; what comes without one is lost. */
  start(scenario: Scenario): void
  stop(): EmulatorReport
}

/** Least wait in ms between looks at the clock and the interfaces; Linux makes it some 0.05 ms longer. */
const NAP = 0.05
const MOST_SAMPLES = 1 << 20
/** Random stream of the reordering gaps; the link's own are below. */
const GAP_STREAM = 100

const nobody = new Int32Array(new SharedArrayBuffer(4))
const lateness = new Float64Array(MOST_SAMPLES)
let samples = 0
let refused = 0
let link: EmulatedLink | undefined
let gaps: { readonly draws: Prng, readonly least: number, readonly most: number } | undefined
let packets = 0

const a = openTun({ name: 'l4a', up: false })
const b = openTun({ name: 'l4b', up: false })
a.attach((bytes, start, end) => enter('a', bytes, start, end))
b.attach((bytes, start, end) => enter('b', bytes, start, end))

/** A packet comes from an interface, and is in the link at once: the link is never left due at -Infinity. */
function enter(side: 'a' | 'b', bytes: Uint8Array, start: number, end: number): void {
  if (link === undefined) return
  settle(link)
  if (side === 'a' && gaps !== undefined && packets++ % REORDER_STRETCH === 0) {
    link.change('aToB', { reorderGap: gaps.least + gaps.draws.below(gaps.most - gaps.least + 1) })
  }
  link[side].transmit(bytes, start, end)
  link.poll(performance.now())
}

/** Lets out what is due, each packet at its own time, and notes how late that really is. */
function settle(link: EmulatedLink): void {
  const now = performance.now()
  while (link.deadline <= now) {
    const due = link.deadline
    link.poll(due)
    if (samples < MOST_SAMPLES) lateness[samples++] = performance.now() - due
  }
}

/** While a link is on, the loop never sleeps longer than a nap: timers of the host are too coarse for packets. */
function spin(): void {
  if (link === undefined) return
  settle(link)
  if (link.deadline - performance.now() > NAP) Atomics.wait(nobody, 0, 0, NAP)
  setImmediate(spin)
}

serve<EmulatorCommands>({
  open: () => [a.name, b.name],
  start(scenario) {
    link = new EmulatedLink(scenario.link)
    link.a.attach((bytes, start, end) => { if (!a.transmit(bytes, start, end)) refused++ })
    link.b.attach((bytes, start, end) => { if (!b.transmit(bytes, start, end)) refused++ })
    const [least, most] = scenario.reorderGaps ?? [0, 0]
    gaps = most > 0 ? { draws: new Prng(scenario.link.seed ?? 0, GAP_STREAM), least, most } : undefined
    samples = refused = packets = 0
    setImmediate(spin)
  },
  stop() {
    const { aToB, bToA } = link!.stats
    const times = samples > 0 ? Array.from(lateness.subarray(0, samples)) : [0]
    const report = {
      aToB: { ...aToB }, bToA: { ...bToA }, refused,
      lateness: { median: quantile(times, 0.5), p99: quantile(times, 0.99), max: quantile(times, 1) },
    }
    link!.close()
    link = undefined
    return report
  },
})
