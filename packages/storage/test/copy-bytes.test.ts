import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { copyBytes } from '../src/index.ts'

/** ES2024, which the libraries that these sources are checked with do not know yet. */
const ResizableArrayBuffer = ArrayBuffer as unknown as new (
  length: number, options: { maxByteLength: number },
) => ArrayBuffer & { resize(length: number): void }

function numbered(length: number, first = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (first + i * 7) & 0xff)
}

describe('copyBytes', () => {
  test('against a loop over bytes: every alignment and size, nothing touched outside', () => {
    const size = fc.oneof(fc.nat(80), fc.nat(1600), fc.integer({ min: 4080, max: 4200 }))
    fc.assert(fc.property(size, fc.nat(9), fc.nat(9), fc.nat(9), fc.nat(9), fc.nat(7), (count, start, at, a, b, spare) => {
      const from = numbered(a + start + count + spare).subarray(a)
      const into = new Uint8Array(b + at + count + spare).fill(0xaa).subarray(b)
      const expected = into.slice()
      for (let i = 0; i < count; i++) expected[at + i] = from[start + i]!
      copyBytes(from, start, start + count, into, at)
      expect(into).toEqual(expected)
    }), { numRuns: 500 })
  })

  test('against a loop over bytes: long ranges of an array that is copied from again and again', () => {
    const from = numbered(40_000).map((byte, i) => byte ^ (i >> 8))
    const range = fc.tuple(fc.nat(40_000), fc.nat(40_000)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const)
    fc.assert(fc.property(range, fc.nat(9), fc.nat(7), ([start, end], at, spare) => {
      const into = new Uint8Array(at + end - start + spare).fill(0xaa)
      const expected = into.slice()
      for (let i = start; i < end; i++) expected[at + i - start] = from[i]!
      copyBytes(from, start, end, into, at)
      expect(into.every((byte, i) => byte === expected[i])).toBe(true)
    }), { numRuns: 300 })
  })

  test('against a loop over bytes: ranges that come again, with others in between', () => {
    const sources = [numbered(9000), numbered(9000, 5), new Uint8Array(numbered(9000).buffer, 7)]
    const range = fc.record({
      source: fc.nat(2), start: fc.constantFrom(0, 1, 44, 300), length: fc.oneof(fc.constantFrom(576, 1448, 1449, 5000), fc.nat(1600)),
      at: fc.nat(9),
    })
    fc.assert(fc.property(fc.array(range, { maxLength: 60 }), (ranges) => {
      for (const { source, start, length, at } of ranges) {
        const from = sources[source]!
        // Built anew in the same place.
        from[start] = (from[start]! + 1) & 0xff
        const into = new Uint8Array(5020)
        copyBytes(from, start, start + length, into, at)
        expect(into.every((byte, i) => byte === (i >= at && i < at + length ? from[start + i - at] : 0))).toBe(true)
      }
    }), { numRuns: 200 })
  })

  test('ranges that overlap, in one array or in two views of one buffer, copy as if through a third', () => {
    const buffer = numbered(1024)
    const views = Array.from({ length: 4 }, (_, i) => buffer.subarray(8 - i))
    fc.assert(fc.property(fc.nat(3), fc.nat(3), fc.nat(300), fc.nat(100), fc.nat(100), (a, b, count, start, at) => {
      const [from, into] = [views[a]!, views[b]!]
      const copy = from.slice(start, start + count)
      copyBytes(from, start, start + count, into, at)
      expect(into.slice(at, at + count)).toEqual(copy)
    }), { numRuns: 1000 })
  })

  test('against a loop over bytes: arrays that come again and again', () => {
    const arrays = Array.from({ length: 6 }, (_, i) => numbered(1000 + i, i).subarray(i))
    fc.assert(fc.property(fc.nat(5), fc.nat(5), fc.nat(300), fc.nat(300), fc.nat(300), (a, b, count, start, at) => {
      fc.pre(a !== b)
      const [from, into] = [arrays[a]!, arrays[b]!]
      const expected = into.slice()
      for (let i = 0; i < count; i++) expected[at + i] = from[start + i]!
      copyBytes(from, start, start + count, into, at)
      expect(into).toEqual(expected)
    }), { numRuns: 1000 })
  })

  test('a buffer that was resized between two copies of one array of it is read and written as it is now', () => {
    const buffer = new ResizableArrayBuffer(100, { maxByteLength: 200 })
    const resized = new Uint8Array(buffer)
    const other = new Uint8Array(200)
    for (const [round, size] of [100, 100, 40, 200, 40, 200].entries()) {
      buffer.resize(size)
      resized.set(numbered(size, round))
      copyBytes(resized, 1, size, other, 0)
      expect(other.subarray(0, size - 1)).toEqual(numbered(size, round).subarray(1))
      copyBytes(other, 0, size - 1, resized, 0)
      expect(resized.subarray(0, size - 1)).toEqual(numbered(size, round).subarray(1))
    }
  })

  test('a buffer that was resized since the last copy is read as it is now', () => {
    const buffer = new ResizableArrayBuffer(1024, { maxByteLength: 4096 })
    const into = new Uint8Array(4096)
    new Uint8Array(buffer).set(numbered(1024))
    copyBytes(new Uint8Array(buffer), 0, 1024, into, 0)
    buffer.resize(100)
    copyBytes(new Uint8Array(buffer), 1, 100, into, 2)
    expect(into.slice(2, 101)).toEqual(numbered(1024).slice(1, 100))
    buffer.resize(4000)
    new Uint8Array(buffer).set(numbered(4000, 9))
    copyBytes(new Uint8Array(buffer), 3, 4000, into, 0)
    expect(into.slice(0, 3997)).toEqual(numbered(4000, 9).slice(3))
  })

  test('so is one of which the same range is copied again and again', () => {
    const buffer = new ResizableArrayBuffer(1000, { maxByteLength: 2000 })
    const from = new Uint8Array(buffer)
    const into = new Uint8Array(1000)
    for (const [round, size] of [1000, 1000, 1000, 10, 1000, 1000].entries()) {
      buffer.resize(size)
      from.set(numbered(size, round))
      if (size < 1000) continue
      copyBytes(from, 0, 1000, into, 0)
      expect(into).toEqual(numbered(1000, round))
    }
  })

  test('so is one that long ranges are copied from again and again', () => {
    const buffer = new ResizableArrayBuffer(20_000, { maxByteLength: 40_000 })
    const from = new Uint8Array(buffer)
    const into = new Uint8Array(40_010)
    for (const [round, size] of [20_000, 20_000, 20_000, 20_000, 20_000, 9000, 20_000, 40_000].entries()) {
      buffer.resize(size)
      from.set(numbered(size, round))
      copyBytes(from, 1, size, into, 3)
      expect(into.subarray(3, size + 2)).toEqual(numbered(size, round).subarray(1))
    }
  })

  test('more buffers than are remembered', () => {
    const sources = Array.from({ length: 20 }, (_, i) => numbered(100, i))
    const into = new Uint8Array(200)
    for (let round = 0; round < 2; round++) {
      for (const source of sources) {
        copyBytes(source, 0, 100, into, 50)
        expect(into.slice(50, 150)).toEqual(source)
      }
    }
  })

  test('a range that does not exist throws instead of copying less', () => {
    const a = new Uint8Array(100)
    const b = new Uint8Array(50)
    for (const [start, end, at] of [[0, 51, 0], [0, 50, 1], [90, 101, 0], [-1, 5, 0], [5, 4, 0], [0, 1, -1], [NaN, 1, 0]]) {
      expect(() => copyBytes(a, start!, end!, b, at!)).toThrow(RangeError)
    }
    expect(() => copyBytes(a, 60, 101, a, 0)).toThrow('copying [60, 101) of 100 bytes to 0 of 100')
  })
})
