import { expect, test } from 'vitest'
import { KeptNumber } from '../src/kept-number.ts'

test('gives every number back, the same one again or another', () => {
  const kept = new KeptNumber()
  for (const value of [0.5, 0.5, 7, 7, Infinity, Infinity, -Infinity, 0.5, NaN, NaN, 0, 2 ** 40, 0.25]) {
    expect(kept.keep(value)).toBe(value)
  }
})
