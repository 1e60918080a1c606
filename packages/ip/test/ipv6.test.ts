import { createPath, DropReason, IcmpCause, verifyTransportChecksum } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import { Host, Recorder } from './support/host.ts'
import { concat, hex, icmp6, ip, ipv4, ipv6, pattern, prefix } from './support/packets.ts'

const US = '2001:db8::1'
const PEER = '2001:db8::2'
const NO_REST = new Uint8Array(4)
const newHost = (offload = false): Host => new Host({ addresses: ['2001:db8::1/64', 'fe80::1/64'], offload })
/** Our ICMPv6 message to the peer. */
const fromUs = (type: number, code: number, rest: Uint8Array, data: Uint8Array): Uint8Array =>
  ipv6({ source: US, destination: PEER, protocol: 58 }, icmp6(type, code, rest, data, US, PEER))
const padding = (next: number): Uint8Array => concat(Uint8Array.of(next, 0), hex('0104 00000000'))

describe('in', () => {
  test('a packet for us reaches its transport with all that its header says', () => {
    const host = newHost()
    expect(host.receive(ipv6({ protocol: 6, hopLimit: 3, trafficClass: 0xb9 }, pattern(40)))).toBe('None')
    expect(host.tcp.received).toEqual([{
      data: pattern(40), now: host.now,
      meta: {
        source: ip(PEER), destination: ip(US), protocol: 6, hopLimit: 3, trafficClass: 0xb9, interfaceIndex: 1,
        checksumVerified: false, dontFragment: true, segmentSize: 0,
      },
    }])
    expect(newHost(true).receive(ipv6({}, pattern(8)))).toBe('None')
  })

  test('RFC 8200 §4: extension headers are walked', () => {
    const host = newHost()
    expect(host.receive(ipv6({ protocol: 0 }, concat(padding(60), padding(17), pattern(12))))).toBe('None')
    expect(host.udp.received[0]!.data).toEqual(pattern(12))
  })

  test.each([
    ['RFC 4291 §2.7: multicast', 'ff02::1', 'MartianSource'],
    ['RFC 4291 §2.5.2: unspecified', '::', 'MartianSource'],
    ['RFC 4291 §2.5.3: loopback', '::1', 'MartianSource'],
    ['our own', US, 'MartianSource'],
  ])('a packet from a source that cannot be: %s', (_rule, source, reason) => {
    expect(newHost().receive(ipv6({ source, protocol: 132 }, pattern(8)))).toBe(reason)
  })

  test('RFC 4942 §2.2: an IPv4 address in an IPv6 header is not the IPv4 address', () => {
    const host = new Host({ addresses: ['10.0.0.1/24', '2001:db8::1/64'] })
    const mapped = (at: number): Uint8Array => {
      const packet = ipv6({}, pattern(8))
      packet.set(hex('00000000 00000000 0000ffff 0a000001'), at)
      return packet
    }
    expect(host.receive(mapped(8))).toBe('MartianSource')
    expect(host.receive(mapped(24))).toBe('NotForUs')
  })

  test.each(['2001:db8::3', 'ff02::1', '::1', '::'])('a packet for %s is not for us', (destination) => {
    expect(newHost().receive(ipv6({ destination, protocol: 132 }, pattern(8)))).toBe('NotForUs')
  })

  test('packets that are cut off are dropped', () => {
    const host = newHost()
    expect(host.receive(ipv6({}, pattern(8)).subarray(0, 47))).toBe('Truncated')
    expect(host.receive(ipv6({}, pattern(8)).subarray(0, 39))).toBe('Truncated')
    expect(host.receive(ipv6({ protocol: 60 }, hex('11 01 0104 00000000')))).toBe('Truncated')
  })
})

