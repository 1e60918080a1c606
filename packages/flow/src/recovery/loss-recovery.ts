import { type AckFacts, type CongestionControl, type CongestionState } from '../congestion/congestion-control.ts'
import {
  createDeliveryRate, createRateSample, type DeliveryRate, finishRateSample, rateOnDelivered, rateOnLost, rateOnSend, rateShiftTime,
  type RateSample,
} from '../delivery-rate.ts'
import type { RttEstimator } from '../rtt.ts'
import { applyAck } from './apply-ack.ts'
import { createFastRecovery, type FastRecovery, RecoveryAction, recoveryOnTimeout } from './fast-recovery.ts'
import { createRateReduction, type RateReduction, reductionOnAck, reductionSent, reductionStart } from './prr.ts'
import {
  createRack, DUPLICATE_THRESHOLD, findLost, type Rack, rackDeadline, rackDelivered, rackDuplicate, rackRecoveryEnded, reorderingWindow,
} from './rack.ts'
import { firstWithin, isCredible, isDuplicateReport, noteRun, type SackBlocks, skipSacked } from './scoreboard.ts'
import {
  APP_LIMITED, bytesInFlight, createSentQueue, cutRecords, dropFirst, endAt, firstLost, forgetSacks, LOST, markAllLost, markLost,
  markResent, markSacked, MTU_PROBE, outstandingBytes, pushSent, RESENT, SACKED, type SentQueue, slotOf, startAt, trimFirst, unmarkAllLost,
} from './sent-queue.ts'
import { FrtoStep, frtoOnAck } from './f-rto.ts'
import { createTailLossProbe, probeOnAck, probeOver, ProbeVerdict, type TailLossProbe } from './tail-loss-probe.ts'
import {
  createUndo, type Undo, undoApply, undoByTimestamp, undoDuplicate, undoForget, undoPrepare, undoResent,
} from './undo.ts'

/** What the ACK being processed says about the delivery rate; nothing of it outlives the ACK. */
const sample: RateSample = createRateSample()

/** What a sender is busy with. */
export const RecoveryPhase = {
  /** Nothing is known to be lost. */
  Open: 0,
  /** Lost segments are being resent; the window was reduced. */
  Recovery: 1,
  /** The retransmission timer expired: everything is sent again, in slow start. */
  Loss: 2,
} as const

export type RecoveryPhase = (typeof RecoveryPhase)[keyof typeof RecoveryPhase]

/** What an ACK or a timer led to, for observers. */
export const RecoveryEvent = {
  None: 0,
  /** A loss was detected: recovery begins. */
  Enter: 1,
  /** More of the same loss event became known. */
  MoreLost: 2,
  /** All of the loss event is repaired. */
  Exit: 3,
  /** It was a false alarm: the window is as before. */
  Undo: 4,
  /** A tail loss probe repaired a loss: the window is reduced. */
  ProbeRepaired: 5,
} as const

export type RecoveryEvent = (typeof RecoveryEvent)[keyof typeof RecoveryEvent]

/** Finds out what is lost, decides what is sent again and how much may go meanwhile. Plain data: `congestion` is the algorithm's own. */
export interface LossRecovery {
  phase: RecoveryPhase
  /** Recovery, or the loss phase, ends when this offset is acknowledged: all that was sent when it began. */
  point: number
  /** What to look at: SACKs and time (RFC 8985), or duplicate ACKs (RFC 6582) at a peer without SACK or with a classic algorithm. */
  selective: boolean
  readonly sent: SentQueue
  readonly rate: DeliveryRate
  readonly rack: Rack
  readonly probe: TailLossProbe
  readonly reduction: RateReduction
  /** Without SACK alone. */
  fast: FastRecovery | undefined
  readonly undo: Undo
  frto: FrtoStep
  /** When more may be found to be lost, though no ACK came; Infinity: never. */
  reorderDeadline: number
  /** One segment may be resent whatever the window says: the fast retransmit. */
  forced: boolean
  /** What the ACK being processed delivered: see `takeDelivered`. */
  newlyDelivered: number
  originalDelivered: boolean
  resentNeedlessly: boolean
  duplicateReported: boolean
  /** An MTU probe was lost: for the caller to take notice, and to set back. */
  mtuProbeLost: boolean
}

