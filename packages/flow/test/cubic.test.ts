import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cubeRoot } from '../src/congestion/_cube-root.ts'
import { cubic, type CubicState, initialWindow, MAX_CONGESTION_WINDOW } from '../src/index.ts'
import { acked, facts, MSS, timedOut } from './_facts.ts'

const ALPHA = 3 * (1 - 0.7) / (1 + 0.7)
const state = (some: Partial<CubicState>): CubicState => Object.assign(cubic.create(MSS), some)

/** Right after a loss at `segments` segments, with nothing known before. */
function afterLoss(segments: number): CubicState {
  const s = state({ cwnd: segments * MSS })
  cubic.onLoss(s, facts({ inFlight: s.cwnd }))
  return s
}

/** One round trip that begins at `now`: a window of ACKs, evenly spread. */
function round(s: CubicState, now: number, rtt: number): void {
  const segments = Math.floor(s.cwnd / MSS)
  const told = acked(MSS, { srtt: rtt })
  for (let i = 0; i < segments; i++) {
    told.now = now + i * rtt / segments
    cubic.onAck(s, told)
  }
}

describe('cube root', () => {
  test('is exact to 1e-12 over the whole range', () => {
    fc.assert(fc.property(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), (x) => {
      expect(Math.abs(cubeRoot(x) / Math.cbrt(x) - 1)).toBeLessThan(1e-12)
    }))
    for (let exponent = -300; exponent <= 300; exponent++) {
      const x = Number(`1e${exponent}`)
      expect(Math.abs(cubeRoot(x) / Math.cbrt(x) - 1)).toBeLessThan(1e-12)
    }
  })

  test('of cubes, of what has none, and of infinity', () => {
    for (const root of [1, 2, 3, 10, 1000, 0.5]) expect(cubeRoot(root * root * root)).toBeCloseTo(root, 12)
    expect([cubeRoot(0), cubeRoot(-8), cubeRoot(NaN), cubeRoot(Infinity)]).toEqual([0, 0, 0, Infinity])
  })
})

describe('the curve', () => {
  test.each([[100, 100], [1000, 100], [1000, 20], [5000, 300]])(
    'RFC 9438 §4.2: from a loss at %i segments, RTT %i ms, the window follows C(t−K)³ + W_max', (wMax, rtt) => {
      const s = afterLoss(wMax)
      const k = Math.cbrt(wMax * (1 - 0.7) / 0.4)
      for (let now = 1000; now < 1000 + 1800 * k; now += rtt) {
        round(s, now, rtt)
        // The ACKs of this round lead to where the curve is one round trip after them.
        const t = (now + rtt - 1000) / 1000
        const curve = 0.4 * (t + (t < k ? rtt / 2000 : 0) - k) ** 3 + wMax
        if (s.epoch.wEst < s.cwnd && t > 3 * rtt / 1000) expect(Math.abs(s.cwnd / MSS / curve - 1)).toBeLessThan(0.03)
      }
      expect(s.epoch.k).toBeCloseTo(k, 9)
      expect(s.cwnd / MSS).toBeGreaterThan(wMax)
    },
  )

  test('RFC 9438 §4.2, figure 2: K = ∛((W_max − cwnd_epoch) / C)', () => {
    const s = afterLoss(100)
    cubic.onAck(s, acked(MSS, { now: 5 }))
    expect(s.epoch).toMatchObject({ start: 5, wMax: 100_000 })
    expect(s.epoch.k).toBeCloseTo(Math.cbrt((100 - 70) / 0.4), 12)
  })

  test('RFC 9438 §4.4: an ACK of a segment adds (target − cwnd) / cwnd, target being the curve one RTT ahead', () => {
    const s = afterLoss(100)
    cubic.onAck(s, acked(MSS, { now: 0, srtt: 200 }))
    s.cwnd = 70_000
    cubic.onAck(s, acked(MSS, { now: 500, srtt: 200 }))
    const target = 0.4 * (0.7 - Math.cbrt(75)) ** 3 + 100
    expect(s.cwnd).toBe(70_000 + Math.floor((target - 70) / 70 * MSS))
  })

  test('RFC 9438 §4.2: the target is 1.5 windows at most: half a window a round trip', () => {
    const s = afterLoss(100)
    cubic.onAck(s, acked(MSS, { now: 0, srtt: 100 }))
    const before = s.cwnd
    cubic.onAck(s, acked(MSS, { now: 60_000, srtt: 100 }))
    expect(s.cwnd - before).toBe(MSS / 2)
    cubic.onAck(s, acked(before * 9, { now: 60_000, srtt: 100 }))
    expect(s.cwnd).toBeLessThanOrEqual(1.5 * (before + MSS))
  })

  test('RFC 9438 §4.2: the target is no less than the window: nothing shrinks without congestion', () => {
    const s = afterLoss(1000)
    cubic.onAck(s, acked(MSS, { now: 0, srtt: 1 }))
    s.cwnd = 900_000
    cubic.onAck(s, acked(MSS, { now: 1, srtt: 1 }))
    expect(s.cwnd).toBe(900_000)
  })

  test('an ACK split into a thousand gains nothing', () => {
    const whole = afterLoss(100)
    const split = afterLoss(100)
    for (let i = 0; i < 50; i++) {
      cubic.onAck(whole, acked(MSS, { now: 20 * i, srtt: 100 }))
      for (let j = 0; j < 1000; j++) cubic.onAck(split, acked(1, { now: 20 * i, srtt: 100 }))
    }
    expect(whole.cwnd).toBeGreaterThan(75_000)
    expect(split.cwnd).toBeLessThanOrEqual(whole.cwnd)
  })
})

