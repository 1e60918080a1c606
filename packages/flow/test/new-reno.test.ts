import { describe, expect, test } from 'vitest'
import { initialWindow, MAX_CONGESTION_WINDOW, newReno, type NewRenoState } from '../src/index.ts'
import { acked, facts, MSS } from './_facts.ts'

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

  test('RFC 3465 §2.3: after a timeout one ACK adds one segment at most', () => {
    const s = state({ cwnd: 10_000 })
    newReno.onTimeout(s, facts({ inFlight: 10_000, timeouts: 1 }))
    const seen = [s.cwnd]
    for (let i = 0; i < 4; i++) {
      newReno.onAck(s, acked(2 * MSS))
      seen.push(s.cwnd)
    }
    expect(seen).toEqual([1000, 2000, 3000, 4000, 5000])
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
    for (const reduce of ['onLoss', 'onTimeout', 'onIdle'] as const) {
      const s = state({ cwnd: 10_000, ssthresh: 10_000 })
      newReno.onAck(s, acked(9 * MSS))
      newReno[reduce](s, facts({ inFlight: 10_000, timeouts: 1 }))
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
    newReno.onLoss(s, facts({ inFlight: 8000 }))
    expect(s).toMatchObject({ cwnd: 4000, ssthresh: 4000 })
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

  test('RFC 8511 §3: in congestion avoidance a mark leaves 0.8 of the flight', () => {
    const s = state({ cwnd: 20_000, ssthresh: 10_000, bytesAcked: 9 })
    newReno.onLoss(s, facts({ inFlight: 20_000, ece: true }))
    expect(s).toMatchObject({ cwnd: 16_000, ssthresh: 16_000, bytesAcked: 0 })
  })

  test('RFC 3168 §6.1.2: in slow start a mark halves it, as a loss does', () => {
    const s = state({ cwnd: 20_000 })
    newReno.onLoss(s, facts({ inFlight: 20_000, ece: true }))
    expect(s).toMatchObject({ cwnd: 10_000, ssthresh: 10_000 })
  })
})

test.each([[0, 2000], [1000, 2000], [3000, 4000], [8000, 8000], [20_000, 8000]])(
  'RFC 6582 §3.2 step 3: recovery ends with %i bytes in flight at min(ssthresh, max(FlightSize, SMSS) + SMSS) = %i', (inFlight, cwnd) => {
    const s = state({ cwnd: 8000, ssthresh: 8000, bytesAcked: 9 })
    newReno.onRecoveryEnd!(s, facts({ inFlight }))
    expect(s).toMatchObject({ cwnd, ssthresh: 8000, bytesAcked: 0 })
  },
)

describe('idle time', () => {
  test.each([[1, 32_000], [1000, 32_000], [1001, 16_000], [2500, 10_000], [Infinity, 10_000]])(
    'RFC 2861 §3.1: after %d ms a window of 64,000 is halved for each RTO begun, down to the initial window: %i', (idle, cwnd) => {
      const s = state({ cwnd: 64_000, ssthresh: 40_000, bytesAcked: 9 })
      newReno.onIdle(s, facts({ idle, srtt: 100 }))
      expect(s).toMatchObject({ cwnd, ssthresh: 48_000, bytesAcked: 0 })
    },
  )

  test('RFC 2861 §3.1: an RTO is two round trips when these are longer than a second', () => {
    const s = state({ cwnd: 64_000, ssthresh: 50_000 })
    newReno.onIdle(s, facts({ idle: 1500, srtt: 1000 }))
    expect(s).toMatchObject({ cwnd: 32_000, ssthresh: 50_000 })
  })

  test('RFC 5681 §4.1: the restart window is min(IW, cwnd): a small window stays as it is', () => {
    const s = state({ cwnd: 4000, ssthresh: 4000 })
    newReno.onIdle(s, facts({ idle: 5000 }))
    expect(s).toMatchObject({ cwnd: 4000, ssthresh: 4000 })
  })

  test('a threshold that was never set stays so', () => {
    const s = state({ cwnd: 64_000 })
    newReno.onIdle(s, facts({ idle: 5000 }))
    expect(s.ssthresh).toBe(MAX_CONGESTION_WINDOW)
  })
})