describe('ICMPv6', () => {
  test('RFC 4443 §4.2: an echo request is answered', () => {
    const host = newHost()
    const rest = hex('1234 0007')
    expect(host.receive(ipv6({ protocol: 58 }, icmp6(128, 0, rest, pattern(56))))).toBe('None')
    host.expectSent(fromUs(129, 0, rest, pattern(56)))
  })

  test('RFC 4443 §2.3: a bad checksum is dropped, unless the medium vouches for it', () => {
    const bad = icmp6(128, 0, NO_REST, pattern(8))
    bad[9]! ^= 1
    expect(newHost().receive(ipv6({ protocol: 58 }, bad))).toBe('BadChecksum')
    const host = newHost(true)
    expect(host.receive(ipv6({ protocol: 58 }, bad))).toBe('None')
    host.poll()
    const reply = host.sentOne()
    expect(verifyTransportChecksum(ip(US), ip(PEER), 58, reply, 40, reply.length)).toBe(true)
  })

  test('RFC 4443 §3.1: a port without a socket is answered with port unreachable', () => {
    const host = newHost()
    host.udp.verdict = DropReason.PortUnreachable
    const packet = ipv6({}, pattern(20))
    expect(host.receive(packet)).toBe('PortUnreachable')
    host.expectSent(fromUs(1, 4, NO_REST, packet))
  })

  test('an IPv4 broadcast before it changes nothing for an IPv6 packet', () => {
    const host = new Host({ addresses: ['10.0.0.1/24', '2001:db8::1/64'] })
    host.udp.verdict = DropReason.PortUnreachable
    host.receive(ipv4({ destination: '10.0.0.255' }, pattern(8)))
    host.receive(ipv6({}, pattern(8)))
    host.poll()
    host.sentOne()
  })

  test('RFC 8200 §4: an unknown next header is reported with a pointer to it', () => {
    const host = newHost()
    const plain = ipv6({ protocol: 132 }, pattern(20))
    expect(host.receive(plain)).toBe('UnknownProtocol')
    host.expectSent(fromUs(4, 1, Uint8Array.of(0, 0, 0, 6), plain))
    const behind = ipv6({ protocol: 0 }, concat(padding(60), concat(hex('84 01 010c'), new Uint8Array(12)), pattern(8)))
    expect(host.receive(behind)).toBe('UnknownProtocol')
    host.expectSent(fromUs(4, 1, Uint8Array.of(0, 0, 0, 48), behind))
    // ICMP for IPv4 is no protocol here.
    const icmp = ipv6({ protocol: 1 }, pattern(20))
    host.receive(icmp)
    host.expectSent(fromUs(4, 1, Uint8Array.of(0, 0, 0, 6), icmp))
  })

  test('RFC 8200 §4.7: behind "no next header" there is nothing, and nothing is said', () => {
    expect(newHost().receive(ipv6({ protocol: 59 }, pattern(20)))).toBe('UnknownProtocol')
  })

  test('RFC 8200 §4.1: hop-by-hop options out of place are reported as an unknown next header', () => {
    const host = newHost()
    const packet = ipv6({ protocol: 60 }, concat(padding(0), padding(17), pattern(8)))
    expect(host.receive(packet)).toBe('UnknownProtocol')
    host.expectSent(fromUs(4, 1, Uint8Array.of(0, 0, 0, 40), packet))
  })

  test('RFC 8200 §4.2: an unknown option is reported if its type wants that, with a pointer to it', () => {
    const option = (type: string): Uint8Array => ipv6({ protocol: 60 }, concat(hex(`11 00 ${type} 04 00000000`), pattern(8)))
    const host = newHost()
    expect(host.receive(option('3e'))).toBe('None')
    expect(host.receive(option('7e'))).toBe('BadOption')
    host.expectSent()
    for (const type of ['be', 'fe']) {
      expect(host.receive(option(type))).toBe('BadOption')
      host.expectSent(fromUs(4, 2, Uint8Array.of(0, 0, 0, 42), option(type)))
    }
  })

  test('RFC 8200 §4.4: a routing header with segments left is reported with a pointer to its type', () => {
    const host = newHost()
    const packet = ipv6({ protocol: 43 }, concat(hex('11 00 04 01 00000000'), pattern(8)))
    expect(host.receive(packet)).toBe('BadOption')
    host.expectSent(fromUs(4, 0, Uint8Array.of(0, 0, 0, 42), packet))
  })

  test('RFC 4443 §2.4 (e): problems of packets for others, or from nobody, are not reported', () => {
    const host = newHost()
    const data = concat(hex('11 00 be 04 00000000'), pattern(8))
    expect(host.receive(ipv6({ protocol: 60, destination: '2001:db8::3' }, data))).toBe('NotForUs')
    expect(host.receive(ipv6({ protocol: 60, source: '::' }, data))).toBe('MartianSource')
  })

  test('RFC 4443 §2.4 (c): an error fits into 1280 bytes', () => {
    const host = newHost()
    const packet = ipv6({ protocol: 132 }, pattern(1440))
    host.receive(packet)
    host.poll()
    const error = host.sentOne()
    expect(error).toEqual(fromUs(4, 1, Uint8Array.of(0, 0, 0, 6), packet.subarray(0, 1232)))
    expect(error).toHaveLength(1280)
  })

  test('RFC 4443 §2.4 (e): no error answers an ICMPv6 error', () => {
    const host = newHost()
    // An error of whose chain an option is not understood.
    const error = icmp6(1, 4, NO_REST, pattern(8))
    expect(host.receive(ipv6({ protocol: 60 }, concat(hex('3a 00 be 04 00000000'), error)))).toBe('BadOption')
    host.expectSent()
    const echo = icmp6(128, 0, NO_REST, pattern(8))
    expect(host.receive(ipv6({ protocol: 60 }, concat(hex('3a 00 be 04 00000000'), echo)))).toBe('BadOption')
    host.poll()
    host.sentOne()
  })

  test.each([
    [1, 0, IcmpCause.NetworkUnreachable], [1, 1, IcmpCause.AdministrativelyProhibited], [1, 3, IcmpCause.HostUnreachable],
    [1, 4, IcmpCause.PortUnreachable], [3, 0, IcmpCause.HopLimitExceeded], [3, 1, IcmpCause.ReassemblyTimeExceeded],
    [4, 0, IcmpCause.ParameterProblem], [4, 1, IcmpCause.ProtocolUnreachable],
  ])('RFC 4443 §2.4 (d): type %i code %i is passed to the transport that is quoted, as cause %i', (type, code, cause) => {
    const host = newHost()
    const ours = ipv6({ source: US, destination: '2001:db8:9::9', protocol: 0 }, concat(padding(6), pattern(20)))
    expect(host.receive(ipv6({ protocol: 58 }, icmp6(type, code, NO_REST, ours)))).toBe('None')
    expect(host.tcp.news).toMatchObject([{ cause, mtu: 0, data: pattern(20) }])
    expect(host.tcp.news[0]!.meta).toMatchObject({ source: ip(US), destination: ip('2001:db8:9::9'), protocol: 6, interfaceIndex: 1, dontFragment: true })
  })

  test('what a sender padded behind the quoted packet is not part of it', () => {
    const host = newHost()
    const ours = ipv6({ source: US, destination: PEER, protocol: 6 }, pattern(20))
    expect(host.receive(ipv6({ protocol: 58 }, icmp6(1, 4, NO_REST, concat(ours, pattern(9)))))).toBe('None')
    expect(host.tcp.news[0]!.data).toEqual(pattern(20))
  })

  test('errors that quote nothing of ours, too little, or IPv4 are dropped', () => {
    const host = newHost()
    const quote = (packet: Uint8Array): string => host.receive(ipv6({ protocol: 58 }, icmp6(1, 4, NO_REST, packet)))
    expect(quote(ipv6({ source: PEER, destination: US }, pattern(20)))).toBe('IcmpUnmatched')
    expect(quote(ipv6({ source: US, destination: PEER, protocol: 132 }, pattern(20)))).toBe('IcmpUnmatched')
    expect(quote(ipv6({ source: US, destination: PEER, protocol: 44 }, concat(hex('11 00 0008 00000001'), pattern(20))))).toBe('IcmpUnmatched')
    expect(quote(ipv6({ source: US, destination: PEER }, pattern(7)))).toBe('Truncated')
    expect(quote(concat(hex('45'), pattern(60)))).toBe('BadVersion')
    expect(host.udp.news).toEqual([])
  })

  test('messages for which nobody registered are dropped: echo replies, neighbour discovery', () => {
    const host = newHost()
    expect(host.receive(ipv6({ protocol: 58 }, icmp6(129, 0, NO_REST, pattern(8))))).toBe('UnknownProtocol')
    expect(host.receive(ipv6({ protocol: 58 }, icmp6(135, 0, NO_REST, pattern(16))))).toBe('UnknownProtocol')
    expect(host.receive(ipv6({ protocol: 58 }, hex('81 00 00')))).toBe('Truncated')
    expect(host.receive(ipv6({ protocol: 58 }, icmp6(100, 0, NO_REST, pattern(8))))).toBe('IcmpUnmatched')
    const ping = new Recorder(58)
    host.layer.register(ping)
    expect(host.receive(ipv6({ protocol: 58 }, icmp6(129, 0, NO_REST, pattern(8))))).toBe('None')
    expect(ping.received[0]!.data).toEqual(icmp6(129, 0, NO_REST, pattern(8)))
  })
})

