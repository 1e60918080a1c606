import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRttEstimator, rtoAfterSynTimeout, rtoBackOff, rtoReset, rttSample } from '../src/index.ts'

/** The letter of RFC 6298: no least RTO worth speaking of. */
const bare = { minRto: 1 }

describe('retransmission timeout', () => {
  test('RFC 6298 §2.1: before a sample the RTO is 1 second', () => {
    expect(createRttEstimator().rto).toBe(1000)
  })

  test('RFC 6298 §2.2: the first sample R gives SRTT = R, RTTVAR = R/2, RTO = SRTT + 4·RTTVAR', () => {
    const e = createRttEstimator()
    rttSample(e, 100)
    expect(e).toMatchObject({ srtt: 100, rttvar: 50, rto: 300, latest: 100, min: 100, samples: 1 })
  })

  test('RFC 6298 §2.3: worked example, 100 then 180 then 100 ms', () => {
    const e = createRttEstimator(bare)
    rttSample(e, 100)
    rttSample(e, 180)
    // RTTVAR = 3/4·50 + 1/4·|100 − 180|, with the old SRTT; SRTT = 7/8·100 + 1/8·180
    expect(e).toMatchObject({ rttvar: 57.5, srtt: 110, rto: 340, latest: 180, min: 100 })
    rttSample(e, 100)
    expect(e).toMatchObject({ rttvar: 45.625, srtt: 108.75, rto: 291.25 })
  })

  test('RFC 6298 §2.3: the clock granularity G is the least variation that counts', () => {
    const e = createRttEstimator({ minRto: 1, granularity: 10 })
    for (let i = 0; i < 100; i++) rttSample(e, 400)
    expect(e.rto).toBe(410)
  })

  test('RFC 6298 §2.4: the RTO is never under its minimum: 200 ms, or 1 s where asked for', () => {
    const e = createRttEstimator()
    const strict = createRttEstimator({ minRto: 1000 })
    rttSample(e, 2)
    rttSample(strict, 2)
    expect([e.rto, strict.rto]).toEqual([200, 1000])
  })

  test('RFC 6298 §2.5: the RTO is never over its maximum, 60 s', () => {
    const e = createRttEstimator()
    rttSample(e, 50_000)
    expect(e.rto).toBe(60_000)
  })

  test('RFC 6298 §5.5: each expiry doubles the RTO, up to the maximum', () => {
    const e = createRttEstimator()
    const seen = [e.rto]
    for (let i = 0; i < 8; i++) {
      rtoBackOff(e)
      seen.push(e.rto)
    }
    expect(seen).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000])
    expect(e.backoff).toBe(8)
  })

  test('RFC 6298 §5: the back-off lasts until a new sample, and no longer', () => {
    const e = createRttEstimator()
    rttSample(e, 100)
    rtoBackOff(e)
    rtoBackOff(e)
    expect(e).toMatchObject({ rto: 1200, backoff: 2 })
    rttSample(e, 100)
    expect(e).toMatchObject({ rto: 250, backoff: 0, srtt: 100, rttvar: 37.5 })
  })

  test('a reset ends the back-off and keeps SRTT and RTTVAR', () => {
    const e = createRttEstimator()
    rttSample(e, 100)
    rtoBackOff(e)
    rtoReset(e)
    expect(e).toMatchObject({ rto: 300, backoff: 0, srtt: 100, rttvar: 50 })
    const unsampled = createRttEstimator()
    rtoBackOff(unsampled)
    rtoReset(unsampled)
    expect(unsampled.rto).toBe(1000)
  })

  test('RFC 6298 §5.7: after a retransmitted SYN data starts with an RTO of 3 s, until the first sample', () => {
    const e = createRttEstimator()
    rtoBackOff(e)
    rtoAfterSynTimeout(e)
    expect(e).toMatchObject({ rto: 3000, backoff: 0 })
    rttSample(e, 100)
    expect(e.rto).toBe(300)
  })

  test('RFC 6298 §5.7: an RTO that the samples or the back-off already put above 3 s is kept', () => {
    const e = createRttEstimator()
    rttSample(e, 2000)
    rtoAfterSynTimeout(e)
    expect(e.rto).toBe(6000)
  })

  test('RFC 7323 appendix G: n samples of one round trip weigh about as much as one', () => {
    const once = createRttEstimator(bare)
    const often = createRttEstimator(bare)
    const careless = createRttEstimator(bare)
    for (const e of [once, often, careless]) rttSample(e, 100)
    rttSample(once, 200)
    for (let i = 0; i < 10; i++) rttSample(often, 200, 10)
    for (let i = 0; i < 10; i++) rttSample(careless, 200)
    expect(once.srtt).toBe(112.5)
    expect(Math.abs(often.srtt - once.srtt)).toBeLessThan(1)
    expect(careless.srtt).toBeGreaterThan(170)
  })

  test('RFC 9002 §6.2.1: a delay that the peer may hold ACKs back by is added to the RTO', () => {
    const e = createRttEstimator({ minRto: 1, maxAckDelay: 40 })
    rttSample(e, 100)
    expect(e.rto).toBe(340)
  })

  test('a sample that no clock can give (negative, NaN, Infinity) changes nothing', () => {
    const e = createRttEstimator()
    rttSample(e, 100)
    const before = { ...e }
    for (const bad of [-1, NaN, Infinity]) rttSample(e, bad)
    expect(e).toEqual(before)
  })

  test.each([
    { minRto: 0 }, { minRto: 300, maxRto: 200 }, { initialRto: 0 }, { initialRto: 70_000 }, { granularity: -1 }, { maxAckDelay: NaN },
  ])('bounds that make no sense are refused with what was got: %o', (bounds) => {
    expect(() => createRttEstimator(bounds)).toThrow(RangeError)
    expect(() => createRttEstimator(bounds)).toThrow(String(Object.values(bounds)[0]))
  })

  test('any history: SRTT and min stay within the samples, the RTO within its bounds and above SRTT', () => {
    const event = fc.oneof(fc.double({ min: 0, max: 5000, noNaN: true }), fc.constantFrom('back off' as const, 'reset' as const))
    fc.assert(fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const e = createRttEstimator()
      const samples: number[] = []
      let doublings = 0
      for (const what of events) {
        const before = e.rto
        if (what === 'back off') {
          rtoBackOff(e)
          doublings += 1
          expect(e.rto).toBe(Math.min(60_000, before * 2))
        } else {
          doublings = 0
          if (what === 'reset') rtoReset(e)
          else {
            samples.push(what)
            rttSample(e, what)
          }
        }
        expect(e.backoff).toBe(doublings)
        expect(e.samples).toBe(samples.length)
        expect(e.rto).toBeGreaterThanOrEqual(200)
        expect(e.rto).toBeLessThanOrEqual(60_000)
        if (samples.length > 0) {
          expect(e.min).toBe(Math.min(...samples))
          expect(e.srtt).toBeGreaterThanOrEqual(Math.min(...samples) - 1e-6)
          expect(e.srtt).toBeLessThanOrEqual(Math.max(...samples) + 1e-6)
          expect(e.rto).toBeGreaterThan(e.srtt)
        }
      }
    }))
  })

  test('any samples: the estimate is the RFC formula written out', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 40 }), (samples) => {
      const e = createRttEstimator(bare)
      let srtt = 0
      let rttvar = 0
      samples.forEach((r, i) => {
        rttSample(e, r)
        if (i === 0) {
          srtt = r
          rttvar = r / 2
        } else {
          rttvar = (1 - 1 / 4) * rttvar + 1 / 4 * Math.abs(srtt - r)
          srtt = (1 - 1 / 8) * srtt + 1 / 8 * r
        }
      })
      expect(e.srtt).toBeCloseTo(srtt, 6)
      expect(e.rttvar).toBeCloseTo(rttvar, 6)
      expect(e.rto).toBeCloseTo(Math.min(60_000, srtt + Math.max(1, 4 * rttvar)), 5)
    }))
  })
})
