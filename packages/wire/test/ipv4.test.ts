import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  checksum, createIpv4Header, DropReason, formatIpAddress, IPV4_HEADER_LENGTH, IPV4_MAX_TOTAL_LENGTH, IPV4_MINIMUM_REASSEMBLY_SIZE,
  IpProtocol, nextOption, parseIpAddress, readIpv4, readQuotedIpv4, writeIpv4,
} from '../src/index.ts'
import { captures } from './_captures.ts'
import { hex, toHex } from './_hex.ts'

/** Sets bytes of a header and gives it a right checksum again. */
function altered(packet: Uint8Array, changes: Record<number, number>): Uint8Array {
  const bytes = packet.slice()
  for (const [at, value] of Object.entries(changes)) bytes[Number(at)] = value
  bytes[10] = 0
  bytes[11] = 0
  const value = checksum(bytes, 0, Math.min(bytes.length, (bytes[0]! & 15) * 4))
  bytes[10] = value >> 8
  bytes[11] = value
  return bytes
}

const read = (bytes: Uint8Array) => readIpv4(bytes, 0, bytes.length, createIpv4Header())

describe('RFC 791 §3.1: reading IPv4', () => {
  test('a packet of the Linux kernel, in the middle of a buffer', () => {
    const header = createIpv4Header()
    const bytes = hex(`ffff${toHex(captures.udp)}ffffff`)
    expect(readIpv4(bytes, 2, bytes.length - 3, header)).toBe(DropReason.None)
    expect({ ...header, source: formatIpAddress(header.source), destination: formatIpAddress(header.destination) }).toEqual({
      headerLength: 20, trafficClass: 0, totalLength: 33, identification: 0xf31d, dontFragment: true, moreFragments: false,
      fragmentOffset: 0, hopLimit: 64, protocol: IpProtocol.Udp, checksum: 0xc3aa, source: '192.0.2.1', destination: '192.0.2.2',
    })
  })

  test('a textbook header: 4500 0073 … b861 from 192.168.0.1 to 192.168.0.199', () => {
    const bytes = new Uint8Array(0x73)
    bytes.set(hex('4500 0073 0000 4000 4011 b861 c0a8 0001 c0a8 00c7'))
    expect(read(bytes)).toBe(DropReason.None)
  })

  test('the header checksum is right if and only if all of its words add up, whatever they are', () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), fc.nat(159), (random, bit) => {
      random.set([0x45, random[1]!, 0, 20])
      const bytes = altered(random, {})
      expect(read(bytes)).toBe(DropReason.None)
      bytes[bit >> 3]! ^= 1 << (bit & 7)
      // Version and lengths are looked at first.
      if (bit >= 32 || bit >> 3 === 1) expect(read(bytes)).toBe(DropReason.BadChecksum)
    }))
  })

  test('padding behind the total length is no part of the packet', () => {
    const header = createIpv4Header()
    const frame = new Uint8Array(46)
    frame.set(captures.udp)
    expect(readIpv4(frame, 0, 46, header)).toBe(DropReason.None)
    expect(header.totalLength).toBe(33)
  })

  test('fragments: offset in units of 8 bytes, more fragments', () => {
    const header = createIpv4Header()
    const bytes = altered(captures.udp, { 6: 0x20, 7: 0xb9 })
    expect(readIpv4(bytes, 0, bytes.length, header)).toBe(DropReason.None)
    expect(header).toMatchObject({ dontFragment: false, moreFragments: true, fragmentOffset: 1480 })
    const last = altered(captures.udp, { 6: 0x1f, 7: 0xff })
    expect(readIpv4(last, 0, last.length, header)).toBe(DropReason.None)
    expect(header).toMatchObject({ moreFragments: false, fragmentOffset: 65528 })
  })

  test.each([
    ['nothing', new Uint8Array(0), DropReason.Truncated],
    ['19 bytes', captures.udp.slice(0, 19), DropReason.Truncated],
    ['version 6', altered(captures.udp, { 0: 0x65 }), DropReason.BadVersion],
    ['a header of 16 bytes', altered(captures.udp, { 0: 0x44 }), DropReason.BadHeaderLength],
    ['a header of 60 bytes in 33', altered(captures.udp, { 0: 0x4f }), DropReason.Truncated],
    ['a total length within the header', altered(captures.udp, { 3: 19 }), DropReason.BadTotalLength],
    ['a total length past the end', altered(captures.udp, { 3: 34 }), DropReason.Truncated],
    ['a wrong checksum', Object.assign(captures.udp.slice(), { 8: 63 }), DropReason.BadChecksum],
  ])('RFC 1122 §3.2.1: %s is refused', (_, bytes, reason) => {
    expect(read(bytes)).toBe(reason)
  })

  test('the checksum is believed when the medium vouches for it', () => {
    const bytes = Object.assign(captures.udp.slice(), { 8: 63 })
    expect(readIpv4(bytes, 0, bytes.length, createIpv4Header(), false)).toBe(DropReason.None)
  })
})

