import {
  copyIpAddress, createIpv4Header, createIpv6Header, IPV4_HEADER_LENGTH, IPV6_HEADER_LENGTH, isIpv4, writeIpv4, writeIpv6,
} from '@layerfour/wire'
import type { Ipv4Header, Ipv6Header, PacketMeta } from '@layerfour/wire'
import type { Identification } from './identification.ts'

/** Writes IP headers in front of what they carry. */
export class HeaderWriter {
  private readonly identification: Identification
  private readonly hopLimit: number
  private readonly ipv4: Ipv4Header = createIpv4Header()
  private readonly ipv6: Ipv6Header = createIpv6Header()

  /** @param hopLimit for packets whose meta leaves it open. */
  constructor(identification: Identification, hopLimit: number) {
    this.identification = identification
    this.hopLimit = hopLimit
  }

  /**
   * Writes the header that `meta` describes right before `bytes[at, at + length)` and returns where it begins.
   * @param dontFragment sets IPv4's DF; such a packet needs no identification (RFC 6864 §4.1).
   */
  write(meta: PacketMeta, dontFragment: boolean, bytes: Uint8Array, at: number, length: number): number {
    const hopLimit = meta.hopLimit === 0 ? this.hopLimit : meta.hopLimit
    if (isIpv4(meta.destination)) {
      const header = this.ipv4
      header.trafficClass = meta.trafficClass
      header.totalLength = IPV4_HEADER_LENGTH + length
      header.identification = dontFragment ? 0 : this.identification.next(meta.source, meta.destination, meta.protocol)
      header.dontFragment = dontFragment
      header.hopLimit = hopLimit
      header.protocol = meta.protocol
      copyIpAddress(meta.source, header.source)
      copyIpAddress(meta.destination, header.destination)
      writeIpv4(header, bytes, at - IPV4_HEADER_LENGTH)
      return at - IPV4_HEADER_LENGTH
    }
    const header = this.ipv6
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
