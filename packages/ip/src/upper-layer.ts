import { IPV6_HEADER_LENGTH, IpProtocol } from '@layerfour/wire'

/** Where an IPv6 packet's chain of extension headers ends. */
export interface UpperLayer {
  /** Offset of the next header field that names the upper layer. */
  field: number
  /** Offset of the upper layer's header, or where the packet was cut off before it. */
  at: number
}

/**
 * Finds the upper layer of the IPv6 packet `bytes[start, end)` by the lengths of its extension headers alone: for reports
 * about a packet whose headers were read already, or whose headers are what is wrong.
 */
export function findUpperLayer(bytes: Uint8Array, start: number, end: number, into: UpperLayer): void {
  into.field = start + 6
  into.at = start + IPV6_HEADER_LENGTH
  while (isExtensionHeader(bytes[into.field]!) && into.at + 8 <= end) {
    const length = bytes[into.field] === IpProtocol.Fragment ? 8 : (bytes[into.at + 1]! + 1) << 3
    into.field = into.at
    into.at += length
  }
}

function isExtensionHeader(protocol: number): boolean {
  return protocol === IpProtocol.HopByHopOptions || protocol === IpProtocol.Routing
    || protocol === IpProtocol.Fragment || protocol === IpProtocol.DestinationOptions
}
