import { DropReason } from '@layerfour/wire'
import type { Delivery } from './delivery.ts'
import type { Drops } from './drops.ts'
import type { InterfaceTable } from './interfaces.ts'
import type { Reassembly } from './reassembly.ts'
import type { ReceivedPacket } from './received-packet.ts'

/** Gives up datagrams whose fragments did not all come; the sender is told if the first one did (RFC 792, RFC 4443 §3.3). */
export class FragmentExpiry {
  private readonly interfaces: InterfaceTable
  private readonly reassembly: Reassembly
  private readonly delivery: Delivery
  private readonly drops: Drops
  private readonly packet: ReceivedPacket

  constructor(interfaces: InterfaceTable, reassembly: Reassembly, delivery: Delivery, drops: Drops, packet: ReceivedPacket) {
    this.interfaces = interfaces
    this.reassembly = reassembly
    this.delivery = delivery
    this.drops = drops
    this.packet = packet
  }

  get deadline(): number {
    return this.reassembly.deadline
  }

  poll(now: number): void {
    const { packet, reassembly } = this
    for (let gone = reassembly.takeExpired(packet, now); gone !== undefined; gone = reassembly.takeExpired(packet, now)) {
      packet.iface = this.interfaces.at(gone.interfaceIndex)
      this.drops.note(DropReason.FragmentTimeout, gone.interfaceIndex, packet.bytes, packet.start, packet.end, now)
      if (gone.headerLength > 0) this.delivery.icmpOutput?.reassemblyTimeExceeded(packet, now)
      reassembly.release(gone)
    }
  }
}
