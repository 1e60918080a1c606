import type { TcpHeader, TcpOptions } from '@layerfour/wire'
import { createIpv4Header, createTcpHeader, DropReason, IpProtocol, readIpv4, readTcp } from '@layerfour/wire'
import type { SegmentOptions } from './segment-table.ts'

/** Reads TCP segments out of IPv4 packets; the header is reused. */
export class SegmentReader {
  readonly header: TcpHeader = createTcpHeader()
  /** Bytes of text in the segment read last. */
  length = 0
  readonly #ip = createIpv4Header()

  /** False when `bytes[start, end)` holds no TCP segment. Checksums are not verified. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    const ip = this.#ip
    if (readIpv4(bytes, start, end, ip, false) !== DropReason.None || ip.protocol !== IpProtocol.Tcp) return false
    const from = start + ip.headerLength
    const to = start + ip.totalLength
    if (readTcp(bytes, from, to, this.header) !== DropReason.None) return false
    this.length = to - from - this.header.headerLength
    return true
  }
}

/** A copy of the options; SACK edges become distances from the peer's initial sequence number. */
export function copyOptions(options: TcpOptions, peerIss: number): SegmentOptions {
  const sack = Array.from({ length: options.sackCount }, (_, block): [number, number] => [
    (options.sackEdges[2 * block]! - peerIss) >>> 0, (options.sackEdges[2 * block + 1]! - peerIss) >>> 0,
  ])
  return {
    ...(options.mss < 0 ? {} : { mss: options.mss }),
    ...(options.windowScale < 0 ? {} : { windowScale: options.windowScale }),
    ...(options.sackPermitted ? { sackPermitted: true } : {}),
    ...(options.hasTimestamps ? { timestamps: [options.timestampValue >>> 0, options.timestampEcho >>> 0] as const } : {}),
    ...(sack.length > 0 ? { sack } : {}),
  }
}
