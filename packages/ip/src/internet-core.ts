import { Arena } from '@layerfour/storage'
import { DropReason, isIpv4, prefixContains, prefixNetwork } from '@layerfour/wire'
import type { IpAddress, IpPrefix, NetworkLayer, PacketMeta, Path } from '@layerfour/wire'
import { Delivery } from './delivery.ts'
import { Drops } from './drops.ts'
import { HeaderWriter } from './header-writer.ts'
import { Identification } from './identification.ts'
import { InterfaceTable } from './interfaces.ts'
import type { NetworkInterface } from './interfaces.ts'
import { IpOutput } from './ip-output.ts'
import { Ipv4Admission } from './ipv4-admission.ts'
import { Ipv4Input } from './ipv4-input.ts'
import { copyPacket } from './lender.ts'
import * as limits from './limits.ts'
import { LinkInput } from './link-input.ts'
import { LinkOutput } from './link-output.ts'
import type { LinkPort } from './link-port.ts'
import { LOOPBACK_INTERFACE, LoopbackPort } from './loopback.ts'
import type { IpObserver } from './observer.ts'
import { createPacketBuffer } from './packet-buffer.ts'
import type { PacketBuffer } from './packet-buffer.ts'
import type { PacketQueue } from './packet-queue.ts'
import type { InternetExtras, InternetPart } from './part.ts'
import { ProtocolTable } from './protocol-table.ts'
import { createReceivedPacket } from './received-packet.ts'
import type { ReceivedPacket } from './received-packet.ts'
import { RouteCache } from './route-cache.ts'
import { Router } from './router.ts'
import { RouteTable } from './routes.ts'
import type { Route } from './routes.ts'
import { Transmitter } from './transmitter.ts'
import type { TransportProtocol } from './transport-protocol.ts'

export interface InternetLayerOptions {
  /** At least four random words from the host: what keys tables and identifications. */
  readonly secret: Int32Array
  /**
   * Memory for packets that wait: replies, loopback, ARP, reassembly; and in its margin, if that has `INTERNET_LAYER_MARGIN` bytes
   * left, for the packet being built and the one being received. Default: 2 MiB of its own.
   */
  readonly arena?: Arena
  /** TTL and hop limit of packets whose transport leaves it open, 1 to 255. Default 64. */
  readonly hopLimit?: number
  readonly observer?: IpObserver
}

export interface InternetCoreOptions extends InternetLayerOptions {
  /** Any of `ethernet`, `fragmentation`, `icmp`, `ipv6`, `loopback`, in any order; none by default. What is not named is not bundled. */
  readonly parts?: readonly InternetPart[]
}

/**
 * The internet layer of a host with the parts that are named: of itself it is IPv4 on media with bare IP packets, with addresses, routes
 * and interfaces. It joins the parts and holds no logic of its own: packets come in by `receive`, segments by `send`, time by `poll`.
 * Interface 0 is the loopback. `InternetLayer` has all parts.
 */
export class InternetCore implements NetworkLayer {
  readonly scratch: Uint8Array
  readonly transportStart: number
  /** Packets dropped, per reason, here and by the transports. */
  readonly drops: Drops
  private readonly arena: Arena
  private readonly observer: IpObserver | undefined
  private readonly interfaceTable: InterfaceTable = new InterfaceTable()
  private readonly routeTable: RouteTable = new RouteTable()
  private readonly transports: ProtocolTable = new ProtocolTable()
  private readonly router: Router
  private readonly output: IpOutput
  private readonly input: LinkInput
  private readonly packet: ReceivedPacket
  /** What the parts brought. */
  private readonly extras: InternetExtras = {
    ethernet: undefined, expiry: undefined, loopback: undefined, replies: undefined, replyOutput: undefined, errors: undefined,
    icmpOutput: undefined, pathMtus: undefined,
  }
  /** Packets that come in memory shared with others are copied here first, so that nothing changes them under us. */
  private readonly incoming: PacketBuffer
  /** The latest time that was heard of, for `findPath`, which is not told. Typed: to store a fraction allocates nothing. */
  private readonly clock: Float64Array = new Float64Array(1)

