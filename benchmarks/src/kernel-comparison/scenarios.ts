import type { EmulatedLinkOptions } from '@layerfour/sim'

/** A path between sender and receiver. The sender is at end a of the link. */
export interface Scenario {
  /** What `--scenario` takes. */
  readonly name: string
  readonly title: string
  /** Of the bottleneck, in bit/s; the way back has as much. */
  readonly rate: number
  /** Round-trip time of an empty path in ms. */
  readonly rtt: number
  readonly link: EmulatedLinkOptions
  /** How many packets overtake one that is held back: drawn anew from this range every `REORDER_STRETCH` packets. */
  readonly reorderGaps?: readonly [least: number, most: number]
}

/** Packets of the data's direction after which the reordering gap is drawn anew. */
export const REORDER_STRETCH = 32
/** Bytes of the text in a full segment: 1500 less IP and TCP headers with timestamps. */
export const SEGMENT_TEXT = 1448
const PACKET = 1500

interface Path {
  readonly name: string
  readonly title: string
  readonly rate: number
  readonly rtt: number
  /** Buffer before the bottleneck, in bandwidth-delay products. */
  readonly buffer: number
  /** Random loss of packets with data. */
  readonly loss?: number
  /** Share of the packets with data that are overtaken. */
  readonly reorder?: number
  readonly reorderGaps?: readonly [least: number, most: number]
  /** Up to so many ms more for every packet, either way. */
  readonly jitter?: number
}

function scenario(seed: number, { name, title, rate, rtt, buffer, loss = 0, reorder = 0, reorderGaps, jitter = 0 }: Path): Scenario {
  const packets = Math.round(buffer * rate * rtt / 8000 / PACKET)
  return {
    name,
    title: `${title}: ${rate / 1e6} Mbit/s, ${rtt} ms, buffer of ${packets} packets`,
    rate,
    rtt,
    link: {
      seed, rate, delay: rtt / 2, jitter,
      // What returns are acknowledgments: they meet no loss but are as late.
      aToB: { queue: { packets }, loss, reorder },
      bToA: { queue: { packets: 1000 } },
    },
    ...(reorderGaps === undefined ? {} : { reorderGaps }),
  }
}

export const scenarios: readonly Scenario[] = [
  scenario(101, { name: 'clean', title: 'Nothing but a full buffer', rate: 20e6, rtt: 20, buffer: 1 }),
  scenario(202, { name: 'small-buffer', title: 'A quarter of a BDP as buffer', rate: 50e6, rtt: 40, buffer: 0.25 }),
  scenario(303, { name: 'loss', title: 'Random loss of 0.5 %', rate: 20e6, rtt: 50, buffer: 1, loss: 0.005 }),
  scenario(404, {
    name: 'reordering', title: '2 % overtaken by 3 to 16 packets', rate: 20e6, rtt: 30, buffer: 1, reorder: 0.02, reorderGaps: [3, 16],
  }),
  scenario(505, {
    name: 'everything', title: '1 % loss, 1 % overtaken by 3 to 16, half a BDP as buffer, 4 ms of jitter',
    rate: 10e6, rtt: 60, buffer: 0.5, loss: 0.01, reorder: 0.01, reorderGaps: [3, 16], jitter: 4,
  }),
]
