import type { TcpHeader } from '@layerfour/wire'
import {
  createIpv4Header, createIpv6Header, createTcpHeader, DropReason, IpProtocol, readIpv4, readIpv6, readTcp, TcpFlags,
} from '@layerfour/wire'

/** One TCP segment as a packet observer sees it; reused for all of them. */
export interface SegmentView {
  readonly header: TcpHeader
  /** Bytes of text. */
  length: number
}

const ipv4 = createIpv4Header()
const ipv6 = createIpv6Header()
const IPV6_FIXED = 40

export function createSegmentView(): SegmentView {
  return { header: createTcpHeader(), length: 0 }
}

/** Reads the segment in the IP packet `bytes[start, end)`; false when there is none. Checksums are not verified. */
export function readSegment(bytes: Uint8Array, start: number, end: number, into: SegmentView): boolean {
  if (end <= start) return false
  let from: number
  let to: number
  if (bytes[start]! >> 4 === 6) {
    if (readIpv6(bytes, start, end, ipv6) !== DropReason.None || ipv6.protocol !== IpProtocol.Tcp) return false
    from = start + ipv6.headerLength
    to = start + IPV6_FIXED + ipv6.payloadLength
  } else {
    if (readIpv4(bytes, start, end, ipv4, false) !== DropReason.None || ipv4.protocol !== IpProtocol.Tcp) return false
    from = start + ipv4.headerLength
    to = start + ipv4.totalLength
  }
  if (readTcp(bytes, from, to, into.header) !== DropReason.None) return false
  into.length = to - from - into.header.headerLength
  return true
}

const flagNames = Object.entries(TcpFlags)

/** `SYN,ACK` in the order in which they stand in the header, from the lowest bit. */
export function formatFlags(flags: number): string {
  return flagNames.filter(([, bit]) => (flags & bit) !== 0).map(([name]) => name).join(',')
}
