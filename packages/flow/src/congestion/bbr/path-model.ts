import { sendQuantum } from '../../pacing.ts'
import type { AckFacts } from '../congestion-control.ts'
import { windowedMax } from '../windowed-max-filter.ts'
import type { BbrState } from './state.ts'

/** BBRLossThresh: more loss than this in a round trip means that too much is in flight. */
const LOSS_THRESHOLD = 0.02
/** BBRBeta: how far the short-term bounds fall in a round trip with loss, at most. */
export const BETA = 0.7
/** BBRMaxBwFilterLen, in ProbeBW cycles: this one and the one before. */
const MAX_BW_FILTER_LENGTH = 2
/** BBRExtraAckedFilterLen, in round trips. */
const EXTRA_ACKED_FILTER_LENGTH = 10

export function isInProbeBw(state: BbrState): boolean {
  const { phase } = state
  return phase === 'probe-bw-down' || phase === 'probe-bw-cruise' || phase === 'probe-bw-refill' || phase === 'probe-bw-up'
}

/** Sending above the estimated rate on purpose: what is lost then says nothing against the rate used otherwise. */
function isProbing(state: BbrState): boolean {
  return state.phase === 'startup' || state.phase === 'probe-bw-refill' || state.phase === 'probe-bw-up'
}

/** The sample may be below what the path can do, because the application or ProbeRTT sent less. */
export function isAppLimited(state: BbrState, facts: AckFacts): boolean {
  return facts.rateAppLimited || facts.priorDelivered >= state.mutedFrom && facts.priorDelivered <= state.mutedUntil
}

/** BBRStartRound: a round trip begins with what is sent from now on. */
export function startRound(state: BbrState, facts: AckFacts): void {
  state.nextRoundDelivered = facts.delivered
}

/** BBRUpdateLatestDeliverySignals, the first step of each ACK. */
export function updateLatestDeliverySignals(state: BbrState, facts: AckFacts): void {
  state.lossRoundStart = false
  if (facts.priorDelivered < 0) return
  const tolerance = lossTolerance(facts)
  state.bwLatest = Math.max(state.bwLatest, facts.deliveryRate * tolerance)
  state.inflightLatest = Math.max(state.inflightLatest, (facts.delivered - facts.priorDelivered) * tolerance)
  if (facts.priorDelivered >= state.lossRoundDelivered) {
    state.lossRoundDelivered = facts.delivered
    state.lossRoundStart = true
  }
}

/** BBRAdvanceLatestDeliverySignals, the last: the new round trip starts from this ACK's sample. */
export function advanceLatestDeliverySignals(state: BbrState, facts: AckFacts): void {
  if (!state.lossRoundStart) return
  const tolerance = lossTolerance(facts)
  state.bwLatest = facts.deliveryRate * tolerance
  state.inflightLatest = (facts.delivered - facts.priorDelivered) * tolerance
}

/**
 * Loss up to the threshold counts as delivered in the signals that the short-term bounds fall to. The draft does not do so; but what
 * arrives is less than what was sent by the loss itself, so that under stray loss the bounds would sink a little further each round
 * trip until the next probe. For the same reason `PACING_MARGIN` rests while such a bound holds.
 */
function lossTolerance(facts: AckFacts): number {
  const delivered = facts.delivered - facts.priorDelivered
  return delivered > 0 ? 1 + Math.min(facts.lostSinceSent / delivered, LOSS_THRESHOLD) : 1
}

/** BBRResetCongestionSignals. */
export function resetCongestionSignals(state: BbrState): void {
  state.lossInRound = false
  state.bwLatest = 0
  state.inflightLatest = 0
}

/** BBRUpdateRound and BBRUpdateMaxBw. */
export function updateMaxBw(state: BbrState, facts: AckFacts): void {
  state.roundStart = facts.priorDelivered >= state.nextRoundDelivered
  if (state.roundStart) {
    startRound(state, facts)
    state.roundCount += 1
    state.roundsSinceBwProbe += 1
  }
  const sample = facts.deliveryRate
  // An app-limited sample counts when it is a record all the same.
  if (sample > 0 && (sample >= state.maxBw || !isAppLimited(state, facts))) {
    state.maxBw = windowedMax(state.maxBwFilter, sample, state.cycleCount, MAX_BW_FILTER_LENGTH)
  }
}

