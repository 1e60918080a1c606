import fc from 'fast-check'
import { createIpv4Header, createIpv6Header, DropReason, readIpv4, readIpv6 } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import { Host } from './support/host.ts'
import { concat, expectBytes, ipv4, pattern } from './support/packets.ts'

describe('IPv4', () => {
  test('RFC 791 §3.2: a datagram over the MTU leaves in fragments of multiples of 8 bytes with one identification', () => {
    const host = new Host({ mtu: 576 })
    expect(host.send({}, pattern(1400))).toBe('None')
    const header = createIpv4Header()
    const seen = host.sent().map((packet) => {
      expect(readIpv4(packet, 0, packet.length, header)).toBe(DropReason.None)
      const { identification, fragmentOffset, moreFragments, totalLength } = header
      return { identification, fragmentOffset, moreFragments, totalLength, data: packet.slice(20) }
    })
    const identification = seen[0]!.identification
    expect(seen).toEqual([
      { identification, fragmentOffset: 0, moreFragments: true, totalLength: 572, data: pattern(1400).subarray(0, 552) },
      { identification, fragmentOffset: 552, moreFragments: true, totalLength: 572, data: pattern(1400).subarray(552, 1104) },
      { identification, fragmentOffset: 1104, moreFragments: false, totalLength: 316, data: pattern(1400).subarray(1104) },
    ])
  })

  test('RFC 791 §3.2: the next datagram to the same host has another identification', () => {
    const host = new Host()
    const ids = Array.from({ length: 20 }, () => {
      host.send({}, pattern(8))
      const packet = host.sentOne()
      return packet[4]! * 256 + packet[5]!
    })
    expect(new Set(ids).size).toBe(20)
  })

  test('RFC 6864 §4.1: a datagram with DF has no identification', () => {
    const host = new Host()
    host.send({ dontFragment: true }, pattern(8))
    host.send({ dontFragment: true }, pattern(8))
    expect(host.sent()).toEqual(new Array(2).fill(ipv4({ source: '10.0.0.1', destination: '10.0.0.2', dontFragment: true }, pattern(8))))
  })

  test('RFC 1122 §3.3.3: a datagram with DF over the MTU is refused as too big', () => {
    const host = new Host()
    expect(host.send({ dontFragment: true }, pattern(1480))).toBe('None')
    expect(host.sentOne()).toHaveLength(1500)
    expect(host.send({ dontFragment: true }, pattern(1481))).toBe('PacketTooBig')
    expect(host.drops).toEqual({ PacketTooBig: 1 })
  })

  test('a datagram of more than 65,535 bytes with its header is refused', () => {
    const host = new Host()
    expect(host.send({}, pattern(65_516))).toBe('PacketTooBig')
    expect(host.send({}, pattern(65_515))).toBe('None')
    expect(host.sent()).toHaveLength(Math.ceil(65_515 / 1480))
  })
})

describe('IPv6', () => {
  const newHost = (mtu: number): Host => new Host({ mtu, addresses: ['2001:db8::1/64'] })
  const way = { source: '2001:db8::1', destination: '2001:db8::2' }

  test('RFC 8200 §4.5: the sender fragments, with fragment headers', () => {
    const host = newHost(1280)
    expect(host.send({ ...way, trafficClass: 0x12, hopLimit: 9 }, pattern(2000))).toBe('None')
    const header = createIpv6Header()
    const seen = host.sent().map((packet) => {
      expect(readIpv6(packet, 0, packet.length, header)).toBe(DropReason.None)
      const { identification, fragmentOffset, moreFragments, protocol, hopLimit, trafficClass, headerLength } = header
      expect(packet.length).toBeLessThanOrEqual(1280)
      return { identification, fragmentOffset, moreFragments, protocol, hopLimit, trafficClass, headerLength, data: packet.slice(48) }
    })
    const same = { identification: seen[0]!.identification, protocol: 17, hopLimit: 9, trafficClass: 0x12, headerLength: 48 }
    expect(seen).toEqual([
      { ...same, fragmentOffset: 0, moreFragments: true, data: pattern(2000).subarray(0, 1232) },
      { ...same, fragmentOffset: 1232, moreFragments: false, data: pattern(2000).subarray(1232) },
    ])
    host.send(way, pattern(2000))
    const [next] = host.sent()
    expect(readIpv6(next!, 0, next!.length, header)).toBe(DropReason.None)
    expect(header.identification).not.toBe(same.identification)
  })

  test('a transport that forbids fragments gets too big', () => {
    const host = newHost(1500)
    expect(host.send({ ...way, dontFragment: true }, pattern(1461))).toBe('PacketTooBig')
    expect(host.send({ ...way, dontFragment: true }, pattern(1460))).toBe('None')
    expect(host.sentOne()).toHaveLength(1500)
  })
})

