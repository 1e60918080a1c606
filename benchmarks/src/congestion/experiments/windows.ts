import type { CongestionControl } from '@layerfour/flow'
import { bbr, cubic, dctcp, fixedWindow, newReno, reno, tahoe, vegas } from '@layerfour/flow'
import type { Experiment, Outcome } from '../experiment.ts'
import { mean, milliseconds, percent, quantile, record, utilisation } from '../measure.ts'
import { Network, TEXT } from '../network.ts'
import type { Panel } from '../svg.ts'
import { plot } from '../svg.ts'

const RATE = 10e6
const RTT = 50
const BDP = RATE / 8 * RTT / 1000
/** One and a half bandwidth-delay products. */
const FIXED = 62
/** RFC 8257 §4.1: above a seventh of the bandwidth-delay product. */
const MARK_ABOVE = BDP / 6
const LENGTH = 30_000
/** From here on queues and rates are averaged: the beginning is in the plots. */
const SETTLED = 5000

const algorithms: readonly CongestionControl[] = [fixedWindow(FIXED), tahoe, reno, newReno, cubic, vegas, bbr, dctcp]

interface Run {
  readonly control: CongestionControl
  readonly windows: [number, number][]
  readonly thresholds: [number, number][]
  readonly queues: [number, number][]
  readonly row: readonly string[]
}

/** What one algorithm does alone on the link, as a table's row and curves. */
function run(control: CongestionControl, length: number): Run {
  // DCTCP is made for queues that mark.
  const ecn = control === dctcp ? { ecn: true } : {}
  const network = new Network({
    rate: RATE, rtt: RTT, buffer: BDP, receiver: ecn, senders: [{ control, tcp: ecn }],
    ...(control === dctcp ? { markAbove: MARK_ABOVE } : {}),
  })
  const flow = network.flows[0]!
  const [windows] = record(network, RTT, () => flow.info().cwnd / TEXT)
  const [thresholds] = record(network, RTT, () => Math.min(flow.info().ssthresh / TEXT, 1e4))
  const queues: [number, number][] = []
  network.every(5, (now) => queues.push([now / 1000, network.queueDelay]))
  network.run(SETTLED)
  const before = flow.received
  network.run(length)
  const settled = queues.filter(([time]) => time * 1000 > SETTLED).map(([, delay]) => delay)
  const { retransmissions, timeouts } = flow.info()
  return {
    control, windows: windows!, thresholds: thresholds!, queues: queues.filter((_, i) => i % 10 === 9),
    row: [
      control.name, percent(utilisation(network, before, SETTLED)), milliseconds(mean(settled)), milliseconds(quantile(settled, 0.5)),
      milliseconds(quantile(settled, 0.95)), String(retransmissions), String(timeouts), String(network.marked),
    ],
  }
}

export const windows: Experiment = {
  name: 'windows',
  title: 'The window over time, and the queue that it makes',
  method: `Each algorithm alone on the same link: ${RATE / 1e6} Mbit/s, ${RTT} ms, a buffer of one bandwidth-delay product
(${BDP} bytes, 42 packets), tail drop, no random loss. \`fixed\` is a window of ${FIXED} segments. DCTCP has ECN and a queue that marks above a sixth of
the buffer. Full stacks; the window is read from \`info()\` every ${RTT} ms. The table leaves out the first ${SETTLED / 1000} s.`,

  run(quick): Outcome {
    const runs = algorithms.map((control) => run(control, quick ? 15_000 : LENGTH))
    const x = { label: 'time, s' }
    const ceiling = Math.ceil(2.6 * BDP / 1500 / 10) * 10
    const panels = runs.map(({ control, windows, thresholds }): Panel => ({
      title: control.name, x, y: { label: 'segments', most: ceiling },
      series: [
        { name: 'cwnd', points: windows },
        { name: 'ssthresh', points: thresholds.filter(([, value]) => value < ceiling), style: 'dashed', color: 7 },
      ],
    }))
    const queues = runs.map(({ control, queues }): Panel => ({
      title: control.name, x, y: { label: 'queue, ms', least: 0, most: 60 }, series: [{ name: 'queue', points: queues }],
    }))
    return {
      tables: [{
        title: 'Alone on the link',
        rows: [
          ['algorithm', 'of the link', 'queue: mean, ms', 'median', '95 %', 'sent again', 'timeouts', 'marked'],
          ...runs.map(({ row }) => row),
        ],
      }],
      plots: [
        { file: 'windows.svg', title: 'Congestion window over time', svg: plot(panels, 2, 430, 210) },
        { file: 'queues.svg', title: 'Delay of the queue over time', svg: plot(queues, 2, 430, 170) },
      ],
      checks: [],
    }
  },
}
