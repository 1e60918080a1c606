import { type AckFacts } from '../congestion/congestion-control.ts'
import { DUPLICATE_THRESHOLD } from './rack.ts'

/** What the sender does next about lost data. */
export const RecoveryAction = {
  None: 0,
  /** A loss event began: reduce the window once (`onLoss`) and resend the segment at SND.UNA. */
  EnterRecovery: 1,
  /** A partial ACK showed the next hole: resend the segment at SND.UNA. */
  RetransmitHead: 2,
  /** Everything of the loss event is acknowledged. */
  Exit: 3,
} as const

export type RecoveryAction = (typeof RecoveryAction)[keyof typeof RecoveryAction]

/** Fast retransmit and NewReno's fast recovery (RFC 6582). Plain data; offsets in bytes since the start of the stream. */
export interface FastRecovery {
  inRecovery: boolean
  /** Duplicate ACKs in a row. */
  duplicates: number
  /** Offset one past the data in the network when the last loss event or timeout began; -1 before any. */
  recover: number
  /**
   * Bytes to add to cwnd for `sendAllowance`: segments that duplicate ACKs prove to have left the network, less those
   * that a partial ACK removed (RFC 6582 §3.2); before recovery, Limited Transmit's up to two segments (RFC 3042).
   * May be negative in recovery; cwnd + inflation stays at one segment or more.
   */
  inflation: number
  /**
   * FlightSize at the first duplicate ACK, so without Limited Transmit's segments (RFC 5681 §3.2 step 2); in recovery
   * renewed by each partial ACK, because it bounds `inflation`.
   */
  flightSize: number
  /** Partial ACKs in this recovery: the retransmission timer restarts at the first only (RFC 6582 §3.2, impatient). */
  partialAcks: number
}

export function createFastRecovery(): FastRecovery {
  // NaN first: a double slot for an offset that may exceed 2^31 (see createAckFacts).
  const recovery: FastRecovery = {
    inRecovery: false, duplicates: 0, recover: NaN, inflation: 0, flightSize: 0, partialAcks: 0,
  }
  recovery.recover = -1
  return recovery
}

/**
 * An ACK arrived. Returns what to do about it. `cwnd` is the congestion window in bytes before this ACK.
 * Most callers want `applyAck`, which also tells the congestion control.
 */
export function recoveryOnAck(recovery: FastRecovery, facts: AckFacts, cwnd: number): RecoveryAction {
  if (facts.newlyAcked > 0) return onNewAck(recovery, facts, cwnd)
  if (facts.duplicate) return onDuplicate(recovery, facts)
  return RecoveryAction.None
}

/**
 * The retransmission timer expired: recovery ends, and duplicate ACKs of data sent so far start no new one
 * (RFC 6582 §3.2 step 4). `sent`: offset one past the highest byte ever sent.
 */
export function recoveryOnTimeout(recovery: FastRecovery, sent: number): void {
  recovery.inRecovery = false
  recovery.duplicates = 0
  recovery.inflation = 0
  recovery.partialAcks = 0
  recovery.recover = sent
}

function onNewAck(recovery: FastRecovery, facts: AckFacts, cwnd: number): RecoveryAction {
  recovery.duplicates = 0
  if (!recovery.inRecovery) {
    recovery.inflation = 0
    return RecoveryAction.None
  }
  if (facts.ack >= recovery.recover) {
    recovery.inRecovery = false
    recovery.inflation = 0
    recovery.partialAcks = 0
    return RecoveryAction.Exit
  }
  // Partial ACK: the acknowledged bytes leave the window, one segment is added back for the retransmission.
  const { mss, newlyAcked } = facts
  const inflation = recovery.inflation - newlyAcked + (newlyAcked >= mss ? mss : 0)
  recovery.inflation = inflation > mss - cwnd ? inflation : mss - cwnd
  recovery.flightSize = facts.inFlight
  recovery.partialAcks += 1
  return RecoveryAction.RetransmitHead
}

function onDuplicate(recovery: FastRecovery, facts: AckFacts): RecoveryAction {
  const { mss } = facts
  recovery.duplicates += 1
  if (recovery.inRecovery) {
    // No more than was in flight can have left the network, so forged duplicates gain little (RFC 5681 §3.2, after step 6).
    const inflation = recovery.inflation + mss
    if (inflation <= recovery.flightSize) recovery.inflation = inflation
    return RecoveryAction.None
  }
  if (recovery.duplicates === 1) recovery.flightSize = facts.inFlight
  // One window of data is answered once: duplicates at or before `recover` may come from segments resent needlessly.
  const maybeNewLoss = facts.ack > recovery.recover
  if (recovery.duplicates < DUPLICATE_THRESHOLD) {
    if (maybeNewLoss) recovery.inflation = recovery.duplicates * mss
    return RecoveryAction.None
  }
  if (!maybeNewLoss) return RecoveryAction.None
  recovery.inRecovery = true
  recovery.recover = facts.sent
  recovery.inflation = DUPLICATE_THRESHOLD * mss
  return RecoveryAction.EnterRecovery
}
