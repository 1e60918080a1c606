import { type AckFacts, type CongestionState, initialWindow, MAX_CONGESTION_WINDOW } from './congestion-control.ts'

/** What slow start and congestion avoidance of RFC 5681 §3.1 remember. */
export interface WindowState extends CongestionState {
  /** Bytes acknowledged in congestion avoidance that have not yet grown the window (RFC 5681 §3.1, RFC 3465 §2.1). */
  bytesAcked: number
}

/** Adds bytes to the window, up to the greatest TCP window. */
export function grow(state: CongestionState, bytes: number): void {
  const cwnd = state.cwnd + bytes
  state.cwnd = cwnd < MAX_CONGESTION_WINDOW ? cwnd : MAX_CONGESTION_WINDOW
}

/**
 * Bytes that an ACK adds in slow start: what it acknowledges, at most L segments (RFC 5681 equation 2, RFC 3465 §2.2).
 * Bytes, not ACKs, are counted: splitting ACKs gains nothing. L is 2 in the first slow start and 1 in later ones, of which most
 * repair a timeout: there an ACK may cover what left the network long ago (RFC 3465 §2.3).
 */
export function slowStartIncrease(state: CongestionState, facts: AckFacts): number {
  const limit = inFirstSlowStart(state) ? 2 * facts.mss : facts.mss
  return facts.newlyAcked < limit ? facts.newlyAcked : limit
}

/** The threshold has never been set: neither by a loss nor by what the algorithm starts with. */
export function inFirstSlowStart(state: CongestionState): boolean {
  return state.ssthresh === MAX_CONGESTION_WINDOW
}

/** Congestion avoidance by bytes: one segment for each window of acknowledged bytes (RFC 5681 §3.1, RFC 3465 §2.1). */
export function congestionAvoidance(state: WindowState, facts: AckFacts): void {
  state.bytesAcked += facts.newlyAcked
  if (state.bytesAcked >= state.cwnd) {
    state.bytesAcked -= state.cwnd
    grow(state, facts.mss)
  }
}

/** So many per cent of what was in flight, two segments at least: RFC 5681 equation 4 with 50. */
export function shareOfFlight(facts: AckFacts, percent: number): number {
  return Math.max(Math.floor(facts.inFlight * percent / 100), 2 * facts.mss)
}

/** Threshold and window after a loss; congestion avoidance goes on from there. */
export function reduceTo(state: CongestionState, bytes: number): void {
  state.ssthresh = bytes
  state.cwnd = bytes
}

/**
 * Timeout: a share of the flight becomes the threshold and slow start begins again with one segment (RFC 5681 §3.1).
 * The threshold is held when the same data was answered before (below equation 4): the flight is small by then.
 */
export function collapse(state: CongestionState, facts: AckFacts, percent: number): void {
  if (facts.timeouts <= 1 && !facts.inRecovery) state.ssthresh = shareOfFlight(facts, percent)
  state.cwnd = facts.mss
}

/** RFC 6298 §2.4: least RTO, ms. The facts carry no RTO, and senders that use a shorter one need not forget faster. */
const LEAST_RTO = 1000

/**
 * Idle time (RFC 2861 §3.1): the window is halved for each RTO, down to the initial window, and the threshold remembers three
 * quarters of it, so that slow start leads back. Of its successor RFC 7661, which keeps the window for up to five minutes,
 * no more than "no growth while application-limited" is used: without pacing the first flight after the pause would be a burst
 * of a full window into a path that may have changed. An RTO is taken as one second, or two round trips when these are longer.
 */
export function decayIdleWindow(state: CongestionState, facts: AckFacts): void {
  const rto = Math.max(LEAST_RTO, 2 * facts.srtt)
  const least = Math.min(initialWindow(facts.mss), state.cwnd)
  state.ssthresh = Math.max(state.ssthresh, state.cwnd - (state.cwnd >> 2))
  let cwnd = state.cwnd
  for (let idle = facts.idle; idle > 0 && cwnd > least; idle -= rto) cwnd >>= 1
  state.cwnd = Math.max(cwnd, least)
}
