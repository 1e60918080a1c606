import { DropReason } from '@layerfour/wire'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  ICMP_ERROR_BURST_PER_DESTINATION, MAX_FRAGMENT_RUNS, MAX_REASSEMBLIES, REASSEMBLY_TIMEOUT_IPV4, REASSEMBLY_TIMEOUT_IPV6,
} from '../src/index.ts'
import { Host } from './support/host.ts'
import { concat, expectBytes, fragment6, hex, icmp4, icmp6, ipv4, ipv6, naiveChecksum, pattern } from './support/packets.ts'

const part = (data: Uint8Array, from: number, to: number, identification = 1): Uint8Array =>
  ipv4({ identification, fragmentOffset: from, moreFragments: to < data.length }, data.subarray(from, to))

const part6 = (data: Uint8Array, from: number, to: number, identification = 1): Uint8Array =>
  ipv6({ protocol: 44 }, fragment6(17, from, to < data.length, identification, data.subarray(from, to)))

/** Nothing is kept but the small answers that IPv6 has for some bad fragments (tested below), and those are taken. */
function expectNothingKept(host: Host): void {
  const held = host.arena.used
  host.poll()
  expect(host.sent()).toHaveLength(held / 256)
  expect(host.arena.used).toBe(0)
}

const newHost6 = (arena = 2 ** 21): Host => new Host({ addresses: ['2001:db8::1/64'], arena })

