import { describe, expect, test } from 'vitest'
import {
  createIcmpHeader, createIcmpv6Header, createIpv6Header, DropReason, IcmpCause, icmpCause, icmpv6Cause, Icmpv6Type, IcmpType,
  IcmpUnreachable, isIcmpError, isIcmpv6Error, readIcmp, readIcmpv6, readIpv6, verifyTransportChecksum, writeIcmp, writeIcmpChecksum,
  writeIcmpv6, writeTransportChecksum,
} from '../src/index.ts'
import { captures } from './_captures.ts'
import { hex, toHex } from './_hex.ts'

describe('RFC 792: ICMP', () => {
  const { echo } = captures

  test('an echo of the Linux kernel is read and written again', () => {
    const header = createIcmpHeader()
    expect(readIcmp(echo, 20, echo.length, header)).toBe(DropReason.None)
    expect(header).toEqual({ type: IcmpType.Echo, code: 0, checksum: 0xe11e, identifier: 0x5139, sequence: 1, mtu: 0, pointer: 0 })
    const bytes = echo.slice().fill(0xee, 20, 28)
    expect(writeIcmp(header, bytes, 20)).toBe(8)
    expect(toHex(bytes.subarray(20, 28))).toBe('0800000051390001')
    writeIcmpChecksum(bytes, 20, bytes.length)
    expect(toHex(bytes)).toBe(toHex(echo))
  })

  test('RFC 1191 §4: fragmentation needed tells the next hop\'s MTU', () => {
    const bytes = hex('0304 0000 0000 05d4 45000000')
    writeIcmpChecksum(bytes, 0, bytes.length)
    const header = createIcmpHeader()
    expect(readIcmp(bytes, 0, bytes.length, header)).toBe(DropReason.None)
    expect(header).toMatchObject({ mtu: 1492, identifier: 0, sequence: 0, pointer: 0 })
    const written = bytes.slice().fill(0xee, 0, 8)
    writeIcmp(header, written, 0)
    writeIcmpChecksum(written, 0, written.length)
    expect(written).toEqual(bytes)
  })

  test('other unreachables have no MTU, whatever their unused octets hold', () => {
    const header = createIcmpHeader()
    expect(readIcmp(hex('03030000123405d4'), 0, 8, header, false)).toBe(DropReason.None)
    expect(header).toMatchObject({ type: 3, code: 3, mtu: 0, identifier: 0, sequence: 0 })
    const written = new Uint8Array(8).fill(0xee)
    writeIcmp({ ...header, mtu: 1492, identifier: 5, sequence: 6, pointer: 7 }, written, 0)
    expect(toHex(written)).toBe('0303000000000000')
  })

  test('a parameter problem points at an octet', () => {
    const header = createIcmpHeader()
    readIcmp(hex('0c00000014000000'), 0, 8, header, false)
    expect(header).toMatchObject({ type: IcmpType.ParameterProblem, pointer: 20, identifier: 0 })
    const written = new Uint8Array(8)
    writeIcmp(header, written, 0)
    expect(toHex(written)).toBe('0c00000014000000')
  })

  test('a wrong checksum and a cut header are refused', () => {
    const bytes = Object.assign(echo.slice(), { 43: 1 })
    expect(readIcmp(bytes, 20, bytes.length, createIcmpHeader())).toBe(DropReason.BadChecksum)
    expect(readIcmp(bytes, 20, bytes.length, createIcmpHeader(), false)).toBe(DropReason.None)
    expect(readIcmp(echo, 20, 27, createIcmpHeader())).toBe(DropReason.Truncated)
  })

  test('RFC 1122 §3.2.2: errors are told from queries', () => {
    expect([3, 4, 5, 11, 12].every(isIcmpError)).toBe(true)
    expect([0, 8, 9, 10, 13, 14, 42].some(isIcmpError)).toBe(false)
  })

  test.each([
    [3, 0, IcmpCause.NetworkUnreachable], [3, IcmpUnreachable.Host, IcmpCause.HostUnreachable],
    [3, IcmpUnreachable.Protocol, IcmpCause.ProtocolUnreachable], [3, IcmpUnreachable.Port, IcmpCause.PortUnreachable],
    [3, IcmpUnreachable.FragmentationNeeded, IcmpCause.PacketTooBig], [3, 5, IcmpCause.HostUnreachable],
    [3, 6, IcmpCause.NetworkUnreachable], [3, 7, IcmpCause.HostUnreachable], [3, 8, IcmpCause.HostUnreachable],
    [3, 9, IcmpCause.AdministrativelyProhibited], [3, 10, IcmpCause.AdministrativelyProhibited], [3, 11, IcmpCause.NetworkUnreachable],
    [3, 12, IcmpCause.HostUnreachable], [3, 13, IcmpCause.AdministrativelyProhibited], [3, 99, 0],
    [11, 0, IcmpCause.HopLimitExceeded], [11, 1, IcmpCause.ReassemblyTimeExceeded], [11, 2, 0], [12, 0, IcmpCause.ParameterProblem],
    [0, 0, 0], [8, 0, 0], [4, 0, 0], [5, 1, 0],
  ])('RFC 1122 §3.2.2: type %i code %i means cause %i', (type, code, cause) => {
    expect(icmpCause(type, code)).toBe(cause)
  })
})

