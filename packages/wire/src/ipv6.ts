import { readUint16, writeUint16, writeUint32 } from './bytes.ts'
import { DropReason } from './drop-reason.ts'
import type { MutableIpAddress } from './ip-address.ts'
import { createIpAddress, isIpv4 } from './ip-address.ts'
import { readIpv6Address, writeIpv6Address } from './ip-address-bytes.ts'
import { walkExtensionHeaders } from './_ipv6-extensions.ts'

/** Length of the fixed header, bytes. */
export const IPV6_HEADER_LENGTH = 40
/** Every IPv6 link carries packets of so many bytes (RFC 8200 §5). */
export const IPV6_MINIMUM_MTU = 1280

/** An IPv6 header with what its extension headers say, reused for all packets in one direction. RFC 8200 §3, §4. */
export interface Ipv6Header {
  /** DSCP in the upper six bits, ECN in the lower two. */
  trafficClass: number
  /** 20 bits. */
  flowLabel: number
  /** Bytes after the fixed header, extension headers included: 0..65535. */
  payloadLength: number
  /** Reading: the upper-layer protocol behind all extension headers. Writing: the next header field. */
  protocol: number
  hopLimit: number
  readonly source: MutableIpAddress
  readonly destination: MutableIpAddress
  /** Bytes of fixed and extension headers. Set by reading; writing writes 40. */
  headerLength: number
  /** Where the fragment header begins, counted from the packet's start; -1 without one. */
  fragmentHeader: number
  /** Bytes: a multiple of 8. */
  fragmentOffset: number
  moreFragments: boolean
  /** int32. */
  identification: number
  /** For the ICMPv6 parameter problem that a drop calls for: its pointer, counted from the packet's start; else -1. */
  problemPointer: number
}

export function createIpv6Header(): Ipv6Header {
  return {
    trafficClass: 0,
    flowLabel: 0,
    payloadLength: 0,
    protocol: 0,
    hopLimit: 0,
    source: createIpAddress(),
    destination: createIpAddress(),
    headerLength: IPV6_HEADER_LENGTH,
    fragmentHeader: -1,
    fragmentOffset: 0,
    moreFragments: false,
    identification: 0,
    problemPointer: -1,
  }
}

/**
 * Reads the headers of the packet in `bytes[start, end)`; the upper layer is
 * `[start + into.headerLength, start + 40 + into.payloadLength)`. Hop-by-hop and destination options
 * and routing headers are skipped where RFC 8200 allows it; a fragment header fills the fragment fields,
 * and behind the one of a real fragment (`moreFragments` or `fragmentOffset` not 0) the walk stops.
 * Returns `Truncated`, `BadVersion`, `MartianSource` or `NotForUs` (::ffff:a.b.c.d on the wire: it would pass
 * for the IPv4 address, RFC 4942 §2.2), `BadHeaderLength` (more than 8 extension headers), `BadOption`,
 * `UnknownProtocol` (hop-by-hop options out of place) or `None`.
 */
export function readIpv6(bytes: Uint8Array, start: number, end: number, into: Ipv6Header): DropReason {
  const reason = readFixedHeader(bytes, start, end, into)
  if (reason !== DropReason.None) return reason
  const packetEnd = start + IPV6_HEADER_LENGTH + into.payloadLength
  return packetEnd > end ? DropReason.Truncated : walkExtensionHeaders(bytes, start, packetEnd, into)
}

/**
 * Reads the headers that an ICMPv6 error quotes: as `readIpv6`, but the quoted packet may be cut off
 * behind its headers. What is quoted of the upper layer is `[start + into.headerLength, end)`.
 */
export function readQuotedIpv6(bytes: Uint8Array, start: number, end: number, into: Ipv6Header): DropReason {
  const reason = readFixedHeader(bytes, start, end, into)
  if (reason !== DropReason.None) return reason
  const packetEnd = start + IPV6_HEADER_LENGTH + into.payloadLength
  return walkExtensionHeaders(bytes, start, Math.min(packetEnd, end), into)
}

function readFixedHeader(bytes: Uint8Array, start: number, end: number, into: Ipv6Header): DropReason {
  if (end - start < IPV6_HEADER_LENGTH) return DropReason.Truncated
  if (bytes[start]! >> 4 !== 6) return DropReason.BadVersion
  into.trafficClass = (readUint16(bytes, start) >> 4) & 0xff
  into.flowLabel = ((bytes[start + 1]! & 0xf) << 16) | readUint16(bytes, start + 2)
  into.payloadLength = readUint16(bytes, start + 4)
  into.protocol = bytes[start + 6]!
  into.hopLimit = bytes[start + 7]!
  readIpv6Address(bytes, start + 8, into.source)
  readIpv6Address(bytes, start + 24, into.destination)
  into.headerLength = IPV6_HEADER_LENGTH
  into.fragmentHeader = -1
  into.fragmentOffset = 0
  into.moreFragments = false
  into.identification = 0
  into.problemPointer = -1
  if (isIpv4(into.source)) return DropReason.MartianSource
  return isIpv4(into.destination) ? DropReason.NotForUs : DropReason.None
}

/** Writes the fixed header and returns its length, 40. IPv6 has no header checksum. */
export function writeIpv6(header: Ipv6Header, bytes: Uint8Array, at: number): number {
  writeUint32(bytes, at, 0x60000000 | (header.trafficClass << 20) | (header.flowLabel & 0xfffff))
  writeUint16(bytes, at + 4, header.payloadLength)
  bytes[at + 6] = header.protocol
  bytes[at + 7] = header.hopLimit
  writeIpv6Address(header.source, bytes, at + 8)
  writeIpv6Address(header.destination, bytes, at + 24)
  return IPV6_HEADER_LENGTH
}
