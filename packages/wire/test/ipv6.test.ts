import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  createIpv6Header, DropReason, formatIpAddress, IpProtocol, isIpv4, readIpv6, readQuotedIpv6, writeIpv6,
} from '../src/index.ts'
import type { Ipv6Header } from '../src/index.ts'
import { captures } from './_captures.ts'
import { guard } from './_guard.ts'
import { hex, toHex } from './_hex.ts'

/** A packet whose fixed header says `next`, followed by `payload`. */
function packet(next: number, payload: string): Uint8Array {
  const behind = hex(payload)
  const bytes = new Uint8Array(40 + behind.length)
  bytes.set(captures.udp6.subarray(0, 40))
  bytes[5] = behind.length
  bytes[4] = behind.length >> 8
  bytes[6] = next
  bytes.set(behind, 40)
  return bytes
}

function read(bytes: Uint8Array): { reason: DropReason, header: Ipv6Header } {
  const header = createIpv6Header()
  return { reason: readIpv6(bytes, 0, bytes.length, header), header }
}

const UDP = '1234567800080000'

describe('RFC 8200 §3: the fixed header', () => {
  test('a packet of the Linux kernel, in the middle of a buffer', () => {
    const header = createIpv6Header()
    const bytes = hex(`ffff${toHex(captures.udp6)}ffffff`)
    expect(readIpv6(bytes, 2, bytes.length - 3, header)).toBe(DropReason.None)
    expect({ ...header, source: formatIpAddress(header.source), destination: formatIpAddress(header.destination) }).toEqual({
      trafficClass: 0, flowLabel: 0xa4586, payloadLength: 13, protocol: IpProtocol.Udp, hopLimit: 64, source: '2001:db8::1',
      destination: '2001:db8::2', headerLength: 40, fragmentHeader: -1, fragmentOffset: 0, moreFragments: false, identification: 0,
      problemPointer: -1,
    })
  })

  test.each([
    ['nothing', new Uint8Array(0), DropReason.Truncated],
    ['39 bytes', captures.udp6.slice(0, 39), DropReason.Truncated],
    ['version 4', Object.assign(captures.udp6.slice(), { 0: 0x45 }), DropReason.BadVersion],
    ['a payload past the end', captures.udp6.slice(0, -1), DropReason.Truncated],
  ])('%s is refused', (_, bytes, reason) => {
    expect(read(bytes).reason).toBe(reason)
  })

  test('bytes behind the payload are no part of the packet, extension headers among them', () => {
    const bytes = new Uint8Array(100)
    bytes.set(captures.udp6)
    expect(read(bytes)).toMatchObject({ reason: DropReason.None, header: { payloadLength: 13 } })
    const cut = packet(IpProtocol.DestinationOptions, '1101000000000000 0000000000000000')
    cut[5] = 8
    expect(read(cut).reason).toBe(DropReason.Truncated)
  })

  test('any header survives writing and reading', () => {
    const word = fc.integer()
    const address = fc.record({ w0: word, w1: word, w2: word, w3: word }).filter((a) => !isIpv4(a))
    const fields = fc.record({
      trafficClass: fc.nat(255), flowLabel: fc.nat(0xfffff), payloadLength: fc.nat(2000), protocol: fc.constantFrom(6, 17, 59),
      hopLimit: fc.nat(255), source: address, destination: address,
    })
    fc.assert(fc.property(fields, (given) => {
      const written = { ...createIpv6Header(), ...given }
      const bytes = new Uint8Array(45 + given.payloadLength).fill(0xee)
      expect(writeIpv6(written, bytes, 5)).toBe(40)
      const into = createIpv6Header()
      expect(readIpv6(bytes, 5, bytes.length, into)).toBe(DropReason.None)
      expect(into).toEqual(written)
      expect([bytes[4], bytes[45] ?? 0xee]).toEqual([0xee, 0xee])
    }))
  })

  test('writes again what the kernel wrote', () => {
    const bytes = new Uint8Array(40)
    writeIpv6(read(captures.tcpSyn6).header, bytes, 0)
    expect(toHex(bytes)).toBe(toHex(captures.tcpSyn6.subarray(0, 40)))
  })
})

