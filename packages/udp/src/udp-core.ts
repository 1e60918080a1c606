import type { Arena } from '@layerfour/storage'
import type { IcmpCause, PacketMeta } from '@layerfour/wire'
import {
  ANY_IPV4, ANY_IPV6, createPacketMeta, createPath, createUdpHeader, DropReason, Errno, IcmpCause as Cause, IpProtocol, isIpv4, readUdp,
  readUint16, UDP_HEADER_LENGTH, verifyTransportChecksum,
} from '@layerfour/wire'
import type { EndpointOptions, PortChooser, UdpConfig } from './config.ts'
import { checkSettings, defaultConfig } from './config.ts'
import type { EndpointSnapshots, UdpContext, UdpNetwork } from './context.ts'
import { createEndpointState } from './endpoint-state.ts'
import { EndpointTable } from './endpoint-table.ts'
import { UdpEndpoint } from './endpoint.ts'
import { errnoOfIcmp } from './errors.ts'
import { enqueue } from './receive-queue.ts'

/** How long to wait for a device whose queue was full, in ms. */
const DEVICE_RETRY = 1

export interface UdpOptions extends Partial<UdpConfig> {
  /** Where received datagrams wait. */
  readonly arena: Arena
  /** Random words that no peer knows, at least two: the hashes of the tables hang on them. */
  readonly secret: Int32Array
  /** Chooses ports for those who name none. Without it they get `EINVAL`. */
  readonly ports?: PortChooser | undefined
}

export interface UdpCoreOptions extends UdpOptions {
  /** How endpoints become plain data and back; without it their `snapshot`, `fingerprint` and `restore` throw. `Udp` has it. */
  readonly snapshots?: EndpointSnapshots | undefined
}

/** What a UDP has counted since it was made (RFC 4113 §3). */
export interface UdpCounters {
  /** Datagrams queued for a user, those to a group once for each. */
  datagramsIn: number
  datagramsOut: number
  /** Datagrams to a port that nobody has. */
  noPorts: number
  /** Datagrams that were malformed, or found no room. */
  inErrors: number
}

/**
 * UDP of one host (RFC 768): finds the endpoint of each datagram and queues it there. Outgoing datagrams leave within `sendTo`, so
 * `poll` has nothing to send; it only tells those who met a full device to try again. `Udp` is the same with snapshots.
 */
export class UdpCore {
  readonly protocol: number = IpProtocol.Udp
  private readonly context: UdpContext
  private readonly table: EndpointTable
  private readonly endpointDefaults: EndpointOptions
  /** Those with news, chained by `nextReady`: an array emptied and filled for each datagram would allocate each time. */
  private firstReady: UdpEndpoint | undefined = undefined
  private lastReady: UdpEndpoint | undefined = undefined
  private readonly blocked: UdpEndpoint[] = []
  /** When the blocked ones may try again, in ms; Infinity when there are none. */
  private retryAt = Infinity
  private noPorts = 0
  private inErrors = 0
  private datagramsIn = 0
  /** Of endpoints that are closed. */
  private pastDatagramsOut = 0

  /** @throws RangeError for a setting out of range. */
  constructor(network: UdpNetwork, options: UdpCoreOptions) {
    const { arena, secret, ports, snapshots, ...settings } = options
    checkSettings(settings)
    const { maxEndpoints, receiveBuffer, receiveQueue } = { ...defaultConfig, ...settings }
    this.table = new EndpointTable(secret, maxEndpoints)
    this.endpointDefaults = { broadcast: false, hopLimit: 0, trafficClass: 0, dontFragment: false, receiveBuffer, receiveQueue }
    const meta = createPacketMeta()
    meta.protocol = IpProtocol.Udp
    this.context = {
      network,
      arena,
      view: new DataView(arena.bytes.buffer, arena.bytes.byteOffset, arena.bytes.length),
      ports,
      snapshots,
      table: this.table,
      meta,
      path: createPath(),
      header: createUdpHeader(),
      notify: (endpoint) => this.notify(endpoint),
      block: (endpoint, now) => this.block(endpoint, now),
      forget: (endpoint) => this.forget(endpoint),
    }
  }

