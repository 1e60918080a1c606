import { type AckFacts, type CongestionControl, type CongestionState, initialWindow, MAX_CONGESTION_WINDOW } from './congestion-control.ts'

export interface NewRenoState extends CongestionState {
  /** Bytes acknowledged in congestion avoidance that have not yet grown the window (RFC 5681 §3.1, RFC 3465 §2.1). */
  bytesAcked: number
  /** L: segments that one ACK may add in slow start. 2, and 1 while slow start repairs a timeout (RFC 3465 §2.3). */
  slowStartLimit: number
}

/**
 * The window rules of Reno and NewReno (RFC 5681), with byte counting (RFC 3465) and an initial window of ten segments
 * (RFC 6928). The recovery that makes it NewReno is `FastRecovery`.
 */
export const newReno: CongestionControl<NewRenoState> = {
  name: 'newreno',

  create(mss: number, firstWindow: number = initialWindow(mss)): NewRenoState {
    return { cwnd: firstWindow, ssthresh: MAX_CONGESTION_WINDOW, pacingRate: 0, bytesAcked: 0, slowStartLimit: 2 }
  },

  onAck(state: NewRenoState, facts: AckFacts): void {
    // A window that was not filled has proved nothing, so it does not grow (RFC 2861, RFC 7661).
    if (facts.inRecovery || facts.appLimited) return
    const { mss, newlyAcked } = facts
    if (state.cwnd < state.ssthresh) {
      const limit = state.slowStartLimit * mss
      grow(state, newlyAcked < limit ? newlyAcked : limit)
      return
    }
    state.slowStartLimit = 2
    // One segment per window of acknowledged bytes. Bytes, not ACKs: splitting ACKs gains nothing.
    state.bytesAcked += newlyAcked
    if (state.bytesAcked >= state.cwnd) {
      state.bytesAcked -= state.cwnd
      grow(state, mss)
    }
  },

  onLoss(state: NewRenoState, facts: AckFacts): void {
    state.ssthresh = halfOfFlight(facts)
    state.cwnd = state.ssthresh
    state.bytesAcked = 0
  },

  onTimeout(state: NewRenoState, facts: AckFacts): void {
    // Held when the same data times out again (§3.1, below equation 4): the flight is one segment by now.
    if (facts.timeouts <= 1 && !facts.inRecovery) state.ssthresh = halfOfFlight(facts)
    state.cwnd = facts.mss
    state.bytesAcked = 0
    state.slowStartLimit = 1
  },

  /** Restart window: RW = min(IW, cwnd) (RFC 5681 §4.1). */
  onIdle(state: NewRenoState, facts: AckFacts): void {
    state.cwnd = Math.min(state.cwnd, initialWindow(facts.mss))
    state.bytesAcked = 0
  },

  /** No burst when little is left in flight: min(ssthresh, max(FlightSize, SMSS) + SMSS) (RFC 6582 §3.2 step 3, option 1). */
  onRecoveryEnd(state: NewRenoState, facts: AckFacts): void {
    state.cwnd = Math.min(state.ssthresh, Math.max(facts.inFlight, facts.mss) + facts.mss)
    state.bytesAcked = 0
  },
}

/** RFC 5681 equation 4: max(FlightSize / 2, 2·SMSS). */
function halfOfFlight(facts: AckFacts): number {
  return Math.max(facts.inFlight >> 1, 2 * facts.mss)
}

function grow(state: NewRenoState, bytes: number): void {
  const cwnd = state.cwnd + bytes
  state.cwnd = cwnd < MAX_CONGESTION_WINDOW ? cwnd : MAX_CONGESTION_WINDOW
}