describe('RFC 4443: ICMPv6', () => {
  const { echo6 } = captures

  test('an echo request of the Linux kernel is read and written again', () => {
    const ip = createIpv6Header()
    readIpv6(echo6, 0, echo6.length, ip)
    const header = createIcmpv6Header()
    expect(readIcmpv6(echo6, 40, echo6.length, header)).toBe(DropReason.None)
    expect(header).toEqual({ type: Icmpv6Type.EchoRequest, code: 0, checksum: 0xcc03, identifier: 0x5185, sequence: 1, mtu: 0, pointer: 0 })
    expect(verifyTransportChecksum(ip.source, ip.destination, 58, echo6, 40, echo6.length)).toBe(true)
    const bytes = echo6.slice().fill(0xee, 40, 48)
    expect(writeIcmpv6(header, bytes, 40)).toBe(8)
    expect(toHex(bytes.subarray(40, 48))).toBe('8000000051850001')
    writeTransportChecksum(ip.source, ip.destination, 58, bytes, 40, bytes.length)
    expect(toHex(bytes)).toBe(toHex(echo6))
  })

  test.each([
    ['§3.2: packet too big tells the MTU, 32 bits', '0200000000000500', { type: 2, mtu: 1280, pointer: 0 }],
    ['§3.2: an absurd MTU stays a positive number', '02000000ffffffff', { type: 2, mtu: 0xffffffff, pointer: 0 }],
    ['§3.4: a parameter problem points at an octet, 32 bits', '0401000000000028', { type: 4, code: 1, pointer: 40, mtu: 0 }],
    ['§3.1: unreachable has nothing more', '0104000000000000', { type: 1, code: 4, mtu: 0, pointer: 0, identifier: 0, sequence: 0 }],
  ])('%s', (_, text, fields) => {
    const header = createIcmpv6Header()
    expect(readIcmpv6(hex(text), 0, 8, header)).toBe(DropReason.None)
    expect(header).toMatchObject(fields)
    const written = new Uint8Array(8).fill(0xee)
    writeIcmpv6({ ...header, identifier: 7, sequence: 8 }, written, 0)
    expect(toHex(written)).toBe(text)
  })

  test('seven bytes are truncated', () => {
    expect(readIcmpv6(echo6, 40, 47, createIcmpv6Header())).toBe(DropReason.Truncated)
  })

  test('§2.1: errors are the types below 128', () => {
    expect([1, 2, 3, 4, 127].every(isIcmpv6Error)).toBe(true)
    expect([128, 129, 133, 255].some(isIcmpv6Error)).toBe(false)
  })

  test.each([
    [1, 0, IcmpCause.NetworkUnreachable], [1, 1, IcmpCause.AdministrativelyProhibited], [1, 2, IcmpCause.HostUnreachable],
    [1, 3, IcmpCause.HostUnreachable], [1, 4, IcmpCause.PortUnreachable], [1, 5, IcmpCause.AdministrativelyProhibited],
    [1, 6, IcmpCause.AdministrativelyProhibited], [1, 7, 0], [2, 0, IcmpCause.PacketTooBig], [3, 0, IcmpCause.HopLimitExceeded],
    [3, 1, IcmpCause.ReassemblyTimeExceeded], [3, 2, 0], [4, 0, IcmpCause.ParameterProblem], [4, 1, IcmpCause.ProtocolUnreachable],
    [4, 2, IcmpCause.ParameterProblem], [128, 0, 0], [100, 0, 0],
  ])('§3: type %i code %i means cause %i', (type, code, cause) => {
    expect(icmpv6Cause(type, code)).toBe(cause)
  })
})
