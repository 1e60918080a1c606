import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type AckFacts, createAckFacts, createDeliveryRate, createRateSample, type DeliveryRate, finishRateSample, markAppLimited,
  rateOnDelivered, rateOnLost, rateOnSend, type RateSample, rateShiftTime,
} from '../src/index.ts'

interface Record {
  delivered: number
  deliveredAt: number
  firstSentAt: number
  sentAt: number
  appLimited: boolean
  sentInFlight: number
  lost: number
}

/** A connection that keeps its records as objects. */
class Sender {
  readonly rate: DeliveryRate = createDeliveryRate()
  readonly sample: RateSample = createRateSample()
  readonly facts: AckFacts = createAckFacts()
  inFlight = 0

  send(now: number, bytes = 1000): Record {
    const { rate } = this
    rateOnSend(rate, this.inFlight, now)
    this.inFlight += bytes
    return {
      delivered: rate.delivered, deliveredAt: rate.deliveredAt, firstSentAt: rate.firstSentAt, sentAt: now,
      appLimited: rate.appLimitedUntil > 0, sentInFlight: this.inFlight, lost: rate.lost,
    }
  }

  ack(records: readonly Record[], now: number, minRtt = 0, bytes = 1000): AckFacts {
    for (const r of records) {
      this.inFlight -= bytes
      rateOnDelivered(
        this.rate, this.sample, r.delivered, r.deliveredAt, r.firstSentAt, r.sentAt, r.appLimited, r.sentInFlight, r.lost, bytes, now,
      )
    }
    finishRateSample(this.rate, this.sample, { min: minRtt }, this.facts)
    return this.facts
  }

  lose(r: Record, bytes = 1000): AckFacts {
    this.inFlight -= bytes
    rateOnLost(this.rate, r.appLimited, r.sentInFlight, r.lost, bytes, this.facts)
    return this.facts
  }
}

