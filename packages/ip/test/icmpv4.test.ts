import { DropReason, IcmpCause } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import {
  ICMP_ERROR_BURST, ICMP_ERROR_BURST_PER_DESTINATION, ICMP_ERRORS_PER_SECOND, ICMP_ERRORS_PER_SECOND_PER_DESTINATION,
} from '../src/index.ts'
import { Host, Recorder } from './support/host.ts'
import { concat, hex, icmp4, ip, ipv4, naiveChecksum, pattern, prefix } from './support/packets.ts'

const echo = (data: Uint8Array, type = 8): Uint8Array => icmp4(type, 0, hex('1234 0007'), data)
const NO_REST = new Uint8Array(4)

/** The IP packet without what differs from run to run: its identification and, with it, the checksum. */
function masked(packet: Uint8Array): Uint8Array {
  expect(naiveChecksum(packet.subarray(0, (packet[0]! & 15) * 4))).toBe(0)
  const copy = packet.slice()
  copy.fill(0, 4, 6)
  copy.fill(0, 10, 12)
  return copy
}

describe('echo', () => {
  test('RFC 1122 §3.2.2.6: an echo request is answered with its data, identifier, sequence and traffic class', () => {
    const host = new Host()
    expect(host.receive(ipv4({ protocol: 1, trafficClass: 0xb8 }, echo(pattern(56))))).toBe('None')
    host.poll()
    const reply = host.sentOne()
    expect(masked(reply)).toEqual(masked(ipv4(
      { source: '10.0.0.1', destination: '10.0.0.2', protocol: 1, trafficClass: 0xb8 }, echo(pattern(56), 0))))
  })

  test('receive never sends: the reply leaves at the next poll', () => {
    const host = new Host()
    host.receive(ipv4({ protocol: 1 }, echo(pattern(8))))
    expect(host.wire.sent).toEqual([])
    expect(host.layer.deadline).toBeLessThanOrEqual(host.now)
    host.poll()
    host.sentOne()
    expect(host.layer.deadline).toBe(Infinity)
  })

  test('the known packet of a Linux ping (56 bytes) gets the checksum that Linux computes', () => {
    const host = new Host()
    host.receive(ipv4({ protocol: 1 }, echo(new Uint8Array(0))))
    host.poll()
    // 0000 + 1234 + 0007 = 123b, complemented.
    expect(host.sentOne().subarray(20)).toEqual(hex('0000 edc4 1234 0007'))
  })

  test('RFC 1122 §3.2.2.6: an echo to a broadcast address is ignored', () => {
    const host = new Host()
    expect(host.receive(ipv4({ protocol: 1, destination: '255.255.255.255' }, echo(pattern(8))))).toBe('NotForUs')
    expect(host.receive(ipv4({ protocol: 1, destination: '10.0.0.255' }, echo(pattern(8))))).toBe('NotForUs')
  })

  test('an echo with a bad checksum is dropped, unless the medium vouches for it', () => {
    const bad = echo(pattern(8))
    bad[9]! ^= 1
    const host = new Host()
    expect(host.receive(ipv4({ protocol: 1 }, bad))).toBe('BadChecksum')
    const offloaded = new Host({ offload: true })
    expect(offloaded.receive(ipv4({ protocol: 1 }, bad))).toBe('None')
    offloaded.poll()
    expect(naiveChecksum(offloaded.sentOne().subarray(20))).toBe(0)
  })

  test('RFC 1122 §3.2.2.6: an echo larger than the MTU comes in fragments and is answered in fragments', () => {
    const host = new Host({ mtu: 576 })
    const message = echo(pattern(1000))
    host.receive(ipv4({ protocol: 1, moreFragments: true }, message.subarray(0, 552)))
    host.receive(ipv4({ protocol: 1, fragmentOffset: 552 }, message.subarray(552)))
    host.poll()
    const [first, second, ...rest] = host.sent()
    expect(rest).toEqual([])
    expect(concat(first!.subarray(20), second!.subarray(20))).toEqual(echo(pattern(1000), 0))
  })

  test('RFC 1122 §3.2.2.6: echo replies go to whoever registered for ICMP; to nobody, they are dropped', () => {
    const host = new Host()
    expect(host.receive(ipv4({ protocol: 1 }, echo(pattern(4), 0)))).toBe('UnknownProtocol')
    const ping = new Recorder(1)
    host.layer.register(ping)
    expect(host.receive(ipv4({ protocol: 1 }, echo(pattern(4), 0)))).toBe('None')
    expect(ping.received[0]!.data).toEqual(echo(pattern(4), 0))
  })

  test('replies that find the queue full are dropped and counted, and memory is given back', () => {
    const host = new Host()
    for (let i = 0; i < 70; i++) host.receive(ipv4({ protocol: 1 }, echo(pattern(8))))
    expect(host.drops).toEqual({ OutOfMemory: 6 })
    host.poll()
    expect(host.sent()).toHaveLength(64)
    expect(host.arena.used).toBe(0)
  })
})

