import { readUint16, writeUint16 } from './bytes.ts'
import { checksum, finishChecksum } from './checksum.ts'
import { DropReason } from './drop-reason.ts'
import type { IpAddress, MutableIpAddress } from './ip-address.ts'
import { createIpAddress } from './ip-address.ts'
import { readIpv4Address, writeIpv4Address } from './ip-address-bytes.ts'

/** Length of the header without options, bytes. */
export const IPV4_HEADER_LENGTH = 20
/** Every host takes datagrams of so many bytes (RFC 791 §3.1, RFC 1122 §3.3.2). */
export const IPV4_MINIMUM_REASSEMBLY_SIZE = 576
/** The largest datagram, header included. */
export const IPV4_MAX_TOTAL_LENGTH = 65535

/** An IPv4 header, reused for all packets in one direction. RFC 791 §3.1. */
export interface Ipv4Header {
  /** Bytes of the header with its options, 20..60. Set by reading; writing writes none and ignores it. */
  headerLength: number
  /** DSCP in the upper six bits, ECN in the lower two. */
  trafficClass: number
  /** Bytes of header and data, 20..65535. */
  totalLength: number
  identification: number
  dontFragment: boolean
  moreFragments: boolean
  /** Bytes: a multiple of 8, 0..65528. */
  fragmentOffset: number
  /** Time to live. */
  hopLimit: number
  protocol: number
  /** As on the wire. Set by reading; writing computes it. */
  checksum: number
  readonly source: MutableIpAddress
  readonly destination: MutableIpAddress
}

export function createIpv4Header(): Ipv4Header {
  return {
    headerLength: IPV4_HEADER_LENGTH,
    trafficClass: 0,
    totalLength: 0,
    identification: 0,
    dontFragment: false,
    moreFragments: false,
    fragmentOffset: 0,
    hopLimit: 0,
    protocol: 0,
    checksum: 0,
    source: createIpAddress(),
    destination: createIpAddress(),
  }
}

/**
 * Reads the header of the packet in `bytes[start, end)`; its data is
 * `[start + into.headerLength, start + into.totalLength)`, which may end before `end`: short frames
 * are padded. Options are skipped, not judged (RFC 1122 §3.2.1.8); `nextOption` visits them between
 * `start + 20` and the data.
 * Returns `Truncated`, `BadVersion`, `BadHeaderLength`, `BadTotalLength`, `BadChecksum` or `None`.
 * @param verify false when the medium vouches for the header checksum.
 */
export function readIpv4(bytes: Uint8Array, start: number, end: number, into: Ipv4Header, verify = true): DropReason {
  const reason = readQuotedIpv4(bytes, start, end, into)
  if (reason !== DropReason.None) return reason
  if (into.totalLength > end - start) return DropReason.Truncated
  return !verify || hasRightChecksum(bytes, start, into) ? DropReason.None : DropReason.BadChecksum
}

/** Nearly every header is 20 bytes long, and has just been read. */
function hasRightChecksum(bytes: Uint8Array, start: number, read: Ipv4Header): boolean {
  if (read.headerLength !== IPV4_HEADER_LENGTH) return checksum(bytes, start, start + read.headerLength) === 0
  const sum = (bytes[start]! << 8) + read.trafficClass + read.totalLength + read.identification + readUint16(bytes, start + 6)
    + (read.hopLimit << 8) + read.protocol + read.checksum + addressSum(read.source) + addressSum(read.destination)
  return finishChecksum(sum) === 0
}

function addressSum(ipv4: IpAddress): number {
  return (ipv4.w3 >>> 16) + (ipv4.w3 & 0xffff)
}

/**
 * Reads the header that an ICMP error quotes: as `readIpv4`, but the quoted packet may be cut off
 * after its header and its checksum may be stale, since routers change the header on the way.
 * What is quoted of its data is `[start + into.headerLength, end)`.
 */
export function readQuotedIpv4(bytes: Uint8Array, start: number, end: number, into: Ipv4Header): DropReason {
  if (end - start < IPV4_HEADER_LENGTH) return DropReason.Truncated
  const first = bytes[start]!
  if (first >> 4 !== 4) return DropReason.BadVersion
  const headerLength = (first & 0xf) << 2
  if (headerLength < IPV4_HEADER_LENGTH) return DropReason.BadHeaderLength
  if (headerLength > end - start) return DropReason.Truncated
  const totalLength = readUint16(bytes, start + 2)
  if (totalLength < headerLength) return DropReason.BadTotalLength
  const fragment = readUint16(bytes, start + 6)
  into.headerLength = headerLength
  into.trafficClass = bytes[start + 1]!
  into.totalLength = totalLength
  into.identification = readUint16(bytes, start + 4)
  into.dontFragment = (fragment & 0x4000) !== 0
  into.moreFragments = (fragment & 0x2000) !== 0
  into.fragmentOffset = (fragment & 0x1fff) << 3
  into.hopLimit = bytes[start + 8]!
  into.protocol = bytes[start + 9]!
  into.checksum = readUint16(bytes, start + 10)
  readIpv4Address(bytes, start + 12, into.source)
  readIpv4Address(bytes, start + 16, into.destination)
  return DropReason.None
}

/** Writes the header without options, its checksum included, and returns its length, 20. */
export function writeIpv4(header: Ipv4Header, bytes: Uint8Array, at: number): number {
  const { totalLength, identification, source, destination } = header
  const version = 0x4500 | (header.trafficClass & 0xff)
  const flags = (header.dontFragment ? 0x4000 : 0) | (header.moreFragments ? 0x2000 : 0)
  const fragment = flags | ((header.fragmentOffset >> 3) & 0x1fff)
  const life = ((header.hopLimit & 0xff) << 8) | (header.protocol & 0xff)
  // All words are at hand, so they are not read back.
  const sum = version + (totalLength & 0xffff) + (identification & 0xffff) + fragment + life
    + addressSum(source) + addressSum(destination)
  writeUint16(bytes, at, version)
  writeUint16(bytes, at + 2, totalLength)
  writeUint16(bytes, at + 4, identification)
  writeUint16(bytes, at + 6, fragment)
  writeUint16(bytes, at + 8, life)
  writeUint16(bytes, at + 10, finishChecksum(sum))
  writeIpv4Address(source, bytes, at + 12)
  writeIpv4Address(destination, bytes, at + 16)
  return IPV4_HEADER_LENGTH
}
