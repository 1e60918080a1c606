import type { Arena } from '@layerfour/storage'
import {
  ANY_IPV4, ArpOperation, BROADCAST_HARDWARE_ADDRESS, copyHardwareAddress, copyIpAddress, createArpPacket, createEthernetHeader,
  DropReason, ETHERNET_HEADER_LENGTH, ETHERTYPE_ARP, ARP_PACKET_LENGTH, IcmpCause, isGroupHardwareAddress, isLimitedBroadcast, isMulticast,
  isUnspecified, readArp, writeArp, writeEthernet,
} from '@layerfour/wire'
import type { ArpPacket, EthernetHeader, HardwareAddress, IpAddress, MutableHardwareAddress } from '@layerfour/wire'
import type { ErrorDelivery } from './error-delivery.ts'
import type { InterfaceTable, NetworkInterface } from './interfaces.ts'
import { HEADROOM } from './limits.ts'
import { NeighbourAction, NeighbourState } from './neighbours.ts'
import type { Neighbour, NeighbourCache } from './neighbours.ts'
import { QueuedKind } from './packet-queue.ts'
import type { PacketQueue } from './packet-queue.ts'
import type { Transmitter } from './transmitter.ts'

const FRAME_LENGTH: number = ETHERNET_HEADER_LENGTH + ARP_PACKET_LENGTH

/** What became of a packet whose next hop was looked for. */
export const Resolution = {
  /** The hardware address is known. */
  Resolved: 0,
  /** A copy is kept until it is. */
  Held: 1,
  /** The neighbour does not answer. */
  Unreachable: 2,
  /** There was no memory to keep it. */
  OutOfMemory: 3,
} as const

export type Resolution = (typeof Resolution)[keyof typeof Resolution]

/** Address resolution for IPv4 on Ethernet: RFC 826 on top of the `NeighbourCache`. Requests go out at once, replies are queued. */
export class Arp {
  private readonly arena: Arena
  private readonly interfaces: InterfaceTable
  private readonly neighbours: NeighbourCache
  private readonly replies: PacketQueue
  private readonly transmitter: Transmitter
  private readonly errors: ErrorDelivery
  private readonly packet: ArpPacket = createArpPacket()
  private readonly outgoing: ArpPacket = createArpPacket()
  private readonly ethernet: EthernetHeader = createEthernetHeader()
  private readonly frame: Uint8Array = new Uint8Array(FRAME_LENGTH)

  constructor(
    arena: Arena, interfaces: InterfaceTable, neighbours: NeighbourCache, replies: PacketQueue, transmitter: Transmitter,
    errors: ErrorDelivery,
  ) {
    this.arena = arena
    this.interfaces = interfaces
    this.neighbours = neighbours
    this.replies = replies
    this.transmitter = transmitter
    this.errors = errors
  }

  get deadline(): number {
    return this.neighbours.deadline
  }

  /** Finds the hardware address of `next` for the IP packet `bytes[start, end)`, or keeps the packet and asks for it. */
  resolve(
    iface: NetworkInterface, next: IpAddress, into: MutableHardwareAddress, bytes: Uint8Array, start: number, end: number, now: number,
  ): Resolution {
    const neighbour = this.neighbours.obtain(iface.index, next, now)
    const action = this.neighbours.use(neighbour, now)
    if (action === NeighbourAction.Unreachable) return Resolution.Unreachable
    if (action === NeighbourAction.SendAndProbe || action === NeighbourAction.HoldAndSolicit) this.request(iface, neighbour, now)
    if (action === NeighbourAction.Send || action === NeighbourAction.SendAndProbe) {
      copyHardwareAddress(neighbour.hardware, into)
      return Resolution.Resolved
    }
    return this.neighbours.hold(neighbour, bytes, start, end, now) ? Resolution.Held : Resolution.OutOfMemory
  }

