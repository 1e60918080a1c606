import type { AckFacts, CongestionControl, CongestionState } from '../congestion/congestion-control.ts'
import { FrtoStep, frtoOnAck } from './f-rto.ts'
import { flightSize, type LossRecovery, RecoveryEvent, RecoveryPhase } from './loss-recovery.ts'
import { reductionStart } from './prr.ts'
import { rackRecoveryEnded, rackTooEarly } from './rack.ts'
import { unmarkFalselyLost } from './sent-marks.ts'
import { bytesInFlight } from './sent-queue.ts'
import { probeOver } from './tail-loss-probe.ts'
import { undoApply, undoPrepare } from './undo.ts'

/**
 * Losses that are not of a loss event answered before: the window is reduced, and the first of them goes at once. Also within recovery,
 * when what it had resent is lost again: two indications of congestion (RFC 5681 §4.3).
 */
export function enterRecovery<S extends CongestionState>(
  recovery: LossRecovery, control: CongestionControl<S>, congestion: S, facts: AckFacts,
): void {
  const again = recovery.phase === RecoveryPhase.Recovery
  // If it all was a false alarm, both reductions were.
  if (!again) recovery.undo = undoPrepare(recovery.undo, congestion.cwnd, congestion.ssthresh, facts.ack)
  recovery.phase = RecoveryPhase.Recovery
  recovery.point = facts.sent
  // Twice, not as often as something is lost again.
  recovery.reducedAt = again ? Infinity : facts.now
  recovery.forced = true
  probeOver(recovery.probe)
  facts.inRecovery = true
  recovery.reduction = reductionStart(recovery.reduction, facts.priorInFlight)
  facts.inFlight = flightSize(recovery, congestion)
  control.onLoss(congestion, facts)
}

/** Recovery or the loss phase may be over, because all is acknowledged or because it was a false alarm. */
export function leavePhase<S extends CongestionState>(
  recovery: LossRecovery, control: CongestionControl<S>, congestion: S, facts: AckFacts,
): RecoveryEvent {
  const { phase } = recovery
  if (phase === RecoveryPhase.Open) return RecoveryEvent.None
  if (recovery.resentNeedlessly) {
    // Overtaken, not lost; after a timeout: late.
    if (phase === RecoveryPhase.Recovery) rackTooEarly(recovery.rack, facts.ack, facts.sent)
    // One false alarm among losses is no reason to go on as before.
    const falseAlarm = recovery.undo.resentBytes <= 0 && (phase === RecoveryPhase.Loss || recovery.sent.lostCount === 0)
    if (falseAlarm) return takeBack(recovery, control, congestion, facts)
  }
  const { frto } = recovery
  recovery.frto = frtoOnAck(frto, facts.newlyAcked > 0, recovery.originalDelivered, facts.ack >= recovery.point)
  if (recovery.frto === FrtoStep.Spurious) return takeBack(recovery, control, congestion, facts)
  // The new segments fill the window of two, but the repair does not wait for them (§2.1 step 3a: a window of three).
  if (frto === FrtoStep.Third && recovery.frto === FrtoStep.Off) recovery.forced = true
  // Without SACK, `FastRecovery` says when its recovery ends.
  if (facts.ack < recovery.point || (phase === RecoveryPhase.Recovery && !recovery.selective)) return RecoveryEvent.None
  backToOpen(recovery)
  rackRecoveryEnded(recovery.rack)
  // An algorithm with a recovery of its own also recovers from a timeout by itself.
  if (phase === RecoveryPhase.Recovery || control.recovery === 'own') {
    facts.inFlight = bytesInFlight(recovery.sent)
    control.onRecoveryEnd?.(congestion, facts)
  }
  return RecoveryEvent.Exit
}

/** Nothing had been lost: what is marked so is in flight, and the window is what it was (RFC 4015). */
export function takeBack<S extends CongestionState>(
  recovery: LossRecovery, control: CongestionControl<S>, congestion: S, facts: AckFacts,
): RecoveryEvent {
  unmarkFalselyLost(recovery.sent)
  backToOpen(recovery)
  undoApply(recovery.undo, congestion)
  facts.inFlight = bytesInFlight(recovery.sent)
  control.onUndo?.(congestion, facts)
  return RecoveryEvent.Undo
}

export function backToOpen(recovery: LossRecovery): void {
  recovery.phase = RecoveryPhase.Open
  recovery.forced = false
  recovery.frto = FrtoStep.Off
}
