import { readUint16, readUint32, writeUint16, writeUint32 } from './bytes.ts'
import { DropReason } from './drop-reason.ts'
import { IcmpCause } from './network-layer.ts'

/** Length of the header, bytes; an error quotes the packet at fault right behind it. */
export const ICMPV6_HEADER_LENGTH = 8

/** ICMPv6 message types, RFC 4443. Types below 128 are errors. */
export const Icmpv6Type = {
  DestinationUnreachable: 1,
  PacketTooBig: 2,
  TimeExceeded: 3,
  ParameterProblem: 4,
  EchoRequest: 128,
  EchoReply: 129,
} as const

/** Codes of `DestinationUnreachable`, RFC 4443 §3.1. */
export const Icmpv6Unreachable = {
  NoRoute: 0,
  AdministrativelyProhibited: 1,
  BeyondScope: 2,
  Address: 3,
  Port: 4,
  SourcePolicy: 5,
  RejectRoute: 6,
} as const

/** Codes of `ParameterProblem`, RFC 4443 §3.4. */
export const Icmpv6Parameter = { ErroneousHeader: 0, UnrecognizedNextHeader: 1, UnrecognizedOption: 2 } as const

/**
 * An ICMPv6 header: type, code, checksum and four octets that each type reads its own way. Reading
 * fills the fields that the type has and zeroes the others; writing writes those that the type has.
 */
export interface Icmpv6Header {
  type: number
  code: number
  /** As on the wire. Set by reading; writing puts 0 there, `writeTransportChecksum` fills it. */
  checksum: number
  /** Echo request and reply. */
  identifier: number
  /** Echo request and reply. */
  sequence: number
  /** Packet too big: next hop's MTU in bytes, 0 to 2³² - 1. */
  mtu: number
  /** Parameter problem: octet of the quoted packet, 0 to 2³² - 1. */
  pointer: number
}

export function createIcmpv6Header(): Icmpv6Header {
  return { type: 0, code: 0, checksum: 0, identifier: 0, sequence: 0, mtu: 0, pointer: 0 }
}

/**
 * Reads the header of the ICMPv6 message in `bytes[start, end)`; an echo's data or an error's
 * quoted packet (`readQuotedIpv6`) is `[start + 8, end)`. Types that are not in `Icmpv6Type` are read
 * too. The checksum is not verified (see `verifyTransportChecksum`): it has a pseudo-header.
 * Returns `Truncated` or `None`.
 */
export function readIcmpv6(bytes: Uint8Array, start: number, end: number, into: Icmpv6Header): DropReason {
  if (end - start < ICMPV6_HEADER_LENGTH) return DropReason.Truncated
  const type = bytes[start]!
  const isEcho = type === Icmpv6Type.EchoRequest || type === Icmpv6Type.EchoReply
  into.type = type
  into.code = bytes[start + 1]!
  into.checksum = readUint16(bytes, start + 2)
  into.identifier = isEcho ? readUint16(bytes, start + 4) : 0
  into.sequence = isEcho ? readUint16(bytes, start + 6) : 0
  into.mtu = type === Icmpv6Type.PacketTooBig ? readUint32(bytes, start + 4) >>> 0 : 0
  into.pointer = type === Icmpv6Type.ParameterProblem ? readUint32(bytes, start + 4) >>> 0 : 0
  return DropReason.None
}

/** Writes the header at `bytes[at]` and returns its length, 8. The checksum is left 0. */
export function writeIcmpv6(header: Icmpv6Header, bytes: Uint8Array, at: number): number {
  const { type } = header
  bytes[at] = type
  bytes[at + 1] = header.code
  writeUint16(bytes, at + 2, 0)
  if (type === Icmpv6Type.EchoRequest || type === Icmpv6Type.EchoReply) {
    writeUint16(bytes, at + 4, header.identifier)
    writeUint16(bytes, at + 6, header.sequence)
  } else {
    writeUint32(bytes, at + 4,
      type === Icmpv6Type.PacketTooBig ? header.mtu : type === Icmpv6Type.ParameterProblem ? header.pointer : 0)
  }
  return ICMPV6_HEADER_LENGTH
}

/** Whether the type reports an error and quotes a packet (RFC 4443 §2.1). */
export function isIcmpv6Error(type: number): boolean {
  return type < 128
}

/** What an ICMPv6 error means (RFC 4443 §3), or 0 when it is no error or means nothing to us. */
export function icmpv6Cause(type: number, code: number): IcmpCause | 0 {
  switch (type) {
    case Icmpv6Type.DestinationUnreachable: return unreachableCause(code)
    case Icmpv6Type.PacketTooBig: return IcmpCause.PacketTooBig
    case Icmpv6Type.TimeExceeded:
      return code === 0 ? IcmpCause.HopLimitExceeded : code === 1 ? IcmpCause.ReassemblyTimeExceeded : 0
    case Icmpv6Type.ParameterProblem:
      // To a transport, a next header that the peer does not know is a protocol unreachable.
      return code === Icmpv6Parameter.UnrecognizedNextHeader ? IcmpCause.ProtocolUnreachable : IcmpCause.ParameterProblem
    default: return 0
  }
}

function unreachableCause(code: number): IcmpCause | 0 {
  switch (code) {
    case Icmpv6Unreachable.NoRoute: return IcmpCause.NetworkUnreachable
    case Icmpv6Unreachable.BeyondScope: case Icmpv6Unreachable.Address: return IcmpCause.HostUnreachable
    case Icmpv6Unreachable.Port: return IcmpCause.PortUnreachable
    case Icmpv6Unreachable.AdministrativelyProhibited: case Icmpv6Unreachable.SourcePolicy: case Icmpv6Unreachable.RejectRoute:
      return IcmpCause.AdministrativelyProhibited
    default: return 0
  }
}
