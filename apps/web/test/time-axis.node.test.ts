import { describe, expect, test } from 'vitest'
import { fittedAxis, TimeAxis } from '../src/ladder/time-axis.ts'

const silences = [{ from: 10, to: 12 }, { from: 100, to: 1100 }, { from: 1200, to: 61_200 }]

describe('the time axis', () => {
  test('runs evenly, and a long silence takes only the length of a break', () => {
    const axis = new TimeAxis(silences, 2, 40)
    expect(axis.toY(50)).toBe(100)
    expect(axis.breaks.map(({ silence }) => silence.from)).toEqual([100, 1200])
    expect(axis.toY(100)).toBe(200)
    expect(axis.toY(1100)).toBe(240)
    expect(axis.toY(1200)).toBe(440)
    expect(axis.toY(61_200)).toBe(480)
    expect(axis.toY(61_210)).toBe(500)
  })

  test('goes back from places to times, and never runs backwards', () => {
    const axis = new TimeAxis(silences, 0.7, 30)
    let last = -1
    for (let time = 0; time < 62_000; time += 13.7) {
      const y = axis.toY(time)
      expect(y).toBeGreaterThan(last)
      expect(axis.toTime(y)).toBeCloseTo(time, 6)
      last = y
    }
  })

  test('a silence shorter than a break on the screen is no break', () => {
    expect(new TimeAxis(silences, 0.01, 40).breaks.map(({ silence }) => silence.from)).toEqual([1200])
    expect(new TimeAxis(silences, 0.0001, 40).breaks).toEqual([])
  })

  test('can be fitted to a length', () => {
    for (const length of [200, 1000, 5000]) expect(fittedAxis(silences, 61_300, length, 14).toY(61_300)).toBeCloseTo(length, 3)
    expect(fittedAxis([], 100, 300, 14).scale).toBeCloseTo(3, 6)
  })
})
