import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  Arena, createRing, ringConsume, ringExtend, ringPeek, ringRelease, ringReserve, ringResume, ringSpace, ringWrite, ringWriteAt,
} from '../src/index.ts'
import type { RingBuffer } from '../src/index.ts'

function text(value: string): Uint8Array {
  return Uint8Array.from(value, (character) => character.charCodeAt(0))
}

function read(arena: Arena, ring: RingBuffer): string {
  const bytes = new Uint8Array(ring.length)
  expect(ringPeek(arena, ring, 0, bytes, 0, bytes.length)).toBe(ring.length)
  return String.fromCharCode(...bytes)
}

describe('RingBuffer', () => {
  test('takes no memory before it is reserved, and gives all of it back', () => {
    const arena = new Arena(4096)
    const ring = createRing()
    expect(arena.used).toBe(0)
    expect(ringWrite(arena, ring, text('abc'), 0, 3)).toBe(0)
    expect(ringPeek(arena, ring, 0, new Uint8Array(3), 0, 3)).toBe(0)
    ringRelease(arena, ring)
    expect(ringReserve(arena, ring, 1000)).toBe(true)
    expect(ring.capacity).toBe(1024)
    expect(arena.used).toBe(1024)
    ringWrite(arena, ring, text('abc'), 0, 3)
    ringRelease(arena, ring)
    expect(ring).toEqual({ ...createRing(), peak: 1 })
    expect(arena.used).toBe(0)
  })

  test('released, it resumes with as much as it needed last time, and forgets half of that each time', () => {
    const arena = new Arena(65_536)
    const ring = createRing()
    const capacities = [8000, 100, 100, 100, 100].map((length) => {
      for (let size = 256; size <= length; size *= 2) ringResume(arena, ring, size)
      ringResume(arena, ring, length)
      ringWrite(arena, ring, new Uint8Array(length), 0, length)
      const { capacity } = ring
      ringConsume(ring, length)
      ringRelease(arena, ring)
      return capacity
    })
    expect(capacities).toEqual([8192, 8192, 4096, 2048, 1024])
    expect(arena.used).toBe(0)
  })

  test('where memory is short, it resumes with what is asked for', () => {
    const arena = new Arena(65_536)
    const ring = createRing()
    ringReserve(arena, ring, 30_000)
    ringWrite(arena, ring, new Uint8Array(30_000), 0, 30_000)
    ringRelease(arena, ring)
    const others = arena.allocate(32_768)
    ringResume(arena, ring, 256)
    expect(ring.capacity).toBe(256)
    ringRelease(arena, ring)
    arena.free(others)
    // Half is free, but in pieces.
    const pieces = Array.from({ length: 8 }, () => arena.allocate(8192))
    for (let i = 1; i < pieces.length; i += 2) arena.free(pieces[i]!)
    arena.free(pieces[0]!)
    ring.peak = 30_000
    expect(ringResume(arena, ring, 256)).toBe(true)
    expect(ring.capacity).toBe(256)
  })

  test('reads what was written, in order, round the end of the block', () => {
    const arena = new Arena(4096)
    const ring = createRing()
    ringReserve(arena, ring, 256)
    const bytes = Uint8Array.from({ length: 200 }, (_, i) => i)
    const out = new Uint8Array(200)
    for (let round = 0; round < 10; round++) {
      expect(ringWrite(arena, ring, bytes, 0, 200)).toBe(200)
      expect(ringPeek(arena, ring, 0, out, 0, 200)).toBe(200)
      expect(out).toEqual(bytes)
      ringConsume(ring, 200)
    }
  })

  test('writes only what fits and says how much', () => {
    const arena = new Arena(4096)
    const ring = createRing()
    ringReserve(arena, ring, 256)
    expect(ringWrite(arena, ring, new Uint8Array(300), 0, 300)).toBe(256)
    expect(ringSpace(ring)).toBe(0)
    expect(ringWrite(arena, ring, new Uint8Array(1), 0, 1)).toBe(0)
    ringConsume(ring, 10)
    expect(ringSpace(ring)).toBe(10)
    expect(ringWriteAt(arena, ring, 250, new Uint8Array(10), 0, 10)).toBe(6)
    expect(ringWriteAt(arena, ring, 256, new Uint8Array(10), 0, 10)).toBe(0)
    expect(ringWriteAt(arena, ring, 5000, new Uint8Array(10), 0, 10)).toBe(0)
    expect(ring.length).toBe(246)
  })

  test('out-of-order bytes wait in their place until the gap is closed', () => {
    const arena = new Arena(4096)
    const ring = createRing()
    ringReserve(arena, ring, 256)
    ringWrite(arena, ring, text('one '), 0, 4)
    ringWriteAt(arena, ring, 8, text('three'), 0, 5)
    expect(read(arena, ring)).toBe('one ')
    ringWrite(arena, ring, text('two '), 0, 4)
    ringExtend(ring, 5)
    expect(read(arena, ring)).toBe('one two three')
  })

  test('growing keeps queued and out-of-order bytes, also from a wrapped block', () => {
    const arena = new Arena(8192)
    const ring = createRing()
    ringReserve(arena, ring, 256)
    ringWrite(arena, ring, new Uint8Array(250), 0, 250)
    ringConsume(ring, 250)
    ringWrite(arena, ring, text('one '), 0, 4)
    ringWriteAt(arena, ring, 8, text('three'), 0, 5)
    ringConsume(ring, 1)
    expect(ringReserve(arena, ring, 2000)).toBe(true)
    expect(ring.capacity).toBe(2048)
    expect(arena.used).toBe(2048)
    ringWriteAt(arena, ring, 3, text('two '), 0, 4)
    ringExtend(ring, 9)
    expect(read(arena, ring)).toBe('ne two three')
    expect(ringReserve(arena, ring, 100)).toBe(true)
    expect(ring.capacity).toBe(2048)
  })

  test('growing that the arena refuses leaves the ring as it was', () => {
    const arena = new Arena(1024)
    const ring = createRing()
    ringReserve(arena, ring, 512)
    ringWrite(arena, ring, text('still here'), 0, 10)
    expect(ringReserve(arena, ring, 1024)).toBe(false)
    expect(read(arena, ring)).toBe('still here')
    expect(arena.used).toBe(512)
  })

  test('bytes may come from and go to another block of the same arena', () => {
    const arena = new Arena(4096)
    const scratch = arena.allocate(512)
    const ring = createRing()
    ringReserve(arena, ring, 256)
    arena.bytes.set(text('payload'), scratch + 54)
    ringWrite(arena, ring, arena.bytes, scratch + 54, scratch + 61)
    expect(ringPeek(arena, ring, 3, arena.bytes, scratch + 100, scratch + 120)).toBe(4)
    expect(arena.bytes.slice(scratch + 100, scratch + 105)).toEqual(text('load\0'))
  })

  test('misuse throws', () => {
    const arena = new Arena(1024)
    const ring = createRing()
    ringReserve(arena, ring, 256)
    ringWrite(arena, ring, text('abc'), 0, 3)
    expect(() => ringConsume(ring, 4)).toThrow('consuming 4 bytes, expected 0 to 3')
    expect(() => ringConsume(ring, -1)).toThrow(RangeError)
    expect(() => ringExtend(ring, 254)).toThrow('extending by 254 bytes, expected 0 to 253')
    expect(() => ringExtend(ring, NaN)).toThrow(RangeError)
    expect(() => ringWriteAt(arena, ring, -1, text('abc'), 0, 3)).toThrow(RangeError)
    expect(() => ringPeek(arena, ring, -1, new Uint8Array(3), 0, 3)).toThrow(RangeError)
    expect(() => ringPeek(arena, ring, 0, new Uint8Array(2), 0, 3)).toThrow(RangeError)
    expect(ring.length).toBe(3)
  })

  test('against an array of bytes: any mix of operations, two rings side by side', () => {
    interface Model { ring: RingBuffer; window: (number | undefined)[]; length: number }
    const which = fc.nat(1)
    const size = fc.oneof(fc.nat(40), fc.nat(600))
    const operation = fc.oneof(
      fc.record({ kind: fc.constant('write' as const), which, a: fc.constant(0), b: size }),
      fc.record({ kind: fc.constant('writeAt' as const), which, a: size, b: size }),
      fc.record({ kind: fc.constant('peek' as const), which, a: size, b: size }),
      fc.record({ kind: fc.constant('consume' as const), which, a: fc.constant(0), b: size }),
      fc.record({ kind: fc.constant('extend' as const), which, a: fc.constant(0), b: size }),
      fc.record({ kind: fc.constant('reserve' as const), which, a: fc.constant(0), b: fc.nat(1500) }),
      fc.record({ kind: fc.constant('release' as const), which, a: fc.nat(4), b: fc.constant(0) }),
    )
    let counter = 0
    fc.assert(fc.property(fc.array(operation, { maxLength: 120, size: 'max' }), (operations) => {
      const arena = new Arena(4096)
      const models: Model[] = [0, 1].map(() => ({ ring: createRing(), window: [], length: 0 }))
      for (const { kind, which, a, b } of operations) {
        const model = models[which]!
        const { ring } = model
        if (kind === 'write' || kind === 'writeAt') {
          const bytes = Uint8Array.from({ length: b + 3 }, () => (counter++ * 13) & 0xff)
          const at = kind === 'write' ? model.length : a
          const expected = Math.max(0, Math.min(b, model.window.length - at))
          for (let i = 0; i < expected; i++) model.window[at + i] = bytes[3 + i]
          if (kind === 'write') {
            model.length += expected
            expect(ringWrite(arena, ring, bytes, 3, 3 + b)).toBe(expected)
          } else {
            expect(ringWriteAt(arena, ring, at, bytes, 3, 3 + b)).toBe(expected)
          }
        } else if (kind === 'peek') {
          const into = new Uint8Array(b + 5).fill(0xee)
          const expected = Math.max(0, Math.min(b, model.length - a))
          expect(ringPeek(arena, ring, a, into, 2, 2 + b)).toBe(expected)
          const wanted = [0xee, 0xee, ...model.window.slice(a, a + expected), ...new Array<number>(b + 3 - expected).fill(0xee)]
          expect([...into]).toEqual(wanted)
        } else if (kind === 'consume') {
          const count = Math.min(b, model.length)
          ringConsume(ring, count)
          model.window.splice(0, count)
          for (let i = 0; i < count; i++) model.window.push(undefined)
          model.length -= count
        } else if (kind === 'extend') {
          let known = 0
          while (known < b && model.window[model.length + known] !== undefined) known++
          ringExtend(ring, known)
          model.length += known
        } else if (kind === 'reserve') {
          if (ringReserve(arena, ring, b)) while (model.window.length < ring.capacity) model.window.push(undefined)
          expect(ring.capacity).toBe(model.window.length)
        } else if (a === 0) {
          ringRelease(arena, ring)
          model.window = []
          model.length = 0
        }
        expect(ring.length).toBe(model.length)
        expect(ringSpace(ring)).toBe(model.window.length - model.length)
        expect(arena.used).toBe(models[0]!.window.length + models[1]!.window.length)
      }
      // Every byte ever put in a place of the window is still there, queued or not.
      for (const { ring, window } of models) {
        window.forEach((byte, i) => {
          if (byte !== undefined) expect(arena.bytes[ring.offset + ((ring.start + i) % ring.capacity)]).toBe(byte)
        })
      }
    }), { numRuns: 300 })
  })
})
