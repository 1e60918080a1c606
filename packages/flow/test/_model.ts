import { type AckFacts, type CongestionControl, type CongestionState, createAckFacts } from '../src/index.ts'

export interface LossModel {
  /** One transmission in so many is lost, at even distances: 1/p. */
  every: number
  /** Round-trip time, ms; always the same: the path queues nothing. */
  rtt: number
  /** Loss events to let pass before measuring, and to measure. */
  skip: number
  measure: number
  /** Window to begin with, segments, in congestion avoidance: the nearer to the average, the sooner the cycle is steady. */
  start: number
  /** Bytes of a segment. */
  mss?: number
}

/**
 * Average window in segments (segments sent per round-trip time) of an algorithm on a path of any rate, with periodic loss: the model
 * behind the published response functions. Each transmission is acknowledged a round trip later, or found lost
 * then; a loss reduces the window at once and nothing else: repairing it takes no time.
 */
export function averageWindow<S extends CongestionState>(control: CongestionControl<S>, model: LossModel): number {
  const { every, rtt, skip, measure, start, mss = 1000 } = model
  const state = control.create(mss)
  state.cwnd = state.ssthresh = Math.round(start) * mss
  const facts = Object.assign(createAckFacts(), { mss, rtt, srtt: rtt, newlyAcked: mss, newlyDelivered: mss })
  /** Send times of what is in flight: a ring. */
  const sentAt = new Float64Array(1 << 20)
  let sent = 0
  let answered = 0
  let losses = 0
  let begin = { now: 0, sent: 0 }
  while (losses < skip + measure) {
    for (; (sent - answered + 1) * mss <= state.cwnd; sent++) sentAt[sent & 0xf_ffff] = facts.now
    facts.now = sentAt[answered & 0xf_ffff]! + rtt
    facts.inFlight = (sent - answered) * mss
    answered += 1
    facts.ack = answered * mss
    facts.sent = sent * mss
    if (answered % every !== 0) {
      control.onAck(state, facts)
      continue
    }
    losses += 1
    if (losses === skip) begin = { now: facts.now, sent }
    control.onLoss(state, facts)
  }
  return (sent - begin.sent) / (facts.now - begin.now) * rtt
}

/** What a sender has sent and had acknowledged, in bytes. */
export interface Flow {
  now: number
  ack: number
  sent: number
}

/**
 * One round trip: whatever is in flight is acknowledged, a segment at a time, evenly spread, and each ACK lets go what the window
 * then allows. `rtt`: the round-trip time that the ACKs show. Returns the window after it in segments.
 */
export function ackRound<S extends CongestionState>(
  control: CongestionControl<S>, state: S, flow: Flow, rtt: number, some: Partial<AckFacts> = {}, mss = 1000,
): number {
  flow.sent = Math.max(flow.sent, flow.ack + Math.floor(state.cwnd / mss) * mss)
  const segments = (flow.sent - flow.ack) / mss
  const begin = flow.now
  for (let i = 1; i <= segments; i++) {
    flow.now = begin + i * rtt / segments
    flow.ack += mss
    control.onAck(state, Object.assign(createAckFacts(), {
      mss, rtt, srtt: rtt, newlyAcked: mss, newlyDelivered: mss, inFlight: flow.sent - flow.ack, ...flow, ...some,
    }))
    flow.sent = Math.max(flow.sent, flow.ack + Math.floor(state.cwnd / mss) * mss)
  }
  return state.cwnd / mss
}
