import type { CongestionState } from '../congestion/congestion-control.ts'
import { createDeliveryRate, type DeliveryRate, rateShiftTime } from '../delivery-rate.ts'
import { FrtoStep } from './f-rto.ts'
import { createFastRecovery, type FastRecovery } from './fast-recovery.ts'
import { NO_REDUCTION, type RateReduction } from './prr.ts'
import { NO_RACK, type Rack } from './rack.ts'
import { bytesInFlight, createSentQueue, firstLost, outstandingBytes, type SentQueue, slotOf } from './sent-queue.ts'
import { createTailLossProbe, type TailLossProbe } from './tail-loss-probe.ts'
import { NO_UNDO, type Undo } from './undo.ts'

/** What a sender is busy with. */
export const RecoveryPhase = {
  /** Nothing is known to be lost to congestion. */
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
  /** A loss was detected: recovery begins; or begins anew, because what it had resent was lost too. */
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

/**
 * Finds out what is lost, decides what is sent again and how much may go meanwhile. Plain data: `congestion` is the algorithm's own.
 *
 * For each segment sent: `noteSent` or `noteResent`. For each ACK: `takeDelivered`, which says what arrived, then `reactToAck`,
 * which finds out what is lost (`_detection.ts`) and goes from phase to phase (`_phases.ts`). For timers: `reorderTimeout`,
 * `retransmissionTimeout`. For output: `nextToResend`, `congestionAllowance`.
 */
export interface LossRecovery {
  phase: RecoveryPhase
  /** Recovery, or the loss phase, ends when this offset is acknowledged: all that was sent when it began. */
  point: number
  /** When the window was reduced for it, ms: what is resent from then on and lost again counts as lost anew. */
  reducedAt: number
  /** What to look at: SACKs and time (RFC 8985), or duplicate ACKs (RFC 6582) at a peer without SACK or with a classic algorithm. */
  selective: boolean
  readonly sent: SentQueue
  readonly rate: DeliveryRate
  rack: Rack
  readonly probe: TailLossProbe
  reduction: RateReduction
  /** Without SACK alone. */
  fast: FastRecovery | undefined
  undo: Undo
  frto: FrtoStep
  /** When more may be found to be lost, though no ACK came; Infinity: never. */
  reorderDeadline: number
  /** One segment may be resent whatever the window says: the fast retransmit. */
  forced: boolean
  /** What the ACK being processed told: see `takeDelivered`. */
  newlyDelivered: number
  originalDelivered: boolean
  resentNeedlessly: boolean
  duplicateReported: boolean
  /** A segment that this recovery had resent is lost again. */
  lostAgain: boolean
  /** An MTU probe was lost: for the caller to take notice, and to set back. */
  mtuProbeLost: boolean
}

export function createLossRecovery(): LossRecovery {
  const recovery: LossRecovery = {
    phase: RecoveryPhase.Open, point: NaN, reducedAt: NaN, selective: false,
    sent: createSentQueue(), rate: createDeliveryRate(), rack: NO_RACK,
    probe: createTailLossProbe(), reduction: NO_REDUCTION, fast: undefined, undo: NO_UNDO,
    frto: FrtoStep.Off, reorderDeadline: NaN, forced: false, newlyDelivered: 0, originalDelivered: false, resentNeedlessly: false,
    duplicateReported: false, lostAgain: false, mtuProbeLost: false,
  }
  recovery.point = -1
  recovery.reducedAt = -Infinity
  recovery.reorderDeadline = Infinity
  return recovery
}

/**
 * The handshake has settled whether the peer has SACK; a classic algorithm does without. Also later, when the algorithm changes: a
 * recovery that began one way cannot end the other way, so what is lost is sent again as after a timeout.
 */
export function setSelective(recovery: LossRecovery, selective: boolean): void {
  if (recovery.selective === selective && (selective || recovery.fast !== undefined)) return
  recovery.selective = selective
  recovery.fast = selective ? undefined : createFastRecovery()
  recovery.reorderDeadline = Infinity
  recovery.probe.end = -1
  if (recovery.phase === RecoveryPhase.Recovery) recovery.phase = RecoveryPhase.Loss
}

/** Position of the record to send again next, -1 when none is known to be lost. */
export function nextToResend(recovery: LossRecovery): number {
  // F-RTO holds the others back until it is known whether they were lost.
  const { frto } = recovery
  if ((frto === FrtoStep.Second || frto === FrtoStep.Third) && !recovery.forced) return -1
  return firstLost(recovery.sent)
}

/**
 * Bytes that congestion control lets go now, never negative; a `forced` segment does not ask. A segment of `mss` bytes may always
 * go when nothing is in flight: no ACK would ever come to let more go.
 */
export function congestionAllowance(recovery: LossRecovery, congestion: CongestionState, ownsRecovery: boolean, mss: number): number {
  const inFlight = bytesInFlight(recovery.sent)
  const reducing = recovery.phase === RecoveryPhase.Recovery && recovery.selective && !ownsRecovery
  const allowance = reducing ? recovery.reduction.quota : congestion.cwnd + (recovery.fast?.inflation ?? 0) - inFlight
  const least = inFlight > 0 ? 0 : mss
  return allowance > least ? allowance : least
}

/**
 * FlightSize (RFC 5681 §2): what is outstanding; at most the window, because what SACKs let go beyond it took the place of segments
 * that had left the network.
 */
export function flightSize(recovery: LossRecovery, congestion: CongestionState): number {
  const outstanding = outstandingBytes(recovery.sent)
  return outstanding < congestion.cwnd ? outstanding : congestion.cwnd
}

/** F-RTO wants new data, but there is none or no room for it: repair what may be lost after all (RFC 5682 §2.1 step 2). */
export function abandonFrto(recovery: LossRecovery): void {
  recovery.frto = FrtoStep.Off
}

/** The connection goes on by another clock. */
export function recoveryShiftTime(recovery: LossRecovery, by: number): void {
  const { sent, rack, undo } = recovery
  rateShiftTime(recovery.rate, by)
  if (rack !== NO_RACK) rack.sentAt += by
  if (undo !== NO_UNDO) undo.resentAt += by
  recovery.reducedAt += by
  recovery.reorderDeadline += by
  for (let position = 0; position < sent.count; position++) {
    const slot = slotOf(sent, position)
    sent.columns.sentAt[slot] = sent.columns.sentAt[slot]! + by
    sent.columns.deliveredAt[slot] = sent.columns.deliveredAt[slot]! + by
    sent.columns.firstSentAt[slot] = sent.columns.firstSentAt[slot]! + by
  }
}
