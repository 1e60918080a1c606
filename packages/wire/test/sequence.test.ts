import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  greaterThan, greaterThanOrEqual, inRange, lessThan, lessThanOrEqual, sequenceAdd, sequenceDistance, sequenceMax,
} from '../src/index.ts'

const MODULUS = 2n ** 32n

/** Exact arithmetic modulo 2³², unsigned. */
function mod(n: bigint): bigint {
  return ((n % MODULUS) + MODULUS) % MODULUS
}

describe('RFC 9293 §3.4: sequence numbers wrap modulo 2³²', () => {
  test('adding goes through 2³¹ and 2³² and gives int32 bits', () => {
    expect(sequenceAdd(0x7fffffff, 1)).toBe(-0x80000000)
    expect(sequenceAdd(-1, 1)).toBe(0)
    expect(sequenceAdd(-1, 1461)).toBe(1460)
    expect(sequenceAdd(5, -6)).toBe(-1)
  })

  test('a later number is greater on either side of 2³¹ and 2³²', () => {
    const cases = [0, 0x7ffffff0, 0x7fffffff, -16, -1, 12345].flatMap((start) => [1, 100, 0x7fffffff].map((n) => [start, n] as const))
    for (const [start, distance] of cases) {
      const later = sequenceAdd(start, distance)
      expect([lessThan(start, later), lessThan(later, start), lessThan(start, start)]).toEqual([true, false, false])
      expect([lessThanOrEqual(start, later), lessThanOrEqual(later, start), lessThanOrEqual(start, start)]).toEqual([true, false, true])
      expect([greaterThan(start, later), greaterThan(later, start), greaterThan(start, start)]).toEqual([false, true, false])
      expect(greaterThanOrEqual(start, later)).toBe(false)
      expect(greaterThanOrEqual(later, start)).toBe(true)
      expect(greaterThanOrEqual(start, start)).toBe(true)
      expect(sequenceDistance(start, later)).toBe(distance)
      expect(sequenceDistance(later, start)).toBe(-distance)
      expect(sequenceMax(start, later)).toBe(later)
      expect(sequenceMax(later, start)).toBe(later)
    }
  })

  test('signed and unsigned forms of a number are the same number', () => {
    expect(lessThan(0xfffffff0, 4)).toBe(true)
    expect(sequenceDistance(0xfffffff0, 4)).toBe(20)
    expect(sequenceMax(0xfffffff0, -20)).toBe(-16)
    expect(inRange(0xffffffff, 0xfffffff0, 4)).toBe(true)
  })

  test('a range holds its first number, not its end, and an empty one holds none', () => {
    expect(inRange(10, 10, 20)).toBe(true)
    expect(inRange(19, 10, 20)).toBe(true)
    expect(inRange(20, 10, 20)).toBe(false)
    expect(inRange(9, 10, 20)).toBe(false)
    expect(inRange(10, 10, 10)).toBe(false)
    expect(inRange(1, -5, 3)).toBe(true)
    expect(inRange(-6, -5, 3)).toBe(false)
  })

  test('agrees with exact arithmetic for any numbers', () => {
    const number = fc.integer()
    fc.assert(fc.property(number, number, number, (a, b, c) => {
      const distance = mod(BigInt(b) - BigInt(a))
      const signed = distance >= MODULUS / 2n ? distance - MODULUS : distance
      expect(BigInt(sequenceDistance(a, b))).toBe(signed)
      expect(mod(BigInt(sequenceAdd(a, b)))).toBe(mod(BigInt(a) + BigInt(b)))
      // Half the space apart, the order is undefined (RFC 1982 §3.2).
      if (distance !== MODULUS / 2n) expect(lessThan(a, b)).toBe(signed > 0n)
      expect(inRange(b, a, c)).toBe(distance < mod(BigInt(c) - BigInt(a)))
    }))
  })
})
