import {
  type AckFacts, type CongestionControl, type CongestionState, createAckFacts, createDeliveryRate, createPacer, createRateSample,
  createRttEstimator, type DeliveryRate, finishRateSample, markAppLimited, pacerBudget, pacerDeadline, pacerSent, rateOnDelivered,
  rateOnLost, rateOnSend, type RateSample, type RttEstimator, rttSample,
} from '../src/index.ts'

/** One link with a tail-drop queue; all flows share it. Everything else on the path is a constant delay. */
export interface Link {
  /** Bytes per second. */
  rate: number
  /** Round-trip time of an empty path, ms. */
  rtt: number
  /** Queue in bytes. */
  buffer: number
  /** Probability that the path loses a packet. */
  loss: number
}

interface Packet {
  sentAt: number
  delivered: number
  deliveredAt: number
  firstSentAt: number
  appLimited: boolean
  sentInFlight: number
  lost: number
  /** When the sender learns that it arrived; Infinity: it never does. */
  ackAt: number
}

export const PACKET = 1460
/**
 * Random delay of ACKs, ms. Without any, ACK-clocked packets reach the queue just as one leaves it, again and again, and tail
 * drop hits the other flow only (phase effects: Floyd and Jacobson, "Traffic phase effects in packet-switched gateways").
 */
const JITTER = 0.2

/** A sender with endless data, told of each packet that arrives; three later ones make a packet lost. */
export class Flow<S extends CongestionState = CongestionState> {
  readonly algorithm: CongestionControl<S>
  readonly state: S
  readonly rate: DeliveryRate = createDeliveryRate()
  readonly startAt: number
  readonly rtt: RttEstimator = createRttEstimator()
  inFlight = 0
  timeouts = 0
  readonly facts: AckFacts = Object.assign(createAckFacts(), { mss: PACKET })
  private readonly pacer = createPacer()
  private readonly sample: RateSample = createRateSample()
  private minRtt = Infinity
  private packets: Packet[] = []
  private head = 0
  private recoverFrom = -1
  private lastEventAt: number
  private timeoutsInRow = 0
  private demand = Infinity
  private demandSince = 0
  private offered = 0

  constructor(algorithm: CongestionControl<S>, startAt = 0) {
    this.algorithm = algorithm
    this.state = algorithm.create(PACKET)
    this.startAt = startAt
    this.lastEventAt = startAt
  }

  /** From `now` on the application gives `rate` bytes/s only. */
  demandFrom(now: number, rate: number): void {
    this.demand = rate
    this.demandSince = now
    this.offered = 0
  }

  /** When something happens next. */
  next(now: number): number {
    let at = Infinity
    // Only a packet with three later ones may be lost, so an ACK is among the first of the list.
    for (let i = this.head; i < this.packets.length; i++) {
      const { ackAt } = this.packets[i]!
      if (ackAt !== Infinity) {
        at = ackAt
        break
      }
    }
    if (this.inFlight > 0) at = Math.min(at, this.rtoAt())
    if (this.inFlight + PACKET <= this.state.cwnd) {
      at = Math.min(at, Math.max(this.startAt, pacerDeadline(this.pacer) === Infinity ? 0 : pacerDeadline(this.pacer), this.demandAt(now)))
    }
    return Math.max(at, now)
  }

  run(now: number, bottleneck: Bottleneck): void {
    if (now < this.startAt) return
    this.receive(now)
    if (this.inFlight > 0 && now >= this.rtoAt()) this.timeout(now)
    this.send(now, bottleneck)
  }

  private rtoAt(): number {
    return this.lastEventAt + Math.max(this.rtt.rto, 200) * 2 ** this.timeoutsInRow
  }

  private demandAt(now: number): number {
    return this.demand === Infinity || this.offered <= (now - this.demandSince) / 1000 * this.demand
      ? 0 : this.demandSince + this.offered * 1000 / this.demand
  }

  private send(now: number, bottleneck: Bottleneck): void {
    const { state, rate } = this
    while (this.inFlight + PACKET <= state.cwnd) {
      if (this.demandAt(now) > now) {
        markAppLimited(rate, this.inFlight)
        break
      }
      if (pacerBudget(this.pacer, state.pacingRate, PACKET, now) < PACKET) break
      if (this.inFlight === 0) this.lastEventAt = now
      rateOnSend(rate, this.inFlight, now)
      this.inFlight += PACKET
      this.offered += PACKET
      this.packets.push({
        sentAt: now, delivered: rate.delivered, deliveredAt: rate.deliveredAt, firstSentAt: rate.firstSentAt,
        appLimited: rate.appLimitedUntil > 0, sentInFlight: this.inFlight, lost: rate.lost, ackAt: bottleneck.carry(now),
      })
      pacerSent(this.pacer, state.pacingRate, PACKET, now)
    }
  }

