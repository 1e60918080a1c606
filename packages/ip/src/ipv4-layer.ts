import { Arena, copyBytes } from '@layerfour/storage'
import {
  copyIpAddress, createIpv4Header, createPacketMeta, DropReason, IPV4_HEADER_LENGTH, IpProtocol, ipAddressEquals, isDirectedBroadcast,
  isIpv4, isLimitedBroadcast, isLoopback, isMulticast, isUnspecified, readIpv4,
} from '@layerfour/wire'
import type { IpAddress, IpPrefix, Ipv4Header, NetworkLayer, PacketMeta, Path } from '@layerfour/wire'
import { Drops } from './drops.ts'
import { HeaderWriter } from './header-writer.ts'
import { Identification } from './identification.ts'
import type { InternetLayerOptions } from './internet-core.ts'
import { DEFAULT_ARENA_BYTES, DEFAULT_HOP_LIMIT, INTERNET_LAYER_MARGIN, MAX_MTU, MIN_MTU_IPV4 } from './limits.ts'
import type { LinkPort } from './link-port.ts'
import type { IpObserver } from './observer.ts'
import { createPacketBuffer } from './packet-buffer.ts'
import type { PacketBuffer } from './packet-buffer.ts'
import type { TransportProtocol } from './transport-protocol.ts'

/** The one interface: as in the other layers, 0 would be the loopback. */
const INTERFACE = 1

/**
 * The least internet layer, for a host that hangs on one link: IPv4 with one interface, which carries bare IP packets, and one address.
 * What is not for itself goes out there. It has no ICMP, no fragments (such packets are dropped), no loopback, no routes.
 */
export class Ipv4Layer implements NetworkLayer {
  readonly scratch: Uint8Array
  readonly transportStart: number
  /** Packets dropped, per reason, here and by the transports. */
  readonly drops: Drops
  private readonly observer: IpObserver | undefined
  private readonly headers: HeaderWriter
  private readonly incoming: PacketBuffer
  private readonly header: Ipv4Header = createIpv4Header()
  private readonly meta: PacketMeta = createPacketMeta()
  private readonly transports: TransportProtocol[] = []
  private port: LinkPort | undefined = undefined
  private own: IpPrefix | undefined = undefined

  constructor({ secret, arena, hopLimit = DEFAULT_HOP_LIMIT, observer }: InternetLayerOptions) {
    const memory = arena ?? new Arena(DEFAULT_ARENA_BYTES, INTERNET_LAYER_MARGIN)
    const scratch = createPacketBuffer(memory)
    this.scratch = scratch.bytes
    this.transportStart = scratch.transportStart
    this.incoming = createPacketBuffer(memory)
    this.drops = new Drops(observer)
    this.observer = observer
    this.headers = new HeaderWriter(new Identification(secret), hopLimit)
  }

  /** Takes the one link; returns 1, its index. @throws RangeError for a second one, for another medium, for an MTU that is none. */
  addInterface(port: LinkPort): number {
    const { medium, mtu } = port
    if (this.port !== undefined || medium !== 'ip' || !(mtu >= MIN_MTU_IPV4 && mtu <= MAX_MTU)) {
      throw new RangeError(`interface ${this.port === undefined ? 1 : 2} is '${medium}' with MTU ${mtu}, expected one 'ip' from ${MIN_MTU_IPV4}`)
    }
    this.port = port
    return INTERFACE
  }

  /** Gives the host its address, instead of an earlier one. @throws RangeError for one that no IPv4 host may have. */
  addAddress(_interfaceIndex: number, prefix: IpPrefix): void {
    const { address } = prefix
    if (!isIpv4(address) || isUnspecified(address) || isMulticast(address) || isLimitedBroadcast(address) || isLoopback(address)) {
      throw new RangeError('the address is not one of a host in IPv4')
    }
    this.own = { address: { ...address }, length: prefix.length }
  }

  /** Adds a transport protocol. */
  register(transport: TransportProtocol): void {
    this.transports.push(transport)
  }

  isLocal(address: IpAddress): boolean {
    return this.own !== undefined && ipAddressEquals(this.own.address, address)
  }

  /** Whether `address` is 255.255.255.255 or the broadcast address of our subnet. */
  isBroadcast(address: IpAddress): boolean {
    return isLimitedBroadcast(address) || (this.own !== undefined && isDirectedBroadcast(this.own, address))
  }

