import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  createIpv4Header, createIpv6Header, createUdpHeader, DropReason, parseIpAddress, readIpv4, readIpv6, readUdp, verifyTransportChecksum,
  writeTransportChecksum, writeUdp,
} from '../src/index.ts'
import { captures } from './_captures.ts'
import { hex, toHex } from './_hex.ts'

const A = parseIpAddress('192.0.2.1')!
const B = parseIpAddress('192.0.2.2')!
const A6 = parseIpAddress('2001:db8::1')!
const B6 = parseIpAddress('2001:db8::2')!

describe('RFC 768: UDP', () => {
  test('a datagram of the Linux kernel is read and written again', () => {
    const { udp } = captures
    const header = createUdpHeader()
    expect(readUdp(udp, 20, udp.length, header)).toBe(DropReason.None)
    expect(header).toEqual({ sourcePort: 0xe7df, destinationPort: 7, length: 13, checksum: 0x5017 })
    const bytes = udp.slice().fill(0xee, 20, 28)
    expect(writeUdp(header, bytes, 20)).toBe(8)
    expect(toHex(bytes.subarray(20, 28))).toBe('e7df0007000d0000')
    writeTransportChecksum(A, B, 17, bytes, 20, bytes.length)
    expect(toHex(bytes)).toBe(toHex(udp))
  })

  test('data ends where the length says', () => {
    const header = createUdpHeader()
    expect(readUdp(hex('0001000200090000aabbcc'), 0, 11, header)).toBe(DropReason.None)
    expect(header.length).toBe(9)
  })

  test('a datagram may be empty, and from no port', () => {
    const header = createUdpHeader()
    expect(readUdp(hex('0000000200080000'), 0, 8, header)).toBe(DropReason.None)
    expect(header).toEqual({ sourcePort: 0, destinationPort: 2, length: 8, checksum: 0 })
  })

  test.each([
    ['7 bytes', '00010002000800', DropReason.Truncated],
    ['a length of 7', '0001000200070000', DropReason.BadTotalLength],
    ['a length of 0', '0001000200000000', DropReason.BadTotalLength],
    ['a length past the end', '0001000200090000', DropReason.Truncated],
  ])('%s is refused', (_, text, reason) => {
    expect(readUdp(hex(text), 0, text.length / 2, createUdpHeader())).toBe(reason)
  })
})

describe('transport checksums', () => {
  test('MUST-2, MUST-3: are those of the Linux kernel over IPv4 and IPv6', () => {
    const ip = createIpv4Header()
    for (const bytes of [captures.tcpSyn, captures.tcpSynFastOpen, captures.udp]) {
      expect(readIpv4(bytes, 0, bytes.length, ip)).toBe(DropReason.None)
      expect(verifyTransportChecksum(ip.source, ip.destination, ip.protocol, bytes, 20, bytes.length)).toBe(true)
    }
    const ip6 = createIpv6Header()
    for (const bytes of [captures.tcpSyn6, captures.udp6, captures.echo6, captures.routerSolicitation]) {
      expect(readIpv6(bytes, 0, bytes.length, ip6)).toBe(DropReason.None)
      expect(verifyTransportChecksum(ip6.source, ip6.destination, ip6.protocol, bytes, 40, bytes.length)).toBe(true)
    }
  })

  test('any change of one bit of segment, address, protocol or length is noticed', () => {
    const { tcpSyn } = captures
    fc.assert(fc.property(fc.integer({ min: 20 * 8, max: tcpSyn.length * 8 - 1 }), (bit) => {
      const bytes = tcpSyn.slice()
      bytes[bit >> 3]! ^= 0x80 >> (bit & 7)
      expect(verifyTransportChecksum(A, B, 6, bytes, 20, bytes.length)).toBe(false)
    }))
    expect(verifyTransportChecksum(A, A, 6, tcpSyn, 20, tcpSyn.length)).toBe(false)
    expect(verifyTransportChecksum(A, B, 17, tcpSyn, 20, tcpSyn.length)).toBe(false)
    expect(verifyTransportChecksum(A, B, 6, tcpSyn, 20, tcpSyn.length - 1)).toBe(false)
  })

  test('RFC 768: a UDP checksum of 0 means none over IPv4; RFC 8200 §8.1: and is refused over IPv6', () => {
    const bytes = hex('0001000200090000aa')
    expect(verifyTransportChecksum(A, B, 17, bytes, 0, 9)).toBe(true)
    expect(verifyTransportChecksum(A6, B6, 17, bytes, 0, 9)).toBe(false)
  })

  test('RFC 768: a computed 0 is sent as ffff, by UDP alone', () => {
    const bytes = hex('0001000200080000 0000')
    writeTransportChecksum(A, B, 17, bytes, 0, 10)
    const sum = (bytes[6]! << 8) | bytes[7]!
    // Putting the complement of all else into the data makes everything add up to ffff.
    bytes[8] = sum >> 8
    bytes[9] = sum
    writeTransportChecksum(A, B, 17, bytes, 0, 10)
    expect(toHex(bytes.subarray(6, 8))).toBe('ffff')
    expect(verifyTransportChecksum(A, B, 17, bytes, 0, 10)).toBe(true)
    const icmp = hex('8000000000000000')
    writeTransportChecksum(A6, B6, 58, icmp, 0, 8)
    icmp.set(icmp.subarray(2, 4), 4)
    writeTransportChecksum(A6, B6, 58, icmp, 0, 8)
    expect(toHex(icmp.subarray(2, 4))).toBe('0000')
  })

  test('an old checksum in the field does not matter', () => {
    const bytes = Object.assign(captures.tcpSyn.slice(), { 36: 0x12, 37: 0x34 })
    writeTransportChecksum(A, B, 6, bytes, 20, bytes.length)
    expect(toHex(bytes)).toBe(toHex(captures.tcpSyn))
  })

  test('protocols without such a checksum and cut headers are misuse', () => {
    expect(() => writeTransportChecksum(A, B, 1, new Uint8Array(40), 0, 40))
      .toThrow(new RangeError('got protocol 1, expected 6 (TCP), 17 (UDP) or 58 (ICMPv6)'))
    expect(() => writeTransportChecksum(A, B, 6, new Uint8Array(40), 0, 17))
      .toThrow(new RangeError('got 17 bytes, expected a whole header of protocol 6'))
  })

  test('a UDP header too short for its checksum field is no reason to look beyond it', () => {
    expect(verifyTransportChecksum(A, B, 17, hex('00010002000700000000'), 0, 7)).toBe(false)
  })
})