describe('the Reno-friendly region', () => {
  test('RFC 9438 §4.3: W_est grows by α = 3(1 − β)/(1 + β) segments a window, and the window is at least that', () => {
    const s = afterLoss(20)
    let est = 14
    for (let now = 0; now < 100; now += 10) {
      const segments = Math.floor(s.cwnd / MSS)
      for (let i = 0; i < segments; i++) {
        est += ALPHA / (s.cwnd / MSS)
        cubic.onAck(s, acked(MSS, { now, srtt: 10 }))
      }
      expect(s.epoch.wEst / MSS).toBeCloseTo(est, 6)
      if (now >= 20) expect(s.cwnd).toBe(Math.floor(s.epoch.wEst))
    }
  })

  test('a window that is ahead of W_est is not taken back to it', () => {
    const s = afterLoss(20)
    cubic.onAck(s, acked(MSS, { now: 0, srtt: 10 }))
    s.cwnd = 30_000
    cubic.onAck(s, acked(MSS, { now: 0, srtt: 10 }))
    expect(s.cwnd).toBe(30_000)
  })

  test('RFC 9438 §4.3: once W_est has reached cwnd_prior, it grows as Reno does', () => {
    const s = afterLoss(20)
    cubic.onAck(s, acked(MSS, { now: 0, srtt: 10 }))
    s.epoch.wEst = 20_000
    s.cwnd = 20_000
    cubic.onAck(s, acked(MSS, { now: 0, srtt: 10 }))
    expect(s.epoch.wEst).toBe(20_050)
  })
})

