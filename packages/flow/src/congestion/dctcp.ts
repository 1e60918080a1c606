import { collapse, congestionAvoidance, decayIdleWindow, grow, reduceTo, shareOfFlight, slowStartIncrease, type WindowState } from './_window.ts'
import { type AckFacts, type CongestionControl, initialWindow, MAX_CONGESTION_WINDOW } from './congestion-control.ts'

/** g: weight of the newest window in the average of marks (RFC 8257 §4.2). */
const G = 1 / 16

export interface DctcpState extends WindowState {
  /** Moving average of the part of bytes that were marked, 0 to 1. 1 at first: the first mark halves the window. */
  alpha: number
  /** Offset whose acknowledgment ends the observation window; -1 before the first. */
  windowEnd: number
  /** Bytes acknowledged in this observation window, and those of them by ACKs that echo a mark. */
  observedBytes: number
  markedBytes: number
}

/**
 * DCTCP (RFC 8257), for networks of one owner whose routers mark at a low threshold: the window is reduced once per round trip
 * by half of the part of bytes that were marked, so a few marks cost little. Losses are answered as by Reno.
 * Never to be used across the Internet (§5).
 */
export const dctcp: CongestionControl<DctcpState> = {
  name: 'dctcp',
  ecn: 'every-mark',

  create(mss: number, firstWindow: number = initialWindow(mss)): DctcpState {
    // NaN first: double slots (see createAckFacts).
    const state: DctcpState = {
      cwnd: firstWindow, ssthresh: MAX_CONGESTION_WINDOW, pacingRate: 0, bytesAcked: 0,
      alpha: NaN, windowEnd: NaN, observedBytes: NaN, markedBytes: NaN,
    }
    state.alpha = 1
    state.windowEnd = -1
    state.observedBytes = 0
    state.markedBytes = 0
    return state
  },

  /** RFC 8257 §3.3. */
  onAck(state: DctcpState, facts: AckFacts): void {
    if (state.windowEnd < 0) state.windowEnd = facts.sent
    state.observedBytes += facts.newlyAcked
    if (facts.ece) state.markedBytes += facts.newlyAcked
    if (facts.ack >= state.windowEnd) endObservation(state, facts)
    // An ACK that echoes a mark does not grow the window (RFC 3168 §6.1.2).
    if (facts.inRecovery || facts.appLimited || facts.ece) return
    if (state.cwnd < state.ssthresh) grow(state, slowStartIncrease(state, facts))
    else congestionAvoidance(state, facts)
  },

  /** A lost packet is no mark: half the flight, whatever alpha is (§3.4). */
  onLoss(state: DctcpState, facts: AckFacts): void {
    reduceTo(state, shareOfFlight(facts, 50))
    state.bytesAcked = 0
  },

  onTimeout(state: DctcpState, facts: AckFacts): void {
    collapse(state, facts, 50)
    state.bytesAcked = 0
  },

  onIdle(state: DctcpState, facts: AckFacts): void {
    decayIdleWindow(state, facts)
    state.bytesAcked = 0
  },
}

/** A window of data has been acknowledged: alpha learns, and the window shrinks when there were marks. */
function endObservation(state: DctcpState, facts: AckFacts): void {
  const marked = state.markedBytes
  state.alpha = state.alpha * (1 - G) + G * (state.observedBytes > 0 ? marked / state.observedBytes : 0)
  state.windowEnd = facts.sent
  state.observedBytes = 0
  state.markedBytes = 0
  // In recovery the same window of data has been answered already. What was counted towards growth stays: growth and reduction
  // go on side by side.
  if (marked > 0 && !facts.inRecovery) {
    reduceTo(state, Math.max(Math.floor(state.cwnd * (1 - state.alpha / 2)), 2 * facts.mss))
  }
}
