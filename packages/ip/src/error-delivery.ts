import {
  createIpv4Header, createIpv6Header, createPacketMeta, copyIpAddress, DropReason, IcmpCause, IPV6_HEADER_LENGTH, readQuotedIpv4,
  readQuotedIpv6,
} from '@layerfour/wire'
import type { IpAddress, Ipv4Header, Ipv6Header, PacketMeta } from '@layerfour/wire'
import type { InterfaceTable } from './interfaces.ts'
import { plateauBelow } from './path-mtu.ts'
import type { PathMtuCache } from './path-mtu.ts'
import type { ProtocolTable } from './protocol-table.ts'

/** What an ICMP error quotes of a transport segment, at the least (RFC 792): enough for ports and a TCP sequence number. */
const MIN_QUOTED = 8

/**
 * Hands news of a packet of ours that did not arrive to the transport that sent it (RFC 1122 §3.2.2), which alone can tell
 * whether it did (RFC 5927 §4). The path MTU is lowered only when the transport knows the packet for its own.
 */
export class ErrorDelivery {
  private readonly interfaces: InterfaceTable
  private readonly transports: ProtocolTable
  private readonly pathMtus: PathMtuCache
  private readonly ipv4: Ipv4Header = createIpv4Header()
  private readonly ipv6: Ipv6Header = createIpv6Header()
  private readonly meta: PacketMeta = createPacketMeta()

  constructor(interfaces: InterfaceTable, transports: ProtocolTable, pathMtus: PathMtuCache) {
    this.interfaces = interfaces
    this.transports = transports
    this.pathMtus = pathMtus
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
    if (header.fragmentOffset !== 0) return DropReason.IcmpUnmatched
    this.meta.interfaceIndex = interfaceIndex
    const nextMtu = cause === IcmpCause.PacketTooBig && mtu === 0 ? plateauBelow(header.totalLength) : mtu
    this.fillMeta(header.source, header.destination, header.protocol, header.hopLimit, header.trafficClass, header.dontFragment)
    return this.handOver(cause, nextMtu, bytes, start + header.headerLength, Math.min(end, start + header.totalLength), now)
  }

  /** The same for IPv6. */
  deliverIpv6(
    cause: IcmpCause, mtu: number, interfaceIndex: number, bytes: Uint8Array, start: number, end: number, now: number,
  ): DropReason {
    const header = this.ipv6
    const reason = readQuotedIpv6(bytes, start, end, header)
    if (reason !== DropReason.None) return reason
    if (header.fragmentOffset !== 0) return DropReason.IcmpUnmatched
    this.meta.interfaceIndex = interfaceIndex
    this.fillMeta(header.source, header.destination, header.protocol, header.hopLimit, header.trafficClass, true)
    const packetEnd = start + IPV6_HEADER_LENGTH + header.payloadLength
    return this.handOver(cause, mtu, bytes, start + header.headerLength, Math.min(end, packetEnd), now)
  }

  private handOver(cause: IcmpCause, mtu: number, bytes: Uint8Array, start: number, end: number, now: number): DropReason {
    const { meta } = this
    if (end - start < MIN_QUOTED) return DropReason.Truncated
    const transport = this.transports.get(meta.protocol)
    if (transport === undefined || !this.interfaces.isLocal(meta.source)) return DropReason.IcmpUnmatched
    const reason = transport.icmp(cause, mtu, meta, bytes, start, end, now)
    if (reason === DropReason.None && cause === IcmpCause.PacketTooBig) this.pathMtus.lower(meta.destination, mtu)
    return reason
  }

  private fillMeta(
    source: IpAddress, destination: IpAddress, protocol: number, hopLimit: number, trafficClass: number, dontFragment: boolean,
  ): void {
    const { meta } = this
    copyIpAddress(source, meta.source)
    copyIpAddress(destination, meta.destination)
    meta.protocol = protocol
    meta.hopLimit = hopLimit
    meta.trafficClass = trafficClass
    meta.dontFragment = dontFragment
  }
}
