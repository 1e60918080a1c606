import type { AckFacts } from '../congestion-control.ts'
import { resetFullBw } from './full-pipe.ts'
import {
  bdpMultiple, BETA, inflightAtLoss, isAppLimited, isInflightTooHigh, isInProbeBw, minPipeCwnd, noteLoss, quantizationBudget,
  resetCongestionSignals, resetShortTermModel, startRound, targetInflight,
} from './path-model.ts'
import type { BbrState } from './state.ts'

/** BBRHeadroom: share of the long-term bound left to others while cruising. */
const HEADROOM = 0.15
/** At most this many round trips between probes: about as long as Reno takes to win back a window of as many segments. */
const RENO_ROUNDS = 63

/** BBRStartProbeBW_DOWN, which is also BBREnterProbeBW: drain the queue that probing built, and choose when to probe again. */
export function startDown(state: BbrState, facts: AckFacts): void {
  resetCongestionSignals(state)
  state.probeUpCount = Infinity
  // BBRPickProbeWait: two flows that share a queue must not probe in step.
  state.roundsSinceBwProbe = random(state, facts) < 0.5 ? 0 : 1
  state.bwProbeWait = 2000 + 1000 * random(state, facts)
  state.cycleStamp = facts.now
  state.ackPhase = 'probe-stopping'
  startRound(state, facts)
  state.phase = 'probe-bw-down'
}

/** BBRStartProbeBW_CRUISE: keep the queue short and leave headroom. */
export function startCruise(state: BbrState): void {
  state.phase = 'probe-bw-cruise'
}

/** BBRStartProbeBW_REFILL: fill the pipe for one round trip, so that UP starts from a full one. */
function startRefill(state: BbrState, facts: AckFacts): void {
  resetShortTermModel(state)
  state.bwProbeUpRounds = 0
  state.bwProbeUpAcks = 0
  state.ackPhase = 'refilling'
  startRound(state, facts)
  state.phase = 'probe-bw-refill'
}

/** BBRStartProbeBW_UP: send more than was ever delivered, and see. */
export function startUp(state: BbrState, facts: AckFacts): void {
  state.ackPhase = 'probe-starting'
  startRound(state, facts)
  resetFullBw(state)
  state.fullBw = facts.deliveryRate
  state.phase = 'probe-bw-up'
  raiseInflightLongtermSlope(state, facts)
}

/** BBRUpdateProbeBWCyclePhase. */
export function updateProbeBwCycle(state: BbrState, facts: AckFacts): void {
  if (!state.fullBwReached) return
  adaptLongTermModel(state, facts)
  switch (state.phase) {
    case 'probe-bw-down':
      if (isTimeToProbe(state, facts)) startRefill(state, facts)
      else if (isTimeToCruise(state, facts)) startCruise(state)
      break
    case 'probe-bw-cruise':
      if (isTimeToProbe(state, facts)) startRefill(state, facts)
      break
    case 'probe-bw-refill':
      if (state.roundStart) {
        state.bwProbeSamples = true
        startUp(state, facts)
      }
      break
    case 'probe-bw-up':
      if (isTimeToGoDown(state, facts)) startDown(state, facts)
      break
  }
}

/** BBRHandleLostPacket. */
export function handleLostSegment(state: BbrState, facts: AckFacts): void {
  noteLoss(state, facts)
  if (state.bwProbeSamples && isInflightTooHigh(facts)) handleInflightTooHigh(state, facts, inflightAtLoss(facts))
}

/** BBRHandleInflightTooHigh: probing went too far with `inflight` bytes in flight. Once per probe. */
export function handleInflightTooHigh(state: BbrState, facts: AckFacts, inflight: number): void {
  state.bwProbeSamples = false
  if (!facts.rateAppLimited) state.inflightLongterm = Math.floor(Math.max(inflight, targetInflight(state) * BETA))
  if (state.phase === 'probe-bw-up') startDown(state, facts)
}

