import type { CongestionControl } from '@layerfour/flow'
import { bbr, cubic } from '@layerfour/flow'
import { Prng } from '@layerfour/sim'
import type { CongestionEvent } from '@layerfour/tcp'
import type { Check, Experiment } from '../experiment.ts'
import { check } from '../experiment.ts'
import { mean, milliseconds, percent, utilisation } from '../measure.ts'
import type { NetworkOptions, SenderOptions } from '../network.ts'
import { Network, TEXT } from '../network.ts'

/** The path of all these: 100 Mbit/s, 50 ms, one bandwidth-delay product of buffer. */
const RATE = 100e6
const RTT = 50
const BDP = RATE / 8 * RTT / 1000
const path = { rate: RATE, rtt: RTT, buffer: BDP } as const

/** Something that loss recovery did. */
interface Occurrence {
  readonly event: CongestionEvent | 'retransmission'
  readonly time: number
  readonly cwnd: number
  readonly ssthresh: number
}

/** A network with one CUBIC sender, whose events are noted. */
function watched(options: Partial<NetworkOptions>, sender: Partial<SenderOptions> = {}): { network: Network, events: Occurrence[] } {
  const events: Occurrence[] = []
  const network = new Network({
    ...path, ...options,
    senders: [{
      control: cubic, ...sender,
      observer: {
        congestion: ({ congestion: { cwnd, ssthresh } }, event, time) => events.push({ event, time, cwnd, ssthresh }),
        retransmitted: ({ congestion: { cwnd, ssthresh } }, _sequence, _length, time) =>
          events.push({ event: 'retransmission', time, cwnd, ssthresh }),
      },
    }],
  })
  return { network, events }
}

/** How full a sender keeps the link from its first SYN on: the mean of several runs, which differ in which packets are lost. */
export function filling(control: CongestionControl, loss: number, length: number, wanted: number, seeds: readonly number[] = [1]): Check {
  const shares = seeds.map((seed) => {
    const network = new Network({ ...path, seed, impairments: { loss }, senders: [{ control }] })
    network.run(length)
    return utilisation(network, 0, 0)
  })
  const average = mean(shares)
  return check(
    `${control.name} fills the link${loss === 0 ? '' : ` in spite of ${100 * loss} % random loss`}`, average >= wanted,
    `${percent(average)} of 100 Mbit/s over ${length / 1000} s${shares.length > 1 ? ` (${shares.map(percent).join(', ')})` : ''}; ` +
    `wanted ${percent(wanted)}`,
  )
}

/** Which packets of the hit window are lost. */
type Pattern = (index: number, window: number, draws: Prng) => boolean

const patterns: Readonly<Record<string, Pattern>> = {
  'the first fifth': (index, window) => index < window / 5,
  'a fifth in its middle': (index, window) => index >= 0.4 * window && index < 0.6 * window,
  'the last fifth': (index, window) => index >= window - window / 5,
  'every fifth packet': (index) => index % 5 === 4,
  'a fifth at random': (_index, _window, draws) => draws.chance(0.2),
}

/** A fifth of one window is lost; how long the repair takes from the ACK that shows it. */
export function burst(name: string): Check {
  const lost = patterns[name]!
  const draws = new Prng(20)
  let first = Infinity
  let window = 0
  let count = 0
  const { network, events } = watched({
    gate: ({ number }) => {
      const index = number - first
      if (index < 0 || index >= window || !lost(index, window, draws)) return true
      count++
      return false
    },
  })
  const flow = network.flows[0]!
  // In congestion avoidance, with room in the queue, so that nothing else is lost meanwhile.
  network.run(3000)
  network.simulation.run({ until: () => network.queueDelay < 0.7 * RTT && !flow.info().recovering })
  const { cwnd, rtt } = flow.info()
  window = Math.floor(cwnd / TEXT)
  first = flow.packets
  events.length = 0
  network.run(network.now + 1000)
  const entered = events.find(({ event }) => event === 'fast-retransmit')?.time ?? NaN
  const left = events.find(({ event }) => event === 'recovery-exit')?.time ?? NaN
  const timeouts = events.filter(({ event }) => event === 'timeout').length
  const resent = events.filter(({ event }) => event === 'retransmission').length
  return check(
    `20 % of a window lost (${name}): repaired within 2 RTT`, left - entered <= 2 * rtt && timeouts === 0,
    `${count} of ${window} packets, ${milliseconds(left - entered)} ms = ${((left - entered) / rtt).toFixed(2)} RTT; ${resent} sent again, ` +
    `${timeouts} timeouts`,
  )
}

