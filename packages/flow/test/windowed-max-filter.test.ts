import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createWindowedMaxFilter, windowedMax } from '../src/index.ts'

describe('windowed maximum', () => {
  test('a window of 2 holds this time and the one before', () => {
    const filter = createWindowedMaxFilter()
    expect(windowedMax(filter, 50, 0, 2)).toBe(50)
    expect(windowedMax(filter, 30, 0, 2)).toBe(50)
    expect(windowedMax(filter, 20, 1, 2)).toBe(50)
    expect(windowedMax(filter, 40, 1, 2)).toBe(50)
    expect(windowedMax(filter, 10, 2, 2)).toBe(40)
    expect(windowedMax(filter, 10, 3, 2)).toBe(10)
  })

  test('with a window of 2 it is the exact maximum, and of longer windows an estimate between the newest sample and it', () => {
    const sample = fc.record({ value: fc.integer({ min: 0, max: 100 }), passed: fc.integer({ min: 0, max: 3 }) })
    const samples = fc.array(sample, { maxLength: 100 })
    fc.assert(fc.property(samples, fc.integer({ min: 1, max: 12 }), (list, window) => {
      const filter = createWindowedMaxFilter()
      const seen: { value: number, at: number }[] = []
      let at = 0
      for (const { value, passed } of list) {
        at += passed
        seen.push({ value, at })
        const most = Math.max(...seen.filter((one) => one.at > at - window).map((one) => one.value))
        const max = windowedMax(filter, value, at, window)
        expect(max).toBeLessThanOrEqual(most)
        expect(max).toBeGreaterThanOrEqual(value)
        if (window <= 2) expect(max).toBe(most)
      }
    }))
  })

  test('while the greatest lasts it is exact for any window', () => {
    const filter = createWindowedMaxFilter()
    windowedMax(filter, 100, 0, 10)
    for (let at = 1; at < 10; at++) expect(windowedMax(filter, at, at, 10)).toBe(100)
    expect(windowedMax(filter, 1, 10, 10)).toBeLessThan(10)
  })
})