describe('RFC 8200 §4: extension headers', () => {
  test('hop-by-hop options, destination options, routing and an atomic fragment are walked to the upper layer', () => {
    const { reason, header } = read(packet(IpProtocol.HopByHopOptions, `
      3c00 0104 00000000
      2b00 0502 0000 0100
      2c00 0000 00000000
      3c00 0000 deadbeef
      1101 010c 000000000000000000000000
      ${UDP}`))
    expect(reason).toBe(DropReason.None)
    expect(header).toMatchObject({ protocol: IpProtocol.Udp, headerLength: 40 + 48, fragmentHeader: 64, identification: 0xdeadbeef | 0 })
  })

  test('§4.5: behind the fragment header of a real fragment nothing is read', () => {
    const first = read(packet(IpProtocol.Fragment, `3c00 0001 00000007 ${UDP}`))
    expect(first.reason).toBe(DropReason.None)
    expect(first.header).toMatchObject({
      protocol: IpProtocol.DestinationOptions, headerLength: 48, fragmentHeader: 40, fragmentOffset: 0, moreFragments: true,
      identification: 7,
    })
    const last = read(packet(IpProtocol.Fragment, `1100 05a8 00000007 ${UDP}`))
    expect(last.header).toMatchObject({ protocol: IpProtocol.Udp, headerLength: 48, fragmentOffset: 1448, moreFragments: false })
  })

  test('§4.1: hop-by-hop options stand right behind the fixed header or are an unknown next header', () => {
    expect(read(packet(IpProtocol.DestinationOptions, `0000 010400000000 1100 010400000000 ${UDP}`))).toMatchObject({
      reason: DropReason.UnknownProtocol, header: { problemPointer: 40 },
    })
  })

  test.each([
    ['00: skipped', '1e', DropReason.None, -1],
    ['01: discarded', '5e', DropReason.BadOption, -1],
    ['10: discarded and reported', '9e', DropReason.BadOption, 44],
    ['11: discarded and reported', 'c2', DropReason.BadOption, 44],
  ])('§4.2: an unknown option whose top bits are %s', (_, type, reason, pointer) => {
    const { reason: got, header } = read(packet(IpProtocol.HopByHopOptions, `1101 0100 ${type}02abcd 010400000000 0000 ${UDP}`))
    expect(got).toBe(reason)
    expect(header.problemPointer).toBe(pointer)
  })

  test.each([
    ['an option that passes its header\'s end', '1100 0105 00000000'],
    ['an option cut off behind its type', '1100 010300000001'],
  ])('%s is a bad option', (_, options) => {
    expect(read(packet(IpProtocol.DestinationOptions, `${options} ${UDP}`)).reason).toBe(DropReason.BadOption)
  })

  test('an option whose length lies behind the packet is refused without looking for it', () => {
    const bytes = packet(IpProtocol.DestinationOptions, '1100 010300000001')
    expect(readIpv6(guard(bytes, 0, 48), 0, 48, createIpv6Header())).toBe(DropReason.BadOption)
  })

  test('§4.4, RFC 5095: a routing header with segments left is refused', () => {
    expect(read(packet(IpProtocol.Routing, `1100 0001 00000000 ${UDP}`))).toMatchObject({
      reason: DropReason.BadOption, header: { problemPointer: 42 },
    })
  })

  test('an extension header must lie within the payload', () => {
    expect(read(packet(IpProtocol.DestinationOptions, '1100 01040000')).reason).toBe(DropReason.Truncated)
    expect(read(packet(IpProtocol.DestinationOptions, '1101 010400000000')).reason).toBe(DropReason.Truncated)
    expect(read(packet(IpProtocol.Fragment, '11000000 000000')).reason).toBe(DropReason.Truncated)
    expect(read(packet(IpProtocol.Routing, '')).reason).toBe(DropReason.Truncated)
  })

  test('§4.7: no next header ends the chain', () => {
    expect(read(packet(IpProtocol.NoNextHeader, 'ffff'))).toMatchObject({
      reason: DropReason.None, header: { protocol: 59, headerLength: 40 },
    })
  })

  test('RFC 8504 §5.3: eight extension headers are walked, a ninth is not', () => {
    const chain = (count: number) => `${'3c00 010400000000'.repeat(count - 1)} 1100 010400000000 ${UDP}`
    expect(read(packet(IpProtocol.DestinationOptions, chain(8))).reason).toBe(DropReason.None)
    expect(read(packet(IpProtocol.DestinationOptions, chain(9))).reason).toBe(DropReason.BadHeaderLength)
  })

  test('nothing stays from the packet before', () => {
    const header = createIpv6Header()
    const fragment = packet(IpProtocol.Fragment, `1100 05a9 00000007 ${UDP}`)
    readIpv6(fragment, 0, fragment.length, header)
    const option = packet(IpProtocol.DestinationOptions, `1100 c2040000 0000 ${UDP}`)
    readIpv6(option, 0, option.length, header)
    expect(header.problemPointer).toBe(42)
    readIpv6(captures.udp6, 0, captures.udp6.length, header)
    expect(header).toEqual(read(captures.udp6).header)
  })
})

describe('RFC 4443 §2.4: the packet that an error quotes', () => {
  test('may be cut off behind its headers', () => {
    const header = createIpv6Header()
    const bytes = packet(IpProtocol.DestinationOptions, `1100 010400000000 ${UDP}`)
    expect(readQuotedIpv6(bytes, 0, 50, header)).toBe(DropReason.None)
    expect(header).toMatchObject({ payloadLength: 16, protocol: IpProtocol.Udp, headerLength: 48 })
    expect(readQuotedIpv6(bytes, 0, 47, header)).toBe(DropReason.Truncated)
    expect(readQuotedIpv6(bytes, 0, 39, header)).toBe(DropReason.Truncated)
  })
})

test('RFC 4942 §2.2: ::ffff:a.b.c.d on the wire is refused, or it would pass for the IPv4 address', () => {
  const mapped = hex('00000000000000000000ffffc0000201')
  const bytes = captures.udp6.slice()
  bytes.set(mapped, 8)
  expect(read(bytes).reason).toBe(DropReason.MartianSource)
  expect(readQuotedIpv6(bytes, 0, bytes.length, createIpv6Header())).toBe(DropReason.MartianSource)
  bytes.set(captures.udp6)
  bytes.set(mapped, 24)
  expect(read(bytes).reason).toBe(DropReason.NotForUs)
})
