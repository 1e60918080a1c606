import { copyIpAddress, createIpv4Header, IPV4_HEADER_LENGTH, isIpv4, writeIpv4 } from '@layerfour/wire'
import type { Ipv4Header, PacketMeta } from '@layerfour/wire'
import type { Identification } from './identification.ts'
import type { Ipv6HeaderWriter } from './ipv6-header-writer.ts'

/** Writes IP headers in front of what they carry. */
export class HeaderWriter {
  /** Undefined in a layer without IPv6, where nothing has a way to such addresses. */
  ipv6: Ipv6HeaderWriter | undefined = undefined
  private readonly identification: Identification
  private readonly hopLimit: number
  private readonly ipv4: Ipv4Header = createIpv4Header()

  /** @param hopLimit for packets whose meta leaves it open. @throws RangeError when it is not 1 to 255. */
  constructor(identification: Identification, hopLimit: number) {
    if (!Number.isInteger(hopLimit) || hopLimit < 1 || hopLimit > 255) {
      throw new RangeError(`hopLimit is ${hopLimit}, expected an integer from 1 to 255`)
    }
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
    return this.ipv6!.write(meta, hopLimit, bytes, at, length)
  }
}
