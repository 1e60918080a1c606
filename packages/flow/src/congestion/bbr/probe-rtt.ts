import type { AckFacts } from '../congestion-control.ts'
import { bdpMultiple, minPipeCwnd, resetShortTermModel, startRound } from './path-model.ts'
import { startCruise, startDown } from './probe-bw.ts'
import type { BbrState } from './state.ts'

/** MinRTTFilterLen, ms. */
const MIN_RTT_FILTER_LENGTH = 10_000
/** ProbeRTTInterval, ms: so old may the minimum get until it is measured again. */
const PROBE_RTT_INTERVAL = 5000
/** ProbeRTTDuration, ms. */
const PROBE_RTT_DURATION = 200
/** BBRProbeRTTCwndGain. */
export const PROBE_RTT_CWND_GAIN = 0.5

/** BBRUpdateMinRTT. */
export function updateMinRtt(state: BbrState, facts: AckFacts): void {
  const { now, rtt } = facts
  state.probeRttExpired = now > state.probeRttMinStamp + PROBE_RTT_INTERVAL
  if (rtt >= 0 && (rtt < state.probeRttMinDelay || state.probeRttExpired)) {
    state.probeRttMinDelay = rtt
    state.probeRttMinStamp = now
  }
  const expired = now > state.minRttStamp + MIN_RTT_FILTER_LENGTH
  if (state.probeRttMinDelay < state.minRtt || expired) {
    state.minRtt = state.probeRttMinDelay
    state.minRttStamp = state.probeRttMinStamp
  }
}

/** BBRCheckProbeRTT: drains the pipe for a moment, when nothing else did for 5 s, to see its length without a queue. */
export function checkProbeRtt(state: BbrState, facts: AckFacts): void {
  if (state.phase !== 'probe-rtt' && state.probeRttExpired && !state.idleRestart) {
    saveCwnd(state, facts)
    state.phase = 'probe-rtt'
    state.probeRttDoneStamp = Infinity
    state.ackPhase = 'probe-stopping'
    state.mutedFrom = facts.delivered
    startRound(state, facts)
  }
  if (state.phase === 'probe-rtt') handleProbeRtt(state, facts)
  if (facts.newlyDelivered > 0) state.idleRestart = false
}

/** BBRHandleProbeRTT. */
function handleProbeRtt(state: BbrState, facts: AckFacts): void {
  // MarkConnectionAppLimited: what is sent until all this has arrived says nothing about the bandwidth.
  state.mutedUntil = facts.delivered + facts.inFlight
  if (state.probeRttDoneStamp === Infinity) {
    if (facts.inFlight > probeRttCwnd(state, facts)) return
    state.probeRttDoneStamp = facts.now + PROBE_RTT_DURATION
    state.probeRttRoundDone = false
    startRound(state, facts)
    return
  }
  if (state.roundStart) state.probeRttRoundDone = true
  if (state.probeRttRoundDone) checkProbeRttDone(state, facts)
}

/** BBRCheckProbeRTTDone and BBRExitProbeRTT. */
export function checkProbeRttDone(state: BbrState, facts: AckFacts): void {
  if (facts.now <= state.probeRttDoneStamp) return
  state.probeRttMinStamp = facts.now
  restoreCwnd(state)
  resetShortTermModel(state)
  if (state.fullBwReached) {
    startDown(state, facts)
    startCruise(state)
  } else {
    state.phase = 'startup'
  }
}

/** BBRProbeRTTCwnd. */
export function probeRttCwnd(state: BbrState, facts: AckFacts): number {
  return Math.max(bdpMultiple(state, state.bw, PROBE_RTT_CWND_GAIN), minPipeCwnd(facts))
}

/** BBRSaveCwnd: keeps the last window known to be good. */
export function saveCwnd(state: BbrState, facts: AckFacts): void {
  const good = !facts.inRecovery && facts.timeouts <= 1 && state.phase !== 'probe-rtt'
  state.priorCwnd = good ? state.cwnd : Math.max(state.priorCwnd, state.cwnd)
}

/** BBRRestoreCwnd. */
export function restoreCwnd(state: BbrState): void {
  state.cwnd = Math.max(state.cwnd, state.priorCwnd)
}
