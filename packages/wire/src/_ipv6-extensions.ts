import { readUint16, readUint32 } from './bytes.ts'
import { DropReason } from './drop-reason.ts'
import { IpProtocol } from './ip-protocol.ts'
import type { Ipv6Header } from './ipv6.ts'

/** RFC 8504 §5.3 lets a host limit the chain; a sane packet has each header once, destination options twice: 5. */
export const IPV6_MAX_EXTENSION_HEADERS = 8

/**
 * Walks the chain of extension headers from `start + into.headerLength` with `into.protocol` as the
 * first next header (RFC 8200 §4), and leaves both at the upper-layer header. Stops behind the
 * fragment header of a real fragment: what follows makes sense only when reassembled (§4.5).
 */
export function walkExtensionHeaders(bytes: Uint8Array, start: number, end: number, into: Ipv6Header): DropReason {
  let at = start + into.headerLength
  let nextHeaderAt = start + 6
  for (let count = 0; isExtensionHeader(into.protocol); count++) {
    if (count === IPV6_MAX_EXTENSION_HEADERS) return DropReason.BadHeaderLength
    if (end - at < 8) return DropReason.Truncated
    const kind = into.protocol
    const length = kind === IpProtocol.Fragment ? 8 : (bytes[at + 1]! + 1) << 3
    if (length > end - at) return DropReason.Truncated
    const reason = readExtensionHeader(bytes, start, at, length, kind, nextHeaderAt, into)
    if (reason !== DropReason.None) return reason
    into.protocol = bytes[at]!
    nextHeaderAt = at
    at += length
    into.headerLength = at - start
    if (kind === IpProtocol.Fragment && (into.moreFragments || into.fragmentOffset !== 0)) break
  }
  return DropReason.None
}

function isExtensionHeader(protocol: number): boolean {
  return protocol === IpProtocol.HopByHopOptions || protocol === IpProtocol.Routing
    || protocol === IpProtocol.Fragment || protocol === IpProtocol.DestinationOptions
}

function readExtensionHeader(
  bytes: Uint8Array, start: number, at: number, length: number, kind: number, nextHeaderAt: number, into: Ipv6Header,
): DropReason {
  switch (kind) {
    case IpProtocol.HopByHopOptions:
      // Only right behind the fixed header; elsewhere it is an unrecognized next header (§4.1, §4.3).
      if (nextHeaderAt !== start + 6) {
        into.problemPointer = nextHeaderAt - start
        return DropReason.UnknownProtocol
      }
      return checkOptions(bytes, start, at + 2, at + length, into)
    case IpProtocol.DestinationOptions:
      return checkOptions(bytes, start, at + 2, at + length, into)
    case IpProtocol.Routing:
      // We know no routing type: ignored once no segments are left, else refused (§4.4; type 0: RFC 5095).
      if (bytes[at + 3] === 0) return DropReason.None
      into.problemPointer = at + 2 - start
      return DropReason.BadOption
    default:
      into.fragmentHeader = at - start
      into.fragmentOffset = readUint16(bytes, at + 2) & 0xfff8
      into.moreFragments = (bytes[at + 3]! & 1) !== 0
      into.identification = readUint32(bytes, at + 4)
      return DropReason.None
  }
}

/**
 * Whether the options in [at, end) may all be skipped. We know padding only; the top two bits of an
 * unknown type say what to do (§4.2): 00 skip, 01 discard, 10 and 11 discard and report.
 */
function checkOptions(bytes: Uint8Array, start: number, at: number, end: number, into: Ipv6Header): DropReason {
  while (at < end) {
    const type = bytes[at]!
    if (type === 0) {
      at++
      continue
    }
    if (at + 1 >= end || at + 2 + bytes[at + 1]! > end) return DropReason.BadOption
    if (type >> 6 !== 0) {
      if (type >> 6 !== 1) into.problemPointer = at - start
      return DropReason.BadOption
    }
    at += 2 + bytes[at + 1]!
  }
  return DropReason.None
}
