import type { AckFacts } from '../congestion-control.ts'
import { bdpMultiple, isInflightTooHigh, quantizationBudget, resetCongestionSignals } from './path-model.ts'
import { startDown } from './probe-bw.ts'
import type { BbrState } from './state.ts'

/** BBRStartupFullLossCnt. */
const STARTUP_LOSS_EVENTS = 6
/** Drain takes this many rounds at most, in case the estimate of the pipe is too low ever to be reached. */
const DRAIN_ROUNDS = 3

/**
 * BBRCheckStartupDone, with "Exiting Startup Based on Packet Loss". The draft counts gaps in the sequence; the facts carry no
 * sequence, so ACKs that come with a loss are counted, as Linux does.
 */
export function checkStartupDone(state: BbrState, facts: AckFacts): void {
  if (state.phase !== 'startup') return
  if (state.lossSinceAck) state.lossEvents += 1
  if (state.lossRoundStart) {
    if (facts.inRecovery && state.lossEvents >= STARTUP_LOSS_EVENTS && isInflightTooHigh(facts)) queueIsTooLong(state)
    state.lossEvents = 0
  }
  if (state.fullBwReached) {
    state.phase = 'drain'
    state.drainStartRound = state.roundCount
  }
}

/** The pipe is full and the queue long: Startup ends, and no more goes in flight than got through. */
export function queueIsTooLong(state: BbrState): void {
  if (state.fullBwReached) return
  state.fullBwReached = true
  state.inflightLongterm = Math.floor(Math.max(bdpMultiple(state, state.maxBw, 1), state.inflightLatest))
  resetCongestionSignals(state)
}

/** BBRCheckDrainDone: the queue that Startup built is gone. */
export function checkDrainDone(state: BbrState, facts: AckFacts): void {
  if (state.phase !== 'drain') return
  const pipe = quantizationBudget(state, bdpMultiple(state, state.maxBw, 1), facts)
  if (facts.inFlight <= pipe || state.roundCount > state.drainStartRound + DRAIN_ROUNDS) startDown(state, facts)
}
