import { type AckFacts, type CongestionControl } from './congestion-control.ts'
import { reno, type RenoState } from './reno.ts'

/**
 * Tahoe (Jacobson 1988): as Reno, but every loss is answered by slow start from one segment, also one that three duplicate ACKs
 * showed. Half of what was in flight becomes the threshold.
 */
export const tahoe: CongestionControl<RenoState> = /* @__PURE__ */ (() => ({
  ...reno,
  name: 'tahoe',
  recovery: 'tahoe',

  onLoss(state: RenoState, facts: AckFacts): void {
    reno.onLoss(state, facts)
    // Nothing was lost when a router marked: there is nothing to send again in slow start (RFC 3168 §6.1.2).
    if (!facts.ece) state.cwnd = facts.mss
  },
}))()