describe('delivery rate estimation', () => {
  test('§ "Delivery Rate": what was delivered between sending and acknowledging, over the time it took', () => {
    const s = new Sender()
    const sent = [0, 10, 20, 30].map((at) => s.send(at))
    expect(s.ack([sent[0]!], 50).deliveryRate).toBe(1000 / 0.05)
    s.ack([sent[1]!], 60)
    s.ack([sent[2]!], 70)
    // The last was sent at 30 ms with nothing delivered: 4,000 bytes since 0 ms, when sending began.
    expect(s.ack([sent[3]!], 80)).toMatchObject({ deliveryRate: 4000 / 0.08, priorDelivered: 0, delivered: 4000, sentInFlight: 4000 })
  })

  test('§ "ACK Rate": ACKs squeezed together do not raise it above the rate of sending', () => {
    const s = new Sender()
    const first = s.send(0)
    s.ack([first], 100)
    const sent = [100, 120, 140, 160, 180].map((at) => s.send(at))
    // All five arrive at once at 200 ms, the last 20 ms after it was sent. They took 80 ms to send, 100 ms to be acknowledged.
    expect(s.ack(sent, 200).deliveryRate).toBe(5000 / 0.1)
  })

  test('§ "Send Rate": a burst of sending spread by the path counts as the path spread it', () => {
    const s = new Sender()
    const sent = [0, 0, 0, 0].map((at) => s.send(at))
    const rates = sent.map((record, i) => s.ack([record], 50 + 10 * i).deliveryRate)
    expect(rates.at(-1)).toBe(4000 / 0.08)
  })

  test('§ "Send Rate": the longer of both intervals counts when the ACKs of an idle path come back faster than the sending was', () => {
    const s = new Sender()
    const [a, b] = [s.send(0), s.send(0)]
    s.ack([a], 10)
    const later = s.send(90)
    s.ack([b], 95)
    const last = s.send(96)
    // `last` was sent 96 ms after the start of its interval, and took 5 ms since the delivery before.
    expect(s.ack([later, last], 100).deliveryRate).toBe(2000 / 0.096)
  })

  test('the sample of an ACK is that of the newest segment it delivers, whatever the order', () => {
    for (const order of [[0, 1], [1, 0]] as const) {
      const s = new Sender()
      const first = s.send(0)
      const old = s.send(1)
      s.ack([first], 50)
      const young = s.send(50)
      const records = [old, young]
      expect(s.ack([records[order[0]]!, records[order[1]]!], 100).priorDelivered).toBe(1000)
    }
  })

  test('an ACK for a segment older than one delivered before gives no sample', () => {
    const s = new Sender()
    const [old, young] = [s.send(0), s.send(10)]
    s.ack([young], 50)
    expect(s.ack([old], 60)).toMatchObject({ deliveryRate: 0, priorDelivered: -1, sentInFlight: 0, lostSinceSent: 0, delivered: 2000 })
  })

  test('when nothing is in flight both intervals begin anew: idle time lowers nothing', () => {
    const s = new Sender()
    s.ack([s.send(0)], 50)
    expect(s.ack([s.send(10_000)], 10_050).deliveryRate).toBe(1000 / 0.05)
  })

  test('§ "GenerateRateSample": an interval shorter than the least round trip is no sample', () => {
    const s = new Sender()
    expect(s.ack([s.send(0)], 39, 40)).toMatchObject({ deliveryRate: 0, priorDelivered: -1 })
    expect(s.ack([s.send(100)], 140, 40)).toMatchObject({ deliveryRate: 25_000, priorDelivered: 1000 })
    expect(s.ack([s.send(200)], 240, Infinity).deliveryRate).toBe(25_000)
    expect(s.ack([s.send(300)], 300).deliveryRate).toBe(0)
  })

  test('§ "Detecting application-limited phases": samples are marked until what was in flight is delivered', () => {
    const s = new Sender()
    const before = s.send(0)
    markAppLimited(s.rate, s.inFlight)
    const during = s.send(10)
    expect(s.ack([before], 50).rateAppLimited).toBe(false)
    const still = s.send(50)
    expect(s.ack([during], 60).rateAppLimited).toBe(true)
    // 2,000 bytes are delivered, more than the 1,000 that were in flight at the mark.
    const after = s.send(60)
    expect(s.ack([still], 100).rateAppLimited).toBe(true)
    expect(s.ack([after], 110).rateAppLimited).toBe(false)
  })

  test('§ "MarkConnectionAppLimited" marks even when nothing was ever sent', () => {
    const s = new Sender()
    markAppLimited(s.rate, 0)
    expect(s.ack([s.send(0)], 50).rateAppLimited).toBe(true)
  })

  test('losses since the sampled segment was sent are counted, and those of a lost one with itself', () => {
    const s = new Sender()
    const sent = [0, 1, 2, 3].map((at) => s.send(at))
    expect(s.lose(sent[0]!)).toMatchObject({ lost: 1000, sentInFlight: 1000, lostSinceSent: 1000, rateAppLimited: false })
    const fifth = s.send(10)
    expect(s.lose(sent[2]!)).toMatchObject({ sentInFlight: 3000, lostSinceSent: 2000 })
    expect(s.ack([sent[1]!, sent[3]!], 50).lostSinceSent).toBe(2000)
    expect(s.ack([fifth], 60).lostSinceSent).toBe(1000)
    markAppLimited(s.rate, s.inFlight)
    expect(s.lose(s.send(70))).toMatchObject({ rateAppLimited: true, delivered: 3000 })
  })

  test('another clock changes nothing when the times are shifted', () => {
    const s = new Sender()
    const first = s.send(0)
    rateShiftTime(s.rate, 1000)
    expect(s.rate).toMatchObject({ firstSentAt: 1000, deliveredAt: 1000 })
    const shifted = { ...first, sentAt: 1000, deliveredAt: 1000, firstSentAt: 1000 }
    s.ack([shifted], 1050)
    expect(s.ack([s.send(1050)], 1100).deliveryRate).toBe(20_000)
    expect(s.rate.firstSentAt).toBe(1050)
  })

  test('over any path that keeps the order, no sample exceeds the rate of the bottleneck', () => {
    const gaps = fc.array(fc.record({ gap: fc.integer({ min: 0, max: 30 }), lost: fc.boolean() }), { minLength: 1, maxLength: 60 })
    fc.assert(fc.property(gaps, fc.integer({ min: 1, max: 20 }), (packets, slot) => {
      const s = new Sender()
      const events: { at: number, send: boolean, record?: Record }[] = []
      let at = 0
      let busy = 0
      for (const { gap, lost } of packets) {
        at += gap
        const packet: (typeof events)[number] = { at, send: true }
        events.push(packet)
        if (lost) continue
        busy = Math.max(busy, at) + slot
        const ack = { at: busy + 40, send: false, get record() { return packet.record! } }
        events.push(ack)
      }
      events.sort((a, b) => a.at - b.at || Number(a.send) - Number(b.send))
      for (const event of events) {
        if (event.send) event.record = s.send(event.at)
        else expect(s.ack([event.record!], event.at, 40 + slot).deliveryRate).toBeLessThanOrEqual(1000 * 1000 / slot * (1 + 1e-9))
      }
    }))
  })
})
