import { describe, expect, it } from 'vitest'
import { checksumVouchedFor, segmentSizeOf, VIRTIO_HEADER_LENGTH, writeVirtioHeader } from '../src/_virtio-header.ts'

const TCP = 6
const UDP = 17

interface Shape {
  readonly version?: 4 | 6
  readonly protocol?: number
  readonly text?: number
  readonly ethernet?: boolean
  readonly checksum?: number
  /** Flags and fragment offset of IPv4. */
  readonly fragment?: number
  /** IPv4 options and TCP options, in words of 4 bytes. */
  readonly ipOptions?: number
  readonly tcpOptions?: number
}

/** A packet behind 3 stray bytes and room for the header, which is full of ones. */
function build(shape: Shape): { bytes: Uint8Array, ip: number, transport: number, field: number } {
  const { version = 4, protocol = TCP, text = 1000, ethernet = false, checksum = 0 } = shape
  const { fragment = 0x4000, ipOptions = 0, tcpOptions = 3 } = shape
  const transportLength = (protocol === TCP ? 20 + 4 * tcpOptions : 8) + text
  const ipLength = version === 4 ? 20 + 4 * ipOptions : 40
  const ip = 3 + VIRTIO_HEADER_LENGTH + (ethernet ? 14 : 0)
  const transport = ip + ipLength
  const bytes = Uint8Array.from({ length: transport + transportLength }, (_, i) => (i * 7) & 0xff)
  bytes.fill(0xff, 3, 3 + VIRTIO_HEADER_LENGTH)
  const view = new DataView(bytes.buffer)
  if (ethernet) view.setUint16(ip - 2, version === 4 ? 0x0800 : 0x86dd)
  if (version === 4) {
    bytes[ip] = 0x45 + ipOptions
    view.setUint16(ip + 2, ipLength + transportLength)
    view.setUint16(ip + 6, fragment)
    bytes[ip + 9] = protocol
  } else {
    bytes[ip] = 0x60
    view.setUint16(ip + 4, transportLength)
    bytes[ip + 6] = protocol
  }
  if (protocol === TCP) bytes[transport + 12] = (5 + tcpOptions) << 4
  const field = transport + (protocol === TCP ? 16 : 6)
  view.setUint16(field, checksum)
  return { bytes, ip, transport, field }
}

/** The header in `bytes`, its 16-bit members read as little-endian numbers. */
function headerOf(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, 3)
  return [bytes[3]!, bytes[4]!, ...[2, 4, 6, 8].map((at) => view.getUint16(at, true))]
}

/** What the kernel does to complete a checksum: the sum from csum_start on, complemented; then a receiver sums it all up. */
function sumOf(bytes: Uint8Array, from: number, to: number, initial = 0): number {
  let sum = initial
  for (let i = from; i < to; i++) sum += (i - from) % 2 === 0 ? bytes[i]! << 8 : bytes[i]!
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return sum
}

const NOTHING = [0, 0, 0, 0, 0, 0]