  constructor(options: InternetCoreOptions) {
    const { secret, arena = defaultArena(), hopLimit = limits.DEFAULT_HOP_LIMIT, observer, parts = [] } = options
    if (secret.length < 4) throw new RangeError(`secret has ${secret.length} words, expected at least 4`)
    const { clock, interfaceTable: interfaces, routeTable, transports } = this
    const drops = new Drops(observer)
    const transmitter = new Transmitter(observer)
    const identification = new Identification(secret)
    const headers = new HeaderWriter(identification, hopLimit)
    const router = new Router(interfaces, routeTable)
    router.loops = false
    router.ipv6 = false
    const way = new RouteCache(interfaces, routeTable, router)
    const link = new LinkOutput(transmitter)
    const delivery = new Delivery(transports)
    const ipv4 = new Ipv4Input(new Ipv4Admission(interfaces), delivery)
    const input = new LinkInput(ipv4)
    this.arena = arena
    this.observer = observer
    this.drops = drops
    this.router = router
    const scratch = createPacketBuffer(arena)
    this.scratch = scratch.bytes
    this.transportStart = scratch.transportStart
    this.incoming = createPacketBuffer(arena)
    const output = new IpOutput(way, headers, link, drops, scratch)
    this.output = output
    this.input = input
    const packet = createReceivedPacket(interfaces.add(new LoopbackPort(), 'lo'))
    this.packet = packet
    const base = {
      arena, secret, clock, drops, interfaces, transports, transmitter, identification, headers, router, way, link, output, delivery, ipv4,
      input, packet,
    }
    for (const part of parts) part(base, this.extras)
  }

  /** The interfaces with their addresses and counters, by index. */
  get interfaces(): readonly NetworkInterface[] {
    return this.interfaceTable.list
  }

  get routes(): readonly Route[] {
    return this.routeTable.list
  }

  /** Adds an interface (64 at most) and returns its index. @throws RangeError, TypeError for a port that cannot be one. */
  addInterface(port: LinkPort, options: { readonly name?: string } = {}): number {
    const { name = `if${this.interfaceTable.list.length}` } = options
    if (port.medium !== 'ethernet') return this.interfaceTable.add(port, name).index
    const { ethernet } = this.extras
    if (ethernet === undefined) throw lacking('ethernet')
    return this.interfaceTable.add(port, name, ethernet.hardwareOf(port, name)).index
  }

  /** Gives an interface an address and a route to the network that its prefix names. @throws RangeError when it cannot be ours. */
  addAddress(interfaceIndex: number, prefix: IpPrefix): void {
    if (!this.router.ipv6 && !isIpv4(prefix.address)) throw lacking('ipv6')
    this.interfaceTable.addAddress(interfaceIndex, prefix)
    this.routeTable.add({ destination: { address: prefixNetwork(prefix), length: prefix.length }, interfaceIndex })
  }

  /** Takes an address away, and the route to its network with the last address in it; whether it was ours. */
  removeAddress(address: IpAddress): boolean {
    const interfaceIndex = this.interfaceTable.ownerOf(address)
    const removed = this.interfaceTable.removeAddress(address)
    if (removed === undefined) return false
    const { addresses } = this.interfaceTable.at(interfaceIndex)
    const { length } = removed.prefix
    if (!addresses.some(({ prefix }) => prefix.length === length && prefixContains(prefix, address))) {
      this.routeTable.remove({ destination: removed.prefix, interfaceIndex })
    }
    return true
  }

  /** Adds a route (256 at most). @throws RangeError when it is there already or makes no sense. */
  addRoute(route: Route): void {
    this.interfaceTable.at(route.interfaceIndex)
    if (!this.router.ipv6 && !isIpv4(route.destination.address)) throw lacking('ipv6')
    if (!this.routeTable.add(route)) throw new RangeError('the route is there already, expected a new one')
  }

  /** Removes a route; whether it was there. */
  removeRoute(route: Route): boolean {
    return this.routeTable.remove(route)
  }

  /** Adds a transport protocol. @throws RangeError when its number is taken. */
  register(transport: TransportProtocol): void {
    this.transports.register(transport)
  }

  findPath(destination: IpAddress, source: IpAddress, path: Path): DropReason {
    return this.router.findPath(destination, source, path)
  }

  isLocal(address: IpAddress): boolean {
    return this.interfaceTable.isLocal(address)
  }

  /** Whether `address` is 255.255.255.255 or the broadcast address of a subnet of ours. */
  isBroadcast(address: IpAddress): boolean {
    return this.interfaceTable.isBroadcastAnywhere(address)
  }

  doubtPath(destination: IpAddress, source: IpAddress): void {
    const iface = this.router.choose(destination, source, -1)
    if (iface !== undefined) this.extras.ethernet?.doubt(iface.index, this.router.nextHop)
  }

  send(meta: PacketMeta, length: number, now: number): DropReason {
    this.clock[0] = now
    return this.output.send(meta, length, now)
  }

