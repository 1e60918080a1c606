import { Arena } from '@layerfour/storage'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Identification } from '../src/identification.ts'
import { PacketCopier } from '../src/packet-copier.ts'
import { PacketQueue, QueuedKind } from '../src/packet-queue.ts'
import { TokenBucket } from '../src/token-bucket.ts'
import { SECRET } from './support/host.ts'
import { ip, pattern } from './support/packets.ts'

/** ES2024, which the compiler's library does not know yet. */
const Resizable = ArrayBuffer as unknown as
  new (length: number, options: { maxByteLength: number }) => ArrayBuffer & { resize(length: number): void }

describe('TokenBucket', () => {
  test('RFC 1812 §4.3.2.8: never more than burst + rate × time, however the events come', () => {
    fc.assert(fc.property(fc.array(fc.double({ min: 0, max: 300, noNaN: true }), { maxLength: 300 }), (gaps) => {
      const bucket = new TokenBucket(100, 20)
      let now = 500
      let taken = 0
      for (const gap of gaps) {
        now += gap
        if (bucket.take(now)) taken++
        expect(taken).toBeLessThanOrEqual(20 + (now - 500) / 10 + 1e-6)
      }
    }))
  })

  test('a clock that goes back gives nothing', () => {
    const bucket = new TokenBucket(1000, 1)
    expect(bucket.take(1000)).toBe(true)
    expect(bucket.take(0)).toBe(false)
    expect(bucket.take(1000)).toBe(false)
    expect(bucket.take(1001)).toBe(true)
  })
})

describe('Identification', () => {
  test('RFC 7739 §5.3: one destination\'s values say nothing of another\'s', () => {
    const ids = new Identification(SECRET)
    const others = new Identification(Int32Array.of(9, 9, 9, 9))
    const a = ids.next(ip('10.0.0.1'), ip('10.0.0.2'), 17)
    const b = ids.next(ip('10.0.0.1'), ip('10.0.0.3'), 17)
    expect(ids.next(ip('10.0.0.1'), ip('10.0.0.2'), 17)).toBe((a + 1) | 0)
    expect(ids.next(ip('10.0.0.1'), ip('10.0.0.3'), 17)).toBe((b + 1) | 0)
    expect(Math.abs(a - b)).toBeGreaterThan(1000)
    expect(others.next(ip('10.0.0.1'), ip('10.0.0.2'), 17)).not.toBe(a)
  })
})

describe('PacketCopier', () => {
  test('copies like set and subarray, whatever came before', () => {
    const sources = [pattern(3000), pattern(3000, 5), new Uint8Array(pattern(4000).buffer, 7, 2000)]
    const packet = fc.record({
      source: fc.nat(2), start: fc.constantFrom(0, 1, 44, 300), length: fc.oneof(fc.constantFrom(52, 576, 1500), fc.nat(1600)),
      at: fc.nat(100),
    })
    fc.assert(fc.property(fc.array(packet, { maxLength: 40 }), (packets) => {
      const copier = new PacketCopier()
      for (const { source, start, length, at } of packets) {
        const into = new Uint8Array(2000)
        const expected = new Uint8Array(2000)
        copier.copy(sources[source]!, start, start + length, into, at)
        expected.set(sources[source]!.subarray(start, start + length), at)
        expect(into).toEqual(expected)
      }
    }))
  })

  test('a sender that builds new bytes in the same place is copied anew', () => {
    const copier = new PacketCopier()
    const source = pattern(500)
    const into = new Uint8Array(500)
    for (let seed = 0; seed < 4; seed++) {
      source.set(pattern(500, seed))
      copier.copy(source, 0, 500, into, 0)
      expect(into).toEqual(pattern(500, seed))
    }
  })

  test('a sender that moves on to another place is copied from there', () => {
    const copier = new PacketCopier()
    const source = pattern(2000)
    const into = new Uint8Array(1000)
    for (const start of [0, 0, 0, 300, 300, 300, 0, 0]) {
      copier.copy(source, start, start + 1000, into, 0)
      expect(into).toEqual(source.slice(start, start + 1000))
    }
  })

  test('a resizable buffer that shrinks and grows again is copied rightly', () => {
    const buffer = new Resizable(1000, { maxByteLength: 2000 })
    const source = new Uint8Array(buffer)
    const copier = new PacketCopier()
    const into = new Uint8Array(1000)
    source.set(pattern(1000))
    for (let i = 0; i < 3; i++) copier.copy(source, 0, 1000, into, 0)
    buffer.resize(10)
    buffer.resize(1000)
    source.set(pattern(1000, 3))
    copier.copy(source, 0, 1000, into, 0)
    expect(into).toEqual(pattern(1000, 3))
  })
})

describe('PacketQueue', () => {
  const newQueue = (): { arena: Arena, queue: PacketQueue } => {
    const arena = new Arena(8192)
    return { arena, queue: new PacketQueue(arena, 4, 2000) }
  }
  const push = (queue: PacketQueue, length: number, index = 0, now = 0): boolean =>
    queue.push(pattern(length), 0, length, index, QueuedKind.Packet, now)

  test('packets come out in the order they went in', () => {
    const { arena, queue } = newQueue()
    for (let round = 0; round < 3; round++) {
      for (let i = 1; i <= 3; i++) expect(push(queue, i * 10, i)).toBe(true)
      expect(queue.size).toBe(3)
      expect(queue.bytes).toBe(60)
      for (let i = 1; i <= 3; i++) {
        expect(queue.headInterface).toBe(i)
        expect(arena.bytes.slice(queue.headStart, queue.headEnd)).toEqual(pattern(i * 10))
        queue.shift()
      }
      expect(arena.used).toBe(0)
    }
  })

  test('it is full by packets, by bytes, or when the arena is', () => {
    const { arena, queue } = newQueue()
    for (let i = 0; i < 4; i++) expect(push(queue, 1)).toBe(true)
    expect(push(queue, 1)).toBe(false)
    for (let i = 0; i < 4; i++) queue.shift()
    expect(push(queue, 1999)).toBe(true)
    expect(push(queue, 2)).toBe(false)
    expect(push(queue, 1)).toBe(true)
    queue.shift()
    while (arena.allocate(256) >= 0);
    expect(push(queue, 1)).toBe(false)
    const block = 0
    expect(queue.adopt(block, 3000, 0, QueuedKind.Packet, 0)).toBe(false)
  })

  test('the first packet can go to the end, with all that is known of it', () => {
    const { queue } = newQueue()
    for (let i = 1; i <= 4; i++) push(queue, i, i, i)
    queue.markHead(8, 77)
    queue.rotate()
    expect(queue.headInterface).toBe(2)
    for (let i = 0; i < 3; i++) queue.shift()
    expect(queue).toMatchObject({ headInterface: 1, headTime: 1, headProgress: 8, headIdentification: 77, headKind: QueuedKind.Packet })
    expect(queue.headEnd - queue.headStart).toBe(1)
  })

  test('it wants attention when a packet came, or when it was told to wait until', () => {
    const { queue } = newQueue()
    expect(queue.deadline).toBe(Infinity)
    push(queue, 1, 0, 5)
    expect(queue.deadline).toBe(5)
    queue.postpone(9)
    expect(queue.deadline).toBe(9)
    push(queue, 1, 0, 6)
    expect(queue.deadline).toBe(6)
    queue.shift()
    queue.shift()
    expect(queue.deadline).toBe(Infinity)
  })
})