  /** Open endpoints. */
  get size(): number {
    return this.table.size
  }

  /** Places looked at to find endpoints, since the start. */
  get steps(): number {
    return this.table.steps
  }

  /** A copy of the counters. */
  get counters(): UdpCounters {
    let datagramsOut = this.pastDatagramsOut
    this.forEach((endpoint) => (datagramsOut += endpoint.state.datagramsOut))
    return { datagramsIn: this.datagramsIn, datagramsOut, noPorts: this.noPorts, inErrors: this.inErrors }
  }

  forEach(visit: (endpoint: UdpEndpoint) => void): void {
    this.table.forEach(visit)
  }

  /** A new endpoint, bound to nothing; `ENOBUFS` when there are `maxEndpoints`. Throws for options that make no sense. */
  open(options: Partial<EndpointOptions> = {}): UdpEndpoint | number {
    checkSettings(options)
    const slot = this.table.takeSlot()
    if (slot < 0) return Errno.ENOBUFS
    const endpoint = new UdpEndpoint(this.context, createEndpointState(slot, { ...this.endpointDefaults, ...options }))
    this.table.put(endpoint)
    return endpoint
  }

  /**
   * A datagram arrived: `bytes[start, end)` from its header on. Returns `None`, `PortUnreachable` when nobody wants it,
   * `ReceiveQueueFull`, `OutOfMemory`, or what is wrong with it.
   */
  receive(meta: PacketMeta, bytes: Uint8Array, start: number, end: number, _now: number): DropReason {
    const reason = this.accept(meta, bytes, start, end)
    if (reason === DropReason.PortUnreachable) this.noPorts++
    else if (reason !== DropReason.None) this.inErrors++
    return reason
  }

  /**
   * An ICMP error quoted one of our datagrams; `meta.source` is ours. The endpoint that is connected to that peer hears of it at its next
   * call; of others nobody knows which datagram was meant. A `PacketTooBig` about those is `IcmpUnmatched`: whoever guesses a bound
   * port could lower the path MTU to any destination else (RFC 8201 §6, RFC 5927 §7).
   */
  icmp(
    cause: IcmpCause, _mtu: number, meta: PacketMeta, bytes: Uint8Array, start: number, end: number, _now: number,
  ): DropReason {
    if (end - start < UDP_HEADER_LENGTH) return DropReason.IcmpUnmatched
    const localPort = readUint16(bytes, start)
    const endpoint = this.table.findConnected(meta.source, localPort, meta.destination, readUint16(bytes, start + 2))
    if (endpoint === undefined) {
      const believed = cause !== Cause.PacketTooBig && this.table.findBest(meta.source, localPort) !== undefined
      return believed ? DropReason.None : DropReason.IcmpUnmatched
    }
    const { state } = endpoint
    // Without `dontFragment` the internet layer sends fragments of the new size from now on, and the user need not care.
    if (cause === Cause.PacketTooBig && !state.options.dontFragment) return DropReason.None
    state.error = errnoOfIcmp(cause)
    this.notify(endpoint)
    return DropReason.None
  }

  /** When `poll` has something to do, in ms; Infinity for never. */
  get deadline(): number {
    return this.blocked.length === 0 ? Infinity : this.retryAt
  }

  /** Lets those who met a full device try again. Returns the next deadline in ms. */
  poll(now: number): number {
    if (this.blocked.length === 0) return Infinity
    if (now < this.retryAt) return this.retryAt
    this.retryAt = Infinity
    for (const endpoint of this.blocked) {
      endpoint.state.blocked = false
      this.notify(endpoint)
    }
    this.blocked.length = 0
    return Infinity
  }

