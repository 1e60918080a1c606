import { describe, expect, test } from 'vitest'
import { type CongestionControl, fixedWindow, MAX_CONGESTION_WINDOW, reno, type RenoState, sendAllowance, tahoe } from '../src/index.ts'
import { acked, facts, MSS, timedOut } from './_facts.ts'

const THRESHOLD = 65_536

/** One round trip without loss: every segment of the window is acknowledged by an ACK of its own. */
function round(control: CongestionControl<RenoState>, state: RenoState): number {
  for (let segments = Math.floor(state.cwnd / MSS); segments > 0; segments--) control.onAck(state, acked(MSS))
  return state.cwnd
}

describe.each([tahoe, reno])('the classic rules: $name', (control) => {
  test('the window starts at one segment, the threshold at 64 KiB', () => {
    expect(control.create(MSS)).toMatchObject({ cwnd: MSS, ssthresh: THRESHOLD, pacingRate: 0 })
  })

  test('a window that the caller chooses replaces the first one', () => {
    expect(control.create(MSS, 4000).cwnd).toBe(4000)
  })

  test('an MSS that is no size is refused', () => {
    for (const bad of [0, -1, NaN]) expect(() => control.create(bad)).toThrow(`got ${bad}`)
  })

  test('slow start doubles the window each round trip up to the threshold; then it grows by a segment', () => {
    const s = control.create(MSS)
    const windows = Array.from({ length: 9 }, () => round(control, s) / MSS)
    expect(windows).toEqual([2, 4, 8, 16, 32, 64, 66, 67, 68])
  })

  test('a timeout halves the threshold and drops the window to one segment', () => {
    const s = Object.assign(control.create(MSS), { cwnd: THRESHOLD })
    control.onTimeout(s, timedOut(THRESHOLD))
    expect(s).toMatchObject({ cwnd: MSS, ssthresh: THRESHOLD / 2 })
  })

  test('RFC 5681 §3.1: when the same data times out again, or was answered in recovery, ssthresh is held', () => {
    const s = Object.assign(control.create(MSS), { cwnd: THRESHOLD })
    control.onTimeout(s, timedOut(THRESHOLD))
    control.onTimeout(s, timedOut(1000, { timeouts: 2 }))
    expect(s).toMatchObject({ cwnd: MSS, ssthresh: THRESHOLD / 2 })
    control.onTimeout(s, timedOut(1000, { inRecovery: true }))
    expect(s).toMatchObject({ cwnd: MSS, ssthresh: THRESHOLD / 2 })
  })

  test('RFC 5681 §3.1 equation 4: the threshold is two segments at least', () => {
    const s = control.create(MSS)
    control.onTimeout(s, timedOut(1000))
    expect(s.ssthresh).toBe(2 * MSS)
  })

  test('RFC 3465 §2.3: with L = 1 an ACK of many segments adds one', () => {
    const s = control.create(MSS)
    control.onAck(s, acked(5 * MSS))
    expect(s.cwnd).toBe(2 * MSS)
  })

  test('RFC 5681 §4.1: after idling slow start begins again, up to the old threshold', () => {
    const s = Object.assign(control.create(MSS), { cwnd: 30_000, ssthresh: 20_000, bytesAcked: 7 })
    control.onIdle(s, facts({ idle: 300 }))
    expect(s).toMatchObject({ cwnd: MSS, ssthresh: 20_000, bytesAcked: 0 })
  })

  test('RFC 7661: a window that was not filled does not grow; nor does one in recovery', () => {
    const s = control.create(MSS)
    control.onAck(s, acked(MSS, { appLimited: true }))
    control.onAck(s, acked(MSS, { inRecovery: true }))
    expect(s.cwnd).toBe(MSS)
  })

  test('RFC 3168 §6.1.2: a mark halves the window and starts no slow start', () => {
    const s = Object.assign(control.create(MSS), { cwnd: 20_000 })
    control.onLoss(s, facts({ inFlight: 20_000, ece: true }))
    expect(s).toMatchObject({ cwnd: 10_000, ssthresh: 10_000 })
  })
})

describe('three duplicate ACKs', () => {
  test('Reno, RFC 5681 §3.2: half the flight becomes the threshold, and the window is set to it', () => {
    const s = Object.assign(reno.create(MSS), { cwnd: 20_000, bytesAcked: 9 })
    reno.onLoss(s, facts({ inFlight: 20_000 }))
    expect(s).toMatchObject({ cwnd: 10_000, ssthresh: 10_000, bytesAcked: 0 })
    expect(round(reno, s)).toBe(11_000)
  })

  test('Tahoe, Jacobson 1988: half the flight becomes the threshold, and the window is one segment', () => {
    const s = Object.assign(tahoe.create(MSS), { cwnd: 20_000, bytesAcked: 9 })
    tahoe.onLoss(s, facts({ inFlight: 20_000 }))
    expect(s).toMatchObject({ cwnd: MSS, ssthresh: 10_000, bytesAcked: 0 })
    const windows = Array.from({ length: 5 }, () => round(tahoe, s) / MSS)
    expect(windows).toEqual([2, 4, 8, 10, 11])
  })

  test('each names the recovery that it was published with', () => {
    expect([tahoe.recovery, reno.recovery]).toEqual(['tahoe', 'reno'])
  })
})

describe('the two windows', () => {
  test.each([[12_000, 20_000], [20_000, 12_000]])(
    'a receive window of %i bytes and a congestion window of %i bytes let min(12 kB, 20 kB) go', (receiver, cwnd) => {
      expect(sendAllowance(receiver, 0, cwnd, 0)).toBe(12_000)
      expect(sendAllowance(receiver, 5000, cwnd, 5000)).toBe(7000)
      expect(sendAllowance(receiver, 12_000, cwnd, 12_000)).toBe(0)
    },
  )
})

describe('fixed window', () => {
  test('nothing that happens changes it', () => {
    const control = fixedWindow(8)
    const s = control.create(MSS, MSS)
    control.onAck(s, acked(MSS))
    control.onLoss(s, facts({ inFlight: 8000 }))
    control.onTimeout(s, timedOut(8000))
    control.onIdle(s, facts({ idle: 60_000 }))
    expect(s).toEqual({ cwnd: 8000, ssthresh: MAX_CONGESTION_WINDOW, pacingRate: 0 })
    expect(control).toMatchObject({ name: 'fixed', recovery: 'own' })
  })

  test('it follows the MSS, and stops at the greatest TCP window', () => {
    const control = fixedWindow(8)
    const s = control.create(MSS)
    control.onAck(s, acked(500, { mss: 500 }))
    expect(s.cwnd).toBe(4000)
    expect(fixedWindow(2 ** 30).create(MSS).cwnd).toBe(MAX_CONGESTION_WINDOW)
  })

  test('a window that is no number of segments is refused, and so is an MSS that is no size', () => {
    for (const bad of [0, -1, 1.5, NaN, Infinity]) expect(() => fixedWindow(bad)).toThrow(`got ${bad}`)
    expect(() => fixedWindow(1).create(0)).toThrow('got 0')
  })
})
