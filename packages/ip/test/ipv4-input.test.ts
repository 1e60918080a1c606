import { DropReason } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import { Host } from './support/host.ts'
import { concat, hex, ip, ipv4, naiveChecksum, pattern, prefix } from './support/packets.ts'

describe('what is taken', () => {
  test('a packet for us reaches its transport with all that its header says', () => {
    const host = new Host()
    expect(host.receive(ipv4({ protocol: 6, hopLimit: 3, trafficClass: 0xb9, dontFragment: true }, pattern(40)))).toBe('None')
    expect(host.tcp.received).toEqual([{
      data: pattern(40), now: host.now,
      meta: {
        source: ip('10.0.0.2'), destination: ip('10.0.0.1'), protocol: 6, hopLimit: 3, trafficClass: 0xb9, interfaceIndex: 1,
        checksumVerified: false, dontFragment: true, segmentSize: 0,
      },
    }])
    expect(host.udp.received).toEqual([])
    expect(host.drops).toEqual({})
  })

  test('the bytes are copied first: what the device does to its buffer afterwards, or during the call, is not seen', () => {
    const host = new Host()
    const packet = ipv4({}, pattern(1000))
    const shared = concat(new Uint8Array(5), packet, new Uint8Array(5))
    const recorder = host.udp
    let seen: Uint8Array | undefined
    recorder.receive = (_meta, bytes, start, end) => {
      shared.fill(0xee)
      seen = bytes.slice(start, end)
      return DropReason.None
    }
    host.layer.receive(1, shared, 5, 5 + packet.length, host.now)
    expect(seen).toEqual(pattern(1000))
  })

  test('MUST-50, RFC 1122 §3.2.1.8: options are skipped', () => {
    const host = new Host()
    const packet = concat(hex('47 00 0024 0000 0000 40 11 0000 0a000002 0a000001 07 07 04 00000000 00'), pattern(8))
    const sum = naiveChecksum(packet.subarray(0, 28))
    packet[10] = sum >> 8
    packet[11] = sum
    expect(host.receive(packet)).toBe('None')
    expect(host.udp.received[0]!.data).toEqual(pattern(8))
  })

  test('RFC 1122 §3.2.1.7: a packet for us is taken whatever is left of its time to live', () => {
    const host = new Host()
    expect(host.receive(ipv4({ hopLimit: 0 }, pattern(8)))).toBe('None')
    expect(host.receive(ipv4({ hopLimit: 1 }, pattern(8)))).toBe('None')
  })

  test('RFC 1122 §3.3.4.2: a packet for any address of ours is taken on any interface', () => {
    const host = new Host({ addresses: ['10.0.0.1/24', '192.168.1.1/24'] })
    expect(host.receive(ipv4({ destination: '192.168.1.1' }, pattern(8)))).toBe('None')
    host.layer.removeAddress(ip('192.168.1.1'))
    expect(host.receive(ipv4({ destination: '192.168.1.1' }, pattern(8)))).toBe('NotForUs')
  })

  test('RFC 1122 §3.2.1.3: broadcasts reach UDP, limited and of the subnet', () => {
    const host = new Host()
    for (const destination of ['255.255.255.255', '10.0.0.255']) {
      expect(host.receive(ipv4({ destination }, pattern(8)))).toBe('None')
      expect(host.udp.received.pop()!.meta.destination).toEqual(ip(destination))
    }
  })

  test('RFC 1122 §4.2.3.10: broadcasts do not reach TCP', () => {
    const host = new Host()
    expect(host.receive(ipv4({ protocol: 6, destination: '255.255.255.255' }, pattern(20)))).toBe('NotForUs')
    expect(host.receive(ipv4({ protocol: 6, destination: '10.0.0.255' }, pattern(20)))).toBe('NotForUs')
    expect(host.tcp.received).toEqual([])
  })

  test('the transport\'s drop reason is returned and counted', () => {
    const host = new Host()
    host.tcp.verdict = DropReason.SequenceUnacceptable
    expect(host.receive(ipv4({ protocol: 6 }, pattern(20)))).toBe('SequenceUnacceptable')
    expect(host.drops).toEqual({ SequenceUnacceptable: 1 })
    expect(host.layer.drops.of(DropReason.SequenceUnacceptable)).toBe(1)
    expect(host.layer.drops.total).toBe(1)
  })
})

