import type { Cause, State } from './state-machine.ts'
import type { Tcb } from './tcb.ts'

/** What congestion control and loss recovery did. */
export type CongestionEvent = 'fast-retransmit' | 'partial-ack' | 'recovery-exit' | 'timeout' | 'ecn'

/** Hears what happens inside; every member may be absent and then costs nothing. Must not change the `Tcb`. */
export interface TcpObserver {
  /** Wants to see connections leave TIME-WAIT: each keeps its whole block until then, instead of 64 bytes. */
  readonly keepsTimeWait?: boolean
  /** A connection moved along an arrow of the state table. */
  stateChanged?(tcb: Tcb, from: State, to: State, cause: Cause): void
  congestion?(tcb: Tcb, event: CongestionEvent, now: number): void
  /** `length` bytes from `sequence` on are being sent again. */
  retransmitted?(tcb: Tcb, sequence: number, length: number, now: number): void
}