describe.each([
  ['IPv4', (arena = 2 ** 21) => new Host({ arena }), part],
  ['IPv6', newHost6, part6],
])('%s', (_family, newHost, cut) => {
  test('RFC 791 §3.2, RFC 8200 §4.5: a datagram is delivered when its last missing fragment came, in any order', () => {
    const data = pattern(3000)
    const fragments = [cut(data, 0, 1024), cut(data, 1024, 2048), cut(data, 2048, 3000)]
    for (const order of [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]) {
      const host = newHost()
      expect(host.receive(fragments[order[0]!]!)).toBe('None')
      expect(host.receive(fragments[order[1]!]!)).toBe('None')
      expect(host.udp.received).toEqual([])
      expect(host.layer.deadline).toBeGreaterThan(host.now)
      expect(host.receive(fragments[order[2]!]!)).toBe('None')
      expect(host.udp.received.map((received) => received.data)).toEqual([data])
      expect(host.udp.received[0]!.meta).toMatchObject({ protocol: 17, hopLimit: 64, interfaceIndex: 1, checksumVerified: false })
      expect(host.layer.deadline).toBe(Infinity)
      expect(host.arena.used).toBe(0)
    }
  })

  test('any cuts in any order, with repetitions, give the datagram back exactly once per whole set', () => {
    fc.assert(fc.property(
      fc.integer({ min: 2, max: 20_000 }), fc.array(fc.integer({ min: 1, max: 2499 }), { maxLength: 12 }), fc.infiniteStream(fc.nat()),
      (length, places, random) => {
        const data = pattern(length)
        const cuts = [...new Set(places.map((place) => place * 8))].filter((at) => at < length).sort((a, b) => a - b)
        if (cuts.length === 0 && length > 8) cuts.push(8)
        if (cuts.length === 0) return
        const edges = [0, ...cuts, length]
        const fragments = cuts.map((_, i) => cut(data, edges[i]!, edges[i + 1]!))
        fragments.push(cut(data, edges[edges.length - 2]!, length))
        const next = (below: number): number => random.next().value % below
        const host = newHost(2 ** 16)
        // Each arrives once, in random order; before that, any that came may come again.
        const left = fragments.slice()
        const came: Uint8Array[] = []
        while (left.length > 0) {
          if (came.length > 0 && next(3) === 0) {
            expect(host.receive(came[next(came.length)]!)).toBe('None')
            continue
          }
          const fragment = left.splice(next(left.length), 1)[0]!
          expect(host.udp.received).toEqual([])
          expect(host.receive(fragment)).toBe('None')
          came.push(fragment)
        }
        expect(host.udp.received).toHaveLength(1)
        expectBytes(host.udp.received[0]!.data, data)
        expect(host.arena.used).toBe(0)
        expect(host.drops).toEqual({})
      }), { numRuns: 100 })
  })

  test('RFC 5722 §4: whatever fragments come, a datagram that is delivered has no byte that two of them dispute', () => {
    // Fragments of two datagrams with one identification, cut and shifted at will. A naive twin keeps what came since the last reset.
    const chunk = fc.record({ from: fc.nat(12), units: fc.integer({ min: 1, max: 5 }), last: fc.boolean(), seed: fc.nat(1) })
      // That would be no fragment.
      .filter(({ from, last }) => from > 0 || !last)
    fc.assert(fc.property(fc.array(chunk, { minLength: 2, maxLength: 25 }), (chunks) => {
      const host = newHost(2 ** 12)
      let bytes = new Map<number, number>()
      let end = -1
      const reset = (): void => {
        bytes = new Map()
        end = -1
      }
      for (const { from, units, last, seed } of chunks) {
        const offset = from * 8
        const to = offset + units * 8
        const whole = pattern(200, seed * 3)
        const sent = whole.subarray(0, last ? to : 200)
        const before = host.udp.received.length
        const reason = host.receive(cut(sent, offset, to))
        const places = Array.from({ length: to - offset }, (_, i) => offset + i)
        const known = places.filter((at) => bytes.has(at))
        const repeats = known.length === places.length && places.every((at) => bytes.get(at) === whole[at]) && last === (to === end)
        const beyond = last ? end >= 0 || [...bytes.keys()].some((at) => at >= to) : end >= 0 && to >= end
        if (!repeats && (known.length > 0 || beyond)) {
          expect(reason).toBe('FragmentOverlap')
          reset()
          expect(host.arena.used).toBe(0)
          continue
        }
        expect(reason).toBe('None')
        for (const at of places) bytes.set(at, whole[at]!)
        if (last) end = to
        if (bytes.size === end) {
          expect(host.udp.received.slice(before).map((received) => received.data)).toEqual(
            [Uint8Array.from({ length: end }, (_, at) => bytes.get(at)!)])
          reset()
        } else {
          expect(host.udp.received).toHaveLength(before)
        }
      }
    }), { numRuns: 200 })
  })

  test('RFC 5722 §4: an overlap spoils the whole datagram, an exact repetition does not', () => {
    const data = pattern(64)
    const host = newHost()
    host.receive(cut(data, 0, 24))
    expect(host.receive(cut(data, 0, 24))).toBe('None')
    expect(host.receive(cut(data, 16, 64))).toBe('FragmentOverlap')
    expect(host.layer.deadline).toBe(Infinity)
    // What comes now begins anew.
    expect(host.receive(cut(data, 24, 64))).toBe('None')
    expect(host.udp.received).toEqual([])
    expect(host.receive(cut(data, 0, 24))).toBe('None')
    expect(host.udp.received[0]!.data).toEqual(data)
  })

  test('a repetition with other bytes is an overlap', () => {
    const host = newHost()
    host.receive(cut(pattern(64), 0, 24))
    expect(host.receive(cut(pattern(64, 1), 0, 24))).toBe('FragmentOverlap')
  })

  test('only the last fragment may have a length that is no multiple of 8, and none may be empty', () => {
    const host = newHost()
    expect(host.receive(cut(pattern(64), 0, 23))).toBe('BadTotalLength')
    expect(host.receive(cut(pattern(64), 64, 64))).toBe('BadTotalLength')
    expectNothingKept(host)
  })

  test('datagrams are told apart by source, destination, protocol (IPv4) and identification', () => {
    const host = newHost()
    host.receive(cut(pattern(32), 0, 16, 1))
    expect(host.receive(cut(pattern(32), 16, 32, 2))).toBe('None')
    expect(host.udp.received).toEqual([])
    host.receive(cut(pattern(32), 0, 16, 2))
    expect(host.udp.received).toHaveLength(1)
  })

  test('fragments beyond 65,535 bytes are dropped', () => {
    const host = newHost()
    expect(host.receive(cut(pattern(65_600), 65_528, 65_600))).toBe('FragmentTooLarge')
    expectNothingKept(host)
  })

  test(`more than ${MAX_REASSEMBLIES} datagrams: the oldest makes room`, () => {
    const host = newHost()
    for (let id = 0; id <= MAX_REASSEMBLIES; id++) {
      host.now += 1
      host.receive(cut(pattern(32), 0, 16, id))
    }
    expect(host.drops).toEqual({ FragmentLimit: 1 })
    host.receive(cut(pattern(32), 16, 32, 1))
    expect(host.udp.received).toHaveLength(1)
    host.receive(cut(pattern(32), 16, 32, 0))
    expect(host.udp.received).toHaveLength(1)
  })

  test('the oldest is the one that began first, wherever it is kept', () => {
    const host = newHost()
    for (let id = 0; id < MAX_REASSEMBLIES; id++) {
      host.now += 1
      host.receive(cut(pattern(32), 0, 16, id))
    }
    host.receive(cut(pattern(32), 16, 32, 0))
    for (const id of [100, 101]) {
      host.now += 1
      host.receive(cut(pattern(32), 0, 16, id))
    }
    host.udp.received = []
    for (const id of [1, 100, 101]) host.receive(cut(pattern(32), 16, 32, id))
    expect(host.udp.received).toHaveLength(2)
  })

  test('datagrams may wait in a quarter of the arena, then the oldest makes room: fragments cannot starve replies', () => {
    const host = newHost()
    for (let id = 0; id < 2 * MAX_REASSEMBLIES; id++) {
      host.now += 1
      // One fragment near the end of the largest datagram whose memory is 64 KiB.
      expect(host.receive(cut(pattern(65_480), 65_400, 65_480, id))).toBe('None')
      expect(host.arena.used).toBeLessThanOrEqual(host.arena.capacity / 4)
    }
    expect(host.arena.used).toBe(host.arena.capacity / 4)
    expect(host.drops).toEqual({ FragmentLimit: 2 * MAX_REASSEMBLIES - host.arena.capacity / 4 / 65_536 })
    // The latest is still there, and growth makes room too.
    host.now += 1
    host.receive(cut(pattern(30_000), 0, 8, 100))
    host.now += 1
    host.receive(cut(pattern(30_000), 8, 65_400 / 3, 100))
    expect(host.arena.used).toBeLessThanOrEqual(host.arena.capacity / 4)
    host.receive(cut(pattern(65_480), 0, 65_400, 2 * MAX_REASSEMBLIES - 1))
    expect(host.udp.received.map(({ data }) => data.length)).toEqual([65_480])
    host.poll(host.now + REASSEMBLY_TIMEOUT_IPV6)
    host.sent()
    expect(host.arena.used).toBe(0)
  })

  test('a datagram that grows makes others go, the oldest first, but never itself', () => {
    const host = newHost(2 ** 18)
    for (const [id, from] of [[1, 0], [2, 64_000], [3, 24_000]] as const) {
      host.receive(cut(pattern(65_000), from, from + 8, id))
      host.now += 1
    }
    expect(host.arena.used).toBe(256 + 65_536 + 32_768)
    expect(host.receive(cut(pattern(65_000), 8, 64_000, 1))).toBe('None')
    expect(host.arena.used).toBe(65_536 + 32_768)
    expect(host.receive(cut(pattern(65_000), 64_000, 65_000, 1))).toBe('None')
    expectBytes(host.udp.received[0]!.data, pattern(65_000))
    expect(host.drops).toEqual({ FragmentLimit: 1 })
    host.poll(host.now + REASSEMBLY_TIMEOUT_IPV6)
  })

  test('the longest datagrams come whole, whichever fragment is first', () => {
    for (const length of [65_460, 65_472, 65_473, 65_477, 65_496, 65_497, 65_515]) {
      const data = pattern(length)
      const fragments = [cut(data, 0, 8), cut(data, 8, 32_768), cut(data, 32_768, 65_456), cut(data, 65_456, length)]
      for (const order of [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [0, 2, 3, 1]]) {
        const host = newHost(2 ** 18)
        for (const i of order) {
          expect(host.receive(fragments[i]!)).toBe('None')
          if (length <= 65_496) expect(host.arena.used).toBeLessThanOrEqual(65_536)
        }
        expect(host.udp.received).toHaveLength(1)
        expectBytes(host.udp.received[0]!.data, data)
        expect(host.arena.used).toBe(0)
      }
    }
  })

  test(`more than ${MAX_FRAGMENT_RUNS} separate runs of bytes: the datagram is dropped`, () => {
    const host = newHost()
    const data = pattern(4000)
    for (let i = 0; i < MAX_FRAGMENT_RUNS; i++) expect(host.receive(cut(data, i * 16, i * 16 + 8))).toBe('None')
    expect(host.receive(cut(data, MAX_FRAGMENT_RUNS * 16, MAX_FRAGMENT_RUNS * 16 + 8))).toBe('FragmentLimit')
    expect(host.arena.used).toBe(0)
    expect(host.layer.deadline).toBe(Infinity)
  })

  test('without memory for a fragment it is dropped, and the datagram may still come whole', () => {
    const host = newHost()
    const data = pattern(2000)
    host.receive(cut(data, 0, 1000))
    const hoard: number[] = []
    for (let block = host.arena.allocate(256); block >= 0; block = host.arena.allocate(256)) hoard.push(block)
    expect(host.receive(cut(data, 1000, 2000))).toBe('OutOfMemory')
    expect(host.receive(cut(data, 1000, 2000, 2))).toBe('OutOfMemory')
    hoard.forEach((block) => host.arena.free(block))
    expect(host.receive(cut(data, 1000, 2000))).toBe('None')
    expect(host.udp.received[0]!.data).toEqual(data)
    expect(host.arena.used).toBe(0)
  })

  test('the checksum counts as verified only when the medium vouched for every fragment', () => {
    const host = newHost()
    host.receive(cut(pattern(32), 0, 16))
    // The loopback vouches.
    host.receive(cut(pattern(32), 16, 32), 0)
    expect(host.udp.received[0]!.meta.checksumVerified).toBe(false)
    host.receive(cut(pattern(32), 16, 32), 0)
    host.receive(cut(pattern(32), 0, 16), 0)
    expect(host.udp.received[1]!.meta.checksumVerified).toBe(true)
  })
})

