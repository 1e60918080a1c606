import { cubeRoot } from './_cube-root.ts'
import { collapse, decayIdleWindow, grow, reduceTo, shareOfFlight } from './_window.ts'
import { type AckFacts, type CongestionControl, initialWindow, MAX_CONGESTION_WINDOW } from './congestion-control.ts'
import { type HystartState, hystartSlowStart } from './hystart.ts'

/** Segments per second³: how steep the curve is (RFC 9438 §5). */
const C = 0.4
/** What remains of the window after a loss (§4.6), and after a mark (RFC 8511 §3.1). */
const BETA = 0.7
const BETA_ECN = 0.85
/** Segments per round trip that give a Reno which only backs off to 0.7 the throughput of Reno (§4.3). */
const ALPHA = 3 * (1 - BETA) / (1 + BETA)

/** A congestion avoidance stage: where it began and where it leads. Windows in bytes, fractions included. */
export interface CubicEpoch {
  /** Time of its first ACK, ms, later by all the time that was application-limited (§5.8); Infinity: none under way. */
  start: number
  /** W_max: where the curve is flat, the window before the last reduction. 0: none known, the stage begins at its plateau. */
  wMax: number
  /** K: seconds from the start until the curve reaches W_max. */
  k: number
  /** W_est: the window of a Reno flow in the same place. */
  wEst: number
  /** cwnd_prior: the window when ssthresh was last set. */
  cwndPrior: number
}

export interface CubicState extends HystartState {
  epoch: CubicEpoch
  /** The stage as it was before the last reduction (§4.9). */
  undo: CubicEpoch
  /** Time of the last ACK in the stage, ms. */
  lastAck: number
  /** Fraction of a byte that the window has yet to grow by. */
  credit: number
}

/**
 * CUBIC (RFC 9438): the window grows as a cubic function of the time since the last loss, flat where that loss was, so that
 * long paths are filled as readily as short ones; never slower than Reno would. Slow start with HyStart++.
 */
export const cubic: CongestionControl<CubicState> = {
  name: 'cubic',

  create(mss: number, firstWindow: number = initialWindow(mss)): CubicState {
    const state: CubicState = {
      cwnd: firstWindow, ssthresh: MAX_CONGESTION_WINDOW, pacingRate: 0,
      hystart: undefined, epoch: NO_EPOCH, undo: NO_EPOCH, lastAck: Infinity, credit: NaN,
    }
    state.credit = 0
    return state
  },

  onAck(state: CubicState, facts: AckFacts): void {
    if (facts.inRecovery) return
    if (facts.appLimited) {
      stopClock(state, facts.now)
    } else if (state.cwnd < state.ssthresh) {
      state.epoch.start = Infinity
      hystartSlowStart(state, facts)
    } else {
      if (state.epoch.start === Infinity) beginEpoch(state, facts)
      state.lastAck = facts.now
      avoidCongestion(state, facts)
    }
  },

  /** Multiplicative decrease and fast convergence (§4.6, §4.7). */
  onLoss(state: CubicState, facts: AckFacts): void {
    const { cwnd } = state
    const epoch = ownEpoch(state)
    const mild = facts.ece && cwnd >= state.ssthresh
    state.undo = { ...epoch }
    // Less than last time: another flow has come, so room is made for it. A fraction of a segment is not less: windows are segments
    // (§4.1.1), and a flow alone on its path comes to lose at the same window again and again, give or take some bytes.
    epoch.wMax = cwnd <= epoch.wMax - facts.mss ? cwnd * ((1 + BETA) / 2) : cwnd
    epoch.cwndPrior = cwnd
    epoch.start = Infinity
    const percent = 100 * (mild ? BETA_ECN : BETA)
    reduceTo(state, shareOfFlight(facts, percent))
    // Marks may bring the window down to one segment, the threshold to no less than two.
    if (facts.ece) state.cwnd = Math.max(Math.floor(facts.inFlight * percent / 100), facts.mss)
  },

  /** As Reno, with CUBIC's factor; the next stage begins at its plateau (§4.8). */
  onTimeout(state: CubicState, facts: AckFacts): void {
    ownEpoch(state)
    if (facts.timeouts <= 1) {
      state.undo = { ...state.epoch }
      if (!facts.inRecovery) state.epoch.cwndPrior = state.cwnd
    }
    state.epoch.start = Infinity
    state.epoch.wMax = 0
    collapse(state, facts, 100 * BETA)
  },

  onIdle(state: CubicState, facts: AckFacts): void {
    stopClock(state, facts.now)
    decayIdleWindow(state, facts)
  },

  /** Spurious loss or timeout (§4.9). */
  onUndo(state: CubicState): void {
    Object.assign(ownEpoch(state), state.undo)
  },

  shiftTime(state: CubicState, by: number): void {
    state.epoch.start += by
    state.undo.start += by
    state.lastAck += by
  },
}