export function createLossRecovery(): LossRecovery {
  const recovery: LossRecovery = {
    phase: RecoveryPhase.Open, point: NaN, selective: false,
    sent: createSentQueue(), rate: createDeliveryRate(), rack: createRack(),
    probe: createTailLossProbe(), reduction: createRateReduction(), fast: undefined, undo: createUndo(),
    frto: FrtoStep.Off, reorderDeadline: NaN, forced: false, newlyDelivered: 0, originalDelivered: false, resentNeedlessly: false,
    duplicateReported: false, mtuProbeLost: false,
  }
  recovery.point = -1
  recovery.reorderDeadline = Infinity
  return recovery
}

/** The handshake has settled whether the peer has SACK; a classic algorithm does without. */
export function setSelective(recovery: LossRecovery, selective: boolean): void {
  recovery.selective = selective
  recovery.fast = selective ? undefined : createFastRecovery()
}

/** New data [start, end) was sent. `flags`: 0, or `MTU_PROBE`. */
export function noteSent(recovery: LossRecovery, start: number, end: number, flags: number, now: number): void {
  const { sent, rate } = recovery
  rateOnSend(rate, bytesInFlight(sent), now)
  const slot = pushSent(sent, start, end, now)
  if (slot === -1) return
  fillRecord(recovery, slot, flags)
  if (recovery.phase === RecoveryPhase.Recovery) reductionSent(recovery.reduction, end - start)
}

/** The record at `position` was sent again. */
export function noteResent(recovery: LossRecovery, position: number, now: number): void {
  const { sent, rate } = recovery
  const bytes = endAt(sent, position) - startAt(sent, position)
  rateOnSend(rate, bytesInFlight(sent), now)
  markResent(sent, position, now)
  fillRecord(recovery, slotOf(sent, position), RESENT)
  recovery.forced = false
  undoResent(recovery.undo, bytes, now)
  if (recovery.phase === RecoveryPhase.Recovery) reductionSent(recovery.reduction, bytes)
}

function fillRecord({ sent, rate }: LossRecovery, slot: number, flags: number): void {
  sent.columns.flags[slot] = flags | (rate.appLimitedUntil > 0 ? APP_LIMITED : 0)
  sent.columns.delivered[slot] = rate.delivered
  sent.columns.deliveredAt[slot] = rate.deliveredAt
  sent.columns.firstSentAt[slot] = rate.firstSentAt
  sent.columns.lost[slot] = rate.lost
  sent.columns.inFlight[slot] = bytesInFlight(sent)
}

/** Position of the record to send again next, -1 when none is known to be lost. */
export function nextToResend(recovery: LossRecovery): number {
  // F-RTO holds the others back until it is known whether they were lost.
  if (recovery.frto === FrtoStep.Second && !recovery.forced) return -1
  return firstLost(recovery.sent)
}

/** Bytes that congestion control lets go now, never negative; a `forced` segment does not ask. */
export function congestionAllowance(recovery: LossRecovery, congestion: CongestionState, ownsRecovery: boolean): number {
  const inFlight = bytesInFlight(recovery.sent)
  if (recovery.phase === RecoveryPhase.Recovery && recovery.selective && !ownsRecovery) return recovery.reduction.quota
  const allowance = congestion.cwnd + (recovery.fast?.inflation ?? 0) - inFlight
  return allowance > 0 ? allowance : 0
}

/**
 * First half of an ACK: what it delivered. `facts`: `now`, `ack` and `newlyAcked` from the caller; gets `newlyDelivered`,
 * `priorInFlight`, and `rtt` when a segment that was sent once gives a sample (Karn's rule). The caller then feeds the estimator
 * and calls `reactToAck`.
 */
