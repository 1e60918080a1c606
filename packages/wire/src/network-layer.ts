import type { DropReason } from './drop-reason.ts'
import type { IpAddress, MutableIpAddress } from './ip-address.ts'
import { createIpAddress } from './ip-address.ts'

/**
 * What travels beside a transport segment between the internet layer and a transport protocol.
 * One object is reused for all packets in one direction: copy what you keep.
 */
export interface PacketMeta {
  readonly source: MutableIpAddress
  readonly destination: MutableIpAddress
  /** IP protocol number: 6 TCP, 17 UDP. */
  protocol: number
  /** TTL or hop limit; 0 on output means the layer's default. */
  hopLimit: number
  /** TOS or traffic class octet: DSCP in the upper six bits, ECN in the lower two. */
  trafficClass: number
  /** Interface a packet came in on, or must leave by; -1 on output lets the route decide. */
  interfaceIndex: number
  /** Input: the medium vouches for the transport checksum, so it need not be verified. */
  checksumVerified: boolean
  /** Output: never fragment (IPv4 DF; always so for IPv6 routers). */
  dontFragment: boolean
  /**
   * A TCP segment that stands for several, each with so many bytes of text but the last; 0: for itself. Output: for the medium
   * to cut, where `Path.segmentation` allows it. Input: as it was cut, or will be.
   */
  segmentSize: number
}

export function createPacketMeta(): PacketMeta {
  return {
    source: createIpAddress(),
    destination: createIpAddress(),
    protocol: 0,
    hopLimit: 0,
    trafficClass: 0,
    interfaceIndex: -1,
    checksumVerified: false,
    dontFragment: false,
    segmentSize: 0,
  }
}

/** What a transport needs to know about the way to a destination. */
export interface Path {
  /** Our address on that way. */
  readonly source: MutableIpAddress
  interfaceIndex: number
  /** Largest IP packet, in bytes including the IP header. */
  mtu: number
  /** The medium wants a real transport checksum on output. */
  checksumNeeded: boolean
  /** Largest IP packet, in bytes, with a TCP segment that the medium cuts into those that fit the MTU; 0: it cuts none. */
  segmentation: number
}

export function createPath(): Path {
  return { source: createIpAddress(), interfaceIndex: -1, mtu: 0, checksumNeeded: true, segmentation: 0 }
}

/**
 * The internet layer as a transport protocol sees it. The transport writes its whole segment into
 * `scratch` from `transportStart` on, then calls `send`; lower layers write their headers in front.
 */
export interface NetworkLayer {
  /** The one outgoing packet under construction; at least 65,535 bytes from `transportStart`. */
  readonly scratch: Uint8Array
  /** Where the transport header begins in `scratch`; a multiple of 8. */
  readonly transportStart: number
  /**
   * Fills `path` for `destination`. A `source` other than the unspecified address asks for the
   * way from that address of ours. Returns `None`, `NoRoute` or `NoSourceAddress`.
   */
  findPath(destination: IpAddress, source: IpAddress, path: Path): DropReason
  /** Whether `address` is one of ours (unicast). */
  isLocal(address: IpAddress): boolean
  /**
   * Sends `scratch[transportStart, transportStart + length)`. `DeviceQueueFull` means try again
   * later, nothing was sent; any other reason but `None` means the packet was dropped and counted.
   */
  send(meta: PacketMeta, length: number, now: number): DropReason
  /**
   * Negative advice (RFC 1122 §3.3.1.4): what was sent to `destination` goes unanswered, so the way there,
   * its first hop above all, had better be checked.
   */
  doubtPath?(destination: IpAddress, source: IpAddress): void
}

/** Why an ICMP error came back, in the terms of RFC 1122 §3.2.2 and RFC 4443, one list for both families. */
export const IcmpCause = {
  NetworkUnreachable: 1,
  HostUnreachable: 2,
  ProtocolUnreachable: 3,
  PortUnreachable: 4,
  /** IPv4 fragmentation needed and DF set; ICMPv6 packet too big. `mtu` tells the next hop's. */
  PacketTooBig: 5,
  AdministrativelyProhibited: 6,
  HopLimitExceeded: 7,
  ReassemblyTimeExceeded: 8,
  ParameterProblem: 9,
} as const

export type IcmpCause = (typeof IcmpCause)[keyof typeof IcmpCause]
