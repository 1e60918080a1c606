import { DropReason, IpProtocol, isIpv4 } from '@layerfour/wire'
import type { IcmpOutput } from './icmp-output.ts'
import type { Icmpv4 } from './icmpv4.ts'
import type { Icmpv6 } from './icmpv6.ts'
import type { ProtocolTable } from './protocol-table.ts'
import type { Reassembly } from './reassembly.ts'
import type { ReceivedPacket } from './received-packet.ts'

/** Hands whole datagrams for us to ICMP or a transport, and reports what nobody takes (RFC 1122 §3.2.2.1, RFC 4443 §3.1). */
export class Delivery {
  /** Parts that may be left out: what makes datagrams whole, takes ICMP messages, and reports. */
  reassembly: Reassembly | undefined = undefined
  icmpv4: Icmpv4 | undefined = undefined
  icmpv6: Icmpv6 | undefined = undefined
  icmpOutput: IcmpOutput | undefined = undefined
  private readonly transports: ProtocolTable

  constructor(transports: ProtocolTable) {
    this.transports = transports
  }

  deliver(packet: ReceivedPacket, now: number): DropReason {
    const { meta } = packet
    const { protocol } = meta
    if (protocol === IpProtocol.Icmp || protocol === IpProtocol.Icmpv6) return this.deliverIcmp(packet, now)
    const transport = this.transports.get(protocol)
    if (transport === undefined) return this.refuseProtocol(packet, now)
    // RFC 1122 §4.2.3.10: TCP has no business with broadcasts; of what we know, UDP alone has.
    if (packet.broadcast && protocol !== IpProtocol.Udp) return DropReason.NotForUs
    const reason = transport.receive(meta, packet.bytes, packet.transportStart, packet.end, now)
    if (reason === DropReason.PortUnreachable) this.icmpOutput?.portUnreachable(packet, now)
    return reason
  }

  private deliverIcmp(packet: ReceivedPacket, now: number): DropReason {
    const { protocol, destination } = packet.meta
    const ipv4 = isIpv4(destination)
    const own = ipv4 ? IpProtocol.Icmp : IpProtocol.Icmpv6
    const receiver = protocol !== own ? undefined : ipv4 ? this.icmpv4 : this.icmpv6
    return receiver === undefined ? this.refuseProtocol(packet, now) : receiver.receive(packet, now)
  }

  private refuseProtocol(packet: ReceivedPacket, now: number): DropReason {
    this.icmpOutput?.protocolUnreachable(packet, now)
    return DropReason.UnknownProtocol
  }
}
