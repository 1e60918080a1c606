import { DropReason, isLimitedBroadcast, isLoopback, isMulticast, isUnspecified } from '@layerfour/wire'
import type { IpAddress } from '@layerfour/wire'
import type { InterfaceTable, NetworkInterface } from './interfaces.ts'
import { LOOPBACK_INTERFACE } from './loopback.ts'
import type { ReceivedPacket } from './received-packet.ts'

/**
 * Whether an IPv4 packet's addresses let it in: it is for us, and its source can be one (RFC 1122 §3.2.1.3, §3.3.6). Packets come
 * in trains, so the last pair of addresses that was let in on an interface is known again, until an address changes.
 */
export class Ipv4Admission {
  private readonly interfaces: InterfaceTable
  /** The pair that is known: host parts of the addresses, and where they came in. */
  private source = 0
  private destination = 0
  private interfaceIndex = -1
  private version = -1

  constructor(interfaces: InterfaceTable) {
    this.interfaces = interfaces
  }

  /** Returns `None`, `NotForUs` or `MartianSource`, and says in `packet.broadcast` whether it is for more hosts than us. */
  check(source: IpAddress, destination: IpAddress, packet: ReceivedPacket): DropReason {
    const { interfaces } = this
    const { iface, linkGroup } = packet
    packet.broadcast = false
    if (source.w3 === this.source && destination.w3 === this.destination && iface.index === this.interfaceIndex
      && interfaces.version === this.version && !linkGroup) return DropReason.None
    if (!interfaces.isLocal(destination)) {
      if (!interfaces.isBroadcast(iface, destination)) return DropReason.NotForUs
      packet.broadcast = true
    } else if (linkGroup || (isLoopback(destination) && iface.index !== LOOPBACK_INTERFACE)) {
      // RFC 1122 §3.3.6: a frame to everyone with a packet to one host is a mistake, or an attack.
      return DropReason.NotForUs
    }
    if (this.isMartian(source, iface)) return DropReason.MartianSource
    if (!packet.broadcast) this.remember(source, destination, iface)
    return DropReason.None
  }

  private remember(source: IpAddress, destination: IpAddress, iface: NetworkInterface): void {
    this.source = source.w3
    this.destination = destination.w3
    this.interfaceIndex = iface.index
    this.version = this.interfaces.version
  }

  /** RFC 1122 §3.2.1.3: nobody sends from such an address, and only the loopback from ours. */
  private isMartian(source: IpAddress, iface: NetworkInterface): boolean {
    if (isMulticast(source) || isUnspecified(source) || isLimitedBroadcast(source)) return true
    if (iface.index === LOOPBACK_INTERFACE) return false
    return this.interfaces.isLocal(source) || this.interfaces.isBroadcast(iface, source)
  }
}
