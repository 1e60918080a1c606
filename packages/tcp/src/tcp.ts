import type { CongestionControl } from '@layerfour/flow'
import { createAckFacts, createSendFacts, newReno } from '@layerfour/flow'
import type { Arena } from '@layerfour/storage'
import { FlowTable, SipHash, TimerQueue } from '@layerfour/storage'
import {
  clearTcpOptions, createPacketMeta, createPath, createTcpHeader, DropReason, Errno, greaterThan, isMulticast, readTcp,
  readUint16, readUint32, TcpFlags, verifyTransportChecksum,
} from '@layerfour/wire'
import type { IcmpCause, IpAddress, NetworkLayer, PacketMeta } from '@layerfour/wire'
import { closeConnection } from './closing.ts'
import type { TcpConfig } from './config.ts'
import { resolveConfig } from './config.ts'
import { Connection } from './connection.ts'
import type { TcpContext } from './context.ts'
import { icmpError } from './icmp.ts'
import { ListenerTable } from './listener-table.ts'
import type { ListenOptions } from './listener.ts'
import { TcpListener } from './listener.ts'
import type { TcpObserver } from './observer.ts'
import type { OpenOptions } from './open.ts'
import { createTcb } from './open.ts'
import { output } from './output.ts'
import { ResetQueue } from './reset-queue.ts'
import { segmentArrives } from './segment-arrives/index.ts'
import { takeSyn } from './segment-arrives/listen.ts'
import { createSegment, segmentLength } from './segment.ts'
import { Cause, State, transition } from './state-machine.ts'
import type { Tcb } from './tcb.ts'
import { nextDeadline, runTimers } from './timers.ts'

const TCP = 6
/** How long to wait for a device whose queue was full, in ms. */
const DEVICE_RETRY = 1

export interface TcpOptions extends Partial<TcpConfig> {
  /** Where send and receive buffers live. */
  readonly arena: Arena
  /** Four random words that no peer knows: initial sequence numbers and table hashes hang on them. */
  readonly secret: Int32Array
  /** NewReno by default. */
  readonly congestionControl?: CongestionControl | undefined
  readonly observer?: TcpObserver | undefined
}

/**
 * TCP of one host (RFC 9293): finds the connection of each segment, and in `poll` lets every
 * connection that owes something send it. It never emits from `receive`.
 */
export class Tcp {
  readonly protocol: number = TCP
  readonly context: TcpContext
  private readonly flows: FlowTable
  private readonly listeners: ListenerTable
  private readonly connections: (Connection | undefined)[] = []
  private readonly freeSlots: number[] = []
  private readonly timers: TimerQueue
  /** Connections to be looked at in the next poll. */
  private readonly scheduled: Connection[] = []
  /** Who has news for the user; taken from `readyHead` on. */
  private readonly ready: (Connection | TcpListener)[] = []
  private readyHead = 0
  private live = 0
  /** Earliest time to try again a device that was full; Infinity when none was. */
  private retryAt = Infinity
  private readonly path = createPath()

  constructor(network: NetworkLayer, options: TcpOptions) {
    const { arena, secret, congestionControl, observer, ...settings } = options
    const config = resolveConfig(settings)
    const meta = createPacketMeta()
    meta.protocol = TCP
    meta.dontFragment = true
    meta.hopLimit = config.hopLimit
    this.context = {
      network,
      arena,
      config,
      congestionControl: congestionControl ?? newReno,
      observer,
      hash: new SipHash(secret),
      segment: createSegment(),
      header: createTcpHeader(),
      meta,
      facts: createAckFacts(),
      sendFacts: createSendFacts(),
      resets: new ResetQueue(config.resetQueue),
    }
    this.flows = new FlowTable(secret, config.maxConnections)
    this.timers = new TimerQueue(config.maxConnections)
    this.listeners = new ListenerTable()
  }

  /** Connections in any state but CLOSED. */
  get size(): number {
    return this.live
  }

  /** Visits every connection that is not CLOSED. */
  forEach(visit: (connection: Connection) => void): void {
    for (const connection of this.connections) if (connection !== undefined) visit(connection)
  }

