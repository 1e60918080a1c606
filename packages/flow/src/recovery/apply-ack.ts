import { type AckFacts, type CongestionControl, type CongestionState } from '../congestion/congestion-control.ts'
import { type FastRecovery, RecoveryAction, recoveryOnAck, recoveryOnTimeout } from './fast-recovery.ts'

/**
 * Takes an ACK through recovery and congestion control in the right order. Returns what the sender has to do:
 * `EnterRecovery` and `RetransmitHead` both ask to resend the segment at SND.UNA.
 * Sets `facts.inRecovery`; on entering recovery also `facts.inFlight`, to the FlightSize without Limited Transmit.
 */
export function applyAck<S extends CongestionState>(
  control: CongestionControl<S>, congestion: S, recovery: FastRecovery, facts: AckFacts,
): RecoveryAction {
  const wasInRecovery = recovery.inRecovery
  let action = recoveryOnAck(recovery, facts, congestion.cwnd)
  if (action === RecoveryAction.RetransmitHead && control.recovery === 'reno') {
    // Reno takes the first ACK of new data for the end of recovery.
    recoveryOnTimeout(recovery, recovery.recover)
    action = RecoveryAction.Exit
  }
  facts.inRecovery = wasInRecovery || recovery.inRecovery
  if (facts.newlyAcked > 0) control.onAck(congestion, facts)
  if (action === RecoveryAction.EnterRecovery) {
    facts.inFlight = recovery.flightSize
    if (control.recovery === 'tahoe') recoveryOnTimeout(recovery, facts.sent)
    control.onLoss(congestion, facts)
  } else if (action === RecoveryAction.Exit) {
    control.onRecoveryEnd?.(congestion, facts)
  }
  return action
}

/** Takes a retransmission timeout through recovery and congestion control. The sender then goes back to SND.UNA. */
export function applyTimeout<S extends CongestionState>(
  control: CongestionControl<S>, congestion: S, recovery: FastRecovery, facts: AckFacts,
): void {
  facts.inRecovery = false
  recoveryOnTimeout(recovery, facts.sent)
  control.onTimeout(congestion, facts)
}
