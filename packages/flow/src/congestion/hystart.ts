import { grow, inFirstSlowStart, slowStartIncrease } from './_window.ts'
import { type AckFacts, type CongestionState } from './congestion-control.ts'

/** Least and greatest rise of the round-trip time that ends slow start, ms; between them the eighth part of it (RFC 9406 §4.3). */
const MIN_RTT_THRESH = 4
const MAX_RTT_THRESH = 16
const MIN_RTT_DIVISOR = 8
/** Samples that a round needs before it is judged. */
const N_RTT_SAMPLE = 8
/** Conservative slow start grows by this part of slow start. */
const CSS_GROWTH_DIVISOR = 4
/** Rounds of conservative slow start before congestion avoidance. */
const CSS_ROUNDS = 5

/**
 * HyStart++ (RFC 9406): leaves slow start when the round-trip time rises, before the queue overflows. Not at once: conservative
 * slow start (CSS) goes on at a quarter of the pace for five rounds, and when the rise turns out to be noise, slow start resumes.
 * Times in ms; Infinity: none.
 */
export interface Hystart {
  /** Offset whose acknowledgment ends the round; -1 before the first. */
  windowEnd: number
  lastRoundMinRtt: number
  currentRoundMinRtt: number
  /** RTT samples in this round. */
  rttSampleCount: number
  /** Least RTT of the round that led into CSS; Infinity outside CSS. */
  cssBaselineMinRtt: number
  /** Rounds of CSS to go, the one under way included. */
  cssRoundsLeft: number
}

export function createHystart(): Hystart {
  // NaN first: a double slot (see createAckFacts).
  const hystart: Hystart = {
    windowEnd: NaN, lastRoundMinRtt: Infinity, currentRoundMinRtt: Infinity, rttSampleCount: 0,
    cssBaselineMinRtt: Infinity, cssRoundsLeft: 0,
  }
  hystart.windowEnd = -1
  return hystart
}

/** An algorithm's state with HyStart++ in it, which is made when slow start begins. */
export interface HystartState extends CongestionState {
  hystart: Hystart | undefined
}

/**
 * An ACK in slow start. Grows the window by at most two segments (RFC 3465; RFC 9406 §4.3 would allow eight). HyStart++ works in
 * the first slow start alone: later ones have a threshold to go by.
 */
export function hystartSlowStart(state: HystartState, facts: AckFacts): void {
  const increase = slowStartIncrease(state, facts)
  if (!inFirstSlowStart(state)) {
    grow(state, increase)
    return
  }
  const hystart = (state.hystart ??= createHystart())
  const inCss = hystart.cssBaselineMinRtt !== Infinity
  grow(state, inCss ? Math.floor(increase / CSS_GROWTH_DIVISOR) : increase)
  if (hystartOnAck(hystart, facts)) state.ssthresh = state.cwnd
}

/** Takes the RTT sample of an ACK (RFC 9406 §4.2). Returns true when slow start is over: ssthresh is to become cwnd. */
export function hystartOnAck(hystart: Hystart, facts: AckFacts): boolean {
  if (hystart.windowEnd < 0) hystart.windowEnd = facts.sent
  if (facts.rtt >= 0) {
    if (facts.rtt < hystart.currentRoundMinRtt) hystart.currentRoundMinRtt = facts.rtt
    hystart.rttSampleCount += 1
    if (hystart.rttSampleCount >= N_RTT_SAMPLE) judgeRound(hystart)
  }
  if (facts.ack < hystart.windowEnd) return false
  hystart.windowEnd = facts.sent
  hystart.lastRoundMinRtt = hystart.currentRoundMinRtt
  hystart.currentRoundMinRtt = Infinity
  hystart.rttSampleCount = 0
  if (hystart.cssBaselineMinRtt === Infinity) return false
  hystart.cssRoundsLeft -= 1
  return hystart.cssRoundsLeft <= 0
}

function judgeRound(hystart: Hystart): void {
  const { lastRoundMinRtt, currentRoundMinRtt } = hystart
  if (hystart.cssBaselineMinRtt !== Infinity) {
    // Lower than when CSS began: the rise was noise.
    if (currentRoundMinRtt < hystart.cssBaselineMinRtt) hystart.cssBaselineMinRtt = Infinity
    return
  }
  const rise = Math.max(MIN_RTT_THRESH, Math.min(lastRoundMinRtt / MIN_RTT_DIVISOR, MAX_RTT_THRESH))
  if (currentRoundMinRtt >= lastRoundMinRtt + rise) {
    hystart.cssBaselineMinRtt = currentRoundMinRtt
    hystart.cssRoundsLeft = CSS_ROUNDS
  }
}