describe('reductions', () => {
  test('RFC 9438 §4.6: a loss leaves 0.7 of the flight', () => {
    const s = state({ cwnd: 100_000 })
    cubic.onLoss(s, facts({ inFlight: 90_000 }))
    expect(s).toMatchObject({ cwnd: 63_000, ssthresh: 63_000 })
    expect(s.epoch).toMatchObject({ wMax: 100_000, cwndPrior: 100_000, start: Infinity })
  })

  test('RFC 9438 §4.2: the next stage begins with the first ACK after recovery', () => {
    const s = afterLoss(100)
    cubic.onAck(s, acked(MSS, { now: 1000, srtt: 100 }))
    s.cwnd = 90_000
    cubic.onLoss(s, facts({ inFlight: 90_000 }))
    cubic.onAck(s, acked(MSS, { now: 1050, srtt: 100, inRecovery: true }))
    expect(s.cwnd).toBe(63_000)
    expect(s.epoch.start).toBe(Infinity)
    cubic.onAck(s, acked(MSS, { now: 1150, srtt: 100 }))
    expect(s.epoch.start).toBe(1150)
  })

  test('RFC 9438 §4.6: two segments at least; after a mark the window, not the threshold, may be one', () => {
    const lost = state({ cwnd: 2000 })
    cubic.onLoss(lost, facts({ inFlight: 1000 }))
    expect(lost).toMatchObject({ cwnd: 2000, ssthresh: 2000 })
    const marked = state({ cwnd: 2000 })
    cubic.onLoss(marked, facts({ inFlight: 1000, ece: true }))
    expect(marked).toMatchObject({ cwnd: 1000, ssthresh: 2000 })
  })

  test('RFC 8511 §3.1: in congestion avoidance a mark leaves 0.85 of the flight, in slow start 0.7', () => {
    const avoidance = state({ cwnd: 100_000, ssthresh: 80_000 })
    cubic.onLoss(avoidance, facts({ inFlight: 100_000, ece: true }))
    expect(avoidance).toMatchObject({ cwnd: 85_000, ssthresh: 85_000 })
    const slowStart = state({ cwnd: 100_000 })
    cubic.onLoss(slowStart, facts({ inFlight: 100_000, ece: true }))
    expect(slowStart).toMatchObject({ cwnd: 70_000, ssthresh: 70_000 })
  })

  test('RFC 9438 §4.7: fast convergence: a loss below the last W_max makes room', () => {
    const s = afterLoss(100)
    s.cwnd = 80_000
    cubic.onLoss(s, facts({ inFlight: 80_000 }))
    expect(s.epoch.wMax).toBeCloseTo(80_000 * 0.85, 6)
    s.cwnd = 90_000
    cubic.onLoss(s, facts({ inFlight: 90_000 }))
    expect(s.epoch.wMax).toBe(90_000)
  })

  test('RFC 9438 §4.7: less than a segment below the last W_max is no sign of another flow', () => {
    const s = afterLoss(100)
    s.cwnd = 100_000 - MSS + 1
    cubic.onLoss(s, facts({ inFlight: s.cwnd }))
    expect(s.epoch.wMax).toBe(100_000 - MSS + 1)
    s.cwnd = s.epoch.wMax - MSS
    cubic.onLoss(s, facts({ inFlight: s.cwnd }))
    expect(s.epoch.wMax).toBeCloseTo((100_000 - 2 * MSS + 1) * 0.85, 6)
  })

  test('RFC 9438 §4.8: a timeout leaves one segment, and 0.7 of the flight as threshold; held when repeated', () => {
    const s = state({ cwnd: 100_000 })
    cubic.onTimeout(s, timedOut(100_000))
    expect(s).toMatchObject({ cwnd: MSS, ssthresh: 70_000 })
    expect(s.epoch.cwndPrior).toBe(100_000)
    cubic.onTimeout(s, timedOut(1000, { timeouts: 2 }))
    expect(s).toMatchObject({ cwnd: MSS, ssthresh: 70_000 })
    cubic.onTimeout(s, timedOut(1000, { inRecovery: true }))
    expect(s).toMatchObject({ cwnd: MSS, ssthresh: 70_000 })
    expect(s.epoch.cwndPrior).toBe(100_000)
  })

  test('RFC 9438 §4.8: the stage after a timeout begins at its plateau: K = 0, W_max and W_est = cwnd', () => {
    const s = afterLoss(100)
    cubic.onAck(s, acked(MSS, { now: 0, srtt: 100 }))
    cubic.onTimeout(s, timedOut(70_000))
    s.cwnd = s.ssthresh
    cubic.onAck(s, acked(MSS, { now: 3000, srtt: 0 }))
    expect(s.epoch).toMatchObject({ start: 3000, k: 0, wMax: 49_000 })
    expect(s.epoch.wEst).toBeCloseTo(49_000 + ALPHA * MSS / 49, 6)
  })

  test('RFC 9438 §4.10: so does the stage after a slow start that HyStart++ ended, and Reno’s pace is kept', () => {
    const s = state({ cwnd: 50_000, ssthresh: 50_000 })
    cubic.onAck(s, acked(MSS, { now: 3000, srtt: 0 }))
    expect(s.epoch).toMatchObject({ start: 3000, k: 0, wMax: 50_000 })
    expect(s.epoch.wEst).toBe(50_000 + MSS / 50)
  })

  test('RFC 9438 §4.10: until the threshold it is slow start', () => {
    const s = cubic.create(1460)
    expect(s).toMatchObject({ cwnd: initialWindow(1460), ssthresh: MAX_CONGESTION_WINDOW, pacingRate: 0 })
    cubic.onAck(s, acked(1460, { mss: 1460 }))
    expect(s.cwnd).toBe(initialWindow(1460) + 1460)
    expect(cubic.create(1460, 1460).cwnd).toBe(1460)
  })
})

describe('false alarms (RFC 9438 §4.9)', () => {
  /** In the middle of a stage, with all of its numbers in use. */
  const underWay = (): CubicState => {
    const s = afterLoss(100)
    for (let now = 0; now < 2000; now += 100) round(s, now, 100)
    return s
  }

  test.each(['onLoss', 'onTimeout'] as const)('%s undone: W_max, K, the epoch, W_est and cwnd_prior are as before', (reduce) => {
    const s = underWay()
    const before = structuredClone(s)
    cubic[reduce](s, facts({ inFlight: s.cwnd, timeouts: reduce === 'onTimeout' ? 1 : 0, now: 2000 }))
    if (reduce === 'onTimeout') cubic.onTimeout(s, timedOut(1000, { timeouts: 2 }))
    expect(s.epoch).not.toEqual(before.epoch)
    s.cwnd = before.cwnd
    s.ssthresh = before.ssthresh
    cubic.onUndo!(s, facts({ now: 2100 }))
    expect(s.epoch).toEqual(before.epoch)
    const twin = structuredClone(before)
    for (const each of [s, twin]) cubic.onAck(each, acked(MSS, { now: 2100, srtt: 100 }))
    expect(s.cwnd).toBe(twin.cwnd)
  })

  test('a timeout in recovery undone leaves what the loss had decided', () => {
    const s = underWay()
    cubic.onLoss(s, facts({ inFlight: s.cwnd }))
    const lost = structuredClone(s.epoch)
    cubic.onTimeout(s, timedOut(1000, { inRecovery: true }))
    cubic.onUndo!(s, facts({}))
    expect(s.epoch).toEqual(lost)
  })
})

