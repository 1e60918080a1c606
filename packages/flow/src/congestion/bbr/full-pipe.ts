import type { AckFacts } from '../congestion-control.ts'
import { isAppLimited } from './path-model.ts'
import type { BbrState } from './state.ts'

/** The pipe is full when this many rounds in a row bring less than `FULL_BW_GROWTH` times the bandwidth. */
const FULL_BW_COUNT = 3
const FULL_BW_GROWTH = 1.25

/** BBRResetFullBW. */
export function resetFullBw(state: BbrState): void {
  state.fullBw = 0
  state.fullBwCount = 0
  state.fullBwNow = false
}

/** BBRCheckFullBWReached: "Exiting Startup or ProbeBW_UP Based on Bandwidth Plateau". */
export function checkFullBwReached(state: BbrState, facts: AckFacts): void {
  if (state.fullBwNow || facts.priorDelivered < 0 || isAppLimited(state, facts)) return
  if (facts.deliveryRate >= state.fullBw * FULL_BW_GROWTH) {
    resetFullBw(state)
    state.fullBw = facts.deliveryRate
    return
  }
  if (!state.roundStart) return
  state.fullBwCount += 1
  state.fullBwNow = state.fullBwCount >= FULL_BW_COUNT
  if (state.fullBwNow) state.fullBwReached = true
}
