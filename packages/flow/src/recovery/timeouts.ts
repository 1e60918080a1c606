import type { AckFacts, CongestionControl, CongestionState } from '../congestion/congestion-control.ts'
import { FrtoStep } from './f-rto.ts'
import { recoveryOnTimeout } from './fast-recovery.ts'
import { flightSize, type LossRecovery, RecoveryPhase } from './loss-recovery.ts'
import { noNews } from './reactions.ts'
import { forgetSacks, markAllLost, markLost } from './sent-marks.ts'
import { endAt, LOST, SACKED, slotOf, startAt } from './sent-queue.ts'
import { cutRecords } from './sent-rebuild.ts'
import { probeOver } from './tail-loss-probe.ts'
import { undoForget, undoPrepare } from './undo.ts'

/**
 * The retransmission timer expired (RFC 6298 §5.4, RFC 5681 §3.1): all that is not SACKED is to be sent again, in slow start. `facts`:
 * `now`, `ack`, `sent`, `mss`, `timeouts` from the caller.
 */
export function retransmissionTimeout<S extends CongestionState>(
  recovery: LossRecovery, control: CongestionControl<S>, congestion: S, facts: AckFacts,
): void {
  const { sent } = recovery
  noNews(recovery, facts)
  // The window was reduced for this data before: one loss event, one reduction.
  const again = recovery.phase === RecoveryPhase.Recovery && facts.ack < recovery.point
  facts.inFlight = flightSize(recovery, congestion)
  facts.inRecovery = again
  if (facts.timeouts <= 1 && !again) recovery.undo = undoPrepare(recovery.undo, congestion.cwnd, congestion.ssthresh, facts.ack)
  // F-RTO only for data that nobody resent before (RFC 5682 §2.1 step 1).
  recovery.frto = facts.timeouts <= 1 && recovery.phase === RecoveryPhase.Open ? FrtoStep.First : FrtoStep.Off
  // SACKed, and yet not acknowledged: the peer has thrown it away.
  if (sent.count > 0 && sent.columns.flags[sent.head]! & SACKED) forgetSacks(sent)
  markAllLost(sent)
  facts.lost = facts.priorInFlight
  recovery.rate.lost += facts.priorInFlight
  recovery.phase = RecoveryPhase.Loss
  recovery.point = facts.sent
  recovery.reducedAt = facts.now
  recovery.forced = true
  recovery.reorderDeadline = Infinity
  probeOver(recovery.probe)
  if (recovery.fast !== undefined) recoveryOnTimeout(recovery.fast, facts.sent)
  control.onTimeout(congestion, facts)
  facts.inRecovery = false
}

/**
 * Marks of congestion came back (RFC 3168 §6.1.2): one reduction, and nothing is resent. `facts`: `now`, `ack`, `sent`, `mss`, `srtt` from
 * the caller.
 */
export function reactToEcho<S extends CongestionState>(
  recovery: LossRecovery, control: CongestionControl<S>, congestion: S, facts: AckFacts,
): void {
  undoForget(recovery.undo)
  noNews(recovery, facts)
  facts.ece = true
  control.onLoss(congestion, facts)
  facts.ece = false
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
