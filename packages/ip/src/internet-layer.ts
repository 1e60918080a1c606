import { Arena } from '@layerfour/storage'
import { DropReason, IcmpType, Icmpv6Type, isIpv4, LOOPBACK_IPV4, LOOPBACK_IPV6, prefixContains, prefixNetwork } from '@layerfour/wire'
import type { IpAddress, IpPrefix, NetworkLayer, PacketMeta, Path } from '@layerfour/wire'
import { Arp } from './arp.ts'
import { Delivery } from './delivery.ts'
import { Drops } from './drops.ts'
import { ErrorDelivery } from './error-delivery.ts'
import { HeaderWriter } from './header-writer.ts'
import { IcmpLimiter } from './icmp-limiter.ts'
import { IcmpOutput } from './icmp-output.ts'
import { Icmpv4 } from './icmpv4.ts'
import { Icmpv6 } from './icmpv6.ts'
import { Identification } from './identification.ts'
import { InterfaceTable } from './interfaces.ts'
import type { NetworkInterface } from './interfaces.ts'
import { IpOutput } from './ip-output.ts'
import { Ipv4Admission } from './ipv4-admission.ts'
import { Ipv4Input } from './ipv4-input.ts'
import { Ipv6Input } from './ipv6-input.ts'
import * as limits from './limits.ts'
import { LinkInput } from './link-input.ts'
import { LinkOutput } from './link-output.ts'
import type { LinkPort } from './link-port.ts'
import { LOOPBACK_INTERFACE, LoopbackPort } from './loopback.ts'
import { NeighbourCache } from './neighbours.ts'
import type { IpObserver } from './observer.ts'
import { createPacketBuffer } from './packet-buffer.ts'
import type { PacketBuffer } from './packet-buffer.ts'
import { PacketQueue } from './packet-queue.ts'
import { PathMtuCache } from './path-mtu.ts'
import { ProtocolTable } from './protocol-table.ts'
import { Reassembly } from './reassembly.ts'
import { createReceivedPacket } from './received-packet.ts'
import type { ReceivedPacket } from './received-packet.ts'
import { RouteCache } from './route-cache.ts'
import { Router } from './router.ts'
import { RouteTable } from './routes.ts'
import type { Route } from './routes.ts'
import { Transmitter } from './transmitter.ts'
import type { TransportProtocol } from './transport-protocol.ts'

/** The time-exceeded code that both families use for fragments (RFC 792, RFC 4443 §3.3). */
const REASSEMBLY_TIME_EXCEEDED = 1

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

/**
 * The internet layer of a host. It joins the parts and holds no logic of its own: packets come in by `receive`, segments by
 * `send`, time by `poll`. Interface 0 is the loopback.
 */
export class InternetLayer implements NetworkLayer {
  readonly scratch: Uint8Array
  readonly transportStart: number
  /** Packets dropped, per reason, here and by the transports. */
  readonly drops: Drops
  private readonly arena: Arena
  private readonly neighbours: NeighbourCache
  private readonly observer: IpObserver | undefined
  private readonly interfaceTable: InterfaceTable = new InterfaceTable()
  private readonly routeTable: RouteTable = new RouteTable()
  private readonly transports: ProtocolTable = new ProtocolTable()
  private readonly replies: PacketQueue
  private readonly loopback: PacketQueue
  private readonly router: Router
  private readonly arp: Arp
  private readonly reassembly: Reassembly
  private readonly icmpOutput: IcmpOutput
  private readonly output: IpOutput
  private readonly input: LinkInput
  private readonly packet: ReceivedPacket
  /** Incoming packets are copied here first, so that nothing changes them under us. */
  private readonly incoming: PacketBuffer
  /** The latest time that was heard of, for `findPath`, which is not told. Typed: to store a fraction allocates nothing. */
  private readonly clock: Float64Array = new Float64Array(1)

  constructor(options: InternetLayerOptions) {
    const { secret, arena = defaultArena(), hopLimit = limits.DEFAULT_HOP_LIMIT, observer } = options
    if (!Number.isInteger(hopLimit) || hopLimit < 1 || hopLimit > 255) {
      throw new RangeError(`hopLimit is ${hopLimit}, expected an integer from 1 to 255`)
    }
    if (secret.length < 4) throw new RangeError(`secret has ${secret.length} words, expected at least 4`)
    const interfaces = this.interfaceTable
    const { transports } = this
    const drops = new Drops(observer)
    const transmitter = new Transmitter(observer)
    const replies = new PacketQueue(arena, limits.REPLY_QUEUE_PACKETS, limits.REPLY_QUEUE_BYTES)
    const pathMtus = new PathMtuCache(secret, this.clock)
    const identification = new Identification(secret)
    const headers = new HeaderWriter(identification, hopLimit)
    const errors = new ErrorDelivery(interfaces, transports, pathMtus)
    const neighbours = new NeighbourCache(arena, secret, drops)
    const arp = new Arp(arena, interfaces, neighbours, replies, transmitter, errors)
    this.neighbours = neighbours
    const router = new Router(interfaces, this.routeTable, pathMtus)
    const link = new LinkOutput(interfaces, arp, transmitter, identification)
    const icmpOutput = new IcmpOutput(arena, headers, replies, drops, new IcmpLimiter(secret))
    const icmpv4 = new Icmpv4(icmpOutput, errors, transports)
    const icmpv6 = new Icmpv6(icmpOutput, errors, transports)
    const delivery = new Delivery(transports, icmpv4, icmpv6, icmpOutput)
    const reassembly = new Reassembly(arena, drops)
    const ipv4 = new Ipv4Input(new Ipv4Admission(interfaces), reassembly, delivery)
    const ipv6 = new Ipv6Input(interfaces, reassembly, delivery, icmpOutput)
    this.arena = arena
    this.observer = observer
    this.drops = drops
    this.replies = replies
    this.loopback = new PacketQueue(arena, limits.LOOPBACK_QUEUE_PACKETS, limits.LOOPBACK_QUEUE_BYTES)
    this.router = router
    this.arp = arp
    this.reassembly = reassembly
    this.icmpOutput = icmpOutput
    const scratch = createPacketBuffer(arena)
    this.scratch = scratch.bytes
    this.transportStart = scratch.transportStart
    this.incoming = createPacketBuffer(arena)
    const way = new RouteCache(interfaces, this.routeTable, router)
    this.output = new IpOutput(arena, interfaces, way, pathMtus, headers, link, replies, drops, scratch)
    this.input = new LinkInput(arp, ipv4, ipv6)
    const loopback = interfaces.add(new LoopbackPort(this.loopback), 'lo')
    interfaces.addAddress(loopback.index, { address: LOOPBACK_IPV4, length: 8 })
    interfaces.addAddress(loopback.index, { address: LOOPBACK_IPV6, length: 128 })
    this.packet = createReceivedPacket(loopback)
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
    return this.interfaceTable.add(port, options.name ?? `if${this.interfaceTable.list.length}`).index
  }

