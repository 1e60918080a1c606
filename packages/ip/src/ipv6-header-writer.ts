import { copyIpAddress, createIpv6Header, IPV6_HEADER_LENGTH, writeIpv6 } from '@layerfour/wire'
import type { Ipv6Header, PacketMeta } from '@layerfour/wire'

/** Writes IPv6 headers in front of what they carry. */
export class Ipv6HeaderWriter {
  private readonly header: Ipv6Header = createIpv6Header()

  /** Writes the header that `meta` describes right before `bytes[at, at + length)` and returns where it begins. */
  write(meta: PacketMeta, hopLimit: number, bytes: Uint8Array, at: number, length: number): number {
    const { header } = this
    header.trafficClass = meta.trafficClass
    header.payloadLength = length
    header.protocol = meta.protocol
    header.hopLimit = hopLimit
    copyIpAddress(meta.source, header.source)
    copyIpAddress(meta.destination, header.destination)
    writeIpv6(header, bytes, at - IPV6_HEADER_LENGTH)
    return at - IPV6_HEADER_LENGTH
  }
}