  /** Who has news, undefined when nobody has; call until then after every `receive` and `poll`. */
  takeReady(): UdpEndpoint | undefined {
    for (;;) {
      const next = this.firstReady
      if (next === undefined) return undefined
      this.firstReady = next.nextReady
      if (this.firstReady === undefined) this.lastReady = undefined
      next.nextReady = undefined
      next.ready = false
      if (next.state.slot >= 0) return next
    }
  }

  private accept(meta: PacketMeta, bytes: Uint8Array, start: number, end: number): DropReason {
    const { network, header } = this.context
    const reason = readUdp(bytes, start, end, header)
    if (reason !== DropReason.None) return reason
    const { source, destination } = meta
    const { sourcePort, destinationPort } = header
    const dataEnd = start + header.length
    if (!meta.checksumVerified && !verifyTransportChecksum(source, destination, IpProtocol.Udp, bytes, start, dataEnd)) {
      return DropReason.BadChecksum
    }
    if (destinationPort === 0) return DropReason.BadPort

    const local = network.isLocal(destination)
    const endpoint = local
      ? this.table.find(destination, destinationPort, source, sourcePort)
      : this.table.findConnected(destination, destinationPort, source, sourcePort)
    if (endpoint !== undefined) return this.deliver(endpoint, meta, sourcePort, bytes, start, dataEnd)
    if (local) return DropReason.PortUnreachable
    return this.deliverToAll(meta, sourcePort, destinationPort, bytes, start, dataEnd)
  }

  private deliver(
    endpoint: UdpEndpoint, meta: PacketMeta, sourcePort: number, bytes: Uint8Array, start: number, end: number,
  ): DropReason {
    const { state } = endpoint
    const { receiveBuffer, receiveQueue } = state.options
    const reason = enqueue(
      this.context.arena, this.context.view, state.queue, receiveBuffer, receiveQueue,
      meta, sourcePort, bytes, start + UDP_HEADER_LENGTH, end,
    )
    if (reason !== DropReason.None) {
      state.drops++
      return reason
    }
    state.datagramsIn++
    this.datagramsIn++
    this.notify(endpoint)
    return DropReason.None
  }

  /** To a broadcast or group address: everyone bound to it or to all addresses gets a copy (RFC 1122 §4.1.3.5 asks for no less). */
  private deliverToAll(
    meta: PacketMeta, sourcePort: number, port: number, bytes: Uint8Array, start: number, end: number,
  ): DropReason {
    const { table } = this
    let outcome: DropReason = DropReason.PortUnreachable
    for (let kind = isIpv4(meta.destination) ? 0 : 1; kind < 3; kind++) {
      // 0.0.0.0, the address itself, ::
      let endpoint = table.findBound(kind === 0 ? ANY_IPV4 : kind === 1 ? meta.destination : ANY_IPV6, port)
      for (; endpoint !== undefined; endpoint = table.at(endpoint.state.nextSameKey)) {
        const reason = this.deliver(endpoint, meta, sourcePort, bytes, start, end)
        if (outcome !== DropReason.None) outcome = reason
      }
    }
    return outcome
  }

  private notify(endpoint: UdpEndpoint): void {
    if (endpoint.ready) return
    endpoint.ready = true
    if (this.lastReady === undefined) this.firstReady = endpoint
    else this.lastReady.nextReady = endpoint
    this.lastReady = endpoint
  }

  private block(endpoint: UdpEndpoint, now: number): void {
    if (endpoint.state.blocked) return
    endpoint.state.blocked = true
    this.blocked.push(endpoint)
    if (this.retryAt === Infinity) this.retryAt = now + DEVICE_RETRY
  }

  private forget(endpoint: UdpEndpoint): void {
    this.pastDatagramsOut += endpoint.state.datagramsOut
    this.table.freeSlot(endpoint.state.slot)
    const at = this.blocked.indexOf(endpoint)
    if (at >= 0) this.blocked.splice(at, 1)
    if (this.blocked.length === 0) this.retryAt = Infinity
  }
}