describe('IPv4 alone', () => {
  test('RFC 791 §3.2: the protocol is part of the key', () => {
    const host = new Host()
    host.receive(ipv4({ protocol: 17, moreFragments: true }, pattern(8)))
    host.receive(ipv4({ protocol: 6, fragmentOffset: 8 }, pattern(8)))
    expect(host.udp.received).toEqual([])
    expect(host.tcp.received).toEqual([])
  })

  test('RFC 1122 §3.3.2: the sender of a datagram whose first fragment came hears of time exceeded', () => {
    const host = new Host()
    const first = part(pattern(600), 0, 400)
    host.receive(first)
    host.receive(part(pattern(600), 400, 480))
    expect(host.layer.deadline).toBe(host.now + REASSEMBLY_TIMEOUT_IPV4)
    host.poll(host.now + REASSEMBLY_TIMEOUT_IPV4 - 1)
    expect(host.sent()).toEqual([])
    host.poll(host.now + 1)
    // It quotes the first fragment's header; behind it, whatever came in one piece.
    expect(host.sentOne().subarray(20)).toEqual(icmp4(11, 1, new Uint8Array(4), concat(first, pattern(600).subarray(400, 480))))
    expect(host.drops).toEqual({ FragmentTimeout: 1 })
    expect(host.arena.used).toBe(0)
    expect(host.layer.deadline).toBe(Infinity)
  })

  test('a time exceeded over the rate limit is counted for the interface that the fragments came by', () => {
    const seen: number[] = []
    const host = new Host({ observer: { dropped: (reason, index) => reason === DropReason.IcmpRateLimited && seen.push(index) } })
    host.receive(part(pattern(64), 0, 32))
    host.now += REASSEMBLY_TIMEOUT_IPV4
    for (let i = 0; i < ICMP_ERROR_BURST_PER_DESTINATION; i++) host.receive(ipv4({ protocol: 132 }, pattern(8)))
    host.receive(ipv4({}, pattern(8)), 0)
    host.poll()
    expect(seen).toEqual([1])
    expect(host.sent()).toHaveLength(ICMP_ERROR_BURST_PER_DESTINATION)
  })

  test('RFC 792: without the first fragment nobody is told', () => {
    const host = new Host()
    host.receive(part(pattern(600), 400, 600))
    host.poll(host.now + REASSEMBLY_TIMEOUT_IPV4)
    expect(host.drops).toEqual({ FragmentTimeout: 1 })
  })

  test('options of the first fragment stay in the header that an error quotes, with a right checksum', () => {
    const host = new Host()
    // No-operation options, end of list.
    const first = concat(hex('46 00 0020 0001 2000 40 84 0000 0a000002 0a000001 01010100'), pattern(8))
    const sum = naiveChecksum(first.subarray(0, 24))
    first[10] = sum >> 8
    first[11] = sum
    host.receive(first)
    expect(host.receive(ipv4({ identification: 1, protocol: 132, fragmentOffset: 8 }, pattern(8)))).toBe('UnknownProtocol')
    host.poll()
    const quoted = host.sentOne().subarray(28)
    expect(quoted).toHaveLength(24 + 16)
    expect(quoted.subarray(0, 10)).toEqual(hex('46 00 0028 0001 0000 40 84'))
    expect(naiveChecksum(quoted.subarray(0, 24))).toBe(0)
    expect(quoted.subarray(20)).toEqual(concat(hex('01010100'), pattern(8), pattern(8)))
  })

  test('a datagram of more than 65,535 bytes with the options of its first fragment is dropped', () => {
    const host = new Host()
    const data = pattern(65_515)
    const first = concat(hex('46 00 0000 0001 2000 40 11 0000 0a000002 0a000001 01010100'), data.subarray(0, 32_768))
    first[2] = first.length >> 8
    first[3] = first.length
    const sum = naiveChecksum(first.subarray(0, 24))
    first[10] = sum >> 8
    first[11] = sum
    expect(host.receive(first)).toBe('None')
    expect(host.receive(part(data, 32_768, 65_515))).toBe('FragmentTooLarge')
    expect(host.arena.used).toBe(0)
    // With four bytes less it fits.
    host.receive(first)
    expect(host.receive(part(data.subarray(0, 65_511), 32_768, 65_511))).toBe('None')
    expect(host.udp.received).toHaveLength(1)
  })

  test('the longest datagram takes a block of 64 KiB, not more', () => {
    const host = new Host()
    expect(host.receive(part(pattern(65_515), 65_464, 65_515))).toBe('None')
    expect(host.arena.used).toBe(65_536)
    host.poll(host.now + REASSEMBLY_TIMEOUT_IPV4)
  })

  test('a header for which the data left no room spoils the datagram, whichever comes first', () => {
    const first = concat(hex('4f 00 0044 0001 2000 40 11 0000 0a000002 0a000001'), new Uint8Array(40).fill(1), pattern(8))
    const sum = naiveChecksum(first.subarray(0, 60))
    first[10] = sum >> 8
    first[11] = sum
    const last = part(pattern(65_515), 65_464, 65_515)
    for (const [one, other] of [[first, last], [last, first]] as const) {
      const host = new Host()
      expect(host.receive(one)).toBe('None')
      expect(host.receive(other)).toBe('FragmentTooLarge')
      expect(host.arena.used).toBe(0)
      host.poll(host.now + REASSEMBLY_TIMEOUT_IPV4)
      expect(host.drops).toEqual({ FragmentTooLarge: 1 })
    }
  })

  test('RFC 3168 §5.3: congestion that one fragment experienced is passed up', () => {
    const host = new Host()
    host.receive(ipv4({ trafficClass: 2, moreFragments: true }, pattern(8)))
    host.receive(ipv4({ trafficClass: 3, fragmentOffset: 8 }, pattern(8)))
    host.receive(ipv4({ trafficClass: 2, moreFragments: true }, pattern(8)))
    host.receive(ipv4({ trafficClass: 2, fragmentOffset: 8 }, pattern(8)))
    expect(host.udp.received.map((received) => received.meta.trafficClass)).toEqual([3, 2])
  })

  test('a broadcast datagram in fragments is a broadcast', () => {
    const host = new Host()
    host.receive(ipv4({ protocol: 6, destination: '10.0.0.255', moreFragments: true }, pattern(8)))
    expect(host.receive(ipv4({ protocol: 6, destination: '10.0.0.255', fragmentOffset: 8 }, pattern(8)))).toBe('NotForUs')
    host.receive(ipv4({ destination: '10.0.0.255', moreFragments: true }, pattern(8)))
    host.poll(host.now + REASSEMBLY_TIMEOUT_IPV4)
    expect(host.drops).toEqual({ NotForUs: 1, FragmentTimeout: 1 })
  })
})

