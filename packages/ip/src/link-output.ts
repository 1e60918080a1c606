import {
  BROADCAST_HARDWARE_ADDRESS, copyHardwareAddress, createEthernetHeader, createIpAddress, DropReason, ETHERNET_HEADER_LENGTH,
  ETHERTYPE_IPV4, IPV4_HEADER_LENGTH, IPV6_HEADER_LENGTH, isMulticast, multicastHardwareAddress, readIpv6Address, writeEthernet,
} from '@layerfour/wire'
import type { EthernetHeader, IpAddress, MutableIpAddress } from '@layerfour/wire'
import { Resolution } from './arp.ts'
import type { Arp } from './arp.ts'
import { Fragmenter } from './fragmenter.ts'
import type { Identification } from './identification.ts'
import type { InterfaceTable, NetworkInterface } from './interfaces.ts'
import type { Transmitter } from './transmitter.ts'

/** The last steps of a packet of ours: the next hop's hardware address, fragments where it is too large, the device. */
export class LinkOutput {
  /** After `DeviceQueueFull`: how many bytes of the packet's payload were sent in fragments. */
  progress = 0
  /** The identification that IPv6 fragments bear. */
  fragmentIdentification = 0
  /** When not 0, the packet is one TCP segment that the device cuts into segments with so many bytes of text. */
  segmentSize = 0
  private readonly interfaces: InterfaceTable
  private readonly arp: Arp
  private readonly transmitter: Transmitter
  private readonly identification: Identification
  private readonly fragmenter: Fragmenter = new Fragmenter()
  private readonly ethernet: EthernetHeader = createEthernetHeader()
  private readonly source: MutableIpAddress = createIpAddress()
  private readonly destination: MutableIpAddress = createIpAddress()

  constructor(interfaces: InterfaceTable, arp: Arp, transmitter: Transmitter, identification: Identification) {
    this.interfaces = interfaces
    this.arp = arp
    this.transmitter = transmitter
    this.identification = identification
  }

  /**
   * Sends the IP packet `bytes[start, end)`, with at least 14 bytes of room before it, in packets of at most `limit` bytes.
   * `progress` and `fragmentIdentification` say what was sent of it before. Returns `None` (sent, or held until ARP is
   * answered), `NeighbourUnreachable`, `OutOfMemory`, or `DeviceQueueFull` with `progress`.
   */
  emit(
    iface: NetworkInterface, nextHop: IpAddress, limit: number, bytes: Uint8Array, start: number, end: number, now: number,
  ): DropReason {
    const ethernet = iface.port.medium === 'ethernet'
    if (ethernet) {
      const resolution = this.address(iface, nextHop, bytes, start, end, now)
      if (resolution === Resolution.Held) return DropReason.None
      if (resolution === Resolution.Unreachable) return DropReason.NeighbourUnreachable
      if (resolution === Resolution.OutOfMemory) return DropReason.OutOfMemory
    }
    if (end - start > limit) return this.emitFragments(iface, limit, bytes, start, end, now)
    return this.transmit(iface, bytes, start, end, now, this.segmentSize) ? DropReason.None : DropReason.DeviceQueueFull
  }

  /** Sends a frame that has its Ethernet header already. Returns `None` or `DeviceQueueFull`. */
  emitFrame(iface: NetworkInterface, bytes: Uint8Array, start: number, end: number, now: number): DropReason {
    return this.transmitter.transmit(iface, bytes, start, end, now) ? DropReason.None : DropReason.DeviceQueueFull
  }

  private emitFragments(
    iface: NetworkInterface, limit: number, bytes: Uint8Array, start: number, end: number, now: number,
  ): DropReason {
    const { fragmenter } = this
    const ipv4 = bytes[start]! >> 4 === 4
    const payload = end - start - (ipv4 ? IPV4_HEADER_LENGTH : IPV6_HEADER_LENGTH)
    if (!ipv4 && this.progress === 0) {
      readIpv6Address(bytes, start + 8, this.source)
      readIpv6Address(bytes, start + 24, this.destination)
      this.fragmentIdentification = this.identification.next(this.source, this.destination, bytes[start + 6]!)
    }
    while (this.progress < payload) {
      const next = fragmenter.build(bytes, start, end, limit, this.progress, this.fragmentIdentification)
      if (!this.transmit(iface, fragmenter.bytes, fragmenter.start, fragmenter.end, now)) return DropReason.DeviceQueueFull
      this.progress = next
    }
    return DropReason.None
  }

  private transmit(
    iface: NetworkInterface, bytes: Uint8Array, start: number, end: number, now: number, segmentSize = 0,
  ): boolean {
    if (iface.port.medium !== 'ethernet') return this.transmitter.transmit(iface, bytes, start, end, now, segmentSize)
    const frame = start - ETHERNET_HEADER_LENGTH
    writeEthernet(this.ethernet, bytes, frame)
    return this.transmitter.transmit(iface, bytes, frame, end, now, segmentSize)
  }

  /** Fills in the Ethernet header for the next hop. */
  private address(
    iface: NetworkInterface, nextHop: IpAddress, bytes: Uint8Array, start: number, end: number, now: number,
  ): Resolution {
    const { ethernet } = this
    ethernet.etherType = ETHERTYPE_IPV4
    copyHardwareAddress(iface.hardware, ethernet.source)
    if (isMulticast(nextHop)) {
      multicastHardwareAddress(nextHop, ethernet.destination)
    } else if (this.interfaces.isBroadcast(iface, nextHop)) {
      copyHardwareAddress(BROADCAST_HARDWARE_ADDRESS, ethernet.destination)
    } else {
      return this.arp.resolve(iface, nextHop, ethernet.destination, bytes, start, end, now)
    }
    return Resolution.Resolved
  }
}