  /** Gives an interface an address and a route to the network that its prefix names. @throws RangeError when it cannot be ours. */
  addAddress(interfaceIndex: number, prefix: IpPrefix): void {
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
    const { list } = this.interfaceTable
    for (let i = 0; i < list.length; i++) if (this.interfaceTable.isBroadcast(list[i]!, address)) return true
    return false
  }

  doubtPath(destination: IpAddress, source: IpAddress): void {
    const iface = this.router.choose(destination, source, -1)
    const neighbour = iface === undefined ? undefined : this.neighbours.find(iface.index, this.router.nextHop)
    if (neighbour !== undefined) this.neighbours.doubt(neighbour)
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
    const { incoming } = this
    // The IP header begins where the transport header behind it is aligned, in either medium.
    const at = incoming.transportStart - (iface.port.medium === 'ethernet' ? 34 : 20)
    const length = end - start
    if (length > incoming.end - at) {
      this.countIn(iface, bytes, start, end, now)
      return this.drops.note(DropReason.BadTotalLength, interfaceIndex, bytes, start, end, now)
    }
    iface.copier.copy(bytes, start, end, incoming.bytes, at)
    this.packet.meta.segmentSize = segmentSize
    this.packet.meta.checksumVerified = checksumVerified || iface.port.offload.receive
    return this.take(iface, incoming.bytes, at, at + length, now)
  }

  /** Runs timers, takes loopback packets in, sends what is owed, and polls the transports. Returns the next deadline in ms. */
  poll(now: number): number {
    this.clock[0] = now
    this.arp.poll(now)
    this.expireFragments(now)
    // What the transports send meanwhile waits for the next poll, so a talk with ourselves cannot keep us here.
    this.packet.meta.segmentSize = 0
    for (let left = this.loopback.size; left > 0; left--) {
      this.packet.meta.checksumVerified = true
      this.take(this.interfaces[LOOPBACK_INTERFACE]!, this.arena.bytes, this.loopback.headStart, this.loopback.headEnd, now)
      this.loopback.shift()
    }
    this.output.flush(now)
    let deadline = Infinity
    const { list } = this.transports
    for (let i = 0; i < list.length; i++) deadline = Math.min(deadline, list[i]!.poll(now))
    return Math.min(deadline, this.ownDeadline)
  }

  /** When `poll` is wanted next, in ms: at or before now when something is owed, Infinity for never. */
  get deadline(): number {
    let deadline = this.ownDeadline
    const { list } = this.transports
    for (let i = 0; i < list.length; i++) deadline = Math.min(deadline, list[i]!.deadline)
    return deadline
  }

  private get ownDeadline(): number {
    return Math.min(this.replies.deadline, this.loopback.deadline, this.arp.deadline, this.reassembly.deadline)
  }

  /** The one way in for packets that lie in our memory. */
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

  /** Gives up datagrams whose fragments did not all come; the sender is told if the first one did (RFC 792, RFC 4443 §3.3). */
  private expireFragments(now: number): void {
    const { packet, reassembly } = this
    for (let gone = reassembly.takeExpired(packet, now); gone !== undefined; gone = reassembly.takeExpired(packet, now)) {
      packet.iface = this.interfaceTable.at(gone.interfaceIndex)
      this.drops.note(DropReason.FragmentTimeout, gone.interfaceIndex, packet.bytes, packet.start, packet.end, now)
      if (gone.headerLength > 0) {
        const type = isIpv4(gone.source) ? IcmpType.TimeExceeded : Icmpv6Type.TimeExceeded
        this.icmpOutput.error(packet, type, REASSEMBLY_TIME_EXCEEDED, 0, now)
      }
      reassembly.release(gone)
    }
  }
}

function defaultArena(): Arena {
  return new Arena(limits.DEFAULT_ARENA_BYTES, limits.INTERNET_LAYER_MARGIN)
}
