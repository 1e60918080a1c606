import {
  copyIpAddress, createIpv6Header, DropReason, Icmpv6Parameter, Icmpv6Type, IPV6_HEADER_LENGTH, isLoopback, isMulticast,
  isUnspecified, readIpv6,
} from '@layerfour/wire'
import type { IpAddress, Ipv6Header } from '@layerfour/wire'
import type { Delivery } from './delivery.ts'
import type { IcmpOutput } from './icmp-output.ts'
import type { InterfaceTable, NetworkInterface } from './interfaces.ts'
import { LOOPBACK_INTERFACE } from './loopback.ts'
import type { ReceivedPacket } from './received-packet.ts'

/** Offset of the payload length field in the fixed header, and of the offset field in the fragment header. */
const PAYLOAD_LENGTH_FIELD = 4
const FRAGMENT_OFFSET_FIELD = 2

/** IPv6 packets in: RFC 8200. */
export class Ipv6Input {
  private readonly interfaces: InterfaceTable
  private readonly delivery: Delivery
  private readonly output: IcmpOutput
  private readonly header: Ipv6Header = createIpv6Header()

  constructor(interfaces: InterfaceTable, delivery: Delivery, output: IcmpOutput) {
    this.interfaces = interfaces
    this.delivery = delivery
    this.output = output
  }

  receive(packet: ReceivedPacket, now: number): DropReason {
    const { header } = this
    const reason = this.accept(packet, now)
    if (reason !== DropReason.None) return reason
    return isFragment(header) ? this.receiveFragment(packet, now) : this.delivery.deliver(packet, now)
  }

  private receiveFragment(packet: ReceivedPacket, now: number): DropReason {
    const { header } = this
    const { reassembly } = this.delivery
    if (reassembly === undefined) return DropReason.FragmentLimit
    const added = reassembly.add(packet, header.identification, header.fragmentOffset, header.moreFragments, now)
    const { completed } = reassembly
    if (completed === undefined) {
      // RFC 8200 §4.5 wants both reported.
      if (added === DropReason.BadTotalLength && header.moreFragments) {
        this.output.error(packet, Icmpv6Type.ParameterProblem, Icmpv6Parameter.ErroneousHeader, PAYLOAD_LENGTH_FIELD, now)
      } else if (added === DropReason.FragmentTooLarge) {
        const pointer = header.fragmentHeader + FRAGMENT_OFFSET_FIELD
        this.output.error(packet, Icmpv6Type.ParameterProblem, Icmpv6Parameter.ErroneousHeader, pointer, now)
      }
      return added
    }
    // Extension headers behind the fragment header could not be read before.
    let reason = this.accept(packet, now)
    // Fragments in fragments serve no honest sender.
    if (reason === DropReason.None) reason = isFragment(header) ? DropReason.BadOption : this.delivery.deliver(packet, now)
    reassembly.release(completed)
    return reason
  }

  /** Reads the headers and says whether the packet is for us. */
  private accept(packet: ReceivedPacket, now: number): DropReason {
    const { header } = this
    const { meta, iface, bytes, start } = packet
    header.problemPointer = -1
    const reason = readIpv6(bytes, start, packet.end, header)
    if (reason !== DropReason.None && header.problemPointer < 0) return reason
    const { source, destination } = header
    if (!this.interfaces.isLocal(destination) || packet.linkGroup
      || (isLoopback(destination) && iface.index !== LOOPBACK_INTERFACE)) {
      return DropReason.NotForUs
    }
    if (this.isMartian(source, iface)) return DropReason.MartianSource
    packet.transportStart = start + header.headerLength
    packet.end = start + IPV6_HEADER_LENGTH + header.payloadLength
    packet.broadcast = false
    copyIpAddress(source, meta.source)
    copyIpAddress(destination, meta.destination)
    meta.protocol = header.protocol
    meta.hopLimit = header.hopLimit
    meta.trafficClass = header.trafficClass
    meta.interfaceIndex = iface.index
    meta.dontFragment = true
    if (reason !== DropReason.None) this.reportProblem(packet, reason, now)
    return reason
  }

  /** RFC 8200 §4, §4.2, §4.4: tells the sender which octet of its headers we cannot take. */
  private reportProblem(packet: ReceivedPacket, reason: DropReason, now: number): void {
    const { problemPointer } = this.header
    let code: number = Icmpv6Parameter.UnrecognizedNextHeader
    if (reason !== DropReason.UnknownProtocol) {
      // An option type is at fault if it wants to be reported, in its top bit; else it is a routing type, all of which are below 128.
      const option = packet.bytes[packet.start + problemPointer]! >= 0x80
      code = option ? Icmpv6Parameter.UnrecognizedOption : Icmpv6Parameter.ErroneousHeader
    }
    this.output.error(packet, Icmpv6Type.ParameterProblem, code, problemPointer, now)
  }

  private isMartian(source: IpAddress, iface: NetworkInterface): boolean {
    if (isMulticast(source) || isUnspecified(source)) return true
    return iface.index !== LOOPBACK_INTERFACE && this.interfaces.isLocal(source)
  }
}

function isFragment(header: Ipv6Header): boolean {
  return header.moreFragments || header.fragmentOffset !== 0
}
