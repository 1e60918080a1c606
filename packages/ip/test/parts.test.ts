import { Arena } from '@layerfour/storage'
import { copyIpAddress, createIpv4Header, createPacketMeta, setSumKernel, writeIpv4 } from '@layerfour/wire'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HeaderWriter } from '../src/header-writer.ts'
import { Identification } from '../src/identification.ts'
import { copyPacket, Lender } from '../src/lender.ts'
import { PacketQueue, QueuedKind } from '../src/packet-queue.ts'
import { TokenBucket } from '../src/token-bucket.ts'
import { SECRET } from './support/host.ts'
import { ip, pattern } from './support/packets.ts'
import { sharedBytes } from './support/shared-memory.ts'

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

test('Identification: values for one pair of addresses are the same, whatever comes in between', () => {
  const addresses = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '2001:db8::1'].map(ip)
  const packet = fc.tuple(fc.nat(3), fc.nat(3), fc.constantFrom(6, 17))
  fc.assert(fc.property(fc.array(packet, { maxLength: 40 }), (packets) => {
    const [train, apart] = [new Identification(SECRET), new Identification(SECRET)]
    for (const [source, destination, protocol] of packets) {
      const value = train.next(addresses[source]!, addresses[destination]!, protocol)
      expect(value).toBe(apart.next(addresses[source]!, addresses[destination]!, protocol))
      // On another counter mostly, and never on this pair's.
      apart.next(ip('192.0.2.1'), addresses[destination]!, 99)
    }
  }))
})

test('HeaderWriter writes an IPv4 header as the codec of a header object does', () => {
  const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
  const octet = fc.nat(255)
  const packet = fc.tuple(word, word, octet, octet, octet, fc.boolean(), fc.nat(65_515))
  fc.assert(fc.property(packet, ([source, destination, protocol, hopLimit, trafficClass, dontFragment, length]) => {
    const meta = { ...createPacketMeta(), protocol, hopLimit, trafficClass }
    copyIpAddress({ w0: 0, w1: 0, w2: 0xffff, w3: source }, meta.source)
    copyIpAddress({ w0: 0, w1: 0, w2: 0xffff, w3: destination }, meta.destination)
    const [bytes, expected] = [pattern(64), pattern(64)]
    const header = { ...createIpv4Header(), ...meta, totalLength: 20 + length, dontFragment, hopLimit: hopLimit === 0 ? 64 : hopLimit }
    if (!dontFragment) header.identification = new Identification(SECRET).next(meta.source, meta.destination, protocol)
    writeIpv4(header, expected, 31)
    expect(new HeaderWriter(new Identification(SECRET), 64).write(meta, dontFragment, bytes, 51, length)).toBe(31)
    expect(bytes).toEqual(expected)
  }))
})

describe('Lender', () => {
  const own = new Uint8Array(100)
  const lends = (lender: Lender, bytes: Uint8Array, verified = false, into = own): boolean => lender.lends(bytes, into, verified)

  test('packets are read in an array that came before, not in one that may never come again', () => {
    const lender = new Lender()
    const bytes = new Uint8Array(100)
    expect([lends(lender, bytes), lends(lender, bytes), lends(lender, bytes)]).toEqual([false, true, true])
    expect(lends(lender, new Uint8Array(bytes.buffer))).toBe(false)
    expect(lends(lender, bytes)).toBe(true)
  })

  test('never in memory that is shared', () => {
    const lender = new Lender()
    const bytes = sharedBytes(100)
    for (let i = 0; i < 4; i++) expect(lends(lender, bytes, i > 1)).toBe(false)
  })

  test('an array is forgotten when four others came since', () => {
    const lender = new Lender()
    const arrays = Array.from({ length: 5 }, () => new Uint8Array(100))
    for (const bytes of arrays.slice(0, 4)) lends(lender, bytes)
    expect(arrays.slice(0, 4).map((bytes) => lends(lender, bytes))).toEqual([true, true, true, true])
    expect(arrays.map((bytes) => lends(lender, bytes)).at(-1)).toBe(false)
    expect(lends(lender, arrays[0]!)).toBe(false)
  })

  test('where our kernel cannot go, only when there is nothing to be verified', () => {
    const [ours, theirs, plain] = [new Uint8Array(100), new Uint8Array(100), new Uint8Array(100)]
    for (const { buffer } of [ours, theirs]) setSumKernel(buffer, () => 0)
    const lender = new Lender()
    for (const bytes of [theirs, plain]) lends(lender, bytes)
    expect([lends(lender, theirs, false, ours), lends(lender, plain, false, ours)]).toEqual([true, false])
    expect(lends(lender, plain, true, ours)).toBe(true)
    // Without a kernel of ours, there is nothing to be gained by copying.
    const other = new Lender()
    for (const bytes of [theirs, plain]) lends(other, bytes)
    expect([lends(other, theirs), lends(other, plain)]).toEqual([true, true])
  })
})

test('copyPacket copies like set and subarray', () => {
  fc.assert(fc.property(fc.nat(800), fc.nat(300), fc.nat(800), fc.nat(100), (length, before, after, at) => {
    const [from, into, expected] = [pattern(before + length + after), new Uint8Array(1000), new Uint8Array(1000)]
    const cases = [[from, before, before + length], [from.slice(before, before + length), 0, length]] as const
    for (const [bytes, start, end] of cases) {
      copyPacket(bytes, start, end, into, at)
      expected.set(bytes.subarray(start, end), at)
      expect(into).toEqual(expected)
    }
  }))
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