  /** Takes the ARP packet in `bytes[start, end)`: RFC 826, "Packet Reception". */
  receive(iface: NetworkInterface, bytes: Uint8Array, start: number, end: number, now: number): DropReason {
    const { packet } = this
    const reason = readArp(bytes, start, end, packet)
    if (reason !== DropReason.None) return reason
    const { senderAddress, senderHardware } = packet
    if (isGroupHardwareAddress(senderHardware) || isMulticast(senderAddress) || isLimitedBroadcast(senderAddress)
      || this.interfaces.isLocal(senderAddress)) {
      return DropReason.MartianSource
    }
    const known = this.neighbours.find(iface.index, senderAddress)
    if (known !== undefined) this.confirm(known, senderHardware, now)
    if (!this.interfaces.owns(iface, packet.targetAddress)) return known !== undefined ? DropReason.None : DropReason.NotForUs
    if (packet.operation === ArpOperation.Reply) return known !== undefined ? DropReason.None : DropReason.NotForUs
    // A probe from 0.0.0.0 (RFC 5227 §1.1) is answered, but tells nothing about its sender. Senders from elsewhere get their answer
    // too, but no entry: with any address to choose from, one host could drive all others out of the cache.
    if (known === undefined && !isUnspecified(senderAddress) && this.interfaces.isOnLink(iface, senderAddress)) {
      this.confirm(this.neighbours.obtain(iface.index, senderAddress, now), senderHardware, now)
    }
    return this.reply(iface, now)
  }

  /** Runs due timers: asks again, or gives up and lets the transport know. */
  poll(now: number): void {
    for (let due = this.neighbours.take(now); due !== undefined; due = this.neighbours.take(now)) {
      if (due.state === NeighbourState.Incomplete || due.state === NeighbourState.Probe) {
        this.request(this.interfaces.at(due.interfaceIndex), due, now)
      } else if (due.pendingBlock >= 0) {
        const start = due.pendingBlock + HEADROOM
        // RFC 1122 §2.4: the transport learns of it as of an ICMP host unreachable.
        const cause = IcmpCause.HostUnreachable
        this.errors.deliverIpv4(cause, 0, due.interfaceIndex, this.arena.bytes, start, start + due.pendingLength, now)
        this.neighbours.dropPending(due, DropReason.NeighbourUnreachable, now)
      }
    }
  }

  private confirm(neighbour: Neighbour, hardware: HardwareAddress, now: number): void {
    this.neighbours.confirm(neighbour, hardware, now)
    const { pendingBlock, pendingLength, interfaceIndex } = neighbour
    if (pendingBlock < 0) return
    if (this.replies.adopt(pendingBlock, pendingLength, interfaceIndex, QueuedKind.Packet, now)) {
      this.neighbours.handOverPending(neighbour)
    } else {
      this.neighbours.dropPending(neighbour, DropReason.OutOfMemory, now)
    }
  }

  private reply(iface: NetworkInterface, now: number): DropReason {
    const { packet, outgoing, arena } = this
    const at = this.replies.append(FRAME_LENGTH, iface.index, QueuedKind.Frame, now)
    if (at < 0) return DropReason.OutOfMemory
    outgoing.operation = ArpOperation.Reply
    copyHardwareAddress(iface.hardware, outgoing.senderHardware)
    copyIpAddress(packet.targetAddress, outgoing.senderAddress)
    copyHardwareAddress(packet.senderHardware, outgoing.targetHardware)
    copyIpAddress(packet.senderAddress, outgoing.targetAddress)
    this.write(iface, packet.senderHardware, arena.bytes, at)
    return DropReason.None
  }

  /** Asks: everyone while the address is not known, the neighbour itself when it is to be confirmed. */
  private request(iface: NetworkInterface, neighbour: Neighbour, now: number): void {
    const { outgoing, frame } = this
    outgoing.operation = ArpOperation.Request
    copyHardwareAddress(iface.hardware, outgoing.senderHardware)
    copyIpAddress(this.interfaces.sourceFor(iface, neighbour.address) ?? ANY_IPV4, outgoing.senderAddress)
    outgoing.targetHardware.hi = 0
    outgoing.targetHardware.lo = 0
    copyIpAddress(neighbour.address, outgoing.targetAddress)
    this.write(iface, neighbour.state === NeighbourState.Probe ? neighbour.hardware : BROADCAST_HARDWARE_ADDRESS, frame, 0)
    // A device that refuses it costs one of the tries.
    this.transmitter.transmit(iface, frame, 0, FRAME_LENGTH, now)
  }

  private write(iface: NetworkInterface, destination: HardwareAddress, into: Uint8Array, at: number): void {
    copyHardwareAddress(destination, this.ethernet.destination)
    copyHardwareAddress(iface.hardware, this.ethernet.source)
    this.ethernet.etherType = ETHERTYPE_ARP
    writeEthernet(this.ethernet, into, at)
    writeArp(this.outgoing, into, at + ETHERNET_HEADER_LENGTH)
  }
}
