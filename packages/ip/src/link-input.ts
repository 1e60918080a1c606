import { DropReason } from '@layerfour/wire'
import type { EthernetLink } from './ethernet-link.ts'
import type { Ipv4Input } from './ipv4-input.ts'
import type { Ipv6Input } from './ipv6-input.ts'
import type { ReceivedPacket } from './received-packet.ts'

/** The first look at a packet: which protocol it carries, and on Ethernet whether its frame is for us. */
export class LinkInput {
  /** Undefined where the layer has no such interfaces, or no IPv6. */
  ethernet: EthernetLink | undefined = undefined
  ipv6: Ipv6Input | undefined = undefined
  private readonly ipv4: Ipv4Input

  constructor(ipv4: Ipv4Input) {
    this.ipv4 = ipv4
  }

  /** Takes `packet.bytes[start, end)`, which begins with the interface's link header. */
  receive(packet: ReceivedPacket, now: number): DropReason {
    packet.linkGroup = false
    if (packet.iface.port.medium === 'ethernet') return this.ethernet!.receive(packet, now)
    if (packet.start === packet.end) return DropReason.Truncated
    const version = packet.bytes[packet.start]! >> 4
    if (version === 4) return this.ipv4.receive(packet, now)
    return version !== 6 || this.ipv6 === undefined ? DropReason.BadVersion : this.ipv6.receive(packet, now)
  }
}
