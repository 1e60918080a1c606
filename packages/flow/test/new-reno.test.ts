import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AckFacts, createAckFacts, initialWindow, MAX_CONGESTION_WINDOW, newReno, type NewRenoState } from '../src/index.ts'

const MSS = 1000
const facts = (some: Partial<AckFacts>): AckFacts => Object.assign(createAckFacts(), { mss: MSS }, some)
const acked = (bytes: number): AckFacts => facts({ newlyAcked: bytes, inFlight: 20_000 })
const state = (some: Partial<NewRenoState>): NewRenoState => Object.assign(newReno.create(MSS), some)

describe('initial window', () => {
  test.each([
    [1460, 14_600], [1452, 14_520], [536, 5360], [1500, 14_600], [7000, 14_600], [8960, 17_920], [1, 10],
  ])('RFC 6928 §2: an MSS of %i gives min(10·MSS, max(2·MSS, 14600)) = %i bytes', (mss, bytes) => {
    expect(initialWindow(mss)).toBe(bytes)
    expect(newReno.create(mss).cwnd).toBe(bytes)
  })

  test('RFC 5681 §3.1: after a lost SYN the caller starts it with one segment', () => {
    expect(newReno.create(1460, 1460).cwnd).toBe(1460)
  })

  test('RFC 5681 §3.1: ssthresh starts arbitrarily high', () => {
    expect(newReno.create(1460).ssthresh).toBe(MAX_CONGESTION_WINDOW)
  })

  test('an MSS that is no size is refused', () => {
    for (const bad of [0, -1, NaN]) expect(() => newReno.create(bad)).toThrow(`got ${bad}`)
  })
})

describe('slow start', () => {
  test('RFC 5681 §3.1 equation 2: each acknowledged segment adds a segment, so the window doubles per round trip', () => {
    const s = state({ cwnd: 10_000 })
    for (let i = 0; i < 10; i++) newReno.onAck(s, acked(MSS))
    expect(s.cwnd).toBe(20_000)
  })

  test('RFC 3465 §2.2: bytes count, not ACKs: delayed ACKs grow the window as fast', () => {
    const s = state({ cwnd: 10_000 })
    for (let i = 0; i < 5; i++) newReno.onAck(s, acked(2 * MSS))
    expect(s.cwnd).toBe(20_000)
  })

  test('RFC 3465 §2.2: one ACK adds two segments at most, however much it covers', () => {
    const s = state({ cwnd: 10_000 })
    newReno.onAck(s, acked(8 * MSS))
    expect(s.cwnd).toBe(12_000)
  })

  test('RFC 5681 §3.1: an ACK split into a thousand gains nothing', () => {
    const s = state({ cwnd: 10_000 })
    for (let i = 0; i < 1000; i++) newReno.onAck(s, acked(1))
    expect(s.cwnd).toBe(11_000)
  })

  test('RFC 3465 §2.3: after a timeout one ACK adds one segment at most, until slow start ends', () => {
    const s = state({ cwnd: 10_000 })
    newReno.onTimeout(s, facts({ inFlight: 10_000, timeouts: 1 }))
    const seen = [s.cwnd]
    for (let i = 0; i < 4; i++) {
      newReno.onAck(s, acked(2 * MSS))
      seen.push(s.cwnd)
    }
    expect(seen).toEqual([1000, 2000, 3000, 4000, 5000])
    newReno.onAck(s, acked(2 * MSS))
    expect(s.slowStartLimit).toBe(2)
  })
})

describe('congestion avoidance', () => {
  test('RFC 5681 §3.1: one segment per round trip, however it is acknowledged', () => {
    for (const piece of [1, 100, MSS, 2 * MSS, 10 * MSS]) {
      const s = state({ cwnd: 10_000, ssthresh: 10_000 })
      for (let bytes = 0; bytes < 10_000; bytes += piece) newReno.onAck(s, acked(piece))
      expect(s.cwnd).toBe(11_000)
    }
  })

  test('RFC 3465 §2.1: bytes over a full window are kept for the next segment', () => {
    const s = state({ cwnd: 10_000, ssthresh: 10_000 })
    for (let i = 0; i < 4; i++) newReno.onAck(s, acked(3 * MSS))
    expect(s).toMatchObject({ cwnd: 11_000, bytesAcked: 2000 })
  })

  test('the window stops at the greatest TCP window', () => {
    for (const ssthresh of [MAX_CONGESTION_WINDOW, 10_000]) {
      const s = state({ cwnd: MAX_CONGESTION_WINDOW - 1, ssthresh })
      newReno.onAck(s, acked(MAX_CONGESTION_WINDOW))
      expect(s.cwnd).toBe(MAX_CONGESTION_WINDOW)
    }
  })

  test('bytes counted before a reduction do not count after it', () => {
    for (const reduce of ['onLoss', 'onTimeout', 'onIdle', 'onRecoveryEnd'] as const) {
      const s = state({ cwnd: 10_000, ssthresh: 10_000 })
      newReno.onAck(s, acked(9 * MSS))
      newReno[reduce]!(s, facts({ inFlight: 10_000, timeouts: 1 }))
      expect(s.bytesAcked).toBe(0)
    }
  })

  test('RFC 2861, RFC 7661: a window that the application did not fill does not grow', () => {
    for (const ssthresh of [MAX_CONGESTION_WINDOW, 10_000]) {
      const s = state({ cwnd: 10_000, ssthresh })
      for (let i = 0; i < 50; i++) newReno.onAck(s, facts({ newlyAcked: MSS, appLimited: true }))
      expect(s).toMatchObject({ cwnd: 10_000, bytesAcked: 0 })
    }
  })

  test('during recovery ACKs do not grow the window', () => {
    const s = state({ cwnd: 10_000 })
    newReno.onAck(s, facts({ newlyAcked: MSS, inRecovery: true }))
    expect(s.cwnd).toBe(10_000)
  })
})

