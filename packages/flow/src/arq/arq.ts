import type { RttEstimator } from '../rtt.ts'
import type { SegmentTimer } from '../segment-timer.ts'

/*
 * Automatic repeat request: packets over a service that loses them, sent again until they are acknowledged. The words that
 * the three schemes share; read stop-and-wait.ts next, then go-back-n.ts, then selective-repeat.ts.
 *
 * A packet has an index, which counts from 0 and never wraps, and goes by a number, which does: a field of the packet has room
 * for `modulus` numbers. Both sides of the wire keep indices and turn numbers into them by what they know: no packet further
 * from theirs than the window allows can be meant.
 */

/** Which scheme, with which parameters. Give the sender and the receiver the same. */
export interface ArqOptions {
  /**
   * Packets that may be under way at most, 1 to `MAX_ARQ_WINDOW`. To fill a path it takes 2·delay·rate packets and one more.
   * Stop-and-wait: 1, the default there.
   */
  window?: number
  /**
   * Size of the number space, 2 to 2^32: numbers are 0 to modulus - 1. The schemes differ in the least that tells new from old:
   * 2 (stop-and-wait), window + 1 (go-back-N), 2·window (selective repeat); 2^32 when absent. These hold where packets do not
   * overtake one another; elsewhere a number must not come round again within the lifetime of a packet.
   */
  modulus?: number
  /** Number of the first packet: 0 when absent; 1 in TFTP. */
  firstNumber?: number
  /**
   * Time to wait for an ACK: a fixed one in ms, or an estimator, which gets a sample where Karn's rule allows one and until
   * then doubles with each expiry. Where half of the packets need sending again, or go-back-N goes back in each window, samples
   * are rare: there a small `maxRto` of the estimator, or a fixed time, keeps the waits short.
   */
  timer: number | RttEstimator
  /** How often in a row the timer may expire for the oldest packet: once more, and the sender has failed. 0 to 65,535; 8 when absent. */
  maxRetries?: number
  /**
   * Cumulative ACKs only: one for each `ackEvery` packets delivered, 1 to `window` (RFC 7440: the window); 1 when absent. For
   * senders that fill their window, with a timer longer than that takes: whoever receives the last, fewer ones calls `arqAcknowledge`.
   */
  ackEvery?: number
  /** The receiver says which packet it misses (`ArqReceiver.nak`). Needs modulus >= 2·window. False when absent. */
  nak?: boolean
}

/** Greatest window in packets. */
export const MAX_ARQ_WINDOW: number = 1 << 20

/** What both sides know of the number space. */
export interface ArqNumbers {
  modulus: number
  firstNumber: number
  window: number
}

/**
 * The sending side. Plain data; times in ms. The payloads stay with the caller, who keeps those from `base` up to `sent`.
 * After each call, ask `nextToSend` until it says -1, and see to it that `onTimer` is called at `deadline`.
 */
export interface ArqSender extends ArqNumbers {
  /** 'failed': `maxRetries` was exceeded. Nothing more is sent, nothing counts any more. */
  state: 'active' | 'failed'
  /** Index of the first packet not acknowledged: all before it have arrived. Equal to `offered`: all is done. */
  base: number
  /** Index of the packet to send next; go-back-N moves it back. */
  next: number
  /** Index one past the last packet ever sent. */
  sent: number
  /** Index one past the last packet that the caller has to send: see `arqOffer`. */
  offered: number
  /** When to call `onTimer`; Infinity: not at all. */
  deadline: number
  /** Time to wait for an ACK, unless there is an estimator. */
  timeout: number
  estimator: RttEstimator | null
  maxRetries: number
  /** How often in a row the timer expired for the packet at `base`. */
  retries: number
  /** Times one packet a round trip for the estimator (stop-and-wait, go-back-N). */
  timing: SegmentTimer
  /** Index for which a NAK was obeyed last; -1: none. */
  nakked: number
}

