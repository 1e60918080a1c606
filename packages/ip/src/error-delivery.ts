import { createIpv4Header, createPacketMeta, copyIpAddress, DropReason, IcmpCause, readQuotedIpv4 } from '@layerfour/wire'
import type { Ipv4Header, Ipv6Header, PacketMeta } from '@layerfour/wire'
import type { InterfaceTable } from './interfaces.ts'
import type { PathMtuCache } from './path-mtu.ts'
import { plateauBelow } from './plateaus.ts'
import type { ProtocolTable } from './protocol-table.ts'

/** What an ICMP error quotes of a transport segment, at the least (RFC 792): enough for ports and a TCP sequence number. */
const MIN_QUOTED = 8

/**
 * Hands news of a packet of ours that did not arrive to the transport that sent it (RFC 1122 §3.2.2), which alone can tell
 * whether it did (RFC 5927 §4). The path MTU is lowered only when the transport knows the packet for its own.
 */
export class ErrorDelivery {
  /** Undefined while no part knows what an ICMP error says of them. */
  pathMtus: PathMtuCache | undefined = undefined
  private readonly interfaces: InterfaceTable
  private readonly transports: ProtocolTable
  private readonly ipv4: Ipv4Header = createIpv4Header()
  private readonly meta: PacketMeta = createPacketMeta()

  constructor(interfaces: InterfaceTable, transports: ProtocolTable) {
    this.interfaces = interfaces
    this.transports = transports
  }

  /**
   * `bytes[start, end)` is an IPv4 packet of ours from its header on, maybe cut off.
   * @param mtu what a `PacketTooBig` said, in bytes; 0 when it did not. @param interfaceIndex where the news came in.
   */
  deliverIpv4(
    cause: IcmpCause, mtu: number, interfaceIndex: number, bytes: Uint8Array, start: number, end: number, now: number,
  ): DropReason {
    const header = this.ipv4
    const reason = readQuotedIpv4(bytes, start, end, header)
    if (reason !== DropReason.None) return reason
    const nextMtu = cause === IcmpCause.PacketTooBig && mtu === 0 ? plateauBelow(header.totalLength) : mtu
    this.meta.dontFragment = header.dontFragment
    return this.deliver(cause, nextMtu, interfaceIndex, header, bytes, start, end, start + header.totalLength, now)
  }

  /** The same for IPv6, whose header was read. @param packetEnd where the packet would end if all of it were quoted. */
  deliverIpv6(
    cause: IcmpCause, mtu: number, interfaceIndex: number, header: Ipv6Header, bytes: Uint8Array, start: number, end: number,
    packetEnd: number, now: number,
  ): DropReason {
    this.meta.dontFragment = true
    return this.deliver(cause, mtu, interfaceIndex, header, bytes, start, end, packetEnd, now)
  }

  private deliver(
    cause: IcmpCause, mtu: number, interfaceIndex: number, header: Ipv4Header | Ipv6Header, bytes: Uint8Array, start: number, end: number,
    packetEnd: number, now: number,
  ): DropReason {
    const { meta } = this
    if (header.fragmentOffset !== 0) return DropReason.IcmpUnmatched
    meta.interfaceIndex = interfaceIndex
    copyIpAddress(header.source, meta.source)
    copyIpAddress(header.destination, meta.destination)
    meta.protocol = header.protocol
    meta.hopLimit = header.hopLimit
    meta.trafficClass = header.trafficClass
    const quoted = start + header.headerLength
    const quotedEnd = Math.min(end, packetEnd)
    if (quotedEnd - quoted < MIN_QUOTED) return DropReason.Truncated
    const transport = this.transports.get(meta.protocol)
    if (transport === undefined || !this.interfaces.isLocal(meta.source)) return DropReason.IcmpUnmatched
    const reason = transport.icmp(cause, mtu, meta, bytes, quoted, quotedEnd, now)
    if (reason === DropReason.None && cause === IcmpCause.PacketTooBig) this.pathMtus?.lower(meta.destination, mtu)
    return reason
  }
}