/**
 * BBRNoteLoss: a round trip in which something was lost begins to be watched, and what might be undone is kept. The draft keeps
 * it at the first loss of each round trip; but the reaction to that loss may begin a new one (ProbeBW_DOWN does), and the next
 * lost segment would then keep the reduced state. So it is kept once per loss event.
 */
export function noteLoss(state: BbrState, facts: AckFacts): void {
  if (!state.undoKept) {
    state.undoKept = true
    state.undoPhase = state.phase
    state.undoBwShortterm = state.bwShortterm
    state.undoInflightShortterm = state.inflightShortterm
    state.undoInflightLongterm = state.inflightLongterm
  }
  if (!state.lossInRound) state.lossRoundDelivered = facts.delivered
  state.lossInRound = true
}

/** The end of BBRUpdateCongestionSignals: after a round trip with loss the short-term bounds fall to what got through. */
export function adaptLowerBounds(state: BbrState): void {
  if (!state.lossRoundStart) return
  if (state.lossInRound && !isProbing(state)) {
    if (state.bwShortterm === Infinity) state.bwShortterm = state.maxBw
    if (state.inflightShortterm === Infinity) state.inflightShortterm = state.cwnd
    state.bwShortterm = Math.max(state.bwLatest, BETA * state.bwShortterm)
    state.inflightShortterm = Math.max(state.inflightLatest, BETA * state.inflightShortterm)
  }
  state.lossInRound = false
}

/** BBRResetShortTermModel. */
export function resetShortTermModel(state: BbrState): void {
  state.bwShortterm = Infinity
  state.inflightShortterm = Infinity
}

/** BBRUpdateACKAggregation: how much more arrives at once than the bandwidth explains; the window must cover that too. */
export function updateAckAggregation(state: BbrState, facts: AckFacts): void {
  let expected = state.bw * (facts.now - state.extraAckedIntervalStart) / 1000
  if (state.extraAckedDelivered <= expected) {
    state.extraAckedDelivered = 0
    state.extraAckedIntervalStart = facts.now
    expected = 0
  }
  state.extraAckedDelivered += facts.newlyDelivered
  const extra = Math.min(state.extraAckedDelivered - expected, state.cwnd)
  const length = state.fullBwReached ? EXTRA_ACKED_FILTER_LENGTH : 1
  state.extraAcked = windowedMax(state.extraAckedFilter, extra, state.roundCount, length)
}

/** IsInflightTooHigh, for the sampled or the lost segment. */
export function isInflightTooHigh(facts: AckFacts): boolean {
  return facts.lostSinceSent > facts.sentInFlight * LOSS_THRESHOLD
}

/** BBRInflightAtLoss: how much was in flight when the losses passed the threshold, somewhere inside the lost segment. */
export function inflightAtLoss(facts: AckFacts): number {
  const inflightBefore = facts.sentInFlight - facts.lost
  const lostBefore = facts.lostSinceSent - facts.lost
  const lostPrefix = (LOSS_THRESHOLD * inflightBefore - lostBefore) / (1 - LOSS_THRESHOLD)
  return inflightBefore + lostPrefix
}

/** BBRBDPMultiple: bytes in the pipe at bandwidth `bw`, times `gain`. */
export function bdpMultiple(state: BbrState, bw: number, gain: number): number {
  return state.minRtt === Infinity ? state.initialCwnd : gain * bw * state.minRtt / 1000
}

/** BBRMinPipeCwnd: with four segments an ACK of two keeps two more on their way. */
export function minPipeCwnd(facts: AckFacts): number {
  return 4 * facts.mss
}

/** BBRQuantizationBudget: leaves room for bursts at the sender and for the receiver's delayed ACKs. */
export function quantizationBudget(state: BbrState, inflight: number, facts: AckFacts): number {
  const offloadBudget = 3 * sendQuantum(state.pacingRate, facts.mss)
  const budget = Math.max(inflight, offloadBudget, minPipeCwnd(facts))
  return state.phase === 'probe-bw-up' ? budget + 2 * facts.mss : budget
}

/** BBRTargetInflight. */
export function targetInflight(state: BbrState): number {
  return Math.min(bdpMultiple(state, state.bw, 1), state.cwnd)
}
