import type { CongestionControl, CongestionState } from '@layerfour/flow'
import { createAckFacts } from '@layerfour/flow'

/** Whether the n-th transmission (from 1 on) is lost. */
export type LossModel = (transmission: number) => boolean

export interface ModelOptions {
  /** Round-trip time, ms; always the same. */
  readonly rtt: number
  readonly lost: LossModel
  /** Reductions of the window to let pass first, and then to measure. */
  readonly skip: number
  readonly measure: number
}

const MSS = 1448
/** Of the ring of what is in flight: more than any window here. */
const IN_FLIGHT = 1 << 18

/**
 * Segments that an algorithm sends in a round-trip time, on average, on a path without queue: the model behind the published response
 * functions. Every transmission is acknowledged by itself, or found lost, a round trip later. A loss reduces the window, once for all
 * losses of one window, and is repaired in no time. The window begins as the algorithm's state does.
 */
export function modelWindow<S extends CongestionState>(control: CongestionControl<S>, options: ModelOptions): number {
  const { rtt, lost, skip, measure } = options
  const state = control.create(MSS)
  const facts = Object.assign(createAckFacts(), { mss: MSS, rtt, srtt: rtt, newlyAcked: MSS, newlyDelivered: MSS })
  const sentAt = new Float64Array(IN_FLIGHT)
  let sent = 0
  let answered = 0
  let reductions = 0
  let recover = 0
  let begin = { now: 0, sent: 0 }
  while (reductions < skip + measure) {
    for (; (sent - answered + 1) * MSS <= state.cwnd; sent++) sentAt[sent & (IN_FLIGHT - 1)] = facts.now
    facts.now = sentAt[answered & (IN_FLIGHT - 1)]!
    facts.now += rtt
    facts.inFlight = (sent - answered) * MSS
    answered++
    facts.ack = answered * MSS
    facts.sent = sent * MSS
    if (!lost(answered)) control.onAck(state, facts)
    else if (answered > recover) {
      reductions++
      recover = sent
      if (reductions === skip) begin = { now: facts.now, sent }
      control.onLoss(state, facts)
    }
  }
  return (sent - begin.sent) / (facts.now - begin.now) * rtt
}
