import { collapse, congestionAvoidance, grow, reduceTo, shareOfFlight, slowStartIncrease, type WindowState } from './_window.ts'
import { type AckFacts, type CongestionControl } from './congestion-control.ts'

/** What Reno remembers; Tahoe remembers the same. */
export type RenoState = WindowState

/** Threshold that the classic algorithms start with, bytes: 64 KiB, the greatest window that TCP then had (RFC 2001 §2). */
const CLASSIC_THRESHOLD = 65_536

/**
 * Reno (RFC 2001, RFC 2581; window rules as in RFC 5681): slow start from one segment up to a threshold of 64 KiB, then a segment
 * per round trip. Three duplicate ACKs halve the threshold and set the window to it; a timeout halves it too and
 * drops the window to one segment. Several losses in one window mostly end in a timeout: that is what NewReno mended.
 */
export const reno: CongestionControl<RenoState> = {
  name: 'reno',
  recovery: 'reno',

  create(mss: number, firstWindow?: number): RenoState {
    if (!(mss >= 1)) throw new RangeError(`the MSS must be at least 1 byte, got ${mss}`)
    return { cwnd: firstWindow ?? mss, ssthresh: CLASSIC_THRESHOLD, pacingRate: 0, bytesAcked: 0 }
  },

  onAck(state: RenoState, facts: AckFacts): void {
    if (facts.inRecovery || facts.appLimited) return
    if (state.cwnd < state.ssthresh) grow(state, slowStartIncrease(state, facts))
    else congestionAvoidance(state, facts)
  },

  onLoss(state: RenoState, facts: AckFacts): void {
    reduceTo(state, shareOfFlight(facts, 50))
    state.bytesAcked = 0
  },

  onTimeout(state: RenoState, facts: AckFacts): void {
    collapse(state, facts, 50)
    state.bytesAcked = 0
  },

  /** Restart window min(IW, cwnd) (RFC 5681 §4.1), here one segment; slow start leads back to the old threshold. */
  onIdle(state: RenoState, facts: AckFacts): void {
    state.cwnd = Math.min(state.cwnd, facts.mss)
    state.bytesAcked = 0
  },
}
