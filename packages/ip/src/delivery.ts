import {
  DropReason, Icmpv6Parameter, Icmpv6Type, Icmpv6Unreachable, IcmpType, IcmpUnreachable, IpProtocol, isIpv4,
} from '@layerfour/wire'
import type { IcmpOutput } from './icmp-output.ts'
import type { Icmpv4 } from './icmpv4.ts'
import type { Icmpv6 } from './icmpv6.ts'
import type { ProtocolTable } from './protocol-table.ts'
import type { ReceivedPacket } from './received-packet.ts'
import { findUpperLayer } from './upper-layer.ts'
import type { UpperLayer } from './upper-layer.ts'

/** Hands whole datagrams for us to ICMP or a transport, and reports what nobody takes (RFC 1122 §3.2.2.1, RFC 4443 §3.1). */
export class Delivery {
  private readonly transports: ProtocolTable
  private readonly icmpv4: Icmpv4
  private readonly icmpv6: Icmpv6
  private readonly output: IcmpOutput
  private readonly upper: UpperLayer = { field: 0, at: 0 }

  constructor(transports: ProtocolTable, icmpv4: Icmpv4, icmpv6: Icmpv6, output: IcmpOutput) {
    this.transports = transports
    this.icmpv4 = icmpv4
    this.icmpv6 = icmpv6
    this.output = output
  }

  deliver(packet: ReceivedPacket, now: number): DropReason {
    const { meta } = packet
    const { protocol } = meta
    const ipv4 = isIpv4(meta.destination)
    if (protocol === IpProtocol.Icmp || protocol === IpProtocol.Icmpv6) {
      if (ipv4 && protocol === IpProtocol.Icmp) return this.icmpv4.receive(packet, now)
      if (!ipv4 && protocol === IpProtocol.Icmpv6) return this.icmpv6.receive(packet, now)
      return this.refuseProtocol(packet, ipv4, now)
    }
    const transport = this.transports.get(protocol)
    if (transport === undefined) return this.refuseProtocol(packet, ipv4, now)
    // RFC 1122 §4.2.3.10: TCP has no business with broadcasts; of what we know, UDP alone has.
    if (packet.broadcast && protocol !== IpProtocol.Udp) return DropReason.NotForUs
    const reason = transport.receive(meta, packet.bytes, packet.transportStart, packet.end, now)
    if (reason === DropReason.PortUnreachable) {
      if (ipv4) this.output.error(packet, IcmpType.DestinationUnreachable, IcmpUnreachable.Port, 0, now)
      else this.output.error(packet, Icmpv6Type.DestinationUnreachable, Icmpv6Unreachable.Port, 0, now)
    }
    return reason
  }

  private refuseProtocol(packet: ReceivedPacket, ipv4: boolean, now: number): DropReason {
    if (ipv4) {
      this.output.error(packet, IcmpType.DestinationUnreachable, IcmpUnreachable.Protocol, 0, now)
    } else if (packet.meta.protocol !== IpProtocol.NoNextHeader) {
      findUpperLayer(packet.bytes, packet.start, packet.end, this.upper)
      const pointer = this.upper.field - packet.start
      this.output.error(packet, Icmpv6Type.ParameterProblem, Icmpv6Parameter.UnrecognizedNextHeader, pointer, now)
    }
    return DropReason.UnknownProtocol
  }
}
