import {
  createIcmpv6Header, createIpv6Header, DropReason, ICMPV6_HEADER_LENGTH, icmpv6Cause, Icmpv6Type, IPV6_HEADER_LENGTH, IpProtocol,
  isIcmpv6Error, readIcmpv6, readQuotedIpv6, verifyTransportChecksum,
} from '@layerfour/wire'
import type { Icmpv6Header, Ipv6Header } from '@layerfour/wire'
import type { ErrorDelivery } from './error-delivery.ts'
import type { IcmpOutput } from './icmp-output.ts'
import type { ProtocolTable } from './protocol-table.ts'
import type { ReceivedPacket } from './received-packet.ts'

/** ICMPv6 messages in: RFC 4443, without neighbour discovery. */
export class Icmpv6 {
  private readonly output: IcmpOutput
  private readonly errors: ErrorDelivery
  private readonly transports: ProtocolTable
  private readonly header: Icmpv6Header = createIcmpv6Header()
  private readonly quoted: Ipv6Header = createIpv6Header()

  constructor(output: IcmpOutput, errors: ErrorDelivery, transports: ProtocolTable) {
    this.output = output
    this.errors = errors
    this.transports = transports
  }

  receive(packet: ReceivedPacket, now: number): DropReason {
    const { meta, bytes, transportStart, end, iface } = packet
    const { header } = this
    const reason = readIcmpv6(bytes, transportStart, end, header)
    if (reason !== DropReason.None) return reason
    if (!meta.checksumVerified
      && !verifyTransportChecksum(meta.source, meta.destination, IpProtocol.Icmpv6, bytes, transportStart, end)) {
      return DropReason.BadChecksum
    }
    if (header.type === Icmpv6Type.EchoRequest) return this.output.echoReply(packet, now)
    if (isIcmpv6Error(header.type)) {
      const cause = icmpv6Cause(header.type, header.code)
      if (cause === 0) return DropReason.IcmpUnmatched
      const { quoted } = this
      const start = transportStart + ICMPV6_HEADER_LENGTH
      const unread = readQuotedIpv6(bytes, start, end, quoted)
      if (unread !== DropReason.None) return unread
      const quotedEnd = start + IPV6_HEADER_LENGTH + quoted.payloadLength
      return this.errors.deliverIpv6(cause, header.mtu, iface.index, quoted, bytes, start, end, quotedEnd, now)
    }
    const listener = this.transports.get(IpProtocol.Icmpv6)
    return listener === undefined ? DropReason.UnknownProtocol : listener.receive(meta, bytes, transportStart, end, now)
  }
}
