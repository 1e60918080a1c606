import {
  copyIpAddress, createIpv4Header, DropReason, isLimitedBroadcast, isLoopback, isMulticast, isUnspecified, readIpv4,
} from '@layerfour/wire'
import type { IpAddress, Ipv4Header } from '@layerfour/wire'
import type { Delivery } from './delivery.ts'
import type { InterfaceTable, NetworkInterface } from './interfaces.ts'
import { LOOPBACK_INTERFACE } from './loopback.ts'
import type { Reassembly } from './reassembly.ts'
import type { ReceivedPacket } from './received-packet.ts'

/** IPv4 packets in: RFC 791, with what RFC 1122 §3.2.1 and §3.3.6 want checked. */
export class Ipv4Input {
  private readonly interfaces: InterfaceTable
  private readonly reassembly: Reassembly
  private readonly delivery: Delivery
  private readonly header: Ipv4Header = createIpv4Header()

  constructor(interfaces: InterfaceTable, reassembly: Reassembly, delivery: Delivery) {
    this.interfaces = interfaces
    this.reassembly = reassembly
    this.delivery = delivery
  }

  receive(packet: ReceivedPacket, now: number): DropReason {
    const { header, reassembly } = this
    const reason = this.accept(packet, !packet.iface.port.offload.receive)
    if (reason !== DropReason.None) return reason
    if (!header.moreFragments && header.fragmentOffset === 0) return this.delivery.deliver(packet, now)
    const added = reassembly.add(packet, header.identification, header.fragmentOffset, header.moreFragments, now)
    const { completed } = reassembly
    if (completed === undefined) return added
    // Now a packet like any other, with a header of our own making.
    const whole = this.accept(packet, false)
    const delivered = whole === DropReason.None ? this.delivery.deliver(packet, now) : whole
    reassembly.release(completed)
    return delivered
  }

  /** Reads the header and says whether the packet is for us. */
  private accept(packet: ReceivedPacket, verify: boolean): DropReason {
    const { header, interfaces } = this
    const { meta, iface, start } = packet
    const reason = readIpv4(packet.bytes, start, packet.end, header, verify)
    if (reason !== DropReason.None) return reason
    const { source, destination } = header
    packet.transportStart = start + header.headerLength
    packet.end = start + header.totalLength
    packet.broadcast = false
    if (!interfaces.isLocal(destination)) {
      if (!interfaces.isBroadcast(iface, destination)) return DropReason.NotForUs
      packet.broadcast = true
    } else if (packet.linkGroup || (isLoopback(destination) && iface.index !== LOOPBACK_INTERFACE)) {
      // RFC 1122 §3.3.6: a frame to everyone with a packet to one host is a mistake, or an attack.
      return DropReason.NotForUs
    }
    if (this.isMartian(source, iface)) return DropReason.MartianSource
    copyIpAddress(source, meta.source)
    copyIpAddress(destination, meta.destination)
    meta.protocol = header.protocol
    meta.hopLimit = header.hopLimit
    meta.trafficClass = header.trafficClass
    meta.interfaceIndex = iface.index
    meta.dontFragment = header.dontFragment
    return DropReason.None
  }

  /** RFC 1122 §3.2.1.3: nobody sends from such an address, and only the loopback from ours. */
  private isMartian(source: IpAddress, iface: NetworkInterface): boolean {
    if (isMulticast(source) || isUnspecified(source) || isLimitedBroadcast(source)) return true
    if (iface.index === LOOPBACK_INTERFACE) return false
    return this.interfaces.isLocal(source) || this.interfaces.isBroadcast(iface, source)
  }
}
