import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  createArpPacket, createEthernetHeader, createIcmpHeader, createIcmpv6Header, createIpv4Header, createIpv6Header, createTcpHeader,
  createUdpHeader, dropReasonNames, parseIpAddress, readArp, readEthernet, readIcmp, readIcmpv6, readIpv4, readIpv6, readQuotedIpv4,
  readQuotedIpv6, readTcp, readUdp, verifyTransportChecksum, writeIpv4, writeIpv6,
} from '../src/index.ts'
import type { DropReason } from '../src/index.ts'
import { captures } from './_captures.ts'
import { guard } from './_guard.ts'
import { hex } from './_hex.ts'

/** Reads a header into a fresh object and gives all that came of it. */
type Reader = (bytes: Uint8Array, start: number, end: number) => { reason: DropReason, into: object }

function reader<T extends object>(
  create: () => T, read: (bytes: Uint8Array, start: number, end: number, into: T) => DropReason,
): Reader {
  return (bytes, start, end) => {
    const into = create()
    return { reason: read(bytes, start, end, into), into }
  }
}

/** Seeds near which the mutations look: valid packets, and ones made to reach the long walks. */
const ARP = hex('0001 0800 0604 0001 02000a0b0c0d c0000202 000000000000 c0000201')
const ETHERNET = hex('ffffffffffff 02000a0b0c0d 0806 0001')
const EXTENSIONS = hex(`
  60000000 00301140 20010db8000000000000000000000001 20010db8000000000000000000000002
  3c00 0104 00000000 2b00 0502 0000 0100 2c00 0000 00000000 3c00 0000 deadbeef 1101 010c 000000000000000000000000`)
EXTENSIONS[6] = 0
const OPTIONS = hex(`
  1234 0050 00000001 00000002 f010 1000 0000 0000
  0101080a0000000100000002 0101050a0000000300000004 fe040102 1c04003c 22020101 0402 0000`)
const IPV4_OPTIONS = hex(`
  4f000040 00000000 40060000 c0000201 c0000202
  94040000 07230400${'00'.repeat(32)} 00000000`)

const readers: Record<string, { read: Reader, seeds: Uint8Array[] }> = {
  readEthernet: { read: reader(createEthernetHeader, readEthernet), seeds: [ETHERNET] },
  readArp: { read: reader(createArpPacket, readArp), seeds: [ARP] },
  'readIpv4 without verifying': {
    read: reader(createIpv4Header, (b, s, e, into) => readIpv4(b, s, e, into, false)), seeds: [captures.tcpSyn, captures.udp, IPV4_OPTIONS],
  },
  readQuotedIpv4: { read: reader(createIpv4Header, readQuotedIpv4), seeds: [captures.tcpSyn.subarray(0, 28), IPV4_OPTIONS] },
  readIpv6: { read: reader(createIpv6Header, readIpv6), seeds: [captures.udp6, captures.routerSolicitation, EXTENSIONS] },
  readQuotedIpv6: { read: reader(createIpv6Header, readQuotedIpv6), seeds: [captures.udp6.subarray(0, 48), EXTENSIONS] },
  'readIcmp without verifying': {
    read: reader(createIcmpHeader, (b, s, e, into) => readIcmp(b, s, e, into, false)), seeds: [captures.echo.subarray(20)],
  },
  readIcmpv6: { read: reader(createIcmpv6Header, readIcmpv6), seeds: [captures.echo6.subarray(40)] },
  readUdp: { read: reader(createUdpHeader, readUdp), seeds: [captures.udp.subarray(20)] },
  readTcp: { read: reader(createTcpHeader, readTcp), seeds: [captures.tcpSyn.subarray(20), captures.tcpSynFastOpen.subarray(20), OPTIONS] },
}

/** A valid packet with some bytes changed and its end cut off or extended. */
function mutated(seeds: Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const change = fc.tuple(fc.nat(79), fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 2, 0xff)))
  return fc.tuple(fc.constantFrom(...seeds), fc.array(change, { maxLength: 6 }), fc.nat(20), fc.boolean())
    .map(([seed, changes, length, cut]) => {
      const bytes = new Uint8Array(cut ? Math.max(0, seed.length - length) : seed.length + length)
      bytes.set(seed.subarray(0, bytes.length))
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value
      return bytes
    })
}