describe('both ways', () => {
  test('RFC 791 §3.2, RFC 8200 §4.5: what one host cuts, another joins, at any size and MTU', () => {
    fc.assert(fc.property(
      fc.boolean(), fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 65_000 })),
      fc.integer({ min: 0, max: 3000 }), fc.boolean(),
      (six, length, extra, reverse) => {
        const addresses = (host: number): string[] => [six ? `2001:db8::${host}/64` : `10.0.0.${host}/24`]
        const mtu = (six ? 1280 : 1068) + extra
        const a = new Host({ mtu, addresses: addresses(1), arena: 2 ** 17 })
        const b = new Host({ mtu, addresses: addresses(2), arena: 2 ** 17 })
        const way = six ? { source: '2001:db8::1', destination: '2001:db8::2' } : {}
        expect(a.send({ ...way, trafficClass: 0x20 }, pattern(length))).toBe('None')
        const packets = a.sent()
        if (reverse) packets.reverse()
        for (const packet of packets) {
          expect(packet.length).toBeLessThanOrEqual(mtu)
          expect(b.receive(packet)).toBe('None')
        }
        expect(b.udp.received).toHaveLength(1)
        expectBytes(b.udp.received[0]!.data, pattern(length))
        expect(b.udp.received[0]!.meta.trafficClass).toBe(0x20)
        expect(b.arena.used).toBe(0)
      }), { numRuns: 50 })
  })

  test('the smallest MTU of IPv4, 68 bytes, carries the largest datagram a table of runs can hold in order', () => {
    const a = new Host({ mtu: 68 })
    const b = new Host({ mtu: 68, addresses: ['10.0.0.2/24'] })
    a.send({}, pattern(65_000))
    for (const packet of a.sent()) expect(b.receive(packet)).toBe('None')
    expectBytes(b.udp.received[0]!.data, pattern(65_000))
  })
})

describe('a device that refuses', () => {
  test('the first fragment: nothing was sent, and the transport keeps its datagram', () => {
    const host = new Host()
    host.wire.room = 0
    expect(host.send({}, pattern(3000))).toBe('DeviceQueueFull')
    expect(host.send({}, pattern(100))).toBe('DeviceQueueFull')
    expect(host.drops).toEqual({})
    expect(host.layer.deadline).toBe(Infinity)
  })

  test.each([
    ['IPv4', ['10.0.0.1/24'], {}, 20],
    ['IPv6', ['2001:db8::1/64'], { source: '2001:db8::1', destination: '2001:db8::2' }, 48],
  ])('%s: the second fragment: the rest follows at later polls, each byte once', (_family, addresses, way, headers) => {
    const host = new Host({ addresses })
    host.wire.room = 1
    expect(host.send(way, pattern(6000))).toBe('None')
    for (let i = 0; i < 3; i++) {
      expect(host.layer.deadline).toBeLessThan(Infinity)
      host.wire.room = 1
      host.poll(Math.max(host.now, host.layer.deadline))
    }
    host.wire.room = Infinity
    host.poll(Math.max(host.now, host.layer.deadline))
    const packets = host.sent()
    expect(packets).toHaveLength(5)
    expect(concat(...packets.map((packet) => packet.subarray(headers)))).toEqual(pattern(6000))
    const identifications = packets.map((packet) => [...(headers === 20 ? packet.subarray(4, 6) : packet.subarray(44, 48))].join())
    expect(new Set(identifications).size).toBe(1)
    expect(host.arena.used).toBe(0)
    expect(host.drops).toEqual({})
  })

  test('fragments that no device takes for a second are dropped and counted', () => {
    const host = new Host()
    host.wire.room = 1
    host.send({}, pattern(6000))
    host.sent()
    host.poll(host.now + 1000)
    expect(host.drops).toEqual({ DeviceQueueFull: 1 })
    expect(host.arena.used).toBe(0)
  })

  test('no memory for the rest: the datagram is dropped and counted', () => {
    const host = new Host({ arena: 256 })
    host.wire.room = 1
    expect(host.send({}, pattern(6000))).toBe('OutOfMemory')
    host.sent()
    expect(host.drops).toEqual({ OutOfMemory: 1 })
  })
})