export function takeDelivered(recovery: LossRecovery, blocks: SackBlocks, minRtt: number, facts: AckFacts): void {
  const { sent } = recovery
  const { now, ack } = facts
  recovery.newlyDelivered = 0
  recovery.originalDelivered = false
  recovery.resentNeedlessly = false
  facts.priorInFlight = bytesInFlight(sent)
  facts.rtt = -1
  let unambiguous = true
  while (sent.count > 0 && endAt(sent, 0) <= ack) {
    const slot = sent.head
    const flags = sent.columns.flags[slot]!
    if (!(flags & SACKED)) {
      if (flags & RESENT) {
        unambiguous = false
        const bytes = sent.columns.end[slot]! - sent.start
        if (undoByTimestamp(recovery.undo, sent.columns.sentAt[slot]!, blocks.echoedAt, bytes, sent.columns.end[slot]!)) {
          recovery.resentNeedlessly = true
        }
      }
      // The oldest: the ACK may have been held back for it.
      if (!(flags & RESENT) && facts.rtt < 0) facts.rtt = now - sent.columns.sentAt[slot]!
      delivered(recovery, slot, sent.columns.end[slot]! - sent.start, minRtt, blocks.echoedAt, now)
    }
    dropFirst(sent)
  }
  if (sent.count > 0 && ack > sent.start) {
    if (!(sent.columns.flags[sent.head]! & SACKED)) recovery.newlyDelivered += ack - sent.start
    trimFirst(sent, ack)
  }
  if (!unambiguous) {
    facts.rtt = -1
    // What arrived before the timeout cannot be told from what arrived after it, without SACK (RFC 5682 §2.1).
    if (!recovery.selective) recovery.originalDelivered = false
  }
  recovery.duplicateReported = isDuplicateReport(blocks, ack)
  if (recovery.selective) takeSackBlocks(recovery, blocks, minRtt, facts)
  facts.newlyDelivered = recovery.newlyDelivered
}

function takeSackBlocks(recovery: LossRecovery, blocks: SackBlocks, minRtt: number, facts: AckFacts): void {
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
      delivered(recovery, slot, sent.columns.end[slot]! - startAt(sent, position), minRtt, blocks.echoedAt, facts.now)
      markSacked(sent, position)
      position = skipSacked(sent, position + 1)
    }
    if (position > first && endAt(sent, position - 1) <= right) noteRun(sent, first, position)
  }
}

/** One record has arrived for sure. */
function delivered(recovery: LossRecovery, slot: number, bytes: number, minRtt: number, echoedAt: number, now: number): void {
  const { sent, rate } = recovery
  const { columns } = sent
  const flags = columns.flags[slot]!
  recovery.newlyDelivered += bytes
  // It was taken for lost and never resent: so the first transmission arrived.
  if ((flags & (LOST | RESENT)) === LOST) recovery.originalDelivered = true
  rateOnDelivered(
    rate, sample, columns.delivered[slot]!, columns.deliveredAt[slot]!, columns.firstSentAt[slot]!, columns.sentAt[slot]!,
    (flags & APP_LIMITED) !== 0, columns.inFlight[slot]!, columns.lost[slot]!, bytes, now,
  )
  if (recovery.selective) rackDelivered(recovery.rack, sent, slot, now, minRtt, echoedAt)
}

/**
 * Second half of an ACK: what is lost now, and what follows for the window. `facts` as `takeDelivered` left them, with `srtt`, `mss`,
 * `sent`, `duplicate`, `appLimited` and `ece` from the caller.
 */
export function reactToAck<S extends CongestionState>(
  recovery: LossRecovery, control: CongestionControl<S>, congestion: S, blocks: SackBlocks, rtt: RttEstimator, facts: AckFacts,
): RecoveryEvent {
  finishRateSample(recovery.rate, sample, rtt.min, facts)
  facts.lost = 0
  const event = recovery.fast === undefined
    ? reactSelectively(recovery, control, congestion, blocks, rtt, facts)
    : reactToDuplicates(recovery, recovery.fast, control, congestion, facts)
  facts.inFlight = bytesInFlight(recovery.sent)
  return event
}