  forEachListener(visit: (listener: TcpListener) => void): void {
    this.listeners.forEach(visit)
  }

  /** Timers that are set. */
  get timerCount(): number {
    return this.timers.size
  }

  /**
   * Passive OPEN. `address` may be unspecified. `EADDRINUSE` when the very same address and port has a
   * listener, `EINVAL` for port 0, `EADDRNOTAVAIL` for an address that is not ours.
   */
  listen(address: IpAddress, port: number, options: ListenOptions = {}): TcpListener | number {
    if (!Number.isInteger(port) || port < 1 || port > 65_535) return Errno.EINVAL
    if (!this.listeners.isWildcard(address) && !this.context.network.isLocal(address)) return Errno.EADDRNOTAVAIL
    const listener = new TcpListener(this, { ...address }, port, options)
    return this.listeners.add(listener) ? listener : Errno.EADDRINUSE
  }

  /** Whether some listener or connection uses a local port. */
  portInUse(port: number): boolean {
    if (this.listeners.uses(port)) return true
    for (const connection of this.connections) if (connection?.tcb.localPort === port) return true
    return false
  }

  /**
   * Active OPEN from a port of the caller's choice. An unspecified `local` address takes the one of the
   * route. `ENETUNREACH` without a route, `EADDRNOTAVAIL` when these two ends are connected already,
   * `ENOBUFS` when the table is full, `EINVAL` for a port 0.
   */
  connect(
    local: IpAddress, localPort: number, remote: IpAddress, remotePort: number, options: OpenOptions, now: number,
  ): Connection | number {
    if (!(localPort >= 1 && localPort <= 65_535) || !(remotePort >= 1 && remotePort <= 65_535)) return Errno.EINVAL
    const { path, context } = this
    const reason = context.network.findPath(remote, local, path)
    if (reason === DropReason.NoSourceAddress) return Errno.EADDRNOTAVAIL
    if (reason !== DropReason.None) return Errno.ENETUNREACH
    if (this.flows.get(path.source, localPort, remote, remotePort) >= 0) return Errno.EADDRNOTAVAIL
    const tcb = createTcb(context, path.source, localPort, remote, remotePort, path, options, now)
    const connection = this.add(tcb)
    if (connection === undefined) return Errno.ENOBUFS
    transition(tcb, Cause.ActiveOpen, context.observer)
    this.schedule(connection)
    return connection
  }

  /** Whether a connection from `local` with these ports exists, for choosing an ephemeral port. */
  isConnected(local: IpAddress, localPort: number, remote: IpAddress, remotePort: number): boolean {
    return this.flows.get(local, localPort, remote, remotePort) >= 0
  }

  /** A segment arrived: `bytes[start, end)` from header to the end of text. Replies wait for `poll`. */
  receive(meta: PacketMeta, bytes: Uint8Array, start: number, end: number, now: number): DropReason {
    const { segment } = this.context
    const { header } = segment
    const reason = readTcp(bytes, start, end, header)
    if (reason !== DropReason.None) return reason
    if (!meta.checksumVerified && !verifyTransportChecksum(meta.source, meta.destination, TCP, bytes, start, end)) {
      return DropReason.BadChecksum
    }
    if (header.sourcePort === 0 || header.destinationPort === 0) return DropReason.BadPort
    segment.bytes = bytes
    segment.textStart = start + header.headerLength
    segment.textEnd = end
    segment.fin = (header.flags & TcpFlags.FIN) !== 0
    segment.window = header.window

    const slot = this.flows.get(meta.destination, header.destinationPort, meta.source, header.sourcePort)
    if (slot < 0) return this.toListener(meta, now)
    const connection = this.connections[slot]!
    if (connection.tcb.state === State['TIME-WAIT'] && this.mayReuse(connection.tcb)) {
      const { snd } = connection.tcb
      closeConnection(this.context, connection.tcb, Cause.Reuse)
      this.settle(connection)
      // Beyond all that the old incarnation sent (RFC 9293 §3.4.3).
      return this.toListener(meta, now, (snd.max + 0x1_0000) | 0)
    }
    return this.toConnection(connection, meta, now)
  }