  private receive(now: number): void {
    const { facts, state, rate, sample } = this
    for (;;) {
      let i = this.head
      while (i < this.packets.length && this.packets[i]!.ackAt === Infinity) i++
      const packet = this.packets[i]
      if (packet === undefined || packet.ackAt > now) return
      this.lastEventAt = now
      this.timeoutsInRow = 0
      Object.assign(facts, {
        now, priorInFlight: this.inFlight, newlyAcked: PACKET, newlyDelivered: PACKET, lost: 0, ece: false, timeouts: 0,
        rtt: now - packet.sentAt,
      })
      rttSample(this.rtt, facts.rtt)
      this.minRtt = Math.min(this.minRtt, facts.rtt)
      facts.srtt = this.rtt.srtt
      rateOnDelivered(
        rate, sample, packet.delivered, packet.deliveredAt, packet.firstSentAt, packet.sentAt, packet.appLimited,
        packet.sentInFlight, packet.lost, PACKET, now,
      )
      this.inFlight -= PACKET
      facts.inFlight = this.inFlight
      // The path keeps the order, so whatever was sent before this packet is lost.
      let lost = 0
      for (; this.head < i; this.head++) {
        this.lose(this.packets[this.head]!)
        lost += PACKET
      }
      this.head++
      if (this.recoverFrom >= 0 && packet.sentAt > this.recoverFrom) {
        this.recoverFrom = -1
        facts.inRecovery = false
        this.algorithm.onRecoveryEnd?.(state, facts)
      }
      if (lost > 0 && this.recoverFrom < 0) {
        this.recoverFrom = now
        this.algorithm.onLoss(state, Object.assign(facts, { inFlight: this.inFlight + lost }))
        facts.inRecovery = true
      }
      finishRateSample(rate, sample, { min: this.minRtt }, facts)
      Object.assign(facts, { inFlight: this.inFlight, lost, appLimited: rate.appLimitedUntil > 0 })
      this.algorithm.onAck(state, facts)
      if (this.head > 4096) {
        this.packets = this.packets.slice(this.head)
        this.head = 0
      }
    }
  }

  private lose(packet: Packet): void {
    this.inFlight -= PACKET
    this.facts.inFlight = this.inFlight
    rateOnLost(this.rate, packet.appLimited, packet.sentInFlight, packet.lost, PACKET, this.facts)
    this.algorithm.onSegmentLost?.(this.state, this.facts)
  }

  private timeout(now: number): void {
    this.timeouts++
    this.timeoutsInRow++
    this.lastEventAt = now
    const flight = this.inFlight
    this.facts.now = now
    for (; this.head < this.packets.length; this.head++) this.lose(this.packets[this.head]!)
    Object.assign(this.facts, { timeouts: this.timeoutsInRow, inFlight: flight })
    this.algorithm.onTimeout(this.state, this.facts)
    this.facts.inRecovery = true
    this.recoverFrom = now
  }
}

/** What the bottleneck needs of a flow, whatever its algorithm. */
type Runnable = Pick<Flow, 'rate' | 'next' | 'run'>

/** Runs flows over one link in virtual time. The same seed gives the same run. */
export class Bottleneck {
  readonly link: Link
  readonly flows: readonly Runnable[]
  now = 0
  /** Greatest queue since it was last set to 0, bytes. */
  maxQueue = 0
  dropped = 0
  private busyUntil = 0
  private lastAckAt = 0
  private seed: number

  constructor(link: Link, flows: readonly Runnable[], seed = 1) {
    this.link = link
    this.flows = flows
    this.seed = seed
  }

  /** Takes a packet; returns when its ACK arrives, Infinity when it is lost. */
  carry(now: number): number {
    const { rate, rtt, buffer, loss } = this.link
    if (this.random() < loss) return Infinity
    const queue = Math.max(0, this.busyUntil - now) * rate / 1000
    if (queue + PACKET > buffer) {
      this.dropped++
      return Infinity
    }
    this.maxQueue = Math.max(this.maxQueue, queue + PACKET)
    this.busyUntil = Math.max(this.busyUntil, now) + PACKET * 1000 / rate
    this.lastAckAt = Math.max(this.lastAckAt, this.busyUntil + rtt + JITTER * this.random())
    return this.lastAckAt
  }

  private random(): number {
    this.seed = Math.imul(this.seed, 1_664_525) + 1_013_904_223 | 0
    return (this.seed >>> 0) / 0x1_0000_0000
  }

  /** Goes on until `end` ms, telling `each` after each step. Returns the bytes that each flow delivered meanwhile. */
  run(end: number, each?: (now: number) => void): number[] {
    const before = this.flows.map((flow) => flow.rate.delivered)
    for (;;) {
      let at = Infinity
      for (const flow of this.flows) at = Math.min(at, flow.next(this.now))
      if (at > end) break
      this.now = at
      for (const flow of this.flows) flow.run(at, this)
      each?.(at)
    }
    this.now = end
    return this.flows.map((flow, i) => flow.rate.delivered - before[i]!)
  }

  /** Share of what the link could carry in `ms`. */
  utilisation(delivered: readonly number[], ms: number): number {
    return delivered.reduce((a, b) => a + b, 0) / (this.link.rate * ms / 1000)
  }
}
