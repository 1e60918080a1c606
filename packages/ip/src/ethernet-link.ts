import {
  BROADCAST_HARDWARE_ADDRESS, copyHardwareAddress, createEthernetHeader, createHardwareAddress, DropReason, ETHERNET_HEADER_LENGTH,
  ETHERTYPE_ARP, ETHERTYPE_IPV4, hardwareAddressEquals, isGroupHardwareAddress, isMulticast, multicastHardwareAddress, readEthernet,
  readHardwareAddress, writeEthernet,
} from '@layerfour/wire'
import type { EthernetHeader, HardwareAddress, IpAddress } from '@layerfour/wire'
import { Resolution } from './arp.ts'
import type { Arp } from './arp.ts'
import type { InterfaceTable, NetworkInterface } from './interfaces.ts'
import type { Ipv4Input } from './ipv4-input.ts'
import type { LinkPort } from './link-port.ts'
import type { NeighbourCache } from './neighbours.ts'
import type { ReceivedPacket } from './received-packet.ts'

/** Ethernet frames in and out (RFC 894), and with ARP which of them go to whom. */
export class EthernetLink {
  private readonly interfaces: InterfaceTable
  private readonly ipv4: Ipv4Input
  private readonly arp: Arp
  private readonly neighbours: NeighbourCache
  private readonly incoming: EthernetHeader = createEthernetHeader()
  private readonly outgoing: EthernetHeader = createEthernetHeader()

  constructor(interfaces: InterfaceTable, ipv4: Ipv4Input, arp: Arp, neighbours: NeighbourCache) {
    this.interfaces = interfaces
    this.ipv4 = ipv4
    this.arp = arp
    this.neighbours = neighbours
  }

  get deadline(): number {
    return this.arp.deadline
  }

  poll(now: number): void {
    this.arp.poll(now)
  }

  /** The hardware address of a port. @throws TypeError when it has none. */
  hardwareOf(port: LinkPort, name: string): HardwareAddress {
    if (port.hardwareAddress?.length !== 6) {
      throw new TypeError(`interface ${name} has ${port.hardwareAddress?.length ?? 'no'} bytes of hardware address, expected 6`)
    }
    const hardware = createHardwareAddress()
    readHardwareAddress(port.hardwareAddress, 0, hardware)
    return hardware
  }

  /** Takes the frame `packet.bytes[start, end)`. */
  receive(packet: ReceivedPacket, now: number): DropReason {
    const { incoming } = this
    const { iface, bytes, start, end } = packet
    const reason = readEthernet(bytes, start, end, incoming)
    if (reason !== DropReason.None) return reason
    packet.linkGroup = isGroupHardwareAddress(incoming.destination)
    if (!packet.linkGroup && !hardwareAddressEquals(incoming.destination, iface.hardware)) return DropReason.NotForUs
    if (isGroupHardwareAddress(incoming.source)) return DropReason.MartianSource
    packet.start = start + ETHERNET_HEADER_LENGTH
    switch (incoming.etherType) {
      case ETHERTYPE_IPV4: return this.ipv4.receive(packet, now)
      case ETHERTYPE_ARP: return this.arp.receive(iface, bytes, packet.start, end, now)
      // IPv6 too, as long as there is no neighbour discovery to answer with.
      default: return DropReason.UnknownEtherType
    }
  }

  /** Finds the hardware address that the IP packet `bytes[start, end)` goes to, for `writeHeader`; or keeps the packet and asks for it. */
  address(iface: NetworkInterface, nextHop: IpAddress, bytes: Uint8Array, start: number, end: number, now: number): Resolution {
    const { outgoing } = this
    outgoing.etherType = ETHERTYPE_IPV4
    copyHardwareAddress(iface.hardware, outgoing.source)
    if (isMulticast(nextHop)) {
      multicastHardwareAddress(nextHop, outgoing.destination)
    } else if (this.interfaces.isBroadcast(iface, nextHop)) {
      copyHardwareAddress(BROADCAST_HARDWARE_ADDRESS, outgoing.destination)
    } else {
      return this.arp.resolve(iface, nextHop, outgoing.destination, bytes, start, end, now)
    }
    return Resolution.Resolved
  }

  /** Writes the header that `address` found in front of `bytes[start]`; returns where the frame begins. */
  writeHeader(bytes: Uint8Array, start: number): number {
    const frame = start - ETHERNET_HEADER_LENGTH
    writeEthernet(this.outgoing, bytes, frame)
    return frame
  }

  /** What went by way of this neighbour goes unanswered. */
  doubt(interfaceIndex: number, nextHop: IpAddress): void {
    const neighbour = this.neighbours.find(interfaceIndex, nextHop)
    if (neighbour !== undefined) this.neighbours.doubt(neighbour)
  }
}