/** The tail of what the application sends is lost; when the loss probe goes out, and when all has arrived. */
export function tail(lost: number): Check {
  const segments = 20
  let dropFrom = Infinity
  const { network, events } = watched({ gate: ({ number }) => number < dropFrom || number >= dropFrom + lost }, { bytes: 100 * TEXT })
  const flow = network.flows[0]!
  // Warm: the round-trip time is known, and all that was sent has arrived.
  network.run(700)
  events.length = 0
  dropFrom = flow.packets + segments - lost
  const begin = flow.received
  const sentAt = network.now
  flow.send(segments * TEXT)
  network.run(sentAt + 1)
  // The probe's timer starts anew with each ACK of new text.
  let lastAck = sentAt
  let { bytesAcked: acked, rtt: srtt } = flow.info()
  network.simulation.run({
    until: () => {
      const { bytesAcked, rtt } = flow.info()
      if (bytesAcked > acked && events.length === 0) {
        lastAck = network.now
        srtt = rtt
      }
      acked = bytesAcked
      return flow.received - begin >= segments * TEXT
    },
    time: sentAt + 5000,
  })
  const probe = events.find(({ event }) => event === 'loss-probe')?.time ?? NaN
  const timeouts = events.filter(({ event }) => event === 'timeout').length
  // The ACK of a single segment may be held back by its receiver, so RFC 8985 §7.2 waits that much longer.
  const allowed = 2 * srtt + 5 + (lost === 1 ? 40 : 0)
  return check(
    `The last ${lost === 1 ? 'segment' : `${lost} segments`} of ${segments} lost: a loss probe within 2·SRTT${lost === 1 ? ' + delayed ACK' : ''} + 5 ms`,
    probe - lastAck <= allowed && timeouts === 0 && flow.received - begin === segments * TEXT,
    `probe ${milliseconds(probe - lastAck)} ms after the last ACK (SRTT ${milliseconds(srtt)} ms), all text there ` +
    `${milliseconds(network.now - sentAt)} ms after it was sent; ${timeouts} timeouts`,
  )
}

/** Packets are overtaken by 3 to 64 others; what is sent again after the first seconds is sent in vain. */
export function reordering(rtt: number, length: number): Check {
  const adapting = length / 4
  const gaps = new Prng(64)
  // As much as fills link and queue evenly, so that nothing is lost: whatever is sent again was not missing.
  const sendBuffer = 2 * RATE / 8 * rtt / 1000
  const { network, events } = watched(
    { rtt, buffer: 2 * sendBuffer, impairments: { reorder: 0.02, reorderGap: 3 } }, { tcp: { sendBuffer, initialBuffer: sendBuffer } },
  )
  network.every(rtt / 4, () => network.bottleneck.change('aToB', { reorderGap: 3 + gaps.below(62) }))
  network.run(adapting)
  const early = events.filter(({ event }) => event === 'retransmission').length
  events.length = 0
  network.run(length)
  const late = events.filter(({ event }) => event === 'retransmission').length
  const stats = network.bottleneck.stats.aToB
  return check(
    `No packet sent again in vain on a path of ${rtt} ms that reorders by 3 to 64 packets`, late === 0 && stats.reordered > 100,
    `${stats.reordered} of ${stats.delivered} packets came late, ${stats.queueDrops} dropped; sent again: ${early} in the first ` +
    `${adapting / 1000} s, ${late} in the next ${(length - adapting) / 1000} s`,
  )
}

/** The path's delay grows at once by more than the retransmission timeout: nothing was lost, so the window comes back. */
export function spuriousTimeout(more: number, last: number): Check {
  const { network, events } = watched({})
  const flow = network.flows[0]!
  network.run(3000)
  network.simulation.run({ until: () => network.queueDelay < 0.5 * RTT && !flow.info().recovering })
  events.length = 0
  const { cwnd, ssthresh, rto } = flow.info()
  const begin = network.now
  network.bottleneck.change('bToA', { delay: RTT / 2 + more })
  if (last < Infinity) {
    network.run(begin + last)
    network.bottleneck.change('bToA', { delay: RTT / 2 })
  }
  network.run(begin + 2 * more + 1000)
  const timeouts = events.filter(({ event }) => event === 'timeout').length
  const undo = events.find(({ event }) => event === 'undo')
  const resent = events.filter(({ event, time }) => event === 'retransmission' && !(undo !== undefined && time > undo.time)).length
  return check(
    `A timeout by ${more} ms more delay${last < Infinity ? ` for ${last} ms` : ''} is taken back`,
    timeouts >= 1 && undo !== undefined && undo.cwnd >= cwnd && undo.ssthresh >= ssthresh,
    `RTO ${milliseconds(rto)} ms, ${timeouts} timeouts, ${resent} sent again; window ${Math.round(cwnd / TEXT)} segments before, ` +
    `${undo === undefined ? 'never restored' : `${Math.round(undo.cwnd / TEXT)} restored ${milliseconds(undo.time - begin)} ms later`}`,
  )
}

export const goals: Experiment = {
  name: 'goals',
  title: 'What must hold',
  method: `100 Mbit/s, 50 ms and a buffer of one bandwidth-delay product (625,000 bytes, 417 packets) unless the line says otherwise. Full stacks, CUBIC where
no algorithm is named. Utilisation counts from the first SYN on: text in order at the receiver, with its headers. Repair of a loss is timed from
the ACK that shows it to the ACK for all that was outstanding then, in round-trip times as smoothed before.`,

  run(quick) {
    const length = quick ? 10_000 : 30_000
    return {
      tables: [],
      plots: [],
      checks: [
        filling(cubic, 0, length, 0.95),
        filling(bbr, 0.01, length, 0.85, quick ? [5] : [1, 2, 3, 4, 5]),
        ...Object.keys(patterns).map((name) => burst(name)),
        ...[1, 2, 3, 10].map((lost) => tail(lost)),
        ...[50, 20].map((rtt) => reordering(rtt, quick ? 8000 : 20_000)),
        spuriousTimeout(500, Infinity),
        spuriousTimeout(400, 300),
      ],
    }
  },
}