  /** An ICMP error quoted one of our segments; `meta.source` is ours. */
  icmp(
    cause: IcmpCause, mtu: number, meta: PacketMeta, bytes: Uint8Array, start: number, end: number,
  ): DropReason {
    if (end - start < 8) return DropReason.IcmpUnmatched
    const localPort = readUint16(bytes, start)
    const remotePort = readUint16(bytes, start + 2)
    const slot = this.flows.get(meta.source, localPort, meta.destination, remotePort)
    if (slot < 0) return DropReason.IcmpUnmatched
    const connection = this.connections[slot]!
    const matched = icmpError(this.context, connection.tcb, cause, mtu, readUint32(bytes, start + 4))
    this.schedule(connection)
    return matched ? DropReason.None : DropReason.IcmpUnmatched
  }

  /** When `poll` has something to do, in ms; -Infinity for at once. */
  get deadline(): number {
    if (this.retryAt !== Infinity) return this.retryAt < this.timers.next ? this.retryAt : this.timers.next
    if (this.scheduled.length > 0 || this.context.resets.size > 0) return -Infinity
    return this.timers.next
  }

  /** Runs due timers and sends what is owed. Returns the next deadline in ms. */
  poll(now: number): number {
    const { context, timers, connections, scheduled } = this
    for (let slot = timers.take(now); slot >= 0; slot = timers.take(now)) {
      const connection = connections[slot]
      if (connection === undefined) continue
      runTimers(context, connection.tcb, now)
      this.schedule(connection)
    }
    this.retryAt = Infinity
    let full = context.resets.size > 0 && this.flushResets(now) === DropReason.DeviceQueueFull
    let kept = 0
    for (let index = 0; index < scheduled.length; index++) {
      const connection = scheduled[index]!
      if (output(context, connection.tcb, now) === DropReason.DeviceQueueFull) {
        full = true
        scheduled[kept++] = connection
      } else {
        connection.scheduled = false
      }
      this.settle(connection)
    }
    scheduled.length = kept
    if (full) this.retryAt = now + DEVICE_RETRY
    return this.deadline
  }

  /** Who has news, undefined when nobody has; call until then after every `receive` and `poll`. */
  takeReady(): Connection | TcpListener | undefined {
    const { ready } = this
    if (this.readyHead === ready.length) {
      ready.length = 0
      this.readyHead = 0
      return undefined
    }
    const next = ready[this.readyHead++]!
    next.ready = false
    return next
  }

  schedule(connection: Connection): void {
    if (connection.scheduled) return
    connection.scheduled = true
    this.scheduled.push(connection)
  }

  closeListener(listener: TcpListener, now: number): void {
    this.listeners.remove(listener)
    for (const connection of this.connections) {
      if (connection?.listener === listener && connection.tcb.state === State['SYN-RECEIVED']) connection.abort(now)
    }
  }

  private toConnection(connection: Connection, meta: PacketMeta, now: number): DropReason {
    const { context } = this
    const { tcb, listener } = connection
    const { header } = context.segment
    const length = segmentLength(context.segment)
    const handshaking = tcb.state === State['SYN-SENT'] || tcb.state === State['SYN-RECEIVED']
    if (tcb.state === State['SYN-RECEIVED'] && listener?.full === true && !(header.flags & TcpFlags.RST)) {
      // No room to accept it into; the peer's next segment asks again.
      return DropReason.BacklogFull
    }
    const verdict = segmentArrives(context, tcb, context.segment, now)
    if (verdict === DropReason.AckUnacceptable && handshaking) context.resets.answer(meta, header, length)
    this.schedule(connection)
    this.settle(connection)
    return verdict < 0 ? DropReason.None : verdict as DropReason
  }

