import { describe, expect, test } from 'vitest'
import { initialWindow, MAX_CONGESTION_WINDOW, vegas, type VegasState } from '../src/index.ts'
import { acked, facts, MSS, timedOut } from './_facts.ts'
import { ackRound, type Flow } from './_model.ts'

/** Vegas for so many round trips on a path that holds `pipe` segments and delays by 50 ms, where others queue so many segments. */
function run(s: VegasState, flow: Flow, rounds: number, pipe: number, others = 0): number[] {
  return Array.from({ length: rounds }, () => ackRound(vegas, s, flow, 50 * Math.max(s.cwnd / MSS + others, pipe) / pipe))
}
const start = (): Flow => ({ now: 0, ack: 0, sent: 0 })

/** In linear mode with so many segments, in the middle of a round that ends at offset 0. */
const linear = (segments: number, some: Partial<VegasState> = {}): VegasState =>
  Object.assign(vegas.create(MSS), { cwnd: segments * MSS, ssthresh: 2 * MSS, baseRtt: 100, windowEnd: 0, ...some })

describe('once per round trip', () => {
  // Diff = cwnd · (1 − BaseRTT / RTT): 20 segments and a BaseRTT of 100 ms.
  test.each([
    [100, 0, 21], [111, 1.98, 21], [111.2, 2.01, 20], [120, 3.33, 20], [124.9, 3.99, 20], [125.1, 4.01, 19], [200, 10, 19],
  ])('Brakmo and Peterson 1995 §3.2: RTT %d ms, so %d segments queued: 20 segments become %i', (rtt, _, segments) => {
    const s = linear(20)
    vegas.onAck(s, acked(MSS, { ack: 0, sent: 20_000, rtt }))
    expect(s).toMatchObject({ cwnd: segments * MSS, windowEnd: 20_000, rttSum: 0, rttCount: 0 })
    vegas.onAck(s, acked(MSS, { ack: 19_999, sent: 21_000, rtt }))
    expect(s.cwnd).toBe(segments * MSS)
  })

  test('the mean RTT of the round decides', () => {
    const s = linear(20, { windowEnd: 3000 })
    for (const [index, rtt] of [100, 105, 125].entries()) {
      vegas.onAck(s, acked(MSS, { ack: (index + 1) * MSS, sent: 20_000, rtt }))
    }
    // A mean of 110 ms: 1.8 segments queue.
    expect(s.cwnd).toBe(21_000)
  })

  test('a round without a sample decides nothing', () => {
    const s = linear(20)
    vegas.onAck(s, acked(MSS, { ack: 0, sent: 20_000, rtt: -1 }))
    expect(s).toMatchObject({ cwnd: 20_000, windowEnd: 20_000 })
  })

  test('BaseRTT is the least RTT ever seen, and a path without delay has no queue', () => {
    const s = linear(20)
    vegas.onAck(s, acked(MSS, { ack: -1, sent: 20_000, rtt: 60 }))
    expect(s.baseRtt).toBe(60)
    const none = linear(20)
    vegas.onAck(none, acked(MSS, { ack: 0, sent: 20_000, rtt: 0 }))
    expect(none.cwnd).toBe(21_000)
  })

  test('RFC 7661: a window that was not filled does not grow, though it may shrink', () => {
    const s = linear(20)
    vegas.onAck(s, acked(MSS, { ack: 0, sent: 20_000, rtt: 100, appLimited: true }))
    expect(s.cwnd).toBe(20_000)
    vegas.onAck(s, acked(MSS, { ack: 20_000, sent: 40_000, rtt: 200, appLimited: true }))
    expect(s.cwnd).toBe(19_000)
  })

  test('four segments cannot queue more than four: it shrinks no further, and never into slow start', () => {
    const s = linear(6, { ssthresh: 6000 })
    for (let i = 0; i < 9; i++) vegas.onAck(s, acked(MSS, { ack: i * 9000, sent: (i + 1) * 9000, rtt: 1e9 }))
    expect(s).toMatchObject({ cwnd: 4000, ssthresh: 4000 })
  })
})

