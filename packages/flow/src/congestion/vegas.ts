import { collapse, decayIdleWindow, grow, reduceTo, shareOfFlight, slowStartIncrease } from './_window.ts'
import { type AckFacts, type CongestionControl, type CongestionState, initialWindow, MAX_CONGESTION_WINDOW } from './congestion-control.ts'

/** Segments that Vegas wants to have queued in the path: at least, and at most; and in slow start. */
const ALPHA = 2
const BETA = 4
const GAMMA = 1

export interface VegasState extends CongestionState {
  /** BaseRTT: the least round-trip time seen, ms, taken as that of the empty path; Infinity before the first sample. */
  baseRtt: number
  /** Sum of the round-trip times of this round, ms, and how many they are: their mean is compared with BaseRTT. */
  rttSum: number
  rttCount: number
  /** Offset whose acknowledgment ends the round; -1: none under way. */
  windowEnd: number
  /** Slow start grows in every other round; in between the window stands still and is measured. */
  growing: boolean
}

/**
 * Vegas (Brakmo and Peterson 1995): compares the throughput that the window should give on an empty path with what it does
 * give; the difference is what queues. Keeps 2 to 4 segments queued, without losing any. Gives way to algorithms that
 * fill queues. Losses are answered as by Reno.
 */
export const vegas: CongestionControl<VegasState> = {
  name: 'vegas',

  create(mss: number, firstWindow: number = initialWindow(mss)): VegasState {
    const state: VegasState = {
      cwnd: firstWindow, ssthresh: MAX_CONGESTION_WINDOW, pacingRate: 0,
      baseRtt: Infinity, rttSum: NaN, rttCount: 0, windowEnd: NaN, growing: true,
    }
    state.rttSum = 0
    state.windowEnd = -1
    return state
  },

  onAck(state: VegasState, facts: AckFacts): void {
    if (facts.rtt >= 0) {
      // A path without any delay has no queue either; a least step of the clock keeps the division defined.
      const rtt = Math.max(facts.rtt, 0.001)
      if (rtt < state.baseRtt) state.baseRtt = rtt
      state.rttSum += rtt
      state.rttCount += 1
    }
    if (facts.inRecovery) {
      newRound(state, facts)
      return
    }
    if (state.windowEnd < 0) state.windowEnd = facts.sent
    const grows = state.cwnd < state.ssthresh && state.growing && !facts.appLimited
    if (grows) grow(state, slowStartIncrease(state, facts))
    if (facts.ack < state.windowEnd) return
    if (state.rttCount > 0) endRound(state, facts)
    newRound(state, facts)
  },

  onLoss(state: VegasState, facts: AckFacts): void {
    reduceTo(state, shareOfFlight(facts, 50))
    newRound(state, facts)
  },

  onTimeout(state: VegasState, facts: AckFacts): void {
    collapse(state, facts, 50)
    state.growing = true
    newRound(state, facts)
  },

  onIdle(state: VegasState, facts: AckFacts): void {
    decayIdleWindow(state, facts)
    newRound(state, facts)
  },
}

function newRound(state: VegasState, facts: AckFacts): void {
  state.windowEnd = facts.sent
  state.rttSum = 0
  state.rttCount = 0
}

/** Once per round trip: Diff = (Expected − Actual) · BaseRTT, in segments. */
function endRound(state: VegasState, facts: AckFacts): void {
  const { cwnd } = state
  const { mss } = facts
  const fits = cwnd * state.baseRtt * state.rttCount / state.rttSum
  const queued = (cwnd - fits) / mss
  if (cwnd < state.ssthresh) {
    const measured = !state.growing
    state.growing = measured
    // The path is full: what it holds without a queue, and a segment that may queue, is where linear adjustment begins.
    if (measured && queued > GAMMA) reduceTo(state, Math.max(Math.floor(fits) + mss, 2 * mss))
  } else if (queued < ALPHA) {
    if (!facts.appLimited) grow(state, mss)
  } else if (queued > BETA) {
    // The threshold goes along, or slow start would begin.
    reduceTo(state, cwnd - mss)
  }
}