function reactSelectively<S extends CongestionState>(
  recovery: LossRecovery, control: CongestionControl<S>, congestion: S, blocks: SackBlocks, rtt: RttEstimator, facts: AckFacts,
): RecoveryEvent {
  const { undo, reduction, sent } = recovery
  let event: RecoveryEvent = RecoveryEvent.None
  if (recovery.duplicateReported) {
    rackDuplicate(recovery.rack, facts.ack, facts.sent)
    const needless = undoDuplicate(undo, blocks.edges[0]!, blocks.edges[1]!)
    if (needless && sent.lostCount === 0) event = takeBack(recovery, control, congestion, facts)
  }
  if (event === RecoveryEvent.None) event = leavePhase(recovery, control, congestion, facts)
  const lost = detectLosses(recovery, control, congestion, rtt, facts)
  const wasRecovering = recovery.phase === RecoveryPhase.Recovery
  facts.inFlight = bytesInFlight(sent)
  facts.inRecovery = wasRecovering || (lost > 0 && recovery.phase === RecoveryPhase.Open)
  if (facts.newlyDelivered > 0) control.onAck(congestion, facts)
  if (lost > 0 && recovery.phase === RecoveryPhase.Open) {
    enterRecovery(recovery, control, congestion, facts)
    event = RecoveryEvent.Enter
  } else if (lost > 0) event = RecoveryEvent.MoreLost
  if (recovery.phase === RecoveryPhase.Recovery) {
    const progress = facts.newlyAcked > 0 && lost === 0
    reductionOnAck(reduction, facts.newlyDelivered, bytesInFlight(sent), congestion.ssthresh, facts.mss, progress)
  }
  const verdict = probeOnAck(
    recovery.probe, facts.ack, recovery.duplicateReported, facts.newlyDelivered === 0 && facts.duplicate,
  )
  if (verdict === ProbeVerdict.Repaired && recovery.phase === RecoveryPhase.Open) {
    facts.inFlight = facts.priorInFlight
    undoForget(undo)
    control.onLoss(congestion, facts)
    event = RecoveryEvent.ProbeRepaired
  }
  return event
}

/** Marks what RACK finds lost, and says when to look again. Returns how many bytes. */
function detectLosses<S extends CongestionState>(
  recovery: LossRecovery, control: CongestionControl<S>, congestion: S, rtt: RttEstimator, facts: AckFacts,
): number {
  const { rack, sent, rate } = recovery
  const { now } = facts
  const window = reorderingWindow(rack, sent, recovery.phase !== RecoveryPhase.Open, rtt.min, rtt.srtt)
  let lost = 0
  for (let position = findLost(rack, sent, window, now); position !== -1; position = findLost(rack, sent, window, now)) {
    const slot = slotOf(sent, position)
    const bytes = sent.columns.end[slot]! - startAt(sent, position)
    markLost(sent, position)
    if (sent.columns.flags[slot]! & MTU_PROBE) {
      // Too big, most likely: no sign of congestion (RFC 4821 §7.6).
      recovery.mtuProbeLost = true
      continue
    }
    lost += bytes
    rateOnLost(rate, (sent.columns.flags[slot]! & APP_LIMITED) !== 0, sent.columns.inFlight[slot]!, sent.columns.lost[slot]!, bytes, facts)
    control.onSegmentLost?.(congestion, facts)
  }
  facts.lost = lost
  recovery.reorderDeadline = rackDeadline(rack, sent, window)
  return lost
}

/** The reordering window of some segment is over: what is lost now? */
export function reorderTimeout<S extends CongestionState>(
  recovery: LossRecovery, control: CongestionControl<S>, congestion: S, rtt: RttEstimator, facts: AckFacts,
): RecoveryEvent {
  facts.priorInFlight = bytesInFlight(recovery.sent)
  facts.newlyAcked = 0
  facts.newlyDelivered = 0
  facts.duplicate = false
  facts.rtt = -1
  const lost = detectLosses(recovery, control, congestion, rtt, facts)
  if (lost === 0) return RecoveryEvent.None
  if (recovery.phase !== RecoveryPhase.Open) {
    if (recovery.phase === RecoveryPhase.Recovery) {
      reductionOnAck(recovery.reduction, 0, bytesInFlight(recovery.sent), congestion.ssthresh, facts.mss, false)
    }
    return RecoveryEvent.MoreLost
  }
  enterRecovery(recovery, control, congestion, facts)
  reductionOnAck(recovery.reduction, 0, bytesInFlight(recovery.sent), congestion.ssthresh, facts.mss, false)
  return RecoveryEvent.Enter
}

function enterRecovery<S extends CongestionState>(
  recovery: LossRecovery, control: CongestionControl<S>, congestion: S, facts: AckFacts,
): void {
  undoPrepare(recovery.undo, congestion.cwnd, congestion.ssthresh, facts.ack)
  recovery.phase = RecoveryPhase.Recovery
  recovery.point = facts.sent
  recovery.forced = true
  probeOver(recovery.probe)
  facts.inRecovery = true
  facts.inFlight = facts.priorInFlight
  reductionStart(recovery.reduction, facts.priorInFlight)
  control.onLoss(congestion, facts)
}

