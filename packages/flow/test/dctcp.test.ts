import { describe, expect, test } from 'vitest'
import { dctcp, type DctcpState, initialWindow, MAX_CONGESTION_WINDOW } from '../src/index.ts'
import { acked, facts, MSS, timedOut } from './_facts.ts'

const state = (some: Partial<DctcpState>): DctcpState => Object.assign(dctcp.create(MSS), some)

/** An observation window of `segments` segments from `begin`, of which the first `marked` echo a mark. */
function observe(s: DctcpState, begin: number, segments: number, marked: number): void {
  for (let i = 1; i <= segments; i++) {
    dctcp.onAck(s, acked(MSS, { ack: begin + i * MSS, sent: begin + 2 * segments * MSS, ece: i <= marked }))
  }
}
/** In congestion avoidance, the observation window being the ten segments from 0. */
const observing = (some: Partial<DctcpState> = {}): DctcpState => state({ cwnd: 10_000, ssthresh: 10_000, windowEnd: 10_000, ...some })

test('RFC 8257 §4.2: alpha is 1 at first, so the first mark halves the window', () => {
  const s = observing()
  expect(s.alpha).toBe(1)
  observe(s, 0, 10, 10)
  expect(s).toMatchObject({ alpha: 1, cwnd: 5000, ssthresh: 5000 })
})

test('every mark is asked for; the first window is of ten segments', () => {
  expect(dctcp.ecn).toBe('every-mark')
  expect(dctcp.create(1460)).toMatchObject({ cwnd: initialWindow(1460), ssthresh: MAX_CONGESTION_WINDOW })
  expect(dctcp.create(1460, 1460).cwnd).toBe(1460)
})

describe('alpha', () => {
  test.each([[0, 0], [1, 0.1], [5, 0.5], [10, 1]])(
    'RFC 8257 §3.3: with %i of ten segments marked, M = %d: alpha = alpha · (1 − g) + g · M, g = 1/16', (marked, part) => {
      const s = observing({ alpha: 0.5 })
      observe(s, 0, 10, marked)
      expect(s.alpha).toBe(0.5 * 15 / 16 + part / 16)
      expect(s).toMatchObject({ windowEnd: 20_000, observedBytes: 0, markedBytes: 0 })
    },
  )

  test('RFC 8257 §3.3: bytes are counted, not ACKs', () => {
    const s = observing({ alpha: 0.5 })
    dctcp.onAck(s, acked(8000, { ack: 8000, sent: 20_000, ece: true }))
    dctcp.onAck(s, acked(1000, { ack: 9000, sent: 20_000 }))
    dctcp.onAck(s, acked(1000, { ack: 10_000, sent: 20_000 }))
    expect(s.alpha).toBe(0.5 * 15 / 16 + 0.8 / 16)
  })

  test('without marks it fades, and the window grows as Reno’s', () => {
    const s = observing()
    for (let i = 0; i < 16; i++) observe(s, i * 10_000, 10, 0)
    expect(s.alpha).toBeCloseTo((15 / 16) ** 16, 12)
    expect(s.cwnd).toBe(20_000)
  })

  test('the window of the first ACK ends where the data sent by then does', () => {
    const s = state({})
    dctcp.onAck(s, acked(MSS, { ack: 1000, sent: 10_000, ece: true }))
    expect(s).toMatchObject({ alpha: 1, windowEnd: 10_000, markedBytes: 1000, observedBytes: 1000 })
  })
})

describe('the window', () => {
  test('RFC 8257 §3.3: cwnd · (1 − alpha/2), once for each observation window with marks', () => {
    const s = observing({ alpha: 0.25, cwnd: 100_000, ssthresh: 100_000 })
    observe(s, 0, 9, 1)
    expect(s.cwnd).toBe(100_000)
    dctcp.onAck(s, acked(MSS, { ack: 10_000, sent: 20_000 }))
    const alpha = 0.25 * 15 / 16 + 0.1 / 16
    expect(s).toMatchObject({ cwnd: Math.floor(100_000 * (1 - alpha / 2)), ssthresh: Math.floor(100_000 * (1 - alpha / 2)) })
  })

  test('two segments remain at least', () => {
    const s = observing({ cwnd: 3000, ssthresh: 3000 })
    observe(s, 0, 10, 10)
    expect(s).toMatchObject({ cwnd: 2000, ssthresh: 2000 })
  })

  test('RFC 3168 §6.1.2: an ACK that echoes a mark grows nothing', () => {
    const s = state({})
    dctcp.onAck(s, acked(MSS, { ack: 1000, sent: 10_000, ece: true }))
    expect(s.cwnd).toBe(10_000)
    dctcp.onAck(s, acked(MSS, { ack: 2000, sent: 11_000 }))
    expect(s.cwnd).toBe(11_000)
  })

  test('while a few segments of each window are marked, the window goes on growing in between', () => {
    const s = observing({ alpha: 0, cwnd: 10_000 })
    for (let i = 0; i < 2; i++) observe(s, i * 10_000, 10, 1)
    expect(s.cwnd).toBeGreaterThan(10_000)
  })

  test('RFC 8257 §3.4: a loss halves the flight, whatever alpha is; alpha stays', () => {
    const s = state({ cwnd: 100_000, alpha: 0.1, bytesAcked: 7 })
    dctcp.onLoss(s, facts({ inFlight: 80_000 }))
    expect(s).toMatchObject({ cwnd: 40_000, ssthresh: 40_000, alpha: 0.1, bytesAcked: 0 })
  })

  test('in recovery marks are learned from, and the window is not reduced again', () => {
    const s = observing({ alpha: 0.5 })
    dctcp.onAck(s, acked(10_000, { ack: 10_000, sent: 20_000, ece: true, inRecovery: true }))
    dctcp.onAck(s, acked(10_000, { ack: 15_000, sent: 20_000, inRecovery: true }))
    expect(s).toMatchObject({ alpha: 0.5 * 15 / 16 + 1 / 16, cwnd: 10_000 })
  })

  test('a timeout and idle time are answered as by NewReno', () => {
    const s = state({ cwnd: 100_000, bytesAcked: 7 })
    dctcp.onTimeout(s, timedOut(100_000))
    expect(s).toMatchObject({ cwnd: MSS, ssthresh: 50_000, bytesAcked: 0 })
    const idle = state({ cwnd: 64_000, bytesAcked: 7, ssthresh: 1000 })
    dctcp.onIdle(idle, facts({ idle: 1500 }))
    expect(idle).toMatchObject({ cwnd: 16_000, ssthresh: 48_000, bytesAcked: 0 })
  })

  test('RFC 7661: a window that was not filled does not grow', () => {
    const s = state({})
    dctcp.onAck(s, acked(MSS, { ack: 1000, sent: 10_000, appLimited: true }))
    expect(s.cwnd).toBe(10_000)
  })
})
