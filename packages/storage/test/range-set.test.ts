import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RangeSet } from '../src/index.ts'

function list(set: RangeSet): [number, number][] {
  return Array.from({ length: set.count }, (_, i) => [set.fromAt(i), set.toAt(i)])
}

describe('RangeSet', () => {
  test('ranges are kept apart, in order, and joined when they touch', () => {
    const set = new RangeSet(8)
    set.add(10, 20)
    set.add(40, 50)
    set.add(25, 30)
    expect(list(set)).toEqual([[10, 20], [25, 30], [40, 50]])
    set.add(20, 25)
    expect(list(set)).toEqual([[10, 30], [40, 50]])
    set.add(5, 45)
    expect(list(set)).toEqual([[5, 50]])
    expect(set.total).toBe(45)
  })

  test('a range is half-open', () => {
    const set = new RangeSet(8)
    set.add(10, 20)
    expect(set.contains(9)).toBe(false)
    expect(set.contains(10)).toBe(true)
    expect(set.contains(19)).toBe(true)
    expect(set.contains(20)).toBe(false)
    expect(set.covers(10, 20)).toBe(true)
    expect(set.covers(10, 21)).toBe(false)
    expect(set.covers(30, 30)).toBe(true)
    expect(set.firstGap(10)).toBe(20)
    expect(set.firstGap(5)).toBe(5)
    expect(set.firstGap(20)).toBe(20)
  })

  test('a full set refuses a new hole, and still takes what joins', () => {
    const set = new RangeSet(2)
    expect(set.add(0, 10)).toBe(true)
    expect(set.add(20, 30)).toBe(true)
    expect(set.add(12, 13)).toBe(false)
    expect(list(set)).toEqual([[0, 10], [20, 30]])
    expect(set.add(10, 12)).toBe(true)
    expect(set.add(5, 25)).toBe(true)
    expect(list(set)).toEqual([[0, 30]])
    expect(set.add(40, 41)).toBe(true)
  })

  test('removeBelow cuts through a range', () => {
    const set = new RangeSet(4)
    set.add(0, 10)
    set.add(20, 30)
    set.removeBelow(25)
    expect(list(set)).toEqual([[25, 30]])
    expect(set.total).toBe(5)
    set.removeBelow(30)
    expect(set.count).toBe(0)
    expect(set.total).toBe(0)
  })

  test('offsets beyond 2^32 are exact', () => {
    const set = new RangeSet(4)
    const base = 2 ** 40
    set.add(base + 1, base + 2)
    set.add(base + 3, base + 4)
    expect(set.contains(base + 2)).toBe(false)
    set.add(base + 2, base + 3)
    expect(list(set)).toEqual([[base + 1, base + 4]])
    expect(set.total).toBe(3)
  })

  test('an empty range changes nothing, misuse throws', () => {
    const set = new RangeSet(1)
    expect(set.add(5, 5)).toBe(true)
    expect(set.count).toBe(0)
    expect(set.fromAt(0)).toBeNaN()
    expect(set.toAt(-1)).toBeNaN()
    expect(() => set.add(6, 5)).toThrow('range is [6, 5), expected from <= to')
    expect(() => set.add(NaN, 5)).toThrow(RangeError)
    expect(() => new RangeSet(0)).toThrow('maxRanges is 0, expected an integer from 1 to 65536')
  })

  test('against an array of booleans: any mix of operations', () => {
    const size = 80
    const operation = fc.oneof(
      { weight: 6, arbitrary: fc.record({ kind: fc.constant('add' as const), from: fc.nat(size - 1), length: fc.nat(12) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('removeBelow' as const), from: fc.nat(size), length: fc.constant(0) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const), from: fc.nat(3), length: fc.constant(0) }) },
    )
    fc.assert(fc.property(fc.integer({ min: 1, max: 9 }), fc.array(operation, { maxLength: 60, size: 'max' }), (cap, operations) => {
      const set = new RangeSet(cap)
      let model = new Array<boolean>(size).fill(false)
      const rangesOf = (flags: boolean[]): [number, number][] => {
        const ranges: [number, number][] = []
        flags.forEach((flag, i) => {
          if (!flag) return
          if (flags[i - 1] === true) ranges[ranges.length - 1]![1] = i + 1
          else ranges.push([i, i + 1])
        })
        return ranges
      }
      for (const { kind, from, length } of operations) {
        if (kind === 'add') {
          const to = Math.min(size, from + length)
          const wanted = model.slice().fill(true, from, to)
          const fits = rangesOf(wanted).length <= cap
          expect(set.add(from, to)).toBe(fits)
          if (fits) model = wanted
        } else if (kind === 'removeBelow') {
          set.removeBelow(from)
          model.fill(false, 0, from)
        } else if (from === 0) {
          set.clear()
          model.fill(false)
        }
        const ranges = rangesOf(model)
        expect(list(set)).toEqual(ranges)
        expect(set.total).toBe(model.filter(Boolean).length)
        const offsets = model.map((_, offset) => offset)
        const answers = offsets.map((offset) =>
          [set.contains(offset), set.indexOf(offset), set.firstGap(offset), set.covers(offset, offset + length)].join(' '))
        expect(answers).toEqual(offsets.map((offset) => [
          model[offset],
          ranges.findIndex(([a, b]) => a <= offset && offset < b),
          offset + [...model.slice(offset), false].indexOf(false),
          offset + length <= size ? model.slice(offset, offset + length).every(Boolean) : false,
        ].join(' ')))
      }
    }), { numRuns: 150 })
  })
})
