/**
 * Bytes that may be sent now: what the receiver's window and the congestion window both allow, never negative.
 *
 * `sendWindow`: SND.WND. `outstanding`: SND.NXT − SND.UNA. `congestionWindow`: cwnd plus what recovery adds
 * (`FastRecovery.inflation`). `inFlight`: bytes believed to be in the network; without SACK the same as `outstanding`.
 */
export function sendAllowance(sendWindow: number, outstanding: number, congestionWindow: number, inFlight: number): number {
  const receiver = sendWindow - outstanding
  const network = congestionWindow - inFlight
  const allowance = receiver < network ? receiver : network
  return allowance > 0 ? allowance : 0
}

/** What the decision to send a segment of new data depends on. One reused object per connection or per stack. */
export interface SendFacts {
  /** D: bytes queued and never sent. */
  queued: number
  /** U: bytes that may be sent now (`sendAllowance`). */
  usable: number
  /** SND.NXT − SND.UNA: bytes sent and not acknowledged. */
  outstanding: number
  /** Eff.snd.MSS. */
  mss: number
  /** Max(SND.WND): the largest window that the peer has ever offered. */
  maxWindow: number
  /** Nagle's algorithm is off (TCP_NODELAY), or nothing will follow this data (a FIN does). */
  noDelay: boolean
  /** The override timeout has passed (RFC 9293 §3.8.6.2.1, 0.1 to 1 s): send what there is. */
  overridden: boolean
}

export function createSendFacts(): SendFacts {
  return { queued: 0, usable: 0, outstanding: 0, mss: 536, maxWindow: 0, noDelay: false, overridden: false }
}

/**
 * Whether to send a segment of min(queued, usable, mss) bytes now: sender silly window avoidance and Nagle's algorithm,
 * the four rules of RFC 9293 §3.8.6.2.1 in order (§3.7.4 for Nagle). All queued data counts as pushed.
 */
export function maySend(facts: SendFacts): boolean {
  const { queued, usable } = facts
  const sendable = queued < usable ? queued : usable
  if (sendable <= 0) return false
  if (sendable >= facts.mss) return true
  // A short segment waits until everything before it is acknowledged: at most one of them is in the network.
  const idleOrNoDelay = facts.noDelay || facts.outstanding === 0
  if (idleOrNoDelay && queued <= usable) return true
  if (idleOrNoDelay && sendable >= facts.maxWindow / 2) return true
  return facts.overridden
}
