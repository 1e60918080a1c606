import { readUint16, writeUint16 } from './bytes.ts'
import { checksum } from './checksum.ts'
import { DropReason } from './drop-reason.ts'
import { IcmpCause } from './network-layer.ts'

/** Length of the header, bytes; an error quotes the packet at fault right behind it. */
export const ICMP_HEADER_LENGTH = 8

/** ICMP message types, RFC 792. */
export const IcmpType = {
  EchoReply: 0,
  DestinationUnreachable: 3,
  Echo: 8,
  TimeExceeded: 11,
  ParameterProblem: 12,
} as const

/** Codes of `DestinationUnreachable`, RFC 792 and RFC 1122 §3.2.2.1. */
export const IcmpUnreachable = {
  Network: 0,
  Host: 1,
  Protocol: 2,
  Port: 3,
  FragmentationNeeded: 4,
  SourceRouteFailed: 5,
  NetworkProhibited: 9,
  HostProhibited: 10,
  CommunicationProhibited: 13,
} as const

/**
 * An ICMP header: type, code, checksum and four octets that each type reads its own way. Reading
 * fills the fields that the type has and zeroes the others; writing writes those that the type has.
 */
export interface IcmpHeader {
  type: number
  code: number
  /** As on the wire. Set by reading; writing puts 0 there, `writeIcmpChecksum` fills it. */
  checksum: number
  /** Echo and echo reply. */
  identifier: number
  /** Echo and echo reply. */
  sequence: number
  /** Fragmentation needed: next hop's MTU in bytes, 0 from routers older than RFC 1191. */
  mtu: number
  /** Parameter problem: octet of the quoted packet. */
  pointer: number
}

export function createIcmpHeader(): IcmpHeader {
  return { type: 0, code: 0, checksum: 0, identifier: 0, sequence: 0, mtu: 0, pointer: 0 }
}

/**
 * Reads the header of the ICMPv4 message in `bytes[start, end)`; an echo's data or an error's
 * quoted packet (`readQuotedIpv4`) is `[start + 8, end)`. Types that are not in `IcmpType` are read too.
 * Returns `Truncated`, `BadChecksum` or `None`.
 * @param verify false when the checksum is known to be right.
 */
export function readIcmp(bytes: Uint8Array, start: number, end: number, into: IcmpHeader, verify = true): DropReason {
  if (end - start < ICMP_HEADER_LENGTH) return DropReason.Truncated
  if (verify && checksum(bytes, start, end) !== 0) return DropReason.BadChecksum
  const type = bytes[start]!
  const code = bytes[start + 1]!
  const isEcho = type === IcmpType.Echo || type === IcmpType.EchoReply
  into.type = type
  into.code = code
  into.checksum = readUint16(bytes, start + 2)
  into.identifier = isEcho ? readUint16(bytes, start + 4) : 0
  into.sequence = isEcho ? readUint16(bytes, start + 6) : 0
  into.mtu = isFragmentationNeeded(type, code) ? readUint16(bytes, start + 6) : 0
  into.pointer = type === IcmpType.ParameterProblem ? bytes[start + 4]! : 0
  return DropReason.None
}

/** Writes the header at `bytes[at]` and returns its length, 8. The checksum is left 0. */
export function writeIcmp(header: IcmpHeader, bytes: Uint8Array, at: number): number {
  const { type, code } = header
  const isEcho = type === IcmpType.Echo || type === IcmpType.EchoReply
  bytes[at] = type
  bytes[at + 1] = code
  writeUint16(bytes, at + 2, 0)
  writeUint16(bytes, at + 4, isEcho ? header.identifier : type === IcmpType.ParameterProblem ? header.pointer << 8 : 0)
  writeUint16(bytes, at + 6, isEcho ? header.sequence : isFragmentationNeeded(type, code) ? header.mtu : 0)
  return ICMP_HEADER_LENGTH
}

/** Computes and fills in the checksum of the ICMPv4 message in `bytes[start, end)`, which has no pseudo-header. */
export function writeIcmpChecksum(bytes: Uint8Array, start: number, end: number): void {
  writeUint16(bytes, start + 2, 0)
  writeUint16(bytes, start + 2, checksum(bytes, start, end))
}

function isFragmentationNeeded(type: number, code: number): boolean {
  return type === IcmpType.DestinationUnreachable && code === IcmpUnreachable.FragmentationNeeded
}

/** Whether the type reports an error and quotes a packet. Errors are never answered with errors (RFC 1122 §3.2.2). */
export function isIcmpError(type: number): boolean {
  // Also source quench (4) and redirect (5), which we neither send nor heed.
  return type === 3 || type === 4 || type === 5 || type === 11 || type === 12
}

/** What an ICMPv4 error means (RFC 1122 §3.2.2.1, §3.2.2.4, §3.2.2.5), or 0 when it is no error or means nothing to us. */
export function icmpCause(type: number, code: number): IcmpCause | 0 {
  switch (type) {
    case IcmpType.DestinationUnreachable: return unreachableCause(code)
    case IcmpType.TimeExceeded:
      return code === 0 ? IcmpCause.HopLimitExceeded : code === 1 ? IcmpCause.ReassemblyTimeExceeded : 0
    case IcmpType.ParameterProblem: return IcmpCause.ParameterProblem
    default: return 0
  }
}

function unreachableCause(code: number): IcmpCause | 0 {
  switch (code) {
    case 0: case 6: case 11: return IcmpCause.NetworkUnreachable
    case 1: case 5: case 7: case 8: case 12: return IcmpCause.HostUnreachable
    case 2: return IcmpCause.ProtocolUnreachable
    case 3: return IcmpCause.PortUnreachable
    case 4: return IcmpCause.PacketTooBig
    case 9: case 10: case 13: return IcmpCause.AdministrativelyProhibited
    default: return 0
  }
}