function createEpoch(): CubicEpoch {
  // NaN first: double slots (see createAckFacts).
  const epoch: CubicEpoch = { start: Infinity, wMax: NaN, k: NaN, wEst: NaN, cwndPrior: NaN }
  epoch.wMax = 0
  epoch.k = 0
  epoch.wEst = 0
  epoch.cwndPrior = 0
  return epoch
}

/** What everybody has before the first stage, so that an idle connection takes no memory for it: its start stays Infinity. */
const NO_EPOCH: CubicEpoch = /* @__PURE__ */ createEpoch()

function ownEpoch(state: CubicState): CubicEpoch {
  if (state.epoch === NO_EPOCH) state.epoch = createEpoch()
  return state.epoch
}

/** Time without a full window does not count (§5.8): the start moves along. */
function stopClock(state: CubicState, now: number): void {
  if (state.epoch.start === Infinity) return
  state.epoch.start += now - state.lastAck
  state.lastAck = now
}

/** First ACK of a congestion avoidance stage: cwnd is cwnd_epoch (§4.2). */
function beginEpoch(state: CubicState, facts: AckFacts): void {
  const { cwnd } = state
  const epoch = ownEpoch(state)
  epoch.start = facts.now
  epoch.wEst = cwnd
  // Nothing to return to after a timeout or the first slow start, or the window is past it already (§4.8, §4.10).
  if (epoch.wMax < cwnd) epoch.wMax = cwnd
  epoch.k = cubeRoot((epoch.wMax - cwnd) / facts.mss / C)
}

/** W_cubic(t) in bytes, t in seconds (§4.2, figure 1). */
function curve(epoch: CubicEpoch, t: number, mss: number): number {
  const x = t - epoch.k
  return C * mss * x * x * x + epoch.wMax
}

function avoidCongestion(state: CubicState, facts: AckFacts): void {
  const { cwnd, epoch } = state
  const { mss } = facts
  const acked = facts.newlyAcked < cwnd ? facts.newlyAcked : cwnd
  const t = (facts.now - epoch.start) / 1000
  const alpha = epoch.wEst >= epoch.cwndPrior ? 1 : ALPHA
  epoch.wEst = Math.min(epoch.wEst + alpha * mss * acked / cwnd, MAX_CONGESTION_WINDOW)
  if (curve(epoch, t, mss) < epoch.wEst) {
    // Reno-friendly region (§4.3).
    if (epoch.wEst > cwnd) state.cwnd = Math.floor(epoch.wEst)
    return
  }
  // Concave and convex region (§4.4, §4.5): on the way to where the curve will be in a round trip, half a window at most.
  const target = Math.min(curve(epoch, t + facts.srtt / 1000, mss), 1.5 * cwnd)
  if (target <= cwnd) return
  state.credit += (target - cwnd) * acked / cwnd
  const bytes = Math.floor(state.credit)
  state.credit -= bytes
  grow(state, bytes)
}
