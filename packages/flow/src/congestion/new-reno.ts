import { collapse, congestionAvoidance, decayIdleWindow, reduceTo, shareOfFlight, type WindowState } from './_window.ts'
import { type AckFacts, type CongestionControl, initialWindow, MAX_CONGESTION_WINDOW } from './congestion-control.ts'
import { type HystartState, hystartSlowStart } from './hystart.ts'

export interface NewRenoState extends WindowState, HystartState {}

/** Per cent that remain after a mark; after a loss it is half (RFC 8511 §3). */
const BETA_ECN = 80

/**
 * The window rules of RFC 5681 as they are used today: byte counting (RFC 3465), an initial window of ten segments (RFC 6928),
 * HyStart++ (RFC 9406), a milder answer to marks than to losses (RFC 8511). NewReno proper is the recovery (RFC 6582).
 */
export const newReno: CongestionControl<NewRenoState> = {
  name: 'newreno',

  create(mss: number, firstWindow: number = initialWindow(mss)): NewRenoState {
    return {
      cwnd: firstWindow, ssthresh: MAX_CONGESTION_WINDOW, pacingRate: 0, bytesAcked: 0, hystart: undefined,
    }
  },

  onAck(state: NewRenoState, facts: AckFacts): void {
    // A window that was not filled has proved nothing, so it does not grow (RFC 2861, RFC 7661).
    if (facts.inRecovery || facts.appLimited) return
    if (state.cwnd < state.ssthresh) hystartSlowStart(state, facts)
    else congestionAvoidance(state, facts)
  },

  onLoss(state: NewRenoState, facts: AckFacts): void {
    // Marks come early, from short queues; but slow start overshoots by as much as it has, so there they count in full.
    const mild = facts.ece && state.cwnd >= state.ssthresh
    reduceTo(state, shareOfFlight(facts, mild ? BETA_ECN : 50))
    state.bytesAcked = 0
  },

  onTimeout(state: NewRenoState, facts: AckFacts): void {
    collapse(state, facts, 50)
    state.bytesAcked = 0
  },

  onIdle(state: NewRenoState, facts: AckFacts): void {
    decayIdleWindow(state, facts)
    state.bytesAcked = 0
  },

  /** No burst when little is left in flight: min(ssthresh, max(FlightSize, SMSS) + SMSS) (RFC 6582 §3.2 step 3, option 1). */
  onRecoveryEnd(state: NewRenoState, facts: AckFacts): void {
    state.cwnd = Math.min(state.ssthresh, Math.max(facts.inFlight, facts.mss) + facts.mss)
    state.bytesAcked = 0
  },
}
