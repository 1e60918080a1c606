import { copyBytes } from '@layerfour/storage'
import {
  createIpv4Header, IPV4_HEADER_LENGTH, IPV6_HEADER_LENGTH, IpProtocol, readIpv4, writeIpv4, writeUint16, writeUint32,
} from '@layerfour/wire'
import type { Ipv4Header } from '@layerfour/wire'
import { HEADROOM, MAX_MTU } from './limits.ts'

/** RFC 8200 §4.5. */
const FRAGMENT_HEADER_LENGTH = 8

/**
 * Cuts packets of ours, which have no IPv4 options and no IPv6 extension headers, into fragments: RFC 791 §3.2 and RFC
 * 8200 §4.5. Each is built in one buffer, behind room for a link header.
 */
export class Fragmenter {
  /** Holds the fragment that `build` built, in `[start, end)`. Made at the first use: most hosts never fragment. */
  bytes: Uint8Array = new Uint8Array(0)
  start = 0
  end = 0
  private readonly ipv4: Ipv4Header = createIpv4Header()

  /**
   * Builds the fragment of the packet `bytes[packetStart, packetEnd)` that begins `from` bytes into its payload and is at most `limit`
   * bytes long, header included. Returns where in the payload the next one begins; the payload's length when this is the last.
   * @param identification for IPv6, the same for all fragments of a packet; an IPv4 packet has its own.
   */
  build(
    bytes: Uint8Array, packetStart: number, packetEnd: number, limit: number, from: number, identification: number,
  ): number {
    if (this.bytes.length === 0) this.bytes = new Uint8Array(HEADROOM + MAX_MTU)
    return bytes[packetStart]! >> 4 === 4
      ? this.buildIpv4(bytes, packetStart, packetEnd, limit, from)
      : this.buildIpv6(bytes, packetStart, packetEnd, limit, from, identification)
  }

  private buildIpv4(bytes: Uint8Array, packetStart: number, packetEnd: number, limit: number, from: number): number {
    const header = this.ipv4
    const payload = packetEnd - packetStart - IPV4_HEADER_LENGTH
    const next = nextFragment(from, limit - IPV4_HEADER_LENGTH, payload)
    readIpv4(bytes, packetStart, packetEnd, header, false)
    header.totalLength = IPV4_HEADER_LENGTH + next - from
    header.fragmentOffset = from
    header.moreFragments = next < payload
    this.start = HEADROOM
    this.end = HEADROOM + header.totalLength
    const at = HEADROOM + writeIpv4(header, this.bytes, HEADROOM)
    const data = packetStart + IPV4_HEADER_LENGTH
    copyBytes(bytes, data + from, data + next, this.bytes, at)
    return next
  }

  private buildIpv6(
    bytes: Uint8Array, packetStart: number, packetEnd: number, limit: number, from: number, identification: number,
  ): number {
    const into = this.bytes
    const payload = packetEnd - packetStart - IPV6_HEADER_LENGTH
    const next = nextFragment(from, limit - IPV6_HEADER_LENGTH - FRAGMENT_HEADER_LENGTH, payload)
    const fragmentHeader = HEADROOM + IPV6_HEADER_LENGTH
    const at = fragmentHeader + FRAGMENT_HEADER_LENGTH
    copyBytes(bytes, packetStart, packetStart + IPV6_HEADER_LENGTH, into, HEADROOM)
    writeUint16(into, HEADROOM + 4, FRAGMENT_HEADER_LENGTH + next - from)
    into[HEADROOM + 6] = IpProtocol.Fragment
    into[fragmentHeader] = bytes[packetStart + 6]!
    into[fragmentHeader + 1] = 0
    writeUint16(into, fragmentHeader + 2, from | (next < payload ? 1 : 0))
    writeUint32(into, fragmentHeader + 4, identification)
    const data = packetStart + IPV6_HEADER_LENGTH
    copyBytes(bytes, data + from, data + next, into, at)
    this.start = HEADROOM
    this.end = at + next - from
    return next
  }
}

/** All but the last fragment carry a multiple of 8 bytes, as offsets count in such units. */
function nextFragment(from: number, room: number, payload: number): number {
  return payload - from <= room ? payload : from + (room & ~7)
}