  /** A segment of no connection (RFC 9293 §3.10.7.1 and §3.10.7.2). `iss` replaces the usual one where given. */
  private toListener(meta: PacketMeta, now: number, iss?: number): DropReason {
    const { context, path } = this
    const { segment } = context
    const { header } = segment
    // MUST-57: never answer what was not sent to one host alone.
    if (isMulticast(meta.destination) || !context.network.isLocal(meta.destination)) return DropReason.NotForUs
    const listener = this.listeners.find(meta.destination, header.destinationPort)
    if (listener === undefined || header.flags & TcpFlags.ACK) {
      context.resets.answer(meta, header, segmentLength(segment))
      return DropReason.NoConnection
    }
    if (header.flags & TcpFlags.RST) return DropReason.ResetIgnored
    if (!(header.flags & TcpFlags.SYN) || header.flags & TcpFlags.FIN) return DropReason.BadFlags
    if (listener.full || listener.halfOpen >= listener.maxHalfOpen) return DropReason.BacklogFull

    const reason = context.network.findPath(meta.source, meta.destination, path)
    if (reason !== DropReason.None) return reason
    const options: OpenOptions = iss === undefined || listener.options.iss !== undefined
      ? listener.options
      : { ...listener.options, iss }
    const tcb = createTcb(
      context, meta.destination, header.destinationPort, meta.source, header.sourcePort, path, options, now,
    )
    const connection = this.add(tcb)
    if (connection === undefined) return DropReason.OutOfMemory
    connection.listener = listener
    tcb.halfOpen = true
    listener.halfOpen++
    takeSyn(context, tcb, segment, now)
    this.schedule(connection)
    return DropReason.None
  }

  /** RFC 6191 §2, RFC 9293 MAY-2: a SYN that is newer by timestamp, or by sequence number, begins anew. */
  private mayReuse(tcb: Tcb): boolean {
    const { header } = this.context.segment
    if ((header.flags & (TcpFlags.SYN | TcpFlags.ACK | TcpFlags.RST)) !== TcpFlags.SYN) return false
    const { options } = header
    if (tcb.timestamps.enabled && options.hasTimestamps && options.timestampValue !== tcb.timestamps.recent) {
      return greaterThan(options.timestampValue, tcb.timestamps.recent)
    }
    return greaterThan(header.sequence, tcb.rcv.nxt)
  }

  /** Gives a new connection its place; undefined when there is none left. */
  private add(tcb: Tcb): Connection | undefined {
    const slot = this.freeSlots.pop() ?? this.connections.length
    if (slot >= this.context.config.maxConnections
      || !this.flows.set(tcb.localAddress, tcb.localPort, tcb.remoteAddress, tcb.remotePort, slot)) {
      if (slot < this.connections.length) this.freeSlots.push(slot)
      return undefined
    }
    tcb.slot = slot
    const connection = new Connection(this, tcb)
    this.connections[slot] = connection
    this.live++
    return connection
  }

  /** After anything happened to a connection: its listener, its timer, its place and its news brought up to date. */
  private settle(connection: Connection): void {
    const { tcb, listener } = connection
    if (listener !== undefined && tcb.state !== State['SYN-RECEIVED'] && tcb.halfOpen) {
      tcb.halfOpen = false
      listener.halfOpen--
      if (tcb.state !== State.CLOSED) {
        listener.enqueue(connection)
        this.announce(listener)
      } else {
        connection.listener = undefined
      }
    }
    if (tcb.state === State.CLOSED) this.remove(connection)
    else this.armTimer(connection)
    if (tcb.events !== 0) this.announce(connection)
  }

  private announce(who: Connection | TcpListener): void {
    if (who.ready) return
    who.ready = true
    this.ready.push(who)
  }

  /** The queue may hold a deadline that has moved on since: it is set again when it comes. */
  private armTimer(connection: Connection): void {
    const { tcb } = connection
    const next = nextDeadline(tcb)
    if (next < this.timers.deadlineOf(tcb.slot)) this.timers.set(tcb.slot, next)
  }

  private remove(connection: Connection): void {
    const { tcb } = connection
    if (this.connections[tcb.slot] !== connection) return
    this.flows.delete(tcb.localAddress, tcb.localPort, tcb.remoteAddress, tcb.remotePort)
    this.timers.clear(tcb.slot)
    this.connections[tcb.slot] = undefined
    this.freeSlots.push(tcb.slot)
    this.live--
  }

  private flushResets(now: number): DropReason {
    const { context } = this
    clearTcpOptions(context.header.options)
    return context.resets.flush(context.network, context.header, context.meta, now)
  }
}