  /**
   * Takes `bytes[start, end)` from the device of an interface: an IP packet, or an Ethernet frame. Sends nothing; what is
   * owed now leaves at the next `poll`. Returns why it was dropped, which was counted, or `None`.
   * @param segmentSize as in `PacketMeta`: what the device says of a TCP segment that stands for several.
   * @param checksumVerified whether the device vouches for the transport checksum of this packet; for those of all, `offload` does.
   * @throws RangeError when there is no such interface or range.
   */
  receive(
    interfaceIndex: number, bytes: Uint8Array, start: number, end: number, now: number, segmentSize = 0, checksumVerified = false,
  ): DropReason {
    const iface = this.interfaceTable.at(interfaceIndex)
    if (!(start >= 0 && start <= end && end <= bytes.length)) {
      throw new RangeError(`got the range [${start}, ${end}), expected one within ${bytes.length} bytes`)
    }
    const { incoming, packet } = this
    const verified = checksumVerified || iface.port.offload.receive
    packet.meta.segmentSize = segmentSize
    packet.meta.checksumVerified = verified
    // The IP header begins where the transport header behind it is aligned, in either medium.
    const at = incoming.transportStart - (iface.port.medium === 'ethernet' ? 34 : 20)
    const length = end - start
    if (length > incoming.end - at) {
      this.countIn(iface, bytes, start, end, now)
      return this.drops.note(DropReason.BadTotalLength, interfaceIndex, bytes, start, end, now)
    }
    if (iface.lender.lends(bytes, incoming.bytes, verified)) return this.take(iface, bytes, start, end, now)
    copyPacket(bytes, start, end, incoming.bytes, at)
    return this.take(iface, incoming.bytes, at, at + length, now)
  }

  /** Runs timers, takes loopback packets in, sends what is owed, and polls the transports. Returns the next deadline in ms. */
  poll(now: number): number {
    const { ethernet, expiry, loopback, replyOutput } = this.extras
    this.clock[0] = now
    if (ethernet !== undefined) ethernet.poll(now)
    if (expiry !== undefined) expiry.poll(now)
    if (loopback !== undefined && loopback.size > 0) this.takeLoopback(loopback, now)
    if (replyOutput !== undefined) replyOutput.flush(now)
    const { list } = this.transports
    for (let i = 0; i < list.length; i++) list[i]!.poll(now)
    return this.deadline
  }

  /** When `poll` is wanted next, in ms: at or before now when something is owed, Infinity for never. */
  get deadline(): number {
    let deadline = Infinity
    const { list } = this.transports
    for (let i = 0; i < list.length; i++) {
      const next = list[i]!.deadline
      if (next < deadline) deadline = next
    }
    return this.orSooner(deadline)
  }

  /**
   * `deadline`, or what this layer wants sooner itself. Only those are asked that have one: an engine makes an object of each fraction
   * that is computed and handed on, and this comes with every poll.
   */
  private orSooner(deadline: number): number {
    const { ethernet, expiry, loopback, replies } = this.extras
    if (replies !== undefined && replies.size > 0 && replies.deadline < deadline) deadline = replies.deadline
    if (loopback !== undefined && loopback.size > 0 && loopback.deadline < deadline) deadline = loopback.deadline
    if (ethernet !== undefined && ethernet.deadline < deadline) deadline = ethernet.deadline
    if (expiry !== undefined && expiry.deadline < deadline) deadline = expiry.deadline
    return deadline
  }

  /** What the transports send meanwhile waits for the next poll, so a talk with ourselves cannot keep us here. */
  private takeLoopback(loopback: PacketQueue, now: number): void {
    const iface = this.interfaces[LOOPBACK_INTERFACE]!
    this.packet.meta.segmentSize = 0
    for (let left = loopback.size; left > 0; left--) {
      this.packet.meta.checksumVerified = true
      this.take(iface, this.arena.bytes, loopback.headStart, loopback.headEnd, now)
      loopback.shift()
    }
  }

  /** The one way in for packets in memory that nobody else changes meanwhile. */
  private take(iface: NetworkInterface, bytes: Uint8Array, start: number, end: number, now: number): DropReason {
    const { packet } = this
    this.clock[0] = now
    this.countIn(iface, bytes, start, end, now)
    packet.iface = iface
    packet.bytes = bytes
    packet.start = start
    packet.end = end
    const reason = this.input.receive(packet, now)
    if (reason === DropReason.None) return reason
    return this.drops.note(reason, iface.index, packet.bytes, packet.start, packet.end, now)
  }

  private countIn(iface: NetworkInterface, bytes: Uint8Array, start: number, end: number, now: number): void {
    iface.traffic.countIn(end - start)
    this.observer?.packetIn?.(iface.index, bytes, start, end, now)
  }
}

function lacking(part: string): TypeError {
  return new TypeError(`the internet layer has no part ${part}, expected it among those named`)
}

function defaultArena(): Arena {
  return new Arena(limits.DEFAULT_ARENA_BYTES, limits.INTERNET_LAYER_MARGIN)
}
