import type { CongestionControl } from '@layerfour/flow'
import { bbr, cubic, newReno, reno, vegas } from '@layerfour/flow'
import { Prng } from '@layerfour/sim'
import type { Check, Experiment, ResultTable } from '../experiment.ts'
import { check } from '../experiment.ts'
import { jain, mean, megabits, percent, rates, record } from '../measure.ts'
import type { SenderOptions } from '../network.ts'
import { Network, PACKET, TEXT } from '../network.ts'
import type { Panel } from '../svg.ts'
import { plot } from '../svg.ts'

/** ACKs are late by up to so many ms, or packets would meet the queue in the same order again and again. */
const JITTER = 0.5
const SECOND = 1000

interface Shared {
  /** Mbit/s, ms, bandwidth-delay products, ms. */
  readonly rate: number
  readonly rtt: number
  readonly buffer: number
  readonly length: number
  readonly seed?: number
}

function network({ rate, rtt, buffer, seed = 1 }: Shared, senders: readonly SenderOptions[]): Network {
  return new Network({ rate: rate * 1e6, rtt, buffer: buffer * rate * 1e6 / 8 * rtt / 1000, jitter: JITTER, seed, senders })
}

/** `count` senders that begin within a second. */
function together(control: CongestionControl, count: number, seed: number, spread = SECOND): SenderOptions[] {
  const draws = new Prng(seed, count)
  return Array.from({ length: count }, () => ({ control, start: 1 + Math.floor(draws.float() * spread) }))
}

/** Jain's index of equal flows from the moment on that all have begun. */
export function equalFlows(
  control: CongestionControl, count: number, shared: Shared, spread: number = SECOND,
): { index: number, rates: readonly number[] } {
  const got = rates(network(shared, together(control, count, shared.seed ?? 1, spread)), SECOND, shared.length)
  return { index: jain(got), rates: got }
}

/** The mean of several runs, whose flows begin at other times within the first round trip. */
export function fairness(count: number, wanted: number, shared: Shared, seeds: readonly number[]): Check {
  const indices = seeds.map((seed) => equalFlows(cubic, count, { ...shared, seed }, shared.rtt).index)
  const average = mean(indices)
  return check(
    `${count} equal CUBIC flows on ${shared.rate} Mbit/s: Jain's index over ${shared.length / 1000} s`, average >= wanted,
    `${average.toFixed(3)} (${indices.map((index) => index.toFixed(3)).join(', ')}); wanted ${wanted.toFixed(2)}`,
  )
}

/** Both flows' rates over time; the second one joins later. */
function joining(control: CongestionControl, length: number): Panel {
  const late = length / 6
  const shared = network({ rate: 10, rtt: 50, buffer: 1, length }, [{ control }, { control, start: late }])
  const before = [0, 0]
  const lines = record(shared, SECOND, ({ received, options: { start = 0 } }) => {
    const flow = start === 0 ? 0 : 1
    const rate = (received - before[flow]!) / TEXT * PACKET * 8 / 1e6
    before[flow] = received
    return rate
  })
  shared.run(length)
  return {
    title: control.name, x: { label: 'time, s' }, y: { label: 'Mbit/s', most: 10 },
    series: lines.map((points, i) => ({ name: i === 0 ? 'first' : 'second', points })),
  }
}

/** Two algorithms, `count` flows each. */
function rivals(first: CongestionControl, second: CongestionControl, count: number, shared: Shared): string[] {
  const senders = together(first, 2 * count, 7).map((sender, i) => ({ ...sender, control: i % 2 === 0 ? first : second }))
  const got = rates(network(shared, senders), 5 * SECOND, shared.length)
  const sum = (odd: number): number => got.filter((_, i) => i % 2 === odd).reduce((total, rate) => total + rate, 0)
  const all = sum(0) + sum(1)
  return [
    `${first.name} and ${second.name}, ${count} each`, String(shared.buffer), percent(sum(0) / all), percent(sum(1) / all),
    percent(all / shared.rate / 1e6),
  ]
}

/** Two flows of one algorithm whose round-trip times differ. */
function unequalPaths(control: CongestionControl, near: number, far: number, length: number): string[] {
  const shared: Shared = { rate: 20, rtt: near, buffer: far / near, length }
  const got = rates(network(shared, [{ control, start: 1 }, { control, extraRtt: far - near, start: 500 }]), 5 * SECOND, length)
  const [fast, slow] = got as [number, number]
  return [control.name, `${near}`, `${far}`, megabits(fast), megabits(slow), (fast / slow).toFixed(2)]
}

export const sharing: Experiment = {
  name: 'sharing',
  title: 'Sharing a link: fairness, other algorithms, other round-trip times',
  method: `Full stacks, one for each sender. ACKs are late by up to ${JITTER} ms at random, as real hosts' are: without it flows that are clocked by the same queue
meet tail drop in lockstep. Equal flows begin within one second (those of the checks within a round trip) and are counted from its end to the 60th; Jain's index is 1 when
all have the same and 1/n when one has all. Rivals share 10 Mbit/s and 40 ms, beginning within one second, counted from the 5th. The flows with unequal round-trip times share
20 Mbit/s and a buffer of the longer path's bandwidth-delay product.`,

  run(quick) {
    const length = quick ? 30 * SECOND : 60 * SECOND
    const equal: string[][] = [['algorithm', 'flows', 'Mbit/s', "Jain's index", 'least, Mbit/s', 'most']]
    for (const control of [cubic, newReno, vegas, bbr]) {
      for (const count of quick ? [2] : [2, 8]) {
        const { index, rates: got } = equalFlows(control, count, { rate: 10, rtt: 50, buffer: 1, length })
        equal.push([control.name, String(count), '10', index.toFixed(3), megabits(Math.min(...got)), megabits(Math.max(...got))])
      }
    }
    const buffers = quick ? [1] : [0.5, 1, 4]
    const mixed = [reno, newReno, bbr, vegas].flatMap((rival) =>
      buffers.map((buffer) => rivals(cubic, rival, 1, { rate: 10, rtt: 40, buffer, length })))
    const tables: ResultTable[] = [
      { title: 'Equal flows: 10 Mbit/s, 50 ms, a buffer of one bandwidth-delay product', rows: equal },
      {
        title: 'Two algorithms on one link: 10 Mbit/s, 40 ms',
        rows: [['flows', 'buffer, BDP', 'the first', 'the second', 'of the link'], ...mixed],
      },
      {
        title: 'Two round-trip times',
        rows: [
          ['algorithm', 'RTT, ms', 'and', 'Mbit/s', 'and', 'ratio'],
          ...[reno, newReno, cubic, vegas, bbr].map((control) => unequalPaths(control, 20, 80, length)),
        ],
      },
    ]
    return {
      tables,
      plots: [{
        file: 'joining.svg', title: 'A second flow joins: 10 Mbit/s, 50 ms, a buffer of one bandwidth-delay product',
        svg: plot([newReno, cubic, vegas, bbr].map((control) => joining(control, length)), 2, 430, 220),
      }],
      checks: (quick ? [10] : [10, 100]).flatMap((rate) => {
        const shared: Shared = { rate, rtt: 50, buffer: 1, length: 60 * SECOND }
        const seeds = quick ? [1] : [1, 2, 3]
        return [fairness(2, 0.95, shared, seeds), fairness(8, 0.9, shared, seeds)]
      }),
    }
  },
}
