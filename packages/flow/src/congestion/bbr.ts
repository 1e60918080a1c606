import { checkFullBwReached, resetFullBw } from './bbr/full-pipe.ts'
import {
  adaptLowerBounds, advanceLatestDeliverySignals, bdpMultiple, isInProbeBw, minPipeCwnd, noteLoss, quantizationBudget,
  updateAckAggregation, updateLatestDeliverySignals, updateMaxBw,
} from './bbr/path-model.ts'
import { handleInflightTooHigh, handleLostSegment, inflightWithHeadroom, startUp, updateProbeBwCycle } from './bbr/probe-bw.ts'
import { checkProbeRtt, checkProbeRttDone, PROBE_RTT_CWND_GAIN, probeRttCwnd, restoreCwnd, saveCwnd, updateMinRtt } from './bbr/probe-rtt.ts'
import { checkDrainDone, checkStartupDone, queueIsTooLong } from './bbr/startup.ts'
import { type BbrPhase, type BbrState, createBbrState, STARTUP_PACING_GAIN } from './bbr/state.ts'
import { type AckFacts, type CongestionControl, initialWindow, MAX_CONGESTION_WINDOW } from './congestion-control.ts'

export type { BbrAckPhase, BbrPhase, BbrState } from './bbr/state.ts'

/** BBRPacingMarginPercent is 1: so much below the bandwidth goes out, for a queue to drain in the long run. */
const PACING_MARGIN = 0.99

/**
 * BBR version 3 (draft-ietf-ccwg-bbr): does not fill the queue until something is lost, but estimates the path's bandwidth and
 * round-trip time, paces at that bandwidth, and keeps in flight about twice their product at most. It probes for more bandwidth
 * each 2 to 3 s, and drains the pipe each 5 s to see the round-trip time without a queue. Loss counts above 2 % only.
 *
 * Needs pacing and the facts of `DeliveryRate`. The phases are in `bbr/`: `startup`, `probe-bw`, `probe-rtt` over `path-model`.
 * Randomness comes from a generator in the state, seeded by the MSS and stirred with what was delivered and SRTT: the same
 * facts give the same decisions. A congestion mark counts as too much in flight, once per window (the draft leaves ECN open).
 */
export const bbr: CongestionControl<BbrState> = {
  name: 'bbr',
  recovery: 'own',

  create(mss: number, firstWindow: number = initialWindow(mss)): BbrState {
    return createBbrState(mss, firstWindow)
  },

  onAck(state: BbrState, facts: AckFacts): void {
    // BBRUpdateModelAndState, in the draft's order.
    updateLatestDeliverySignals(state, facts)
    updateMaxBw(state, facts)
    adaptLowerBounds(state)
    updateAckAggregation(state, facts)
    checkFullBwReached(state, facts)
    checkStartupDone(state, facts)
    checkDrainDone(state, facts)
    updateProbeBwCycle(state, facts)
    updateMinRtt(state, facts)
    checkProbeRtt(state, facts)
    advanceLatestDeliverySignals(state, facts)
    state.lossSinceAck = false
    state.bw = Math.min(state.maxBw, state.bwShortterm)
    // BBRUpdateControlParameters.
    initPacingRate(state, facts)
    setPacingRate(state, pacingGain(state.phase))
    setCwnd(state, facts)
  },

  onSegmentLost(state: BbrState, facts: AckFacts): void {
    state.lossSinceAck = true
    handleLostSegment(state, facts)
  },

  /** The model's bounds limit the window during recovery too; the loss itself takes nothing from it. */
  onLoss(state: BbrState, facts: AckFacts): void {
    saveCwnd(state, facts)
    noteLoss(state, facts)
    if (!facts.ece) return
    if (state.phase === 'startup') queueIsTooLong(state)
    else if (state.bwProbeSamples) handleInflightTooHigh(state, facts, facts.inFlight)
  },

  /** BBROnEnterRTO: everything is presumed lost; one segment finds out. */
  onTimeout(state: BbrState, facts: AckFacts): void {
    saveCwnd(state, facts)
    noteLoss(state, facts)
    resetFullBw(state)
    // The bound is to fall from the window before the timeout, not from one segment.
    if (state.inflightShortterm === Infinity && isInProbeBw(state)) state.inflightShortterm = state.priorCwnd
    state.cwnd = facts.mss
  },

  /** BBRHandleRestartFromIdle: the pipe is empty; at the estimated rate it fills without a queue, so the window may stay. */
  onIdle(state: BbrState, facts: AckFacts): void {
    state.idleRestart = true
    state.extraAckedIntervalStart = facts.now
    if (isInProbeBw(state)) setPacingRate(state, 1)
    else if (state.phase === 'probe-rtt') checkProbeRttDone(state, facts)
  },

  onRecoveryEnd(state: BbrState): void {
    state.undoKept = false
    restoreCwnd(state)
  },

  /** BBRHandleSpuriousLossDetection. */
  onUndo(state: BbrState, facts: AckFacts): void {
    state.undoKept = false
    state.lossInRound = false
    resetFullBw(state)
    state.bwShortterm = Math.max(state.bwShortterm, state.undoBwShortterm)
    state.inflightShortterm = Math.max(state.inflightShortterm, state.undoInflightShortterm)
    state.inflightLongterm = Math.max(state.inflightLongterm, state.undoInflightLongterm)
    if (state.phase === 'probe-rtt' || state.phase === state.undoPhase) return
    if (state.undoPhase === 'startup') {
      state.fullBwReached = false
      state.phase = 'startup'
    } else if (state.undoPhase === 'probe-bw-up') startUp(state, facts)
  },

  shiftTime(state: BbrState, by: number): void {
    state.minRttStamp += by
    state.extraAckedIntervalStart += by
    state.cycleStamp += by
    state.probeRttMinStamp += by
    state.probeRttDoneStamp += by
  },
}

