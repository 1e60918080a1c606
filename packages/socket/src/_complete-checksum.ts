import type { Ipv4Header, Ipv6Header } from '@layerfour/wire'
import {
  createIpv4Header, createIpv6Header, DropReason, IPV6_HEADER_LENGTH, IpProtocol, pseudoHeaderSum, readIpv4, readIpv6, readUint16,
  TCP_CHECKSUM_OFFSET, UDP_CHECKSUM_OFFSET, writeTransportChecksum,
} from '@layerfour/wire'

/**
 * Fills in TCP and UDP checksums that a medium was to complete, or did not need, so that a capture shows packets as they would be on a
 * wire. Such a checksum is 0, or the sum of the pseudo-header alone, which is where Linux begins. Others stay as they are, wrong
 * ones too.
 */
export class ChecksumCompleter {
  readonly #ipv4: Ipv4Header = createIpv4Header()
  readonly #ipv6: Ipv6Header = createIpv6Header()

  /** Looks at the IP packet `bytes[start, end)`. @param zero whether a checksum of 0 is incomplete; else it says that there is none. */
  complete(bytes: Uint8Array, start: number, end: number, zero: boolean): void {
    if (end - start < 1) return
    const ipv4 = bytes[start]! >>> 4 === 4
    const header = ipv4 ? this.#ipv4 : this.#ipv6
    const reason = ipv4 ? readIpv4(bytes, start, end, this.#ipv4, false) : readIpv6(bytes, start, end, this.#ipv6)
    if (reason !== DropReason.None || header.moreFragments || header.fragmentOffset !== 0) return
    const { source, destination, protocol } = header
    const transport = start + header.headerLength
    const packetEnd = ipv4 ? start + this.#ipv4.totalLength : start + IPV6_HEADER_LENGTH + this.#ipv6.payloadLength
    const tcp = protocol === IpProtocol.Tcp
    if (!tcp && protocol !== IpProtocol.Udp) return
    const field = transport + (tcp ? TCP_CHECKSUM_OFFSET : UDP_CHECKSUM_OFFSET)
    if (field + 2 > packetEnd) return
    const found = readUint16(bytes, field)
    const incomplete = found === 0 ? zero : found === pseudoHeaderSum(source, destination, protocol, packetEnd - transport)
    if (incomplete) writeTransportChecksum(source, destination, protocol, bytes, transport, packetEnd)
  }
}
