import type { CongestionControl } from '@layerfour/flow'
import { bbr, cubic, newReno } from '@layerfour/flow'
import type { Experiment } from '../experiment.ts'
import { percent, utilisation } from '../measure.ts'
import { Network, PACKET } from '../network.ts'
import type { Grid } from '../svg.ts'
import { gridPlot } from '../svg.ts'

interface Ranges {
  /** Mbit/s, ms, probabilities, bandwidth-delay products. */
  readonly rates: readonly number[]
  readonly rtts: readonly number[]
  readonly losses: readonly number[]
  readonly buffers: readonly number[]
  /** How long each runs, and what of it is left out, ms. */
  readonly length: number
  readonly settling: number
}

const full: Ranges = {
  rates: [1, 10, 30], rtts: [10, 50, 200], losses: [0, 0.001, 0.01], buffers: [0.25, 1, 4], length: 20_000, settling: 5000,
}
const quick: Ranges = { rates: [1, 10], rtts: [10, 100], losses: [0, 0.01], buffers: [0.25, 1], length: 8000, settling: 3000 }

/** ACKs are late by up to so many ms. */
const JITTER = 1
/** Queues hold some packets at least: less is a switch that nobody builds. */
const LEAST_BUFFER = 4 * PACKET

function share(control: CongestionControl, ranges: Ranges, rate: number, rtt: number, loss: number, buffer: number): number {
  const bdp = rate * 1e6 / 8 * rtt / 1000
  const network = new Network({
    rate: rate * 1e6, rtt, buffer: Math.max(LEAST_BUFFER, buffer * bdp), jitter: JITTER, impairments: { loss }, senders: [{ control }],
  })
  network.run(ranges.settling)
  const before = network.flows[0]!.received
  network.run(ranges.length)
  return utilisation(network, before, ranges.settling)
}

export const grid: Experiment = {
  name: 'grid',
  title: 'How much of the link is used: rate × round-trip time × loss × buffer',
  method: `One flow alone; text in order at the receiver with its headers, in per cent of the rate. ${full.length / 1000} s each, of which the first
${full.settling / 1000} s are left out. Rows: rate and round-trip time of the empty path. Columns: probability of random loss, and buffer in bandwidth-delay
products (${LEAST_BUFFER / PACKET} packets at least). ACKs are late by up to ${JITTER} ms at random. Full stacks.`,

  run(isQuick) {
    const ranges = isQuick ? quick : full
    const columns = ranges.losses.flatMap((loss) => ranges.buffers.map((buffer) => `${100 * loss} %, ${buffer}`))
    const grids = [newReno, cubic, bbr].map((control): Grid => ({
      title: `${control.name}: loss, buffer in BDP`,
      columns,
      rows: ranges.rates.flatMap((rate) => ranges.rtts.map((rtt) => ({
        name: `${rate} Mbit/s, ${rtt} ms`,
        cells: ranges.losses.flatMap((loss) => ranges.buffers.map((buffer) => share(control, ranges, rate, rtt, loss, buffer))),
      }))),
    }))
    return {
      tables: grids.map(({ title, rows }) => ({
        title, rows: [['', ...columns], ...rows.map(({ name, cells }) => [name, ...cells.map((cell) => percent(cell))])],
      })),
      plots: [{ file: 'utilisation.svg', title: 'Utilisation in per cent', svg: gridPlot(grids) }],
      checks: [],
    }
  },
}