describe('checksums', () => {
  test('RFC 1122 §3.2.1.2: a header with a bad checksum is dropped', () => {
    const host = new Host()
    const packet = ipv4({}, pattern(8))
    packet[8]! ^= 1
    expect(host.receive(packet)).toBe('BadChecksum')
  })

  test('where the medium vouches for checksums, none is looked at, and transports are told', () => {
    const host = new Host({ offload: true })
    const packet = ipv4({}, pattern(8))
    packet[10] = 0
    packet[11] = 0
    expect(host.receive(packet)).toBe('None')
    expect(host.udp.received[0]!.meta.checksumVerified).toBe(true)
  })
})

describe('what is dropped', () => {
  test.each([
    ['RFC 1122 §3.2.1.3 (c): 255.255.255.255', '255.255.255.255'],
    ['RFC 1122 §3.2.1.3 (d): a subnet broadcast', '10.0.0.255'],
    ['RFC 1122 §3.2.1.3 (a): 0.0.0.0', '0.0.0.0'],
    ['RFC 1112 §7.2: multicast', '224.0.0.1'],
    ['RFC 1122 §3.2.1.3 (g): loopback', '127.0.0.1'],
    ['our own', '10.0.0.1'],
  ])('a packet from a source that cannot be: %s', (_rule, source) => {
    const host = new Host()
    expect(host.receive(ipv4({ source }, pattern(8)))).toBe('MartianSource')
    expect(host.receive(ipv4({ source, protocol: 132 }, pattern(8)))).toBe('MartianSource')
  })

  test.each(['10.0.0.3', '10.0.1.255', '10.0.0.0', '224.0.0.1', '127.0.0.1', '0.0.0.0'])('a packet for %s', (destination) => {
    const host = new Host()
    expect(host.receive(ipv4({ destination }, pattern(8)))).toBe('NotForUs')
  })

  test('RFC 3021: a prefix of 31 bits has no broadcast address, both are hosts', () => {
    const host = new Host({ addresses: ['10.0.0.0/31'] })
    expect(host.receive(ipv4({ source: '10.0.0.1', destination: '10.0.0.0' }, pattern(8)))).toBe('None')
    expect(host.receive(ipv4({ source: '10.0.0.3', destination: '10.0.0.1' }, pattern(8)))).toBe('NotForUs')
  })

  test('packets that are cut off, or not IP at all', () => {
    const host = new Host()
    const packet = ipv4({}, pattern(8))
    expect(host.receive(packet.subarray(0, 27))).toBe('Truncated')
    expect(host.receive(packet.subarray(0, 19))).toBe('Truncated')
    expect(host.receive(new Uint8Array(0))).toBe('Truncated')
    expect(host.receive(concat(hex('50'), packet))).toBe('BadVersion')
    expect(host.receive(concat(hex('44'), packet.subarray(1)))).toBe('BadHeaderLength')
    expect(host.receive(concat(hex('45 00 0013'), packet.subarray(4)))).toBe('BadTotalLength')
  })

  test('packets longer than any IP packet', () => {
    const host = new Host()
    expect(host.receive(new Uint8Array(66_000))).toBe('BadTotalLength')
    expect(host.layer.interfaces[1]!.traffic.bytesIn).toBe(66_000)
  })

  test('ICMPv6 is no protocol of IPv4', () => {
    const host = new Host()
    expect(host.receive(ipv4({ protocol: 58 }, pattern(8)))).toBe('UnknownProtocol')
    host.poll()
    expect(host.sentOne().subarray(20, 22)).toEqual(hex('03 02'))
  })
})

test('addresses of two interfaces: broadcasts count on their own wire only', () => {
  const host = new Host()
  host.layer.addAddress(host.layer.addInterface({ ...host.wire, transmit: () => true }), prefix('172.16.0.1/16'))
  expect(host.receive(ipv4({ source: '172.16.0.9', destination: '172.16.255.255' }, pattern(8)), 2)).toBe('None')
  expect(host.receive(ipv4({ source: '10.0.0.9', destination: '172.16.255.255' }, pattern(8)), 1)).toBe('NotForUs')
  expect(host.layer.isBroadcast(ip('172.16.255.255'))).toBe(true)
  expect(host.layer.isBroadcast(ip('255.255.255.255'))).toBe(true)
  expect(host.layer.isBroadcast(ip('172.16.0.255'))).toBe(false)
  expect(host.layer.isBroadcast(ip('10.0.0.1'))).toBe(false)
})
