import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Arena } from '../src/index.ts'

const MIN = 256

describe('Arena', () => {
  test('hands out blocks of the next power of two, at least 256 bytes', () => {
    const arena = new Arena(1 << 16)
    for (const [size, block] of [[0, 256], [1, 256], [256, 256], [257, 512], [512, 512], [1460, 2048], [4097, 8192]]) {
      const offset = arena.allocate(size!)
      expect(arena.blockSize(offset)).toBe(block)
      expect(offset % block!).toBe(0)
    }
    expect(arena.used).toBe(256 + 256 + 256 + 512 + 512 + 2048 + 8192)
  })

  test('refuses with -1 what does not fit, and the whole of it can be one block', () => {
    const arena = new Arena(4096)
    expect(arena.allocate(4097)).toBe(-1)
    const all = arena.allocate(4096)
    expect(all).toBe(0)
    expect(arena.used).toBe(4096)
    expect(arena.largestFree).toBe(0)
    expect(arena.allocate(1)).toBe(-1)
    arena.free(all)
    expect(arena.used).toBe(0)
    expect(arena.largestFree).toBe(4096)
    expect(arena.peak).toBe(4096)
  })

  test('an arena of one smallest block works', () => {
    const arena = new Arena(MIN)
    expect(arena.allocate(10)).toBe(0)
    expect(arena.allocate(10)).toBe(-1)
    arena.free(0)
    expect(arena.allocate(256)).toBe(0)
  })

  test('a freed block joins its buddies again', () => {
    const arena = new Arena(1 << 14)
    const offsets = Array.from({ length: 64 }, () => arena.allocate(MIN))
    expect(arena.allocate(MIN)).toBe(-1)
    // Every second one freed: half the memory is free, but no two blocks are neighbours.
    for (let i = 0; i < 64; i += 2) arena.free(offsets[i]!)
    expect(arena.used).toBe(1 << 13)
    expect(arena.largestFree).toBe(MIN)
    for (let i = 1; i < 64; i += 2) arena.free(offsets[i]!)
    expect(arena.largestFree).toBe(1 << 14)
    expect(arena.allocate(1 << 14)).toBe(0)
  })

  test('the block of a size that was freed last is taken next, and what is kept so is refused to nobody', () => {
    const arena = new Arena(1 << 14)
    const offsets = Array.from({ length: 8 }, () => arena.allocate(1024))
    arena.free(offsets[5]!)
    arena.free(offsets[2]!)
    expect(arena.allocate(1024)).toBe(offsets[5])
    expect(() => arena.free(offsets[2]!)).toThrow('no block in use begins')
    for (const index of [0, 1, 3, 4, 5, 6, 7]) arena.free(offsets[index]!)
    expect(arena.used).toBe(0)
    expect(arena.allocate(1 << 14)).toBe(0)
  })

  test('buffers in the margin lie behind the blocks, cost nothing of the budget, and end with it', () => {
    const arena = new Arena(4096, 1000)
    expect([arena.bytes.length, arena.capacity]).toEqual([5096, 4096])
    expect([arena.allocateFixed(100), arena.allocateFixed(800)]).toEqual([4096, 4096 + 128])
    expect([arena.allocateFixed(73), arena.allocateFixed(40), arena.allocateFixed(1)]).toEqual([-1, 4096 + 960, -1])
    expect([arena.used, arena.peak, arena.largestFree]).toEqual([0, 0, 4096])
    expect([arena.allocate(4096), arena.allocate(1)]).toEqual([0, -1])
    expect(new Arena(4096).allocateFixed(1)).toBe(-1)
    expect(() => new Arena(4096, -1)).toThrow(/margin is -1/)
    expect(() => new Arena(4096, 2 ** 20 + 1)).toThrow(RangeError)
    expect(() => arena.allocateFixed(0.5)).toThrow(/buffer size is 0.5/)
  })

  test('lives in memory that it is given, if that is large enough', () => {
    const buffer = new ArrayBuffer(6000)
    const arena = new Arena(4096, 1000, buffer)
    expect([arena.bytes.buffer, arena.bytes.length, arena.capacity]).toEqual([buffer, 5096, 4096])
    expect(() => new Arena(4096, 1905, buffer)).toThrow(/buffer has 6000 bytes, expected at least 6001/)
  })

  test('takes from the smallest free block that fits, so that large ones stay whole', () => {
    const arena = new Arena(1 << 14)
    const small = arena.allocate(MIN)
    // Free now: one block of each size from 256 to 8192 bytes.
    expect(arena.largestFree).toBe(8192)
    arena.allocate(2048)
    arena.allocate(200)
    expect(arena.largestFree).toBe(8192)
    expect(arena.allocate(8192)).toBe(8192)
    expect(arena.largestFree).toBe(4096)
    arena.free(small)
    expect(arena.allocate(MIN)).toBe(small)
  })

  test('misuse throws and changes nothing', () => {
    expect(() => new Arena(1000)).toThrow(RangeError)
    expect(() => new Arena(128)).toThrow('arena size is 128, expected a power of two from 256 to 1073741824')
    expect(() => new Arena(2 ** 31)).toThrow(RangeError)
    const arena = new Arena(4096)
    expect(() => arena.allocate(-1)).toThrow(RangeError)
    expect(() => arena.allocate(1.5)).toThrow('block size is 1.5')
    expect(() => arena.allocate(NaN)).toThrow(RangeError)
    const offset = arena.allocate(1024)
    for (const bad of [offset + 256, offset + 1, offset + 1024, 4096, -256, -1, NaN, 0.5]) {
      expect(() => arena.free(bad)).toThrow(RangeError)
      expect(() => arena.blockSize(bad)).toThrow(RangeError)
    }
    expect(arena.used).toBe(1024)
    arena.free(offset)
    expect(() => arena.free(offset)).toThrow('no block in use begins at offset 0')
    expect(arena.used).toBe(0)
  })

  test('against a map of units: exact use, no overlap, refusal only when no aligned room is left', () => {
    const units = 64
    const operation = fc.oneof(
      { weight: 3, arbitrary: fc.record({ allocate: fc.oneof(fc.nat(700), fc.nat(units * MIN + 10)) }) },
      { weight: 2, arbitrary: fc.record({ free: fc.nat() }) },
    )
    // Asking for `largestFree` joins the blocks that are kept apart: half of the runs leave them.
    fc.assert(fc.property(fc.array(operation, { maxLength: 150, size: 'max' }), fc.boolean(), (operations, asks) => {
      const arena = new Arena(units * MIN)
      const taken = new Uint8Array(units)
      const blocks: { offset: number; size: number }[] = []
      let used = 0
      let peak = 0
      const roomFor = (size: number): boolean => {
        for (let at = 0; at + size <= units * MIN; at += size) {
          if (taken.subarray(at / MIN, (at + size) / MIN).every((unit) => unit === 0)) return true
        }
        return false
      }
      for (const step of operations) {
        if ('allocate' in step) {
          let size = MIN
          while (size < step.allocate) size *= 2
          const possible = roomFor(size)
          const offset = arena.allocate(step.allocate)
          expect(offset >= 0).toBe(possible)
          if (offset < 0) continue
          expect(arena.blockSize(offset)).toBe(size)
          expect(offset % size).toBe(0)
          for (let unit = offset / MIN; unit < (offset + size) / MIN; unit++) {
            expect(taken[unit]).toBe(0)
            taken[unit] = 1
          }
          blocks.push({ offset, size })
          used += size
          peak = Math.max(peak, used)
        } else if (blocks.length > 0) {
          const [block] = blocks.splice(step.free % blocks.length, 1)
          arena.free(block!.offset)
          taken.fill(0, block!.offset / MIN, (block!.offset + block!.size) / MIN)
          used -= block!.size
        }
        expect(arena.used).toBe(used)
        expect(arena.peak).toBe(peak)
        if (!asks) continue
        let largest = units * MIN
        while (largest >= MIN && !roomFor(largest)) largest /= 2
        expect(arena.largestFree).toBe(largest >= MIN ? largest : 0)
      }
      for (const block of blocks) arena.free(block.offset)
      expect(arena.used).toBe(0)
      expect(arena.largestFree).toBe(arena.capacity)
    }), { numRuns: 200 })
  })
})
