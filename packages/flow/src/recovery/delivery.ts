import type { AckFacts } from '../congestion/congestion-control.ts'
import { createRateSample, rateOnDelivered, type RateSample } from '../delivery-rate.ts'
import type { RttEstimator } from '../rtt.ts'
import type { LossRecovery } from './loss-recovery.ts'
import { rackDelivered } from './rack.ts'
import { firstWithin, isCredible, isDuplicateReport, noteRun, type SackBlocks, skipSacked } from './scoreboard.ts'
import { dropFirst, dropInFlight, markSacked, trimFirst } from './sent-marks.ts'
import { APP_LIMITED, bytesInFlight, endAt, LOST, RESENT, SACKED, slotOf, startAt } from './sent-queue.ts'
import { undoByTimestamp } from './undo.ts'

/** What the ACK being processed says about the delivery rate; nothing of it outlives the ACK. */
export const ackSample: RateSample = /* @__PURE__ */ createRateSample()

/**
 * First half of an ACK: what it delivered. `facts`: `now`, `ack` (SND.UNA) and `newlyAcked` from the caller; gets `newlyDelivered`,
 * `priorInFlight`, and `rtt` when a segment that was sent once gives a sample (Karn's rule). The caller then feeds the estimator
 * and calls `reactToAck`.
 */
export function takeDelivered(recovery: LossRecovery, blocks: SackBlocks, rtt: RttEstimator, facts: AckFacts): void {
  recovery.newlyDelivered = 0
  recovery.originalDelivered = false
  recovery.resentNeedlessly = false
  facts.priorInFlight = bytesInFlight(recovery.sent)
  facts.rtt = -1
  takeAcknowledged(recovery, blocks, rtt, facts)
  recovery.duplicateReported = isDuplicateReport(blocks)
  if (recovery.selective) takeSackBlocks(recovery, blocks, rtt, facts)
  facts.newlyDelivered = recovery.newlyDelivered
}

/** Records below SND.UNA leave. */
function takeAcknowledged(recovery: LossRecovery, blocks: SackBlocks, rtt: RttEstimator, facts: AckFacts): void {
  const { sent, undo } = recovery
  const { now, ack } = facts
  let resent = false
  while (sent.count > 0 && endAt(sent, 0) <= ack) {
    const slot = sent.head
    const flags = sent.columns.flags[slot]!
    if (!(flags & SACKED)) {
      const end = sent.columns.end[slot]!
      const sentAt = sent.columns.sentAt[slot]!
      if (flags & RESENT) {
        resent = true
        if (undoByTimestamp(undo, sentAt, blocks.echoedAt, end - sent.start, end)) recovery.resentNeedlessly = true
      } else if (facts.rtt < 0) {
        // The oldest: the ACK may have been held back for it.
        facts.rtt = now - sentAt
      }
      noteDelivered(recovery, slot, end - sent.start, rtt, blocks, facts)
    }
    dropFirst(sent)
    if (!(flags & (SACKED | LOST | RESENT))) takeInOrder(recovery, blocks, rtt, facts)
  }
  if (sent.count > 0 && ack > sent.start) {
    if (!(sent.columns.flags[sent.head]! & SACKED)) {
      recovery.newlyDelivered += ack - sent.start
      recovery.rate.delivered += ack - sent.start
    }
    trimFirst(sent, ack)
  }
  if (!resent) return
  // What else it covers may have arrived long before what was resent: no sample, and no sign of a late original (RFC 5682 §2.1).
  facts.rtt = -1
  recovery.originalDelivered = false
}

/**
 * What was sent once and follows another such record arrived in the order of sending: the last of them says all that the others would say
 * after the first, so an ACK of a whole window costs little more than one of a segment.
 */
function takeInOrder(recovery: LossRecovery, blocks: SackBlocks, rtt: RttEstimator, facts: AckFacts): void {
  const { sent } = recovery
  const { start } = sent
  const last = dropInFlight(sent, facts.ack)
  if (last !== -1) noteDelivered(recovery, last, sent.start - start, rtt, blocks, facts)
}

function takeSackBlocks(recovery: LossRecovery, blocks: SackBlocks, rtt: RttEstimator, facts: AckFacts): void {
  const { sent } = recovery
  for (let block = recovery.duplicateReported ? 1 : 0; block < blocks.count; block++) {
    const left = blocks.edges[2 * block]!
    const right = blocks.edges[2 * block + 1]!
    if (!isCredible(sent, left, right)) continue
    const first = firstWithin(sent, left)
    let position = skipSacked(sent, first)
    while (position < sent.count && endAt(sent, position) <= right) {
      const slot = slotOf(sent, position)
      if (facts.rtt < 0 && !(sent.columns.flags[slot]! & RESENT)) facts.rtt = facts.now - sent.columns.sentAt[slot]!
      // Out of order: the timestamp that the ACK echoes is not this segment's (RFC 7323 §4.3).
      noteDelivered(recovery, slot, sent.columns.end[slot]! - startAt(sent, position), rtt, undefined, facts)
      markSacked(sent, position)
      position = skipSacked(sent, position + 1)
    }
    if (position > first && endAt(sent, position - 1) <= right) noteRun(sent, first, position)
  }
}

/**
 * One record has arrived for sure. `echo`: the blocks, when the ACK's timestamp is about this record. Here and below, times come in
 * objects: a fraction that passes from one function to another is put into a box.
 */
function noteDelivered(
  recovery: LossRecovery, slot: number, bytes: number, rtt: RttEstimator, echo: SackBlocks | undefined, facts: AckFacts,
): void {
  const { sent, rate } = recovery
  const { columns } = sent
  const flags = columns.flags[slot]!
  recovery.newlyDelivered += bytes
  // It was taken for lost and never resent: so the first transmission arrived.
  if ((flags & (LOST | RESENT)) === LOST) recovery.originalDelivered = true
  rateOnDelivered(
    rate, ackSample, columns.delivered[slot]!, columns.deliveredAt[slot]!, columns.firstSentAt[slot]!, columns.sentAt[slot]!,
    (flags & APP_LIMITED) !== 0, columns.inFlight[slot]!, columns.lost[slot]!, bytes, facts.now,
  )
  if (recovery.selective) rackDelivered(recovery.rack, sent, slot, rtt, echo, facts)
}
