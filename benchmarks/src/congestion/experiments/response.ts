import type { CongestionControl, CubicState } from '@layerfour/flow'
import { cubic, newReno } from '@layerfour/flow'
import { Prng } from '@layerfour/sim'
import type { Check, Experiment } from '../experiment.ts'
import { check } from '../experiment.ts'
import { mean } from '../measure.ts'
import { Network, PACKET, TEXT } from '../network.ts'
import { modelWindow } from '../response-model.ts'
import type { Panel } from '../svg.ts'
import { plot } from '../svg.ts'

/** Average window of Reno in segments, one segment more per round trip, b = 1 (RFC 9438 §5.1: AVG_W_AIMD(1, 0.5)): √(3/2) / √p. */
const renoWindow = (p: number): number => Math.sqrt(1.5 / p)
/** RFC 9438 §5.1, figure 6, C = 0.4 and β = 0.7; where Reno is faster, the Reno-friendly region takes over. `rtt` in ms. */
const cubicWindow = (p: number, rtt: number): number =>
  Math.max((0.4 * 3.7 / 1.2) ** 0.25 * (rtt / 1000) ** 0.75 / p ** 0.75, renoWindow(p))

/** 1/p: one loss in so many packets. */
const DISTANCES = [100, 1000, 10_000, 100_000]

interface Case {
  readonly control: CongestionControl
  readonly rtt: number
  readonly published: (p: number) => number
}

const cases: readonly Case[] = [
  { control: newReno, rtt: 100, published: renoWindow },
  { control: cubic, rtt: 100, published: (p) => cubicWindow(p, 100) },
  { control: cubic, rtt: 10, published: (p) => cubicWindow(p, 10) },
]

/** Average windows in segments: segments sent per round trip, and cwnd over time. */
interface StackWindow {
  readonly sent: number
  readonly cwnd: number
}

/** Where the cycle of the formula begins and ends: the window after a loss and before one, in segments. */
function cycle({ control, published }: Case, p: number): readonly [low: number, high: number] {
  const average = published(p)
  if (control !== cubic) return [average / 1.5, average / 0.75]
  // A line from 0.7 to 1 in the Reno-friendly region; else the mean of the cubic is (3 + β)/4.
  const high = average / (average === renoWindow(p) ? 0.85 : 0.925)
  return [0.7 * high, high]
}

/**
 * The algorithm, begun in its cycle just after a loss. CUBIC two per cent below: it comes to rest there from below, while a window above
 * takes some hundred cycles to come down, or shrinks by fast convergence (RFC 9438 §4.7), of which the formula knows nothing.
 */
function inCycle(control: CongestionControl, low: number, high: number): CongestionControl {
  return {
    ...control,
    create(mss) {
      const state = control.create(mss)
      const share = control === cubic ? 0.98 : 1
      state.cwnd = state.ssthresh = Math.round(low * share * mss)
      if (control === cubic) Object.assign((state as CubicState).epoch, { wMax: high * share * mss, cwndPrior: high * share * mss })
      return state
    },
  }
}

/** Two full stacks; one packet in `distance` is lost. */
export function stackWindow(one: Case, distance: number, skip: number, measure: number): StackWindow {
  const { control, rtt } = one
  const [low, high] = cycle(one, 1 / distance)
  const settings = { initialBuffer: 2 ** 24, sendBuffer: 2 ** 24, receiveBuffer: 2 ** 24 }
  let losses = 0
  const network: Network = new Network({
    // Fast enough that no queue stays, slow enough that ACKs come one after the other.
    rate: Math.max(2 * high, 1000) * PACKET * 8 / rtt * 1000, rtt, buffer: 2 ** 26,
    // Every ACK at once: what waits for a delayed one would make the round trip longer than the formula's.
    receiver: { ...settings, delayedAck: 0, quickAcks: 1000 },
    senders: [{ control: inCycle(control, low, high), tcp: settings }],
    gate: ({ number }) => {
      if ((number + 1) % distance !== 0) return true
      losses++
      return false
    },
  })
  const flow = network.flows[0]!
  const windows: number[] = []
  network.simulation.run({ until: () => losses > skip })
  network.every(rtt / 4, () => windows.push(flow.info().cwnd / TEXT))
  const begin = { time: network.now, packets: flow.packets }
  network.simulation.run({ until: () => losses > skip + measure })
  return { sent: (flow.packets - begin.packets) / (network.now - begin.time) * rtt, cwnd: mean(windows) }
}

