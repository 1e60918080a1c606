import {
  type AckFacts, congestionAllowance, type CongestionControl, type CongestionState, createAckFacts, createLossRecovery, createRttEstimator,
  createSackBlocks, endAt, LOST, type LossRecovery, newReno, nextToResend, noteResent, noteSent, outstandingBytes, reactToAck,
  type RecoveryEvent, reorderTimeout, retransmissionTimeout, type RttEstimator, rttSample, type SackBlocks, setSelective, slotOf,
  startAt, takeDelivered,
} from '../../src/index.ts'

/** Bytes of a segment. */
export const SIZE = 1000

/** A sender made of the recovery under test; tests say in whole segments what is sent and what comes back. */
export class Flow<S extends CongestionState = CongestionState> {
  now = 0
  una = 0
  nxt = 0
  readonly recovery: LossRecovery = createLossRecovery()
  readonly rtt: RttEstimator = createRttEstimator()
  readonly facts: AckFacts = createAckFacts()
  readonly blocks: SackBlocks = createSackBlocks()
  readonly control: CongestionControl<S>
  readonly congestion: S
  timeouts = 0

  constructor(control: CongestionControl<S> = newReno as unknown as CongestionControl<S>, cwnd = 10, selective = true) {
    this.control = control
    this.congestion = control.create(SIZE, cwnd * SIZE)
    setSelective(this.recovery, selective)
  }

  /** New segments, at once. */
  send(count = 1): this {
    for (let n = 0; n < count; n++) {
      noteSent(this.recovery, this.nxt * SIZE, (this.nxt + 1) * SIZE, 0, this.now)
      this.nxt++
    }
    return this
  }

  at(now: number): this {
    this.now = now
    return this
  }

  /** An ACK up to segment `ack` with SACK blocks; edges in segments. `echoedAt`: what its timestamp says. */
  ack(ack: number, blocks: [number, number][] = [], echoedAt = Infinity): RecoveryEvent {
    const { facts } = this
    const newlyAcked = Math.max(0, ack - this.una) * SIZE
    this.una = Math.max(this.una, ack)
    if (newlyAcked > 0) this.timeouts = 0
    this.blocks.count = blocks.length
    blocks.forEach(([left, right], index) => {
      this.blocks.edges[2 * index] = left * SIZE
      this.blocks.edges[2 * index + 1] = right * SIZE
    })
    this.blocks.ack = ack * SIZE
    this.blocks.echoedAt = echoedAt
    this.fill()
    facts.newlyAcked = newlyAcked
    facts.duplicate = newlyAcked === 0 && ack === this.una && this.nxt > this.una
    takeDelivered(this.recovery, this.blocks, this.rtt, facts)
    if (facts.rtt >= 0) rttSample(this.rtt, facts.rtt)
    facts.srtt = this.rtt.srtt
    facts.sent = facts.ack + outstandingBytes(this.recovery.sent)
    return reactToAck(this.recovery, this.control, this.congestion, this.blocks, this.rtt, facts)
  }

  /** The reordering timer, at its time. */
  reorder(): RecoveryEvent {
    this.now = this.recovery.reorderDeadline
    this.fill()
    return reorderTimeout(this.recovery, this.control, this.congestion, this.rtt, this.facts)
  }

  /** The retransmission timer. */
  timeout(): this {
    this.timeouts++
    this.fill()
    this.facts.timeouts = this.timeouts
    retransmissionTimeout(this.recovery, this.control, this.congestion, this.facts)
    this.facts.timeouts = 0
    return this
  }

  /** Sends again what recovery lets go, at most `most` segments; returns which. */
  resend(most = Infinity): number[] {
    const sent: number[] = []
    for (let position = nextToResend(this.recovery); position !== -1 && sent.length < most; position = nextToResend(this.recovery)) {
      if (!this.recovery.forced && this.allowance() < 1) break
      sent.push(startAt(this.recovery.sent, position) / SIZE)
      noteResent(this.recovery, position, this.now)
    }
    return sent
  }

  /** Whole segments that may go. */
  allowance(): number {
    return Math.floor(congestionAllowance(this.recovery, this.congestion, this.control.recovery === 'own', SIZE) / SIZE)
  }

  /** Segments that are marked lost. */
  lost(): number[] {
    const { sent } = this.recovery
    const list: number[] = []
    for (let position = 0; position < sent.count; position++) {
      if (sent.columns.flags[slotOf(sent, position)]! & LOST) list.push(endAt(sent, position) / SIZE - 1)
    }
    return list
  }

  private fill(): void {
    const { facts } = this
    facts.now = this.now
    facts.mss = SIZE
    facts.ack = this.una * SIZE
    facts.sent = this.nxt * SIZE
    facts.newlyAcked = 0
    facts.srtt = this.rtt.srtt
    facts.appLimited = false
  }
}