describe('IPv6 alone', () => {
  test('RFC 6946: a fragment that is the whole packet is delivered by itself', () => {
    const host = newHost6()
    host.receive(part6(pattern(64), 0, 32))
    expect(host.receive(ipv6({ protocol: 44 }, fragment6(17, 0, false, 1, pattern(5))))).toBe('None')
    expect(host.udp.received[0]!.data).toEqual(pattern(5))
  })

  test('RFC 8200 §4.5: the next header of the first fragment counts', () => {
    const host = newHost6()
    host.receive(ipv6({ protocol: 44 }, fragment6(6, 8, false, 1, pattern(8))))
    host.receive(ipv6({ protocol: 44 }, fragment6(17, 0, true, 1, pattern(8))))
    expect(host.udp.received).toHaveLength(1)
    expect(host.tcp.received).toHaveLength(0)
  })

  test('RFC 8200 §4.5: a bad length is reported at the payload length, a bad end at the fragment offset', () => {
    const host = newHost6()
    const short = ipv6({ protocol: 44 }, fragment6(17, 0, true, 1, pattern(7)))
    host.receive(short)
    host.poll()
    expect(host.sentOne().subarray(40)).toEqual(icmp6(4, 0, Uint8Array.of(0, 0, 0, 4), short, '2001:db8::1', '2001:db8::2'))
    const long = ipv6({ protocol: 44 }, fragment6(17, 65_528, false, 1, pattern(16)))
    host.receive(long)
    host.poll()
    expect(host.sentOne().subarray(40)).toEqual(icmp6(4, 0, Uint8Array.of(0, 0, 0, 42), long, '2001:db8::1', '2001:db8::2'))
  })

  test('RFC 8200 §4.5: time is exceeded after 60 s, and reported when the first fragment came', () => {
    const host = newHost6()
    host.receive(part6(pattern(64), 0, 32))
    expect(host.layer.deadline).toBe(host.now + REASSEMBLY_TIMEOUT_IPV6)
    host.poll(host.now + REASSEMBLY_TIMEOUT_IPV6)
    expect(host.sentOne().subarray(40)).toEqual(icmp6(
      3, 1, new Uint8Array(4), ipv6({}, pattern(64).subarray(0, 32)), '2001:db8::1', '2001:db8::2'))
  })

  test('extension headers before the fragment header are left out, those behind it are read', () => {
    const host = newHost6()
    const padding = (next: number): Uint8Array => concat(Uint8Array.of(next, 0), hex('0104 00000000'))
    const inner = concat(padding(17), pattern(24))
    host.receive(ipv6({ protocol: 60 }, concat(padding(44), fragment6(60, 0, true, 9, inner.subarray(0, 16)))))
    host.receive(ipv6({ protocol: 60 }, concat(padding(44), fragment6(60, 16, false, 9, inner.subarray(16)))))
    expect(host.udp.received[0]!.data).toEqual(pattern(24))
  })

  test('fragments in fragments are dropped', () => {
    const host = newHost6()
    const inner = fragment6(17, 0, true, 7, pattern(16))
    host.receive(ipv6({ protocol: 44 }, fragment6(44, 0, true, 1, inner.subarray(0, 16))))
    expect(host.receive(ipv6({ protocol: 44 }, fragment6(44, 16, false, 1, inner.subarray(16))))).toBe('BadOption')
    expect(host.arena.used).toBe(0)
  })

  test('RFC 3168 §5.3: congestion that one fragment experienced is passed up', () => {
    const host = newHost6()
    host.receive(ipv6({ protocol: 44, trafficClass: 2 }, fragment6(17, 0, true, 1, pattern(8))))
    host.receive(ipv6({ protocol: 44, trafficClass: 3 }, fragment6(17, 8, false, 1, pattern(8))))
    expect(host.udp.received[0]!.meta.trafficClass).toBe(3)
  })
})