function between(before: Uint8Array, data: Uint8Array, after: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(before.length + data.length + after.length)
  bytes.set(before)
  bytes.set(data, before.length)
  bytes.set(after, before.length + data.length)
  return bytes
}

describe.each(Object.entries(readers))('%s', (_, { read, seeds }) => {
  const data = fc.oneof(fc.uint8Array({ maxLength: 120 }), mutated(seeds))

  test('accepts its seeds, so that mutations start from something', () => {
    for (const seed of seeds) expect(read(seed, 0, seed.length).reason).toBe(0)
  })

  test('throws for no bytes, reads none outside its range, and gives a reason that has a name', () => {
    const after = fc.uint8Array({ minLength: 70, maxLength: 70 })
    fc.assert(fc.property(data, fc.uint8Array({ maxLength: 5 }), after, (bytes, before, after) => {
      const all = between(before, bytes, after)
      const start = before.length
      const end = start + bytes.length
      const { reason, into } = read(guard(all, start, end), start, end)
      expect(dropReasonNames[reason]).toBeTypeOf('string')
      // The same bytes at the end of a buffer of their own come out the same.
      expect(read(bytes, 0, bytes.length)).toEqual({ reason, into })
    }), { numRuns: 2000 })
  })

  test('throws for no packet cut short, and reads none of what was cut off', () => {
    for (const seed of seeds) {
      for (let end = 0; end < seed.length; end++) {
        expect(() => read(guard(seed, 0, end), 0, end)).not.toThrow()
      }
    }
  })
})

describe('verifying checksums', () => {
  const source = parseIpAddress('192.0.2.1')!
  const destination = parseIpAddress('2001:db8::2')!
  const verifiers: Record<string, (bytes: Uint8Array, start: number, end: number) => unknown> = {
    readIpv4: (bytes, start, end) => readIpv4(bytes, start, end, createIpv4Header()),
    readIcmp: (bytes, start, end) => readIcmp(bytes, start, end, createIcmpHeader()),
    verifyTransportChecksum: (bytes, start, end) => [6, 17, 58, 0].map((protocol) => [
      verifyTransportChecksum(source, source, protocol, bytes, start, end),
      verifyTransportChecksum(source, destination, protocol, bytes, start, end),
    ]),
  }

  test.each(Object.entries(verifiers))('%s does not depend on what lies around the packet, nor throws', (_, verify) => {
    const data = fc.oneof(fc.uint8Array({ maxLength: 200 }), mutated([captures.udp, captures.tcpSyn, captures.echo.subarray(20)]))
    fc.assert(fc.property(data, fc.uint8Array({ maxLength: 9 }), fc.uint8Array({ maxLength: 9 }), (bytes, before, after) => {
      const all = between(before, bytes, after)
      expect(verify(all, before.length, before.length + bytes.length)).toEqual(verify(bytes, 0, bytes.length))
    }), { numRuns: 2000 })
  })
})

test('what a reader accepts, its writer writes again', () => {
  fc.assert(fc.property(mutated([captures.tcpSyn, captures.udp]), (bytes) => {
    const header = createIpv4Header()
    fc.pre(readIpv4(bytes, 0, bytes.length, header, false) === 0 && header.headerLength === 20)
    const written = bytes.slice()
    writeIpv4(header, written, 0)
    // Writing clears the reserved bit and computes the checksum; all else is the same.
    written[6]! |= bytes[6]! & 0x80
    written.set(bytes.subarray(10, 12), 10)
    expect(written).toEqual(bytes)
  }))
  fc.assert(fc.property(mutated([captures.tcpSyn6, captures.udp6]), (bytes) => {
    const header = createIpv6Header()
    fc.pre(readIpv6(bytes, 0, bytes.length, header) === 0 && header.headerLength === 40)
    const written = bytes.slice()
    writeIpv6(header, written, 0)
    expect(written).toEqual(bytes)
  }))
})
