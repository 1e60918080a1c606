import { type CongestionState, MAX_CONGESTION_WINDOW } from '../congestion-control.ts'
import { createWindowedMaxFilter, type WindowedMaxFilter } from '../windowed-max-filter.ts'

/** States of the draft's figure "State Transition Diagram"; the four `probe-bw-…` follow each other in a cycle. */
export type BbrPhase =
  | 'startup' | 'drain' | 'probe-bw-down' | 'probe-bw-cruise' | 'probe-bw-refill' | 'probe-bw-up' | 'probe-rtt'

/** Which part of a bandwidth probe the ACKs that arrive now belong to: they are about what was sent a round trip ago. */
export type BbrAckPhase = 'init' | 'refilling' | 'probe-starting' | 'probe-feedback' | 'probe-stopping'

/** The draft's variables by its names: `bw` in bytes/s, `inflight` in bytes, times in ms, `delivered` in bytes since the start. */
export interface BbrState extends CongestionState {
  phase: BbrPhase
  ackPhase: BbrAckPhase
  /** Window at the start of the connection. */
  initialCwnd: number
  /** cwnd before loss recovery or ProbeRTT. */
  priorCwnd: number
  /** The pacing rate is based on a round-trip time. */
  rttKnown: boolean
  /** Random numbers: state of a linear congruential generator. */
  seed: number

  // Packet-timed rounds: one ends when something sent after its beginning is delivered.
  nextRoundDelivered: number
  roundStart: boolean
  roundCount: number

  // The path: what it delivers, how long it takes, in what lumps the ACKs come.
  maxBw: number
  maxBwFilter: WindowedMaxFilter
  /** Counts ProbeBW cycles: time of `maxBwFilter`. */
  cycleCount: number
  /** Least round-trip time of 10 s; Infinity before the first. */
  minRtt: number
  minRttStamp: number
  extraAcked: number
  extraAckedFilter: WindowedMaxFilter
  extraAckedIntervalStart: number
  extraAckedDelivered: number

  // Bounds learnt from loss. Infinity: none.
  /** Bandwidth to use: the lesser of `maxBw` and `bwShortterm`. */
  bw: number
  bwShortterm: number
  inflightShortterm: number
  /** A whole number, so that cwnd can reach it. */
  inflightLongterm: number

  // What this round trip has shown.
  lossRoundDelivered: number
  lossRoundStart: boolean
  lossInRound: boolean
  /** A segment was marked lost since the last ACK. */
  lossSinceAck: boolean
  /** ACKs of this round that came with a loss. */
  lossEvents: number
  bwLatest: number
  inflightLatest: number

  // Is the pipe full?
  fullBw: number
  fullBwCount: number
  fullBwNow: boolean
  /** The pipe was full once: Startup is over. */
  fullBwReached: boolean
  drainStartRound: number

  // The ProbeBW cycle.
  cycleStamp: number
  bwProbeWait: number
  roundsSinceBwProbe: number
  /** What was sent while probing has not been judged yet. */
  bwProbeSamples: boolean
  bwProbeUpRounds: number
  bwProbeUpAcks: number
  /** Bytes to be acknowledged until `inflightLongterm` grows by a segment. */
  probeUpCount: number

  // ProbeRTT.
  probeRttMinDelay: number
  probeRttMinStamp: number
  probeRttExpired: boolean
  /** When ProbeRTT may end; Infinity: the pipe has not drained yet. */
  probeRttDoneStamp: number
  probeRttRoundDone: boolean
  /** Rate samples of what was sent between these two values of `delivered` are low because of ProbeRTT. */
  mutedFrom: number
  mutedUntil: number
  idleRestart: boolean

  // To take back a reaction to a loss that was none.
  /** What follows is from before the loss event that goes on; otherwise from before the last one. */
  undoKept: boolean
  undoPhase: BbrPhase
  undoBwShortterm: number
  undoInflightShortterm: number
  undoInflightLongterm: number
}

/** Pacing gain of Startup: the least that doubles the delivery rate each round, 4·ln 2. */
export const STARTUP_PACING_GAIN = 2.77

export function createBbrState(mss: number, cwnd: number): BbrState {
  const state: BbrState = {
    // Before the first round-trip time the draft assumes 1 ms.
    cwnd, ssthresh: MAX_CONGESTION_WINDOW, pacingRate: STARTUP_PACING_GAIN * cwnd * 1000,
    phase: 'startup', ackPhase: 'init', initialCwnd: cwnd, priorCwnd: 0, rttKnown: false, seed: Math.imul(mss, 0x9e37_79b1),
    nextRoundDelivered: NaN, roundStart: false, roundCount: 0,
    maxBw: NaN, maxBwFilter: createWindowedMaxFilter(), cycleCount: 0, minRtt: Infinity, minRttStamp: Infinity,
    extraAcked: NaN, extraAckedFilter: createWindowedMaxFilter(), extraAckedIntervalStart: NaN, extraAckedDelivered: NaN,
    bw: NaN, bwShortterm: Infinity, inflightShortterm: Infinity, inflightLongterm: Infinity,
    lossRoundDelivered: NaN, lossRoundStart: false, lossInRound: false, lossSinceAck: false, lossEvents: 0,
    bwLatest: NaN, inflightLatest: NaN,
    fullBw: NaN, fullBwCount: 0, fullBwNow: false, fullBwReached: false, drainStartRound: 0,
    cycleStamp: NaN, bwProbeWait: NaN, roundsSinceBwProbe: 0, bwProbeSamples: false, bwProbeUpRounds: 0, bwProbeUpAcks: NaN,
    probeUpCount: Infinity,
    probeRttMinDelay: Infinity, probeRttMinStamp: Infinity, probeRttExpired: false, probeRttDoneStamp: Infinity,
    probeRttRoundDone: false, mutedFrom: Infinity, mutedUntil: NaN, idleRestart: false,
    undoKept: false, undoPhase: 'startup', undoBwShortterm: Infinity, undoInflightShortterm: Infinity, undoInflightLongterm: Infinity,
  }
  // NaN first, so that V8 keeps these as doubles that are overwritten in place.
  state.nextRoundDelivered = state.lossRoundDelivered = 0
  state.maxBw = state.bw = state.bwLatest = state.fullBw = 0
  state.inflightLatest = state.bwProbeUpAcks = 0
  state.extraAcked = state.extraAckedDelivered = 0
  state.extraAckedIntervalStart = state.cycleStamp = state.bwProbeWait = 0
  state.mutedUntil = -1
  return state
}