describe('RFC 791 §3.1: options', () => {
  /** A packet with `options` in its header and two bytes of data. */
  function withOptions(options: Uint8Array): Uint8Array {
    const bytes = new Uint8Array(22 + options.length)
    bytes.set(captures.udp.subarray(0, 20))
    bytes.set(options, 20)
    return altered(bytes, { 0: 0x45 + options.length / 4, 3: bytes.length })
  }

  test.each([
    ['router alert', '94040000'],
    ['record route, full', '0727' + '04' + '00'.repeat(36) + '00'],
    ['no-operations and end of list', '01010100'],
    ['an unknown one', '8804abcd'],
    ['one whose length is 0', '88000000'],
    ['one that passes the header\'s end', '88ff0000'],
    ['one cut off behind its kind', '01010188'],
  ])('RFC 1122 §3.2.1.8: %s is skipped by the header length', (_, options) => {
    const bytes = withOptions(hex(options))
    const header = createIpv4Header()
    expect(readIpv4(bytes, 0, bytes.length, header)).toBe(DropReason.None)
    expect(header.headerLength).toBe(20 + options.length / 2)
  })

  test('the header checksum covers them', () => {
    const bytes = withOptions(hex('94040000'))
    bytes[23] = 1
    expect(read(bytes)).toBe(DropReason.BadChecksum)
  })

  test('can be visited one by one', () => {
    const visit = (options: string) => {
      const bytes = hex(`ff${options}ff`)
      const end = bytes.length - 1
      const kinds: number[] = []
      let at = nextOption(bytes, 1, end)
      for (; at >= 0 && at !== end; at = nextOption(bytes, at + bytes[at + 1]!, end)) kinds.push(bytes[at]!)
      return { kinds, malformed: at < 0 }
    }
    expect(visit('0194040000 0188020000')).toEqual({ kinds: [0x94, 0x88], malformed: false })
    expect(visit('0101')).toEqual({ kinds: [], malformed: false })
    expect(visit('')).toEqual({ kinds: [], malformed: false })
    expect(visit('9404000088')).toEqual({ kinds: [0x94], malformed: true })
    expect(visit('940400008801')).toEqual({ kinds: [0x94], malformed: true })
    expect(visit('9404000088030000')).toEqual({ kinds: [0x94, 0x88], malformed: false })
    expect(visit('94040000880300')).toEqual({ kinds: [0x94, 0x88], malformed: false })
    expect(visit('940400008803')).toEqual({ kinds: [0x94], malformed: true })
    expect(nextOption(hex('88'), 0, 1)).toBe(-1)
    expect(nextOption(hex('8801'), 0, 2)).toBe(-1)
  })
})

describe('RFC 792: the packet that an error quotes', () => {
  test('may be cut off behind its header, with a checksum gone stale', () => {
    const bytes = Object.assign(captures.udp.slice(0, 28), { 8: 1 })
    const header = createIpv4Header()
    expect(readQuotedIpv4(bytes, 0, 28, header)).toBe(DropReason.None)
    expect(header).toMatchObject({ totalLength: 33, protocol: IpProtocol.Udp, hopLimit: 1 })
  })

  test('must have its whole header', () => {
    const bytes = altered(captures.udp, { 0: 0x47 })
    expect(readQuotedIpv4(bytes, 0, 27, createIpv4Header())).toBe(DropReason.Truncated)
    expect(readQuotedIpv4(bytes, 0, 28, createIpv4Header())).toBe(DropReason.None)
  })
})

test('sizes of RFC 791 §3.1', () => {
  expect([IPV4_HEADER_LENGTH, IPV4_MINIMUM_REASSEMBLY_SIZE, IPV4_MAX_TOTAL_LENGTH]).toEqual([20, 576, 65535])
})

describe('writing IPv4', () => {
  test('writes again what the kernel wrote, checksum included, and nothing beside it', () => {
    const header = createIpv4Header()
    readIpv4(captures.tcpSyn, 0, captures.tcpSyn.length, header)
    header.checksum = 0x1234
    const bytes = new Uint8Array(26).fill(0xee)
    expect(writeIpv4(header, bytes, 3)).toBe(20)
    expect(toHex(bytes)).toBe(`eeeeee${toHex(captures.tcpSyn.subarray(0, 20))}eeeeee`)
  })

  test('of what is too wide for its field the low bits are written, with the checksum of what was written', () => {
    const header = createIpv4Header()
    readIpv4(captures.tcpSyn, 0, captures.tcpSyn.length, header)
    const wide = {
      ...header, trafficClass: header.trafficClass - 256, identification: header.identification - 65536, hopLimit: header.hopLimit + 512,
      protocol: header.protocol - 256, totalLength: header.totalLength + 65536,
    }
    const bytes = new Uint8Array(20)
    writeIpv4(wide, bytes, 0)
    expect(toHex(bytes)).toBe(toHex(captures.tcpSyn.subarray(0, 20)))
  })

  test('any header survives writing and reading', () => {
    const header = fc.record({
      headerLength: fc.constant(20), trafficClass: fc.nat(255), totalLength: fc.integer({ min: 20, max: 65535 }),
      identification: fc.nat(65535),
      dontFragment: fc.boolean(), moreFragments: fc.boolean(), fragmentOffset: fc.nat(8191).map((n) => n * 8), hopLimit: fc.nat(255),
      protocol: fc.nat(255), checksum: fc.constant(0), source: fc.constant(parseIpAddress('255.0.2.1')!),
      destination: fc.constant(parseIpAddress('0.255.0.1')!),
    })
    fc.assert(fc.property(header, (written) => {
      const bytes = new Uint8Array(written.totalLength)
      writeIpv4(written, bytes, 0)
      const into = createIpv4Header()
      expect(readIpv4(bytes, 0, bytes.length, into)).toBe(DropReason.None)
      expect({ ...into, checksum: 0 }).toEqual(written)
    }))
  })
})