/** Recovery or the loss phase may be over, because all is acknowledged or because it was a false alarm. */
function leavePhase<S extends CongestionState>(
  recovery: LossRecovery, control: CongestionControl<S>, congestion: S, facts: AckFacts,
): RecoveryEvent {
  const { phase } = recovery
  if (phase === RecoveryPhase.Open) return RecoveryEvent.None
  if (recovery.resentNeedlessly) {
    // Overtaken, not lost.
    recovery.rack.reordering = true
    // One false alarm among losses is no reason to go on as before.
    const falseAlarm = recovery.undo.resentBytes <= 0 && (phase === RecoveryPhase.Loss || recovery.sent.lostCount === 0)
    if (falseAlarm) return takeBack(recovery, control, congestion, facts)
  }
  recovery.frto = frtoOnAck(recovery.frto, facts.newlyAcked > 0, recovery.originalDelivered, facts.ack >= recovery.point)
  if (recovery.frto === FrtoStep.Spurious) return takeBack(recovery, control, congestion, facts)
  // Without SACK, `FastRecovery` says when its recovery ends.
  if (facts.ack < recovery.point || (phase === RecoveryPhase.Recovery && !recovery.selective)) return RecoveryEvent.None
  recovery.phase = RecoveryPhase.Open
  recovery.forced = false
  recovery.frto = FrtoStep.Off
  if (phase === RecoveryPhase.Recovery) {
    rackRecoveryEnded(recovery.rack)
    control.onRecoveryEnd?.(congestion, facts)
  }
  return RecoveryEvent.Exit
}

/** Nothing had been lost: what is marked so is in flight, and the window is what it was (RFC 4015). */
function takeBack<S extends CongestionState>(
  recovery: LossRecovery, control: CongestionControl<S>, congestion: S, facts: AckFacts,
): RecoveryEvent {
  unmarkAllLost(recovery.sent)
  recovery.phase = RecoveryPhase.Open
  recovery.forced = false
  recovery.frto = FrtoStep.Off
  undoApply(recovery.undo, congestion)
  facts.inFlight = bytesInFlight(recovery.sent)
  control.onUndo?.(congestion, facts)
  return RecoveryEvent.Undo
}

/** Without SACK: the first hole is all that is known (RFC 6582). */
function reactToDuplicates<S extends CongestionState>(
  recovery: LossRecovery, fast: FastRecovery, control: CongestionControl<S>, congestion: S, facts: AckFacts,
): RecoveryEvent {
  const { sent } = recovery
  if (facts.newlyAcked === 0 && !facts.duplicate) return RecoveryEvent.None
  const left = leavePhase(recovery, control, congestion, facts)
  if (left === RecoveryEvent.Undo) {
    recoveryOnTimeout(fast, -1)
    facts.inRecovery = false
    if (facts.newlyAcked > 0) control.onAck(congestion, facts)
    return left
  }
  if (facts.duplicate && fast.duplicates === DUPLICATE_THRESHOLD - 1 && sent.count > 0 && sent.columns.flags[sent.head]! & MTU_PROBE) {
    recovery.mtuProbeLost = true
    fast.recover = facts.sent
    loseFirst(recovery)
    return left
  }
  const { cwnd, ssthresh } = congestion
  facts.inFlight = outstandingBytes(sent)
  switch (applyAck(control, congestion, fast, facts)) {
    case RecoveryAction.EnterRecovery:
      undoPrepare(recovery.undo, cwnd, ssthresh, facts.ack)
      loseFirst(recovery)
      // Tahoe has no fast recovery: slow start sends everything again, as after a timeout.
      if (control.recovery === 'tahoe') markAllLost(sent)
      recovery.phase = control.recovery === 'tahoe' ? RecoveryPhase.Loss : RecoveryPhase.Recovery
      recovery.point = facts.sent
      return RecoveryEvent.Enter
    case RecoveryAction.RetransmitHead:
      loseFirst(recovery)
      return RecoveryEvent.MoreLost
    case RecoveryAction.Exit:
      recovery.phase = RecoveryPhase.Open
      recovery.forced = false
      return RecoveryEvent.Exit
    default:
      return left
  }
}

