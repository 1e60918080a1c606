import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  createPacer, MAX_CONGESTION_WINDOW, type Pacer, pacerBudget, pacerDeadline, pacerSent, pacerShiftTime, sendQuantum, windowPacingRate,
} from '../src/index.ts'

const MSS = 1000
/** 2 MB/s: 2,000 bytes a millisecond. */
const RATE = 2_000_000

/** Sends all that may go; returns how much. */
function burst(pacer: Pacer, now: number, rate = RATE, mss = MSS): number {
  let sent = 0
  for (let budget; (budget = pacerBudget(pacer, rate, mss, now)) >= mss; sent += mss) {
    if (budget % mss !== 0) throw new Error(`a budget of ${budget} bytes cuts a segment of ${mss}`)
    pacerSent(pacer, rate, mss, now)
  }
  return sent
}

/** Sends for `ms` with a timer that comes `late(i)` ms after each deadline; returns the average rate in bytes/s. */
function average(ms: number, rate: number, late: (i: number) => number, mss = MSS): number {
  const pacer = createPacer()
  burst(pacer, 0, rate, mss)
  let sent = 0
  for (let i = 0; ; i++) {
    const now = pacerDeadline(pacer) + late(i)
    if (now > ms) return sent * 1000 / ms
    sent += burst(pacer, now, rate, mss)
  }
}

describe('pacing', () => {
  test('RFC 6928: the first burst is ten segments, and only the first', () => {
    const pacer = createPacer()
    expect(pacerBudget(pacer, RATE, MSS, 5000)).toBe(10 * MSS)
    expect(burst(pacer, 5000)).toBe(10 * MSS)
    expect(pacerBudget(pacer, RATE, MSS, 5000)).toBe(0)
    pacerBudget(pacer, RATE, MSS, 5001)
    expect(burst(pacer, 6000)).toBe(2 * MSS)
  })

  test('then a burst each millisecond, the deadline says when', () => {
    const pacer = createPacer()
    burst(pacer, 0)
    expect(pacerDeadline(pacer)).toBe(1)
    expect(burst(pacer, 1)).toBe(2000)
    expect(pacerDeadline(pacer)).toBe(2)
  })

  test('the budget is a multiple of the MSS, so that it cuts no segment short', () => {
    const pacer = createPacer()
    burst(pacer, 0)
    expect(pacerBudget(pacer, RATE, MSS, 0.9)).toBe(1000)
    expect(pacerBudget(pacer, RATE, MSS, 0.4)).toBe(1000)
  })

  test('send quantum: 1 ms of the rate, two segments at least, 64 KiB at most unless two segments are more', () => {
    expect(sendQuantum(12_500_000, 1460)).toBe(12_500)
    expect(sendQuantum(1000, 1460)).toBe(2920)
    expect(sendQuantum(1e9, 1460)).toBe(65_536)
    expect(sendQuantum(1e9, 60_000)).toBe(120_000)
  })

  test.each([[0], [1], [2], [4]])('a timer that is %i ms late does not lower the average rate', (late) => {
    for (const rate of [200_000, RATE, 12_500_000, 125_000_000]) {
      expect(Math.abs(average(2000, rate, () => late) / rate - 1)).toBeLessThan(0.02)
    }
  })

  test('for any lateness up to 4 ms the average is the rate, and never above', () => {
    fc.assert(fc.property(fc.array(fc.double({ min: 0, max: 4, noNaN: true }), { minLength: 1, maxLength: 50 }), (late) => {
      const rate = average(1000, RATE, (i) => late[i % late.length]!)
      expect(rate).toBeLessThanOrEqual(RATE * 1.000001)
      expect(rate).toBeGreaterThan(RATE * 0.985)
    }))
  })

  test('idle time is no credit: after it goes one burst', () => {
    const pacer = createPacer()
    burst(pacer, 0)
    pacerBudget(pacer, RATE, MSS, 1)
    expect(burst(pacer, 500)).toBe(2000)
  })

  test('who was held back and comes much too late gets a burst and what 4 ms bring', () => {
    const pacer = createPacer()
    burst(pacer, 0)
    expect(burst(pacer, 500)).toBe(2000 + 8000)
  })

  test('what goes without asking is paid for later', () => {
    const pacer = createPacer()
    burst(pacer, 0)
    pacerSent(pacer, RATE, 4000, 0)
    expect(pacerBudget(pacer, RATE, MSS, 2)).toBe(0)
    expect(pacerDeadline(pacer)).toBe(3)
  })

  test('a rate of 0 is no pacing', () => {
    const pacer = createPacer()
    expect(pacerBudget(pacer, 0, MSS, 0)).toBe(MAX_CONGESTION_WINDOW)
    pacerSent(pacer, 0, 1e6, 0)
    expect(pacerDeadline(pacer)).toBe(Infinity)
    expect(pacerBudget(pacer, RATE, MSS, 0)).toBe(10 * MSS)
  })

  test('a new rate holds from now on', () => {
    const pacer = createPacer()
    burst(pacer, 0)
    expect(burst(pacer, 1, 2 * RATE)).toBe(4000)
    pacerBudget(pacer, RATE / 2, MSS, 1)
    expect(pacerDeadline(pacer)).toBe(3)
  })

  test('another clock changes nothing when the times are shifted, and a clock that goes back gives nothing', () => {
    const pacer = createPacer()
    pacerShiftTime(pacer, 100)
    burst(pacer, 0)
    pacerShiftTime(pacer, -5000)
    expect(pacerDeadline(pacer)).toBe(-4999)
    expect(burst(pacer, -4999)).toBe(2000)
    expect(burst(pacer, -6000)).toBe(0)
  })

  test('a window paced as Linux does: twice a window per round trip in slow start, 1.2 times after it, not at all before a sample', () => {
    expect(windowPacingRate(100_000, 50, true)).toBe(4_000_000)
    expect(windowPacingRate(100_000, 50, false)).toBe(2_400_000)
    expect(windowPacingRate(100_000, 0, true)).toBe(0)
  })
})
