import type { AckFacts } from '../congestion/congestion-control.ts'
import type { RttEstimator } from '../rtt.ts'
import type { SackBlocks } from './scoreboard.ts'
import { positionAt, RESENT, type SentQueue } from './sent-queue.ts'

/** SACKed segments that mean a loss as long as no reordering has been seen (RFC 5681 §3.2, RFC 8985 §6.2 step 4). */
export const DUPLICATE_THRESHOLD: number = 3
/** Recoveries for which a widened reordering window holds (RFC 8985 §6.2 step 4). */
const REORDERING_WINDOW_PERSISTENCE = 16
/** The window never exceeds SRTT, however large its multiplier: that only has to stay a small integer. */
const MAX_WINDOW_MULTIPLIER = 255

/**
 * RACK (RFC 8985 §6): a segment is lost when one that was sent later has arrived and a reordering window of time has passed since.
 * Plain data; offsets in bytes since the start of the stream, times in ms.
 */
export interface Rack {
  /** RACK.xmit_ts and RACK.end_seq: of the segment sent last among those that arrived; `sentAt` -Infinity before any. */
  sentAt: number
  end: number
  /** RACK.rtt: the round trip of the segment that arrived last. */
  rtt: number
  /** RACK.fack: offset one past the highest segment that arrived. */
  forwardAck: number
  /** RACK.reordering_seen */
  reordering: boolean
  /** RACK.reo_wnd_mult */
  windowMultiplier: number
  /** RACK.reo_wnd_persist: recoveries after which the window is narrow again. */
  persistence: number
  /** RACK.dsack_round: the window widens once a round trip, which ends when this offset is acknowledged; -1: none. */
  widenedUntil: number
  /** Segments sent again that the peer has not reported to have got twice: no more than these can be true reports. */
  unreported: number
}

export function createRack(): Rack {
  const rack: Rack = {
    sentAt: NaN, end: NaN, rtt: NaN, forwardAck: NaN, reordering: false, windowMultiplier: 1, persistence: REORDERING_WINDOW_PERSISTENCE,
    widenedUntil: NaN, unreported: 0,
  }
  rack.sentAt = -Infinity
  rack.end = 0
  rack.rtt = 0
  rack.forwardAck = 0
  rack.widenedUntil = -1
  return rack
}

/** What everybody has who has sent nothing yet, so that an idle connection takes no memory for it. */
export const NO_RACK: Rack = /* @__PURE__ */ createRack()

/** A time and an offset name a transmission: segments of one burst are told apart by their place in the stream. */
function sentAfter(firstAt: number, firstEnd: number, secondAt: number, secondEnd: number): boolean {
  return firstAt > secondAt || (firstAt === secondAt && firstEnd > secondEnd)
}

/**
 * The record in `slot` has arrived (RFC 8985 §6.2 steps 1 to 3). `echo`: the ACK's blocks with the timestamp that it echoes, when that
 * may be this record's.
 */
export function rackDelivered(
  rack: Rack, queue: SentQueue, slot: number, estimator: RttEstimator, echo: SackBlocks | undefined, facts: AckFacts,
): void {
  const end = queue.columns.end[slot]!
  const sentAt = queue.columns.sentAt[slot]!
  const resent = (queue.columns.flags[slot]! & RESENT) !== 0
  if (end > rack.forwardAck) rack.forwardAck = end
  else if (end < rack.forwardAck && !resent) rack.reordering = true
  const rtt = facts.now - sentAt
  // Then the ACK is more likely for the first transmission than for the second.
  if (resent && (rtt < estimator.min || (echo !== undefined && echo.echoedAt < Math.floor(sentAt)))) return
  rack.rtt = rtt
  if (!sentAfter(sentAt, end, rack.sentAt, rack.end)) return
  rack.sentAt = sentAt
  rack.end = end
}

/** RACK.reo_wnd (step 4): none before any reordering was seen, once enough arrived behind the gap. */
export function reorderingWindow(rack: Rack, queue: SentQueue, inRecovery: boolean, minRtt: number, srtt: number): number {
  if (!rack.reordering && (inRecovery || queue.sackedCount >= DUPLICATE_THRESHOLD)) return 0
  if (minRtt === Infinity) return 0
  const window = rack.windowMultiplier * minRtt / 4
  return window < srtt ? window : srtt
}

/** A segment was sent again. */
export function rackResent(rack: Rack): void {
  rack.unreported = (rack.unreported + 1) & 0x3fff_ffff
}

/**
 * The peer reports data that arrived twice. Returns whether that can be: when nothing was sent again, the network duplicated it, or the
 * report is forged.
 */
export function takeDuplicateReport(rack: Rack): boolean {
  if (rack.unreported === 0) return false
  rack.unreported--
  return true
}

/**
 * What was taken for lost was only late: wait longer from now on, once a round trip. `ack` is SND.UNA, `sent` SND.NXT.
 * That segments can overtake each other is then as good as seen (ours: RFC 8985 waits for one that was not resent).
 */
export function rackTooEarly(rack: Rack, ack: number, sent: number): void {
  rack.reordering = true
  if (ack < rack.widenedUntil) return
  rack.widenedUntil = sent
  if (rack.windowMultiplier < MAX_WINDOW_MULTIPLIER) rack.windowMultiplier++
  rack.persistence = REORDERING_WINDOW_PERSISTENCE
}

/** A recovery went by without such a report: after sixteen the window is as narrow as at first. */
export function rackRecoveryEnded(rack: Rack): void {
  if (--rack.persistence > 0) return
  rack.persistence = REORDERING_WINDOW_PERSISTENCE
  rack.windowMultiplier = 1
}

/**
 * RACK_detect_loss (step 5): the oldest transmission in flight, if it is lost by now. Returns its position for `markLost`, or -1;
 * then `rackDeadline` says when to ask again. Transmissions are judged in the order in which they were sent, so each
 * is looked at once for every time that it is sent.
 */
export function findLost(rack: Rack, queue: SentQueue, window: number, now: number): number {
  const slot = queue.oldest
  if (slot === -1 || !sentAfter(rack.sentAt, rack.end, queue.columns.sentAt[slot]!, queue.columns.end[slot]!)) return -1
  return queue.columns.sentAt[slot]! + rack.rtt + window <= now ? positionAt(queue, slot) : -1
}

/** When the next transmission in flight may be found lost; Infinity when nothing sent later has arrived. */
export function rackDeadline(rack: Rack, queue: SentQueue, window: number): number {
  const slot = queue.oldest
  if (slot === -1 || !sentAfter(rack.sentAt, rack.end, queue.columns.sentAt[slot]!, queue.columns.end[slot]!)) return Infinity
  return queue.columns.sentAt[slot]! + rack.rtt + window
}
