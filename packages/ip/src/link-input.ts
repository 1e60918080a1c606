import {
  createEthernetHeader, DropReason, ETHERNET_HEADER_LENGTH, ETHERTYPE_ARP, ETHERTYPE_IPV4, hardwareAddressEquals,
  isGroupHardwareAddress, readEthernet,
} from '@layerfour/wire'
import type { EthernetHeader } from '@layerfour/wire'
import type { Arp } from './arp.ts'
import type { Ipv4Input } from './ipv4-input.ts'
import type { Ipv6Input } from './ipv6-input.ts'
import type { ReceivedPacket } from './received-packet.ts'

/** The first look at a packet: whether its frame is for us, and which protocol it carries. */
export class LinkInput {
  private readonly arp: Arp
  private readonly ipv4: Ipv4Input
  private readonly ipv6: Ipv6Input
  private readonly ethernet: EthernetHeader = createEthernetHeader()

  constructor(arp: Arp, ipv4: Ipv4Input, ipv6: Ipv6Input) {
    this.arp = arp
    this.ipv4 = ipv4
    this.ipv6 = ipv6
  }

  /** Takes `packet.bytes[start, end)`, which begins with the interface's link header. */
  receive(packet: ReceivedPacket, now: number): DropReason {
    packet.linkGroup = false
    if (packet.iface.port.medium === 'ethernet') return this.receiveFrame(packet, now)
    if (packet.start === packet.end) return DropReason.Truncated
    switch (packet.bytes[packet.start]! >> 4) {
      case 4: return this.ipv4.receive(packet, now)
      case 6: return this.ipv6.receive(packet, now)
      default: return DropReason.BadVersion
    }
  }

  private receiveFrame(packet: ReceivedPacket, now: number): DropReason {
    const { ethernet } = this
    const { iface, bytes, start, end } = packet
    const reason = readEthernet(bytes, start, end, ethernet)
    if (reason !== DropReason.None) return reason
    packet.linkGroup = isGroupHardwareAddress(ethernet.destination)
    if (!packet.linkGroup && !hardwareAddressEquals(ethernet.destination, iface.hardware)) return DropReason.NotForUs
    if (isGroupHardwareAddress(ethernet.source)) return DropReason.MartianSource
    packet.start = start + ETHERNET_HEADER_LENGTH
    switch (ethernet.etherType) {
      case ETHERTYPE_IPV4: return this.ipv4.receive(packet, now)
      case ETHERTYPE_ARP: return this.arp.receive(iface, bytes, packet.start, end, now)
      // IPv6 too, as long as there is no neighbour discovery to answer with.
      default: return DropReason.UnknownEtherType
    }
  }
}