  findPath(destination: IpAddress, source: IpAddress, path: Path): DropReason {
    const { own, port } = this
    if (port === undefined || !this.hasWay(destination)) return DropReason.NoRoute
    if (own === undefined || !(isUnspecified(source) || this.isLocal(source))) return DropReason.NoSourceAddress
    copyIpAddress(own.address, path.source)
    path.interfaceIndex = INTERFACE
    path.mtu = port.mtu
    path.checksumNeeded = !port.offload.transmit
    path.segmentation = port.offload.segmentation ?? 0
    return DropReason.None
  }

  send(meta: PacketMeta, length: number, now: number): DropReason {
    const { port, scratch, transportStart } = this
    const { segmentSize } = meta
    const end = transportStart + length
    if (port === undefined || !this.hasWay(meta.destination)) return this.drop(DropReason.NoRoute, scratch, transportStart, end, now)
    const limit = segmentSize > 0 ? port.offload.segmentation ?? 0 : port.mtu
    if (length + IPV4_HEADER_LENGTH > limit) return this.drop(DropReason.PacketTooBig, scratch, transportStart, end, now)
    const start = this.headers.write(meta, meta.dontFragment, scratch, transportStart, length)
    if (!port.transmit(scratch, start, end, segmentSize)) return DropReason.DeviceQueueFull
    this.observer?.packetOut?.(INTERFACE, scratch, start, end, now)
    return DropReason.None
  }

  /** As `InternetCore.receive`. @throws RangeError for a range outside of `bytes`. */
  receive(
    _interfaceIndex: number, bytes: Uint8Array, start: number, end: number, now: number, segmentSize = 0, checksumVerified = false,
  ): DropReason {
    const { incoming, meta } = this
    const at = incoming.transportStart - IPV4_HEADER_LENGTH
    const length = Math.min(end - start, incoming.end - at)
    copyBytes(bytes, start, start + length, incoming.bytes, at)
    this.observer?.packetIn?.(INTERFACE, bytes, start, end, now)
    meta.segmentSize = segmentSize
    meta.checksumVerified = checksumVerified || (this.port !== undefined && this.port.offload.receive)
    const reason = this.take(incoming.bytes, at, at + length, now)
    return reason === DropReason.None ? reason : this.drop(reason, incoming.bytes, at, at + length, now)
  }

  private take(bytes: Uint8Array, start: number, end: number, now: number): DropReason {
    const { header, meta } = this
    const { source, destination } = header
    const reason = readIpv4(bytes, start, end, header, !meta.checksumVerified)
    if (reason !== DropReason.None) return reason
    const local = this.isLocal(destination)
    if (!local && !this.isBroadcast(destination)) return DropReason.NotForUs
    // RFC 1122 §3.2.1.3: nobody sends from such an address.
    if (!this.hasWay(source) || isMulticast(source) || this.isBroadcast(source)) return DropReason.MartianSource
    if (header.moreFragments || header.fragmentOffset !== 0) return DropReason.FragmentLimit
    copyIpAddress(source, meta.source)
    copyIpAddress(destination, meta.destination)
    meta.protocol = header.protocol
    meta.hopLimit = header.hopLimit
    meta.trafficClass = header.trafficClass
    meta.interfaceIndex = INTERFACE
    meta.dontFragment = header.dontFragment
    for (const transport of this.transports) {
      if (transport.protocol !== header.protocol) continue
      // RFC 1122 §4.2.3.10: TCP has no business with broadcasts.
      if (!local && transport.protocol !== IpProtocol.Udp) return DropReason.NotForUs
      return transport.receive(meta, bytes, start + header.headerLength, start + header.totalLength, now)
    }
    return DropReason.UnknownProtocol
  }

  /** Polls the transports. Returns the next deadline in ms. */
  poll(now: number): number {
    let deadline = Infinity
    for (const transport of this.transports) deadline = Math.min(deadline, transport.poll(now))
    return deadline
  }

  /** When `poll` is wanted next, in ms; Infinity for never. */
  get deadline(): number {
    let deadline = Infinity
    for (const transport of this.transports) deadline = Math.min(deadline, transport.deadline)
    return deadline
  }

  /** Whether packets to `address` go out on the link. */
  private hasWay(address: IpAddress): boolean {
    return isIpv4(address) && !isUnspecified(address) && !isLoopback(address) && !this.isLocal(address)
  }

  private drop(reason: DropReason, bytes: Uint8Array, start: number, end: number, now: number): DropReason {
    return this.drops.note(reason, INTERFACE, bytes, start, end, now)
  }
}