describe('slow start', () => {
  test('Brakmo and Peterson 1995 §3.3: it doubles in every other round trip', () => {
    const s = vegas.create(MSS)
    const windows = run(s, start(), 7, 1000)
    expect(windows[6]! / windows[4]!).toBeCloseTo(2, 1)
    expect(windows[4]! / windows[2]!).toBeCloseTo(2, 1)
  })

  test('Brakmo and Peterson 1995 §3.3: it ends when more than one segment queues, with what the path holds and one more', () => {
    const s = linear(40, { ssthresh: MAX_CONGESTION_WINDOW, growing: false })
    vegas.onAck(s, acked(MSS, { ack: 0, sent: 20_000, rtt: 125 }))
    expect(s).toMatchObject({ cwnd: 33_000, ssthresh: 33_000 })
    const growing = linear(40, { ssthresh: MAX_CONGESTION_WINDOW, growing: true })
    vegas.onAck(growing, acked(MSS, { ack: 0, sent: 20_000, rtt: 125 }))
    expect(growing).toMatchObject({ cwnd: 41_000, ssthresh: MAX_CONGESTION_WINDOW, growing: false })
    const empty = linear(40, { ssthresh: MAX_CONGESTION_WINDOW, growing: false })
    vegas.onAck(empty, acked(MSS, { ack: 0, sent: 20_000, rtt: 102 }))
    expect(empty).toMatchObject({ cwnd: 40_000, ssthresh: MAX_CONGESTION_WINDOW, growing: true })
    const far = linear(40, { ssthresh: MAX_CONGESTION_WINDOW, growing: false })
    vegas.onAck(far, acked(MSS, { ack: 0, sent: 20_000, rtt: 1e9 }))
    expect(far).toMatchObject({ cwnd: 2000, ssthresh: 2000 })
  })

  test('RFC 7661: a window that was not filled does not grow, and a round without a sample is no turn', () => {
    const s = linear(40, { ssthresh: MAX_CONGESTION_WINDOW, windowEnd: 9000 })
    vegas.onAck(s, acked(MSS, { ack: 1000, sent: 20_000, appLimited: true }))
    expect(s.cwnd).toBe(40_000)
    vegas.onAck(s, acked(MSS, { ack: 9000, sent: 20_000, rtt: -1 }))
    expect(s).toMatchObject({ cwnd: 41_000, growing: true })
  })

  test('a path that holds 33 segments is filled, with 2 to 4 in the queue', () => {
    const windows = run(vegas.create(MSS), start(), 60, 33)
    for (const window of windows.slice(20)) {
      expect(window).toBeGreaterThanOrEqual(35)
      expect(window).toBeLessThanOrEqual(37)
    }
  })

  test('when others fill the queue, it gives way', () => {
    const s = vegas.create(MSS)
    const flow = start()
    run(s, flow, 30, 33)
    const before = s.cwnd
    run(s, flow, 10, 33, 30)
    expect(s.cwnd).toBeLessThanOrEqual(before - 8 * MSS)
  })
})

describe('losses', () => {
  test('RFC 5681 §3.1: a loss halves the flight, a timeout leaves one segment', () => {
    const s = vegas.create(MSS)
    expect(s).toMatchObject({ cwnd: initialWindow(MSS), ssthresh: MAX_CONGESTION_WINDOW })
    Object.assign(s, { rttSum: 500, rttCount: 5, growing: false })
    vegas.onLoss(s, facts({ inFlight: 40_000, sent: 50_000 }))
    expect(s).toMatchObject({ cwnd: 20_000, ssthresh: 20_000, windowEnd: 50_000, rttCount: 0, rttSum: 0 })
    Object.assign(s, { rttSum: 500, rttCount: 5, growing: false })
    vegas.onTimeout(s, timedOut(20_000, { sent: 60_000 }))
    expect(s).toMatchObject({ cwnd: 1000, ssthresh: 10_000, growing: true, windowEnd: 60_000, rttCount: 0, rttSum: 0 })
    expect(vegas.create(MSS, 2000).cwnd).toBe(2000)
  })

  test('in recovery nothing is decided; the round begins anew after it', () => {
    const s = linear(20)
    vegas.onAck(s, acked(MSS, { ack: 0, sent: 20_000, rtt: 500, inRecovery: true }))
    expect(s).toMatchObject({ cwnd: 20_000, windowEnd: 20_000, rttSum: 0, rttCount: 0 })
  })

  test('RFC 2861 §3.1: idle time halves the window for each RTO', () => {
    const s = linear(64)
    vegas.onIdle(s, facts({ idle: 1500, sent: 90_000 }))
    expect(s).toMatchObject({ cwnd: 16_000, ssthresh: 48_000, windowEnd: 90_000 })
  })
})
