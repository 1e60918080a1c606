import type { CongestionTrace } from './congestion-trace.ts'
import type { Cause, State } from './state-machine.ts'
import type { Tcb } from './tcb.ts'

/** What congestion control and loss recovery did. */
export type CongestionEvent =
  | 'fast-retransmit' | 'partial-ack' | 'recovery-exit' | 'timeout' | 'ecn'
  /** The last reduction of the window was a false alarm and is taken back (RFC 4015). */
  | 'undo'
  /** A tail loss probe was sent (RFC 8985 §7). */
  | 'loss-probe'
  /** A tail loss probe turned out to have repaired a loss. */
  | 'loss-probe-repaired'

/** Hears what happens inside; every member may be absent and then costs nothing. Must not change the `Tcb`. */
export interface TcpObserver {
  /** Wants to see connections leave TIME-WAIT: each keeps its whole block until then, instead of 64 bytes. */
  readonly keepsTimeWait?: boolean
  /** A connection moved along an arrow of the state table. */
  stateChanged?(tcb: Tcb, from: State, to: State, cause: Cause): void
  congestion?(tcb: Tcb, event: CongestionEvent, now: number): void
  /**
   * What congestion control has come to: when the connection is established, and after every ACK of text, loss, timeout, tail loss
   * probe and restart after idle time. `trace` is one object for all calls: copy what is to be kept.
   */
  congestionTrace?(tcb: Tcb, trace: Readonly<CongestionTrace>, now: number): void
  /** `length` bytes from `sequence` on are being sent again. */
  retransmitted?(tcb: Tcb, sequence: number, length: number, now: number): void
}
