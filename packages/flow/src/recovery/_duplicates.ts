import type { AckFacts, CongestionControl, CongestionState } from '../congestion/congestion-control.ts'
import { backToOpen, leavePhase } from './_phases.ts'
import { applyAck } from './apply-ack.ts'
import { type FastRecovery, RecoveryAction, recoveryOnTimeout } from './fast-recovery.ts'
import { type LossRecovery, RecoveryEvent, RecoveryPhase } from './loss-recovery.ts'
import { DUPLICATE_THRESHOLD } from './rack.ts'
import { markAllLost, markLost } from './sent-marks.ts'
import { LOST, MTU_PROBE, outstandingBytes } from './sent-queue.ts'
import { undoPrepare } from './undo.ts'

/** Without SACK: the first hole is all that is known (RFC 6582). */
export function reactToDuplicates<S extends CongestionState>(
  recovery: LossRecovery, fast: FastRecovery, control: CongestionControl<S>, congestion: S, facts: AckFacts,
): RecoveryEvent {
  if (facts.newlyAcked === 0 && !facts.duplicate) return RecoveryEvent.None
  const left = leavePhase(recovery, control, congestion, facts)
  if (left === RecoveryEvent.Undo) {
    recoveryOnTimeout(fast, -1)
    facts.inRecovery = false
    if (facts.newlyAcked > 0) control.onAck(congestion, facts)
    return left
  }
  if (facts.duplicate && fast.duplicates === DUPLICATE_THRESHOLD - 1 && probeIsFirst(recovery)) {
    recovery.mtuProbeLost = true
    fast.recover = facts.sent
    loseFirst(recovery)
    return left
  }
  const { cwnd, ssthresh } = congestion
  facts.inFlight = outstandingBytes(recovery.sent)
  switch (applyAck(control, congestion, fast, facts)) {
    case RecoveryAction.EnterRecovery:
      recovery.undo = undoPrepare(recovery.undo, cwnd, ssthresh, facts.ack)
      loseFirst(recovery)
      // Tahoe has no fast recovery: slow start sends everything again, as after a timeout.
      if (control.recovery === 'tahoe') markAllLost(recovery.sent)
      recovery.phase = control.recovery === 'tahoe' ? RecoveryPhase.Loss : RecoveryPhase.Recovery
      recovery.point = facts.sent
      recovery.reducedAt = facts.now
      return RecoveryEvent.Enter
    case RecoveryAction.RetransmitHead:
      loseFirst(recovery)
      return RecoveryEvent.MoreLost
    case RecoveryAction.Exit:
      backToOpen(recovery)
      return RecoveryEvent.Exit
    default:
      return left
  }
}

function probeIsFirst({ sent }: LossRecovery): boolean {
  return sent.count > 0 && (sent.columns.flags[sent.head]! & MTU_PROBE) !== 0
}

function loseFirst(recovery: LossRecovery): void {
  const { sent } = recovery
  if (sent.count === 0) return
  if (!(sent.columns.flags[sent.head]! & LOST)) markLost(sent, 0)
  recovery.forced = true
}