describe('out', () => {
  test('a segment leaves behind a header with what its meta says', () => {
    const host = newHost()
    expect(host.send({ source: US, destination: PEER, protocol: 6, trafficClass: 0x12, hopLimit: 255 }, pattern(30))).toBe('None')
    expect(host.sent()).toEqual([ipv6({ source: US, destination: PEER, protocol: 6, trafficClass: 0x12, hopLimit: 255 }, pattern(30))])
  })

  test('RFC 6724 §5 rule 2: a link-local destination gets a link-local source, a global one a global', () => {
    const host = newHost()
    const path = createPath()
    expect(host.layer.findPath(ip('fe80::9'), ip('::'), path)).toBe(DropReason.None)
    expect(path).toEqual({ source: ip('fe80::1'), interfaceIndex: 1, mtu: 1500, checksumNeeded: true, segmentation: 0 })
    expect(host.layer.findPath(ip('2001:db8::9'), ip('::'), path)).toBe(DropReason.None)
    expect(path.source).toEqual(ip(US))
  })

  test('RFC 6724 §5: without an address on the destination\'s network, one of its scope; among equals the one added first', () => {
    const host = new Host({ addresses: ['fe80::1/64', '2001:db8::1/64', '2001:db8:1::1/64', 'fe80:1::1/64'] })
    host.layer.addRoute({ destination: prefix('::/0'), interfaceIndex: 1 })
    const path = createPath()
    expect(host.layer.findPath(ip('2001:db8:9::9'), ip('::'), path)).toBe(DropReason.None)
    expect(path.source).toEqual(ip(US))
    expect(host.layer.findPath(ip('fe80:9::9'), ip('::'), path)).toBe(DropReason.None)
    expect(path.source).toEqual(ip('fe80::1'))
  })

  test('RFC 8200 §5: IPv6 needs an MTU of 1280', () => {
    expect(() => new Host({ mtu: 1279, addresses: ['2001:db8::1/64'] })).toThrow(RangeError)
    expect(() => new Host({ mtu: 1280, addresses: ['2001:db8::1/64'] })).not.toThrow()
  })
})