describe('errors out', () => {
  test('RFC 1122 §3.2.2.1: a datagram to a port without a socket is answered with port unreachable', () => {
    const host = new Host()
    host.udp.verdict = DropReason.PortUnreachable
    const packet = ipv4({}, pattern(20))
    expect(host.receive(packet)).toBe('PortUnreachable')
    host.poll()
    expect(masked(host.sentOne())).toEqual(masked(
      ipv4({ source: '10.0.0.1', destination: '10.0.0.2', protocol: 1 }, icmp4(3, 3, NO_REST, packet))))
    expect(host.drops).toEqual({ PortUnreachable: 1 })
  })

  test('RFC 1122 §3.2.2.1: a protocol that nobody speaks is answered with protocol unreachable', () => {
    const host = new Host()
    const packet = ipv4({ protocol: 132 }, pattern(20))
    expect(host.receive(packet)).toBe('UnknownProtocol')
    host.poll()
    expect(host.sentOne().subarray(20)).toEqual(icmp4(3, 2, NO_REST, packet))
  })

  test('RFC 1812 §4.3.2.3: an error quotes as much as fits into 576 bytes', () => {
    const host = new Host()
    const packet = ipv4({ protocol: 132 }, pattern(1400))
    host.receive(packet)
    host.poll()
    const error = host.sentOne()
    expect(error).toHaveLength(576)
    expect(error.subarray(20)).toEqual(icmp4(3, 2, NO_REST, packet.subarray(0, 548)))
  })

  test('RFC 1122 §3.2.2: no error answers a broadcast', () => {
    const host = new Host()
    host.udp.verdict = DropReason.PortUnreachable
    expect(host.receive(ipv4({ destination: '10.0.0.255' }, pattern(8)))).toBe('PortUnreachable')
    expect(host.receive(ipv4({ destination: '255.255.255.255' }, pattern(8)))).toBe('PortUnreachable')
    host.expectSent()
    expect(host.receive(ipv4({}, pattern(8)))).toBe('PortUnreachable')
    host.poll()
    host.sentOne()
  })

  test('RFC 1122 §3.2.2: no error answers a fragment other than the first', () => {
    const host = new Host()
    expect(host.receive(ipv4({ protocol: 132, fragmentOffset: 8 }, pattern(8)))).toBe('None')
    host.poll(host.now + 30_000)
    expect(host.drops).toEqual({ FragmentTimeout: 1 })
  })

  test('RFC 1122 §3.2.2: no error answers an ICMP error', () => {
    const host = new Host()
    // The first fragment of an ICMP error whose rest never comes: time exceeded would be due.
    host.receive(ipv4({ protocol: 1, moreFragments: true }, icmp4(3, 3, NO_REST, pattern(24))))
    host.poll(host.now + 30_000)
    expect(host.drops).toEqual({ FragmentTimeout: 1 })
  })

  test('RFC 1812 §4.3.2.8: errors are limited by a token bucket that fills as time goes by', () => {
    const host = new Host()
    const flood = (count: number): number => {
      let sent = 0
      for (let i = 0; i < count; i++) {
        host.receive(ipv4({ protocol: 132 }, pattern(8)))
        host.poll()
        sent += host.sent().length
      }
      return sent
    }
    const burst = ICMP_ERROR_BURST_PER_DESTINATION
    expect(flood(burst + 20)).toBe(burst)
    expect(host.drops).toEqual({ UnknownProtocol: burst + 20, IcmpRateLimited: 20 })
    host.now += 500
    expect(flood(20)).toBe(ICMP_ERRORS_PER_SECOND_PER_DESTINATION / 2)
    // However long it is quiet, no more than a burst is saved up.
    host.now += 3_600_000
    expect(flood(burst + 20)).toBe(burst)
  })

  /** A host that can answer anyone. */
  const routedHost = (): Host => {
    const host = new Host()
    host.layer.addRoute({ destination: prefix('0.0.0.0/0'), gateway: ip('10.0.0.254'), interfaceIndex: 1 })
    return host
  }

  test('one who floods us does not silence the errors for others', () => {
    const host = routedHost()
    for (let i = 0; i < 200; i++) host.receive(ipv4({ protocol: 132, source: '198.51.100.53' }, pattern(8)))
    host.poll()
    expect(host.sent()).toHaveLength(ICMP_ERROR_BURST_PER_DESTINATION)
    host.receive(ipv4({ protocol: 132, source: '203.0.113.9' }, pattern(8)))
    host.poll()
    expect(host.sent()).toHaveLength(1)
  })

  test('CVE-2020-25705: how many errors went to many destinations cannot be told from how many are left', () => {
    const host = routedHost()
    const left: number[] = []
    for (let round = 0; round < 40; round++) {
      host.now += 10_000
      let sent = 0
      for (let i = 0; i < 200; i++) {
        host.receive(ipv4({ protocol: 132, source: `198.${round}.${i}.1` }, pattern(8)))
        host.poll()
        sent += host.sent().length
      }
      left.push(sent)
    }
    // The rate is kept on average, but each time another count goes out.
    expect(new Set(left).size).toBeGreaterThan(5)
    const average = left.reduce((sum, count) => sum + count) / left.length
    expect(average).toBeGreaterThan(ICMP_ERROR_BURST * 0.9)
    expect(average).toBeLessThan(ICMP_ERROR_BURST * 1.1)
  })

  test('RFC 1812 §4.3.2.8: all destinations together get no more than the common rate', () => {
    const host = routedHost()
    let sent = 0
    for (let i = 0; i < 10_000; i++) {
      host.now += 1
      host.receive(ipv4({ protocol: 132, source: `198.18.${i >> 8}.${i & 255}` }, pattern(8)))
      host.poll()
      sent += host.sent().length
    }
    expect(sent).toBeGreaterThan(10 * ICMP_ERRORS_PER_SECOND * 0.9)
    expect(sent).toBeLessThan((10 * ICMP_ERRORS_PER_SECOND + ICMP_ERROR_BURST) * 1.1)
  })
})

