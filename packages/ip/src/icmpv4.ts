import { createIcmpHeader, DropReason, ICMP_HEADER_LENGTH, icmpCause, IcmpType, IpProtocol, isIcmpError, readIcmp } from '@layerfour/wire'
import type { IcmpHeader } from '@layerfour/wire'
import type { ErrorDelivery } from './error-delivery.ts'
import type { IcmpOutput } from './icmp-output.ts'
import type { ProtocolTable } from './protocol-table.ts'
import type { ReceivedPacket } from './received-packet.ts'

/** ICMP messages in: RFC 792 as RFC 1122 §3.2.2 has it. */
export class Icmpv4 {
  private readonly output: IcmpOutput
  private readonly errors: ErrorDelivery
  private readonly transports: ProtocolTable
  private readonly header: IcmpHeader = createIcmpHeader()

  constructor(output: IcmpOutput, errors: ErrorDelivery, transports: ProtocolTable) {
    this.output = output
    this.errors = errors
    this.transports = transports
  }

  receive(packet: ReceivedPacket, now: number): DropReason {
    const { meta, bytes, transportStart, end, iface } = packet
    const { header } = this
    const reason = readIcmp(bytes, transportStart, end, header, !meta.checksumVerified)
    if (reason !== DropReason.None) return reason
    // An echo to everyone may be ignored (RFC 1122 §3.2.2.6), and is, as a host that answers multiplies a forger's packets.
    if (packet.broadcast) return DropReason.NotForUs
    if (header.type === IcmpType.Echo) return this.output.echoReply(packet, now)
    if (isIcmpError(header.type)) {
      const cause = icmpCause(header.type, header.code)
      if (cause === 0) return DropReason.IcmpUnmatched
      return this.errors.deliverIpv4(cause, header.mtu, iface.index, bytes, transportStart + ICMP_HEADER_LENGTH, end, now)
    }
    const listener = this.transports.get(IpProtocol.Icmp)
    return listener === undefined ? DropReason.UnknownProtocol : listener.receive(meta, bytes, transportStart, end, now)
  }
}
