import type { Flow, Network } from './network.ts'
import { PACKET, TEXT } from './network.ts'

/** Share of the bottleneck's rate that became text in order at the receiver, headers counted, of some flows since a moment. */
export function utilisation(network: Network, receivedBefore: number, since: number): number {
  const bytes = network.flows.reduce((sum, { received }) => sum + received, 0) - receivedBefore
  return rateOf(bytes, network.now - since) / network.options.rate
}

/** Bit/s on the line that so many bytes of text took in `time` ms. */
export function rateOf(bytes: number, time: number): number {
  return bytes / TEXT * PACKET * 8 / time * 1000
}

/** Jain's fairness index: 1 when all have the same, 1/n when one has all. */
export function jain(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0)
  const squares = shares.reduce((total, share) => total + share * share, 0)
  return sum * sum / (shares.length * squares)
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** The value that the part `share` of the values does not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!
}

/** What each flow got from `from` to `to` (ms), in bit/s on the line. Runs the network. */
export function rates(network: Network, from: number, to: number): number[] {
  network.run(from)
  const before = network.flows.map(({ received }) => received)
  network.run(to)
  return network.flows.map(({ received }, i) => rateOf(received - before[i]!, to - from))
}

/** Points of a flow over time for a plot: `figure` of each, every `interval` ms, x in seconds. */
export function record(network: Network, interval: number, figure: (flow: Flow, now: number) => number): [number, number][][] {
  const lines: [number, number][][] = network.flows.map(() => [])
  network.every(interval, (now) => {
    network.flows.forEach((flow, i) => lines[i]!.push([now / 1000, figure(flow, now)]))
  })
  return lines
}

export function megabits(rate: number): string {
  return (rate / 1e6).toFixed(2)
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}

export function milliseconds(time: number): string {
  return time.toFixed(1)
}