describe('time that does not count (RFC 9438 §5.8)', () => {
  test('an application-limited period moves the epoch on and grows nothing', () => {
    const s = afterLoss(100)
    cubic.onAck(s, acked(MSS, { now: 1000, srtt: 100 }))
    cubic.onAck(s, acked(MSS, { now: 1100, srtt: 100 }))
    const { cwnd } = s
    for (let now = 1200; now <= 9000; now += 100) cubic.onAck(s, acked(MSS, { now, srtt: 100, appLimited: true }))
    expect(s.cwnd).toBe(cwnd)
    expect(s.epoch.start).toBe(1000 + 7900)
    const twin = afterLoss(100)
    for (const now of [1000, 1100, 1200]) cubic.onAck(twin, acked(MSS, { now, srtt: 100 }))
    cubic.onAck(s, acked(MSS, { now: 9100, srtt: 100 }))
    expect(s.cwnd).toBe(twin.cwnd)
  })

  test('idle time moves the epoch on; a window that decays leads to a new stage after slow start', () => {
    const s = state({ cwnd: 14_000 })
    cubic.onLoss(s, facts({ inFlight: 14_000 }))
    cubic.onAck(s, acked(MSS, { now: 1000, srtt: 100 }))
    cubic.onIdle(s, facts({ now: 6000, idle: 4950 }))
    expect(s.epoch.start).toBe(6000)
    expect(s.cwnd).toBeGreaterThanOrEqual(9800)
    const large = afterLoss(100)
    cubic.onAck(large, acked(MSS, { now: 1000, srtt: 100 }))
    cubic.onIdle(large, facts({ now: 9000, idle: 7950, srtt: 100 }))
    expect(large).toMatchObject({ cwnd: 10_000, ssthresh: 70_000 })
    cubic.onAck(large, acked(MSS, { now: 9100, srtt: 100 }))
    expect(large.epoch.start).toBe(Infinity)
    expect(large.cwnd).toBe(11_000)
  })

  test('idle and application-limited time before any stage is of no consequence', () => {
    const s = cubic.create(MSS)
    const before = structuredClone(s)
    cubic.onAck(s, acked(MSS, { now: 5, appLimited: true }))
    cubic.onIdle(s, facts({ now: 900, idle: 300 }))
    expect(s).toEqual(before)
  })

  test('by another clock the same connection goes on as before', () => {
    const s = afterLoss(100)
    for (let now = 0; now < 2000; now += 100) round(s, now, 100)
    cubic.onTimeout(s, timedOut(1000))
    const moved = structuredClone(s)
    cubic.shiftTime!(moved, -10_000)
    const running = afterLoss(100)
    cubic.onAck(running, acked(MSS, { now: 0, srtt: 100 }))
    cubic.shiftTime!(running, -10_000)
    cubic.onAck(running, acked(MSS, { now: -9000, srtt: 100, appLimited: true }))
    expect(running.epoch.start).toBe(-9000)
    for (const [each, at] of [[s, 2000], [moved, -8000]] as const) {
      each.cwnd = each.ssthresh = 60_000
      cubic.onUndo!(each, facts({}))
      for (let now = at; now < at + 1000; now += 100) round(each, now, 100)
      cubic.onAck(each, acked(MSS, { now: at + 5000, srtt: 100, appLimited: true }))
    }
    expect(moved.cwnd).toBe(s.cwnd)
    expect(moved.epoch).toEqual({ ...s.epoch, start: s.epoch.start - 10_000 })
  })
})

test('the window stops at the greatest TCP window', () => {
  for (const ssthresh of [MAX_CONGESTION_WINDOW, 10_000]) {
    const s = state({ cwnd: MAX_CONGESTION_WINDOW - 1, ssthresh })
    cubic.onAck(s, acked(MSS, { now: 0 }))
    for (let now = 0; now < 1e6; now += 1e4) cubic.onAck(s, acked(2 ** 29, { now }))
    expect(s.cwnd).toBe(MAX_CONGESTION_WINDOW)
    expect(s.epoch.wEst).toBeLessThanOrEqual(MAX_CONGESTION_WINDOW)
  }
})
