import { element } from '../dom.ts'
import { formatBytes, formatCount } from '../format.ts'
import type { Sample } from '../transfer/host-samples.ts'
import type { Recording, Side } from '../transfer/recording.ts'
import { sideNames, sides } from '../transfer/recording.ts'

interface Metric {
  readonly label: string
  readonly about: string
  readonly value: (sample: Sample, recording: Recording, side: Side, now: number) => string
}

const count = (label: string, about: string, name: keyof Sample): Metric => ({
  label, about, value: (sample) => formatCount(sample[name]),
})

const metrics: readonly Metric[] = [
  count('Segments sent', 'with and without text', 'segmentsOut'),
  {
    label: 'Dropped', about: 'of those sent: lost on the way, or no room in the queue',
    value: (_sample, { segments }, side, now) => formatCount(segments.drops[side].countUpTo(now)),
  },
  count('Retransmitted', 'segments sent again', 'retransmissions'),
  count('Timeouts', 'retransmission timeouts (RFC 6298)', 'timeouts'),
  count('Fast retransmits', 'after three duplicate ACKs (RFC 5681), or what SACKs say (RFC 8985)', 'fastRetransmits'),
  count('Duplicate ACKs', 'received', 'duplicateAcks'),
  count('Out of order', 'segments received ahead of missing ones', 'outOfOrder'),
  { label: 'Not read yet', about: 'bytes in the receive buffer', value: ({ receiveQueue }) => formatBytes(receiveQueue) },
  { label: 'SRTT, ms', about: 'smoothed round-trip time', value: ({ srtt }) => srtt < 0 ? '–' : srtt.toFixed(1) },
  { label: 'Least RTT, ms', about: 'least round-trip time', value: ({ minRtt }) => minRtt < 0 ? '–' : minRtt.toFixed(1) },
  {
    label: 'Pacing, Mbit/s', about: 'the rate at which segments are spread; 0: they leave as ACKs come',
    value: ({ pacingRate }) => pacingRate > 0 ? (pacingRate * 8 / 1e6).toFixed(2) : '0',
  },
  { label: 'RTO, ms', about: 'retransmission timeout', value: ({ rto }) => formatCount(Math.round(rto)) },
]

/** Both hosts' figures at the present, side by side. */
export class Counters {
  readonly #cells: readonly (readonly [HTMLElement, HTMLElement])[]

  constructor(holder: HTMLElement) {
    const half = Math.ceil(metrics.length / 2)
    const cells: [HTMLElement, HTMLElement][] = []
    for (const part of [metrics.slice(0, half), metrics.slice(half)]) {
      const body = element('tbody')
      for (const { label, about } of part) {
        const pair: [HTMLElement, HTMLElement] = [element('td'), element('td')]
        cells.push(pair)
        body.append(element('tr', { title: about }, element('th', { scope: 'row', textContent: label }), ...pair))
      }
      const heads = sides.map((side) => {
        return element('th', { scope: 'col', className: side === 0 ? 'a' : 'b', textContent: sideNames[side] })
      })
      const head = element('thead', {}, element('tr', {}, element('td'), ...heads))
      holder.append(element('table', {}, head, body))
    }
    this.#cells = cells
  }

  show(recording: Recording, now: number): void {
    for (const side of sides) {
      const sample = recording.samples[side].at(now)
      for (const [i, { value }] of metrics.entries()) {
        const text = sample === undefined ? '–' : value(sample, recording, side, now)
        const cell = this.#cells[i]![side]
        if (cell.textContent !== text) {
          cell.textContent = text
          cell.classList.toggle('zero', text === '0' || text === '–')
        }
      }
    }
  }
}