describe('reductions', () => {
  test('RFC 5681 §3.1 equation 4: a loss halves the flight, not the window', () => {
    const s = state({ cwnd: 20_000 })
    newReno.onLoss(s, facts({ inFlight: 16_000 }))
    expect(s).toMatchObject({ cwnd: 8000, ssthresh: 8000 })
  })

  test('RFC 5681 §3.1 equation 4: ssthresh is two segments at least', () => {
    const s = state({ cwnd: 3000 })
    newReno.onLoss(s, facts({ inFlight: 3000 }))
    expect(s).toMatchObject({ cwnd: 2000, ssthresh: 2000 })
  })

  test('RFC 5681 §3.1: a timeout halves the threshold and drops the window to one segment', () => {
    const s = state({ cwnd: 64_000, ssthresh: 65_536 })
    newReno.onTimeout(s, facts({ inFlight: 64_000, timeouts: 1 }))
    expect(s).toMatchObject({ cwnd: 1000, ssthresh: 32_000 })
  })

  test('RFC 5681 §3.1: when the same data times out again, ssthresh is held', () => {
    const s = state({ cwnd: 64_000 })
    newReno.onTimeout(s, facts({ inFlight: 64_000, timeouts: 1 }))
    newReno.onTimeout(s, facts({ inFlight: 1000, timeouts: 2 }))
    newReno.onTimeout(s, facts({ inFlight: 1000, timeouts: 3 }))
    expect(s).toMatchObject({ cwnd: 1000, ssthresh: 32_000 })
  })

  test('RFC 5681 §4.1: after idling the restart window is min(IW, cwnd), and slow start leads back to ssthresh', () => {
    const s = state({ cwnd: 64_000, ssthresh: 40_000 })
    newReno.onIdle(s, facts({ idle: 5000 }))
    expect(s).toMatchObject({ cwnd: 10_000, ssthresh: 40_000 })
    const small = state({ cwnd: 4000, ssthresh: 4000 })
    newReno.onIdle(small, facts({ idle: 5000 }))
    expect(small.cwnd).toBe(4000)
  })

  test.each([[0, 2000], [1000, 2000], [3000, 4000], [8000, 8000], [20_000, 8000]])(
    'RFC 6582 §3.2 step 3: recovery ends with %i bytes in flight at min(ssthresh, max(FlightSize, SMSS) + SMSS) = %i', (inFlight, cwnd) => {
      const s = state({ cwnd: 8000, ssthresh: 8000 })
      newReno.onRecoveryEnd!(s, facts({ inFlight }))
      expect(s.cwnd).toBe(cwnd)
    },
  )
})

describe('any history', () => {
  const event = fc.record({
    what: fc.constantFrom('onAck' as const, 'onLoss' as const, 'onTimeout' as const, 'onIdle' as const, 'onRecoveryEnd' as const),
    newlyAcked: fc.integer({ min: 1, max: 2 ** 29 }), inFlight: fc.nat(2 ** 30), timeouts: fc.integer({ min: 1, max: 9 }),
    appLimited: fc.boolean(), inRecovery: fc.boolean(),
  })

  test('the window stays between one segment and the greatest TCP window, in whole bytes; no ACK adds over two segments', () => {
    fc.assert(fc.property(fc.array(event, { maxLength: 60 }), fc.integer({ min: 1, max: 65_495 }), (events, mss) => {
      const s = newReno.create(mss)
      for (const { what, ...some } of events) {
        const before = s.cwnd
        newReno[what]!(s, facts({ ...some, mss }))
        expect(Number.isInteger(s.cwnd)).toBe(true)
        expect(s.cwnd).toBeGreaterThanOrEqual(mss)
        expect(s.cwnd).toBeLessThanOrEqual(MAX_CONGESTION_WINDOW)
        expect(s.ssthresh).toBeGreaterThanOrEqual(2 * mss)
        expect(s.pacingRate).toBe(0)
        if (what === 'onAck') expect(s.cwnd - before).toBeLessThanOrEqual(2 * mss)
        if (what === 'onTimeout') expect(s.cwnd).toBe(mss)
      }
    }))
  })
})