describe('what the kernel is left to do for a packet of ours', () => {
  for (const version of [4, 6] as const) {
    for (const ethernet of [false, true]) {
      for (const protocol of [TCP, UDP]) {
        it(`IPv${version}${ethernet ? ' in Ethernet' : ''}, protocol ${protocol}: a checksum of 0 is completed by the kernel to the right one`, () => {
          for (const text of [0, 1, 1000, 1001]) {
            const { bytes, ip, transport, field } = build({ version, ethernet, protocol, text })
            writeVirtioHeader(bytes, 3, bytes.length, ethernet, 0)
            const packet = 3 + VIRTIO_HEADER_LENGTH
            expect(headerOf(bytes)).toEqual([1, 0, 0, 0, transport - packet, field - transport])
            const completed = ~sumOf(bytes, transport, bytes.length) & 0xffff
            bytes[field] = completed >> 8
            bytes[field + 1] = completed & 0xff
            const pseudo = sumOf(bytes, ip + (version === 4 ? 12 : 8), transport, protocol + bytes.length - transport)
            expect(sumOf(bytes, transport, bytes.length, pseudo)).toBe(0xffff)
          }
        })
      }
    }
  }

  it('a segment to be cut says how long its headers are and how much text each segment gets', () => {
    const four = build({ text: 60_000, tcpOptions: 5 })
    writeVirtioHeader(four.bytes, 3, four.bytes.length, false, 1448)
    expect(headerOf(four.bytes)).toEqual([1, 1, 60, 1448, 20, 16])
    const six = build({ version: 6, text: 60_000, tcpOptions: 3, ethernet: true })
    writeVirtioHeader(six.bytes, 3, six.bytes.length, true, 1428)
    expect(headerOf(six.bytes)).toEqual([1, 4, 86, 1428, 54, 16])
  })

  it('a checksum that is the sum of the pseudo-header alone is incomplete too: so the kernel hands it over', () => {
    const first = build({})
    writeVirtioHeader(first.bytes, 3, first.bytes.length, false, 0)
    const again = first.bytes.slice()
    writeVirtioHeader(again, 3, again.length, false, 0)
    expect(again).toEqual(first.bytes)
  })

  it('a checksum that is there stays', () => {
    for (const protocol of [TCP, UDP]) {
      const { bytes, field } = build({ protocol, checksum: 0x1234 })
      writeVirtioHeader(bytes, 3, bytes.length, false, 0)
      expect(headerOf(bytes)).toEqual(NOTHING)
      expect([bytes[field], bytes[field + 1]]).toEqual([0x12, 0x34])
    }
  })

  it('nothing is asked for fragments, other protocols, options of IPv6, ARP, and what is no packet', () => {
    for (const shape of [{ fragment: 0x2000 }, { fragment: 3, protocol: UDP }, { protocol: 1 }, { version: 6, protocol: 44 }] as Shape[]) {
      const { bytes } = build(shape)
      const before = bytes.slice(3 + VIRTIO_HEADER_LENGTH)
      writeVirtioHeader(bytes, 3, bytes.length, false, 0)
      expect(headerOf(bytes)).toEqual(NOTHING)
      expect(bytes.slice(3 + VIRTIO_HEADER_LENGTH)).toEqual(before)
    }
    const arp = build({ ethernet: true })
    arp.bytes[3 + VIRTIO_HEADER_LENGTH + 13] = 6
    writeVirtioHeader(arp.bytes, 3, arp.bytes.length, true, 0)
    expect(headerOf(arp.bytes)).toEqual(NOTHING)
    for (const version of [4, 6] as const) {
      const whole = build({ version, text: 0, protocol: UDP })
      for (let end = 3 + VIRTIO_HEADER_LENGTH; end < whole.bytes.length; end++) {
        const { bytes } = build({ version, text: 0, protocol: UDP })
        writeVirtioHeader(bytes, 3, end, false, 1448)
        expect(headerOf(bytes)).toEqual(NOTHING)
      }
    }
  })

  it('the text begins behind IPv4 options too', () => {
    const { bytes, field } = build({ ipOptions: 2, text: 5000 })
    writeVirtioHeader(bytes, 3, bytes.length, false, 1000)
    expect(headerOf(bytes)).toEqual([1, 1, 60, 1000, 28, 16])
    expect([bytes[field], bytes[field + 1]]).not.toEqual([0, 0])
  })
})

describe('what the kernel says of a packet of its own', () => {
  const header = (...octets: number[]): Uint8Array => Uint8Array.of(9, ...octets, 0, 0, 0, 0)

  it('a segment that was not cut: TCP over IPv4 or IPv6, with or without ECN', () => {
    for (const type of [1, 4, 0x81, 0x84]) expect(segmentSizeOf(header(1, type, 54, 0, 0xa8, 0x05), 1)).toBe(1448)
  })

  it('no such segment: none, or something else than TCP', () => {
    for (const type of [0, 3, 5]) expect(segmentSizeOf(header(1, type, 54, 0, 0xa8, 0x05), 1)).toBe(0)
  })

  it('an incomplete checksum and a verified one are vouched for, others are not', () => {
    expect([0, 1, 2, 3, 4].map((flags) => checksumVouchedFor(header(flags, 0, 0, 0, 0, 0), 1))).toEqual([false, true, true, true, false])
  })
})