/** The path takes smaller segments than before: those in flight that were larger are lost, without any congestion (RFC 1191 §6.5). */
export function resendLonger(recovery: LossRecovery, mss: number): void {
  const { sent } = recovery
  for (let position = 0; position < sent.count; position++) {
    const long = endAt(sent, position) - startAt(sent, position) > mss
    if (long && !(sent.columns.flags[slotOf(sent, position)]! & (SACKED | LOST))) markLost(sent, position)
  }
  cutRecords(sent, mss)
}

/** Marks of congestion came back (RFC 3168 §6.1.2): one reduction, and nothing is resent. `facts`: `now`, `mss` from the caller. */
export function reactToEcho<S extends CongestionState>(
  recovery: LossRecovery, control: CongestionControl<S>, congestion: S, facts: AckFacts,
): void {
  undoForget(recovery.undo)
  facts.ece = true
  facts.inFlight = bytesInFlight(recovery.sent)
  facts.inRecovery = false
  control.onLoss(congestion, facts)
  facts.ece = false
}

/** F-RTO wants new data, but there is none or no room for it: repair what may be lost after all (RFC 5682 §2.1 step 2). */
export function abandonFrto(recovery: LossRecovery): void {
  recovery.frto = FrtoStep.Off
}

function loseFirst(recovery: LossRecovery): void {
  const { sent } = recovery
  if (sent.count === 0) return
  if (!(sent.columns.flags[sent.head]! & LOST)) markLost(sent, 0)
  recovery.forced = true
}

/**
 * The retransmission timer expired (RFC 6298 §5.4, RFC 5681 §3.1): all that is not SACKED is to be sent again, in slow start. `facts`:
 * `now`, `ack`, `sent`, `mss`, `timeouts` from the caller.
 */
export function retransmissionTimeout<S extends CongestionState>(
  recovery: LossRecovery, control: CongestionControl<S>, congestion: S, facts: AckFacts,
): void {
  const { sent } = recovery
  // The window was reduced for this data before: one loss event, one reduction.
  const again = recovery.phase === RecoveryPhase.Recovery && facts.ack < recovery.point
  facts.newlyAcked = 0
  facts.newlyDelivered = 0
  facts.duplicate = false
  facts.rtt = -1
  facts.priorInFlight = bytesInFlight(sent)
  facts.inFlight = recovery.phase === RecoveryPhase.Open ? facts.priorInFlight : outstandingBytes(sent)
  facts.inRecovery = again
  if (facts.timeouts <= 1 && !again) undoPrepare(recovery.undo, congestion.cwnd, congestion.ssthresh, facts.ack)
  // F-RTO only for data that nobody resent before (RFC 5682 §2.1 step 1).
  recovery.frto = facts.timeouts <= 1 && recovery.phase === RecoveryPhase.Open ? FrtoStep.First : FrtoStep.Off
  if (sent.count > 0 && sent.columns.flags[sent.head]! & SACKED) forgetSacks(sent)
  markAllLost(sent)
  facts.lost = facts.priorInFlight
  recovery.rate.lost += facts.priorInFlight
  recovery.phase = RecoveryPhase.Loss
  recovery.point = facts.sent
  recovery.forced = true
  recovery.reorderDeadline = Infinity
  probeOver(recovery.probe)
  if (recovery.fast !== undefined) recoveryOnTimeout(recovery.fast, facts.sent)
  control.onTimeout(congestion, facts)
  facts.inRecovery = false
}

/** The connection goes on by another clock. */
export function recoveryShiftTime(recovery: LossRecovery, by: number): void {
  const { sent, rack, undo } = recovery
  rateShiftTime(recovery.rate, by)
  if (rack.sentAt >= 0) rack.sentAt += by
  if (undo.resentAt >= 0) undo.resentAt += by
  recovery.reorderDeadline += by
  for (let position = 0; position < sent.count; position++) {
    const slot = slotOf(sent, position)
    sent.columns.sentAt[slot] = sent.columns.sentAt[slot]! + by
    sent.columns.deliveredAt[slot] = sent.columns.deliveredAt[slot]! + by
    sent.columns.firstSentAt[slot] = sent.columns.firstSentAt[slot]! + by
  }
}
