import {
  type AckFacts, applyAck, applyTimeout, type CongestionControl, type CongestionState, createAckFacts, createFastRecovery,
  type FastRecovery, type RecoveryAction, sendAllowance,
} from '../src/index.ts'

export const MSS = 1000

/** A sender of endless full-sized segments, made of the parts under test; the tests write down what the receiver says. */
export interface Sender<S extends CongestionState = CongestionState> {
  control: CongestionControl<S>
  congestion: S
  recovery: FastRecovery
  facts: AckFacts
  una: number
  nxt: number
  max: number
  sendWindow: number
  timeouts: number
}

export function createSender<S extends CongestionState>(control: CongestionControl<S>, start = 0): Sender<S> {
  return {
    control, congestion: control.create(MSS), recovery: createFastRecovery(), facts: createAckFacts(),
    una: start, nxt: start, max: start, sendWindow: 1_000_000_000, timeouts: 0,
  }
}

export function allowance(s: Sender): number {
  const outstanding = s.nxt - s.una
  return sendAllowance(s.sendWindow, outstanding, s.congestion.cwnd + s.recovery.inflation, outstanding)
}

/** Sends the segments that the windows allow; returns their offsets. */
export function pump(s: Sender): number[] {
  const sent: number[] = []
  while (allowance(s) >= MSS) {
    sent.push(s.nxt)
    s.nxt += MSS
    s.max = Math.max(s.max, s.nxt)
  }
  return sent
}

/** Takes a cumulative ACK; returns what recovery asks for. */
export function ack(s: Sender, offset: number): RecoveryAction {
  const { facts } = s
  const outstanding = s.max - s.una
  facts.mss = MSS
  facts.ack = offset
  facts.newlyAcked = Math.max(0, offset - s.una)
  facts.duplicate = offset === s.una && outstanding > 0
  if (offset > s.una) {
    s.una = offset
    s.timeouts = 0
  }
  s.nxt = Math.max(s.nxt, s.una)
  facts.sent = s.max
  facts.inFlight = s.nxt - s.una
  facts.timeouts = 0
  facts.appLimited = false
  return applyAck(s.control, s.congestion, s.recovery, facts)
}

/** n duplicate ACKs; returns what each asked for. */
export function duplicates(s: Sender, n: number): RecoveryAction[] {
  return Array.from({ length: n }, () => ack(s, s.una))
}

/** The retransmission timer expired: the sender goes back to the first unacknowledged byte. */
export function timeout(s: Sender): void {
  const { facts } = s
  s.timeouts += 1
  facts.mss = MSS
  facts.ack = s.una
  facts.newlyAcked = 0
  facts.duplicate = false
  facts.sent = s.max
  facts.inFlight = s.nxt - s.una
  facts.timeouts = s.timeouts
  applyTimeout(s.control, s.congestion, s.recovery, facts)
  s.nxt = s.una
}