test('an error that finds the queue of replies full is dropped and counted', () => {
  const host = new Host()
  for (let i = 0; i < 64; i++) host.receive(ipv4({ protocol: 1 }, echo(pattern(8))))
  host.receive(ipv4({ protocol: 132 }, pattern(8)))
  expect(host.drops).toEqual({ UnknownProtocol: 1, OutOfMemory: 1 })
  host.poll()
  expect(host.sent()).toHaveLength(64)
})

describe('errors in', () => {
  const ours = ipv4(
    { source: '10.0.0.1', destination: '10.9.9.9', protocol: 6, dontFragment: true, trafficClass: 0x28, hopLimit: 3 },
    pattern(1400))

  test.each([
    [3, 0, IcmpCause.NetworkUnreachable], [3, 1, IcmpCause.HostUnreachable], [3, 2, IcmpCause.ProtocolUnreachable],
    [3, 3, IcmpCause.PortUnreachable], [3, 13, IcmpCause.AdministrativelyProhibited], [11, 0, IcmpCause.HopLimitExceeded],
    [11, 1, IcmpCause.ReassemblyTimeExceeded], [12, 0, IcmpCause.ParameterProblem],
  ])('RFC 1122 §3.2.2: type %i code %i is passed to the transport that is quoted, as cause %i', (type, code, cause) => {
    const host = new Host()
    expect(host.receive(ipv4({ protocol: 1 }, icmp4(type, code, NO_REST, ours.subarray(0, 28))))).toBe('None')
    const [news, ...rest] = host.tcp.news
    expect(rest).toEqual([])
    expect(news).toMatchObject({ cause, mtu: 0, data: pattern(8) })
    expect(news!.meta).toEqual({
      source: ip('10.0.0.1'), destination: ip('10.9.9.9'), protocol: 6, dontFragment: true, interfaceIndex: 1, trafficClass: 0x28,
      hopLimit: 3, checksumVerified: false, segmentSize: 0,
    })
    expect(host.udp.news).toEqual([])
  })

  test('RFC 1122 §3.2.2: an error that quotes nothing of ours is dropped', () => {
    const host = new Host()
    const quote = (fields: Parameters<typeof ipv4>[0], length = 28): string =>
      host.receive(ipv4({ protocol: 1 }, icmp4(3, 3, NO_REST, ipv4({ source: '10.0.0.1', ...fields }, pattern(40)).subarray(0, length))))
    expect(quote({ source: '10.0.0.77' })).toBe('IcmpUnmatched')
    expect(quote({ protocol: 132 })).toBe('IcmpUnmatched')
    expect(quote({ fragmentOffset: 8 })).toBe('IcmpUnmatched')
    expect(quote({}, 27)).toBe('Truncated')
    expect(quote({}, 19)).toBe('Truncated')
    expect(quote({}, 0)).toBe('Truncated')
    expect(host.udp.news).toEqual([])
  })

  test('what a sender padded behind the quoted packet is not part of it (RFC 4884 extensions)', () => {
    const host = new Host()
    const short = ipv4({ source: '10.0.0.1', protocol: 6 }, pattern(20))
    expect(host.receive(ipv4({ protocol: 1 }, icmp4(3, 1, NO_REST, concat(short, pattern(100)))))).toBe('None')
    expect(host.tcp.news[0]!.data).toEqual(pattern(20))
  })

  test('an ICMPv4 error that quotes an IPv6 packet is dropped', () => {
    const host = new Host()
    expect(host.receive(ipv4({ protocol: 1 }, icmp4(3, 3, NO_REST, concat(hex('60'), pattern(60)))))).toBe('BadVersion')
  })

  test('MUST-55: RFC 792: redirects, source quenches and types unknown to us are dropped', () => {
    const host = new Host()
    expect(host.receive(ipv4({ protocol: 1 }, icmp4(5, 0, NO_REST, ours.subarray(0, 28))))).toBe('IcmpUnmatched')
    expect(host.receive(ipv4({ protocol: 1 }, icmp4(4, 0, NO_REST, ours.subarray(0, 28))))).toBe('IcmpUnmatched')
    expect(host.receive(ipv4({ protocol: 1 }, icmp4(13, 0, NO_REST, pattern(12))))).toBe('UnknownProtocol')
  })

  test('the transport says whether the quoted packet is its own, and its reason is counted', () => {
    const host = new Host()
    host.tcp.icmpVerdict = DropReason.IcmpUnmatched
    expect(host.receive(ipv4({ protocol: 1 }, icmp4(3, 1, NO_REST, ours.subarray(0, 28))))).toBe('IcmpUnmatched')
    expect(host.drops).toEqual({ IcmpUnmatched: 1 })
  })
})
