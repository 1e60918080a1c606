import { readUint16, writeUint16 } from './bytes.ts'
import { checksum, pseudoHeaderSum } from './checksum.ts'
import type { IpAddress } from './ip-address.ts'
import { isIpv4 } from './ip-address.ts'
import { IpProtocol } from './ip-protocol.ts'
import { TCP_CHECKSUM_OFFSET } from './tcp.ts'
import { UDP_CHECKSUM_OFFSET } from './udp.ts'

/** Where ICMPv6's checksum lies. */
const ICMPV6_CHECKSUM_OFFSET = 2

/**
 * Whether the segment in `bytes[start, end)` holds the checksum that it and its pseudo-header
 * give (RFC 9293 §3.1, RFC 768, RFC 4443 §2.3). A UDP datagram must end where its length says. A UDP
 * checksum of 0 means none: right over IPv4, wrong over IPv6 (RFC 8200 §8.1).
 */
export function verifyTransportChecksum(
  source: IpAddress, destination: IpAddress, protocol: number, bytes: Uint8Array, start: number, end: number,
): boolean {
  if (protocol === IpProtocol.Udp && end - start >= 8 && readUint16(bytes, start + UDP_CHECKSUM_OFFSET) === 0) {
    return isIpv4(source)
  }
  return checksum(bytes, start, end, pseudoHeaderSum(source, destination, protocol, end - start)) === 0
}

/**
 * Computes and fills in the checksum of the TCP, UDP or ICMPv6 message in `bytes[start, end)`.
 * UDP sends a computed 0 as ffff, its equal, since 0 means none (RFC 768).
 * @throws RangeError for any other protocol, and when the header does not fit.
 */
export function writeTransportChecksum(
  source: IpAddress, destination: IpAddress, protocol: number, bytes: Uint8Array, start: number, end: number,
): void {
  const at = start + checksumOffset(protocol)
  if (at + 2 > end) throw new RangeError(`got ${end - start} bytes, expected a whole header of protocol ${protocol}`)
  writeUint16(bytes, at, 0)
  const value = checksum(bytes, start, end, pseudoHeaderSum(source, destination, protocol, end - start))
  writeUint16(bytes, at, value === 0 && protocol === IpProtocol.Udp ? 0xffff : value)
}

function checksumOffset(protocol: number): number {
  switch (protocol) {
    case IpProtocol.Tcp: return TCP_CHECKSUM_OFFSET
    case IpProtocol.Udp: return UDP_CHECKSUM_OFFSET
    case IpProtocol.Icmpv6: return ICMPV6_CHECKSUM_OFFSET
    default: throw new RangeError(`got protocol ${protocol}, expected 6 (TCP), 17 (UDP) or 58 (ICMPv6)`)
  }
}