/** The same by the model. */
export function modelledWindow(one: Case, distance: number): number {
  const lost = (transmission: number): boolean => transmission % distance === 0
  return modelWindow(inCycle(one.control, ...cycle(one, 1 / distance)), { rtt: one.rtt, lost, skip: 2, measure: 10 })
}

function randomWindow(one: Case, distance: number, measure: number): number {
  const draws = new Prng(distance)
  const lost = (): boolean => draws.chance(1 / distance)
  return modelWindow(inCycle(one.control, ...cycle(one, 1 / distance)), { rtt: one.rtt, lost, skip: 10, measure })
}

/** Loss events of a full stack for each distance: enough for the cycle to be steady, few enough to be affordable. */
function events(distance: number, quick: boolean): readonly [skip: number, measure: number] {
  const affordable = quick ? 30_000 : 400_000
  return [1, Math.max(3, Math.min(200, Math.floor(affordable / distance) - 1))]
}

export function within(published: number, measured: number): boolean {
  return Math.abs(measured / published - 1) <= 0.1
}

export const response: Experiment = {
  name: 'response',
  title: 'Average window and loss: the response functions',
  method: `One loss in 1/p packets, at even distances, is the model of the published formulas (RFC 9438 §5.1): Reno √(3/2)/√p = 1.22/√p segments, and
CUBIC (C(3 + β)/(4(1 − β)))^¼ · RTT^¾ / p^¾, or Reno's where that is more, with C = 0.4, β = 0.7. Both take an ACK for every segment (b = 1): our windows
grow by acknowledged bytes (RFC 3465), so delayed ACKs change nothing.

"Stacks" are two full stacks over a link that is never full, whose receiver acknowledges at once: packets sent per round-trip time, retransmissions
included, and the mean of cwnd. "Model" drives the algorithm alone, and a loss is repaired in no time, as the formulas have it; so losses at
random, beside them, are affordable at p = 10⁻⁵ too (300 loss events each; they are no part of the check). All begin in the cycle of the formula, CUBIC
two per cent below it: a window above takes some hundred cycles to come down to it, or shrinks by fast convergence (RFC 9438 §4.7), of which the
formula knows nothing.`,

  run(quick) {
    const distances = quick ? DISTANCES.slice(0, 2) : DISTANCES
    const rows: string[][] = [['', 'RTT, ms', '1/p', 'published', 'stacks: sent', 'cwnd', 'model', 'at random']]
    const checks: Check[] = []
    const panels = cases.map((one): Panel => {
      const { control, rtt, published } = one
      const measured: Record<'stacks' | 'model' | 'random', [number, number][]> = { stacks: [], model: [], random: [] }
      for (const distance of distances) {
        const p = 1 / distance
        const wanted = published(p)
        const stacks = stackWindow(one, distance, ...events(distance, quick))
        const model = modelledWindow(one, distance)
        const bernoulli = randomWindow(one, distance, quick ? 50 : 300)
        rows.push([
          control.name, String(rtt), String(distance), wanted.toFixed(1),
          ...[stacks.sent, stacks.cwnd, model, bernoulli].map((value) => `${value.toFixed(1)} (${ratio(value, wanted)})`),
        ])
        measured.stacks.push([p, stacks.sent])
        measured.model.push([p, model])
        measured.random.push([p, bernoulli])
        checks.push(check(
          `${control.name}, RTT ${rtt} ms, p = 1/${distance}: average window within 10 % of the published`,
          within(wanted, stacks.sent) && within(wanted, stacks.cwnd) && within(wanted, model),
          `published ${wanted.toFixed(1)}; stacks ${stacks.sent.toFixed(1)} sent per round trip, cwnd ${stacks.cwnd.toFixed(1)}; ` +
          `model ${model.toFixed(1)} segments`,
        ))
      }
      return {
        title: `${control.name}, RTT ${rtt} ms`, x: { label: 'loss p', log: true }, y: { label: 'segments', log: true },
        series: [
          { name: 'published', points: distances.map((distance) => [1 / distance, published(1 / distance)]), style: 'dashed', color: 6 },
          { name: 'stacks', points: measured.stacks, style: 'dots', color: 0 },
          { name: 'model', points: measured.model, style: 'dots', color: 2 },
          { name: 'at random', points: measured.random, style: 'dots', color: 4 },
        ],
      }
    })
    return {
      tables: [{ title: 'Average window, segments (to the published)', rows }],
      plots: [{ file: 'response.svg', title: 'Average window under loss', svg: plot(panels, 3, 330, 300) }],
      checks,
    }
  },
}

function ratio(value: number, published: number): string {
  return (value / published).toFixed(2)
}