/** What became of a packet that arrived. */
export const ArqVerdict = {
  /** The expected one: deliver the packets from `receiver.index` up to, but not, `receiver.expected`; the first is this one. */
  Deliver: 0,
  /** Ahead of the expected one and within the window (selective repeat): keep it as packet `receiver.index`. */
  Buffer: 1,
  /** Arrived before. Drop it. */
  Duplicate: 2,
  /** Too far ahead, or no number at all. Drop it. */
  OutOfWindow: 3,
} as const

export type ArqVerdict = (typeof ArqVerdict)[keyof typeof ArqVerdict]

/** The receiving side. Plain data. After each packet: act on the verdict, then send an ACK if `ackDue` and a NAK if `nak` is not -1. */
export interface ArqReceiver extends ArqNumbers {
  /** Index of the next packet to deliver: all before it have been delivered. */
  expected: number
  /** Index of the packet that came last; meaningful after Deliver and Buffer. */
  index: number
  /** Whether an ACK should be sent now. */
  ackDue: boolean
  /** The number to acknowledge then. */
  ack: number
  /** Number of the packet to ask for now; -1: none. Asked once; the sender's timer covers the rest. */
  nak: number
  ackEvery: number
  /** Packets delivered since the last ACK was due. */
  unacknowledged: number
  /** Whether to ask at all. */
  asks: boolean
  /** Index that was asked for last; -1: none. */
  asked: number
}

/** A scheme: pure functions over plain state. Sender and receiver may be far apart: only numbers pass between them. */
export interface ArqScheme<S extends ArqSender = ArqSender, R extends ArqReceiver = ArqReceiver> {
  readonly name: string
  /** Throws RangeError for parameters with which the scheme would deliver wrong packets. */
  createSender(options: ArqOptions): S
  /** Index of the packet to send now, which counts as sent at `now`; -1: none may be sent. Its number: `arqNumber`. */
  nextToSend(sender: S, now: number): number
  /** An ACK arrived. Returns how many packets it acknowledged that were not before; 0 for one that is old, repeated or nonsense. */
  onAck(sender: S, number: number, now: number): number
  /** A NAK arrived: the receiver misses this packet. Obeyed once per packet, so repeated NAKs multiply nothing. */
  onNak(sender: S, number: number, now: number): void
  /** Time has come to `now`: does nothing before `deadline`. */
  onTimer(sender: S, now: number): void
  /** Throws RangeError as `createSender` does. */
  createReceiver(options: ArqOptions): R
  /** A packet arrived; says what to do with it. */
  onPacket(receiver: R, number: number): ArqVerdict
}

/** The caller has `packets` more to send. */
export function arqOffer(sender: ArqSender, packets: number): void {
  if (!(Number.isSafeInteger(packets) && packets >= 0 && Number.isSafeInteger(sender.offered + packets))) {
    throw new RangeError(`packets to offer must be an integer >= 0 that keeps indices below 2^53, got ${packets}`)
  }
  sender.offered += packets
}

/** Cumulative ACKs only: the number for an ACK that is sent now though none is due, as at the end of a transfer. */
export function arqAcknowledge(receiver: ArqReceiver): number {
  receiver.ackDue = false
  receiver.unacknowledged = 0
  receiver.ack = arqNumber(receiver, receiver.expected - 1)
  return receiver.ack
}

/** The number that the packet with this index goes by. */
export function arqNumber(side: ArqNumbers, index: number): number {
  // Index -1 has a number too: an ACK of it says that nothing has arrived.
  const number = index % side.modulus + side.firstNumber
  return number < 0 ? number + side.modulus : number < side.modulus ? number : number - side.modulus
}

/** How many steps up from the packet `index` a packet with this number is: 0 to modulus - 1, or -1 if it is no number of the space. */
export function arqDistance(side: ArqNumbers, index: number, number: number): number {
  if (!(number >= 0 && number < side.modulus && Math.floor(number) === number)) return -1
  const distance = number - arqNumber(side, index)
  return distance < 0 ? distance + side.modulus : distance
}