/** The draft's table "Summary of Control Behavior in the State Machine". */
function pacingGain(phase: BbrPhase): number {
  switch (phase) {
    case 'startup': return STARTUP_PACING_GAIN
    case 'drain': return 0.5
    case 'probe-bw-down': return 0.9
    case 'probe-bw-up': return 1.25
    default: return 1
  }
}

function cwndGain(phase: BbrPhase): number {
  return phase === 'probe-bw-up' ? 2.25 : phase === 'probe-rtt' ? PROBE_RTT_CWND_GAIN : 2
}

/** BBRInitPacingRate, as soon as there is a round-trip time. */
function initPacingRate(state: BbrState, facts: AckFacts): void {
  if (state.rttKnown || facts.srtt <= 0) return
  state.rttKnown = true
  state.pacingRate = STARTUP_PACING_GAIN * state.initialCwnd * 1000 / facts.srtt
}

/** BBRSetPacingRateWithGain: until the pipe has been full, low samples do not slow it down. */
function setPacingRate(state: BbrState, gain: number): void {
  const margin = state.bwShortterm < state.maxBw ? 1 : PACING_MARGIN
  const rate = gain * state.bw * margin
  if (rate > 0 && (state.fullBwReached || rate > state.pacingRate)) state.pacingRate = rate
}

/** BBRSetCwnd. */
function setCwnd(state: BbrState, facts: AckFacts): void {
  const wanted = bdpMultiple(state, state.bw, cwndGain(state.phase)) + state.extraAcked
  const maxInflight = quantizationBudget(state, wanted, facts)
  let cwnd = state.cwnd
  if (state.fullBwReached) cwnd = Math.min(cwnd + facts.newlyDelivered, maxInflight)
  else if (cwnd < maxInflight || facts.delivered < state.initialCwnd) cwnd += facts.newlyDelivered
  if (state.phase === 'probe-rtt') cwnd = Math.min(cwnd, probeRttCwnd(state, facts))
  cwnd = Math.max(Math.min(cwnd, inflightBound(state, facts)), minPipeCwnd(facts))
  state.cwnd = Math.floor(Math.min(cwnd, MAX_CONGESTION_WINDOW))
}

/** BBRBoundCwndForModel. */
function inflightBound(state: BbrState, facts: AckFacts): number {
  const { phase } = state
  let bound = Infinity
  if (phase === 'probe-rtt' || phase === 'probe-bw-cruise') bound = inflightWithHeadroom(state, facts)
  else if (isInProbeBw(state)) bound = state.inflightLongterm
  return Math.min(bound, state.inflightShortterm)
}