/** BBRInflightWithHeadroom. */
export function inflightWithHeadroom(state: BbrState, facts: AckFacts): number {
  if (state.inflightLongterm === Infinity) return Infinity
  const headroom = Math.max(facts.mss, HEADROOM * state.inflightLongterm)
  return Math.max(state.inflightLongterm - headroom, minPipeCwnd(facts))
}

/** BBRAdaptLongTermModel: what the ACKs of a probe say about how much may be in flight. */
function adaptLongTermModel(state: BbrState, facts: AckFacts): void {
  if (state.ackPhase === 'probe-starting' && state.roundStart) state.ackPhase = 'probe-feedback'
  if (state.ackPhase === 'probe-stopping' && state.roundStart) {
    state.bwProbeSamples = false
    state.ackPhase = 'init'
    if (isInProbeBw(state) && !isAppLimited(state, facts)) state.cycleCount += 1
  }
  if (isInflightTooHigh(facts)) {
    if (state.bwProbeSamples) handleInflightTooHigh(state, facts, facts.sentInFlight)
    return
  }
  if (state.inflightLongterm === Infinity) return
  if (facts.sentInFlight > state.inflightLongterm) state.inflightLongterm = facts.sentInFlight
  if (state.phase === 'probe-bw-up') probeInflightLongtermUpward(state, facts)
}

/** BBRProbeInflightLongtermUpward: slowly at first, twice as fast each round trip. */
function probeInflightLongtermUpward(state: BbrState, facts: AckFacts): void {
  if (!isCwndLimited(state, facts) || state.cwnd < state.inflightLongterm) return
  state.bwProbeUpAcks += facts.newlyDelivered
  if (state.bwProbeUpAcks >= state.probeUpCount) {
    const segments = Math.floor(state.bwProbeUpAcks / state.probeUpCount)
    state.bwProbeUpAcks -= segments * state.probeUpCount
    state.inflightLongterm += segments * facts.mss
  }
  if (state.roundStart) raiseInflightLongtermSlope(state, facts)
}

/** BBRRaiseInflightLongtermSlope. */
function raiseInflightLongtermSlope(state: BbrState, facts: AckFacts): void {
  const growth = facts.mss * (1 << state.bwProbeUpRounds)
  state.bwProbeUpRounds = Math.min(state.bwProbeUpRounds + 1, 30)
  state.probeUpCount = Math.max(state.cwnd / growth, 1) * facts.mss
}

/** BBRIsTimeToProbeBW: after 2 to 3 s, or as soon as Reno on the same path would have caught up. */
function isTimeToProbe(state: BbrState, facts: AckFacts): boolean {
  if (facts.now > state.cycleStamp + state.bwProbeWait) return true
  return state.roundsSinceBwProbe >= Math.min(targetInflight(state) / facts.mss, RENO_ROUNDS)
}

/** BBRIsTimeToCruise: the queue is drained and the headroom free. */
function isTimeToCruise(state: BbrState, facts: AckFacts): boolean {
  return facts.inFlight <= inflightWithHeadroom(state, facts)
    && facts.inFlight <= quantizationBudget(state, bdpMultiple(state, state.maxBw, 1), facts)
}

/** BBRIsTimeToGoDown: more in flight brought no more bandwidth, unless the bound on what is in flight was the reason. */
function isTimeToGoDown(state: BbrState, facts: AckFacts): boolean {
  if (isCwndLimited(state, facts) && state.cwnd >= state.inflightLongterm) {
    resetFullBw(state)
    state.fullBw = facts.deliveryRate
    return false
  }
  return state.fullBwNow
}

/** There was no room in the window for another segment. */
function isCwndLimited(state: BbrState, facts: AckFacts): boolean {
  return facts.priorInFlight + facts.mss > state.cwnd
}

/** A number from 0 up to 1 (Numerical Recipes' generator), stirred with facts in which flows differ. */
function random(state: BbrState, facts: AckFacts): number {
  const stirred = state.seed ^ facts.delivered ^ Math.floor(facts.srtt * 1000)
  state.seed = Math.imul(stirred, 1_664_525) + 1_013_904_223 | 0
  return (state.seed >>> 0) / 0x1_0000_0000
}
