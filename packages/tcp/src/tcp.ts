import type { CongestionControl } from '@layerfour/flow'
import { createAckFacts, createSendFacts, newReno } from '@layerfour/flow'
import type { Arena } from '@layerfour/storage'
import { ringRelease, SipHash } from '@layerfour/storage'
import {
  createPacketMeta, createPath, createTcpHeader, DropReason, Errno, isLimitedBroadcast, isMulticast, isUnspecified,
  readTcp, readUint16, readUint32, TcpFlags, verifyTransportChecksum,
} from '@layerfour/wire'
import type { IcmpCause, IpAddress, NetworkLayer, PacketMeta } from '@layerfour/wire'
import { closeConnection } from './closing.ts'
import type { TcpConfig } from './config.ts'
import { resolveConfig } from './config.ts'
import { Connection } from './connection.ts'
import { ConnectionTable } from './connection-table.ts'
import type { TcpContext } from './context.ts'
import { FastOpenCache } from './fast-open.ts'
import { icmpError } from './icmp.ts'
import { ListenerTable } from './listener-table.ts'
import type { ListenOptions } from './listener.ts'
import { TcpListener } from './listener.ts'
import type { TcpObserver } from './observer.ts'
import type { OpenOptions } from './open.ts'
import { createTcb } from './open.ts'
import { output } from './output.ts'
import { answerWithCookie, openFromCookie, openFromSyn } from './passive-open.ts'
import { ReadyQueue } from './ready-queue.ts'
import { ReplyQueue } from './reply-queue.ts'
import { segmentArrives } from './segment-arrives/index.ts'
import { inTimeWait, isNewerSyn, REUSE } from './segment-arrives/time-wait.ts'
import { createSegment, segmentLength } from './segment.ts'
import type { ConnectionSnapshot } from './snapshot.ts'
import { restoreTcb } from './snapshot.ts'
import { Cause, State, transition } from './state-machine.ts'
import type { Tcb } from './tcb.ts'
import { createTimeWaitEntry, TimeWaitTable } from './time-wait.ts'
import { runTimers } from './timers.ts'

const TCP = 6
/** How long to wait for a device whose queue was full, in ms. */
const DEVICE_RETRY = 1
/** How far beyond the old connection's numbers one that takes its place begins (RFC 9293 §3.4.3). */
const REUSE_GAP = 0x1_0000

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
  private readonly connections: ConnectionTable
  private readonly listeners = new ListenerTable()
  private readonly timeWait: TimeWaitTable
  private readonly timeWaitEntry = createTimeWaitEntry()
  private readonly ready = new ReadyQueue()
  /** Connections to be looked at in the next poll. */
  private readonly scheduled: (Connection | undefined)[] = []
  private scheduledCount = 0
  /** Earliest time to try again a device that was full; Infinity when none was. */
  private retryAt = Infinity
  /** The time of the last call, for the deadline of the TIME-WAIT table. */
  private now = 0
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
      fastOpenCache: new FastOpenCache(),
      replies: new ReplyQueue(config.replyQueue),
    }
    this.connections = new ConnectionTable(secret, config.maxConnections)
    this.timeWait = new TimeWaitTable(secret, config.maxTimeWait)
  }

  /** Connections in any state but CLOSED, the TIME-WAIT table's included. */
  get size(): number {
    return this.connections.size + this.timeWait.size
  }

  /** Connections in TIME-WAIT that have no block any more. */
  get timeWaiting(): number {
    return this.timeWait.size
  }

  /** Visits every connection that has a block: all but CLOSED ones and those of the TIME-WAIT table. */
  forEach(visit: (connection: Connection) => void): void {
    this.connections.forEach(visit)
  }

  forEachListener(visit: (listener: TcpListener) => void): void {
    this.listeners.forEach(visit)
  }

  /** Timers that are set; the TIME-WAIT table counts as one. */
  get timerCount(): number {
    return this.connections.timerCount + (this.timeWait.size > 0 ? 1 : 0)
  }

  /**
   * Passive OPEN. `address` may be unspecified. `EADDRINUSE` when the very same address and port has a
   * listener, `EINVAL` for port 0, `EADDRNOTAVAIL` for an address that is not ours.
   */
  listen(address: IpAddress, port: number, options: ListenOptions = {}): TcpListener | number {
    if (!isPort(port)) return Errno.EINVAL
    if (!isUnspecified(address) && !this.context.network.isLocal(address)) return Errno.EADDRNOTAVAIL
    const listener = new TcpListener(this, { ...address }, port, options)
    return this.listeners.add(listener) ? listener : Errno.EADDRINUSE
  }

  /** Whether some listener or connection uses a local port. */
  portInUse(port: number): boolean {
    let used = this.listeners.uses(port)
    this.connections.forEach((connection) => {
      if (connection.tcb.localPort === port) used = true
    })
    return used
  }

  /**
   * Active OPEN from a port of the caller's choice. An unspecified `local` address takes the one of the
   * route. `ENETUNREACH` without a route, `EADDRNOTAVAIL` when these two ends are connected already,
   * `ENOBUFS` when the table is full, `EINVAL` for a port 0.
   */
  connect(
    local: IpAddress, localPort: number, remote: IpAddress, remotePort: number, options: OpenOptions, now: number,
  ): Connection | number {
    if (!isPort(localPort) || !isPort(remotePort)) return Errno.EINVAL
    // MUST-46: no one host has such an address.
    if (isMulticast(remote) || isUnspecified(remote) || isLimitedBroadcast(remote)) return Errno.ENETUNREACH
    const { path, context } = this
    const reason = context.network.findPath(remote, local, path)
    if (reason === DropReason.NoSourceAddress) return Errno.EADDRNOTAVAIL
    if (reason !== DropReason.None) return Errno.ENETUNREACH
    if (this.isConnected(path.source, localPort, remote, remotePort)) return Errno.EADDRNOTAVAIL
    const tcb = createTcb(context, path.source, localPort, remote, remotePort, path, options, now)
    const connection = this.add(tcb, undefined)
    if (connection === undefined) return Errno.ENOBUFS
    transition(tcb, Cause.ActiveOpen, context.observer)
    this.schedule(connection)
    return connection
  }

  /**
   * Takes over a connection that lived elsewhere (or before): it goes on as if nothing had happened,
   * by this TCP's clock. `EADDRNOTAVAIL` when these two ends are connected here or the local
   * address is not ours, `ENOBUFS` without memory or a place.
   */
  restore(snapshot: ConnectionSnapshot, now: number): Connection | number {
    const { context } = this
    const { localAddress, localPort, remoteAddress, remotePort } = snapshot.block
    if (!context.network.isLocal(localAddress)) return Errno.EADDRNOTAVAIL
    if (this.isConnected(localAddress, localPort, remoteAddress, remotePort)) return Errno.EADDRNOTAVAIL
    const tcb = restoreTcb(context, snapshot, now)
    if (tcb === undefined) return Errno.ENOBUFS
    const connection = this.add(tcb, undefined)
    if (connection === undefined) {
      ringRelease(context.arena, tcb.sendRing)
      ringRelease(context.arena, tcb.receiveRing)
      return Errno.ENOBUFS
    }
    connection.offered = true
    this.schedule(connection)
    this.settle(connection)
    return connection
  }

  /** Forgets a connection without a word to its peer: it lives on elsewhere, from a snapshot. */
  release(connection: Connection): void {
    const { tcb } = connection
    const { arena } = this.context
    this.connections.remove(connection)
    if (tcb.halfOpen && connection.listener !== undefined) connection.listener.halfOpen--
    connection.listener = undefined
    tcb.halfOpen = false
    tcb.slot = -1
    ringRelease(arena, tcb.sendRing)
    ringRelease(arena, tcb.receiveRing)
    tcb.events = 0
    connection.released = true
  }

  /** Whether a connection of these two ends exists, for choosing an ephemeral port. */
  isConnected(local: IpAddress, localPort: number, remote: IpAddress, remotePort: number): boolean {
    return this.findLiving(local, localPort, remote, remotePort) !== undefined
      || this.timeWait.find(local, localPort, remote, remotePort, this.timeWaitEntry)
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
    this.now = now
    segment.bytes = bytes
    segment.textStart = start + header.headerLength
    segment.textEnd = end
    segment.fin = (header.flags & TcpFlags.FIN) !== 0
    segment.cut = false
    segment.window = header.window
    segment.trafficClass = meta.trafficClass

    const connection = this.findLiving(meta.destination, header.destinationPort, meta.source, header.sourcePort)
    if (connection === undefined) return this.toNobody(meta, now)
    const { tcb } = connection
    if (tcb.state === State['TIME-WAIT'] && this.takesSyn(meta)
      && isNewerSyn(this.context, header, tcb.rcv.nxt, tcb.timestamps.enabled, tcb.timestamps.recent)) {
      closeConnection(this.context, tcb, Cause.Reuse)
      this.settle(connection)
      return this.toListener(meta, now, (tcb.snd.max + REUSE_GAP) | 0)
    }
    return this.toConnection(connection, meta, now)
  }

  /** An ICMP error quoted one of our segments; `meta.source` is ours. */
  icmp(
    cause: IcmpCause, mtu: number, meta: PacketMeta, bytes: Uint8Array, start: number, end: number, now: number,
  ): DropReason {
    if (end - start < 8) return DropReason.IcmpUnmatched
    const connection = this.findLiving(
      meta.source, readUint16(bytes, start), meta.destination, readUint16(bytes, start + 2),
    )
    if (connection === undefined) return DropReason.IcmpUnmatched
    const matched = icmpError(this.context, connection.tcb, cause, mtu, readUint32(bytes, start + 4), now)
    this.schedule(connection)
    return matched ? DropReason.None : DropReason.IcmpUnmatched
  }

  /** When `poll` has something to do, in ms; -Infinity for at once. */
  get deadline(): number {
    const { next } = this.connections
    const timer = this.timeWait.size === 0 ? next : Math.min(next, this.timeWait.next(this.now))
    if (this.retryAt !== Infinity) return Math.min(this.retryAt, timer)
    return this.scheduledCount > 0 || this.context.replies.size > 0 ? -Infinity : timer
  }

  /** Runs due timers and sends what is owed. Returns the next deadline in ms. */
  poll(now: number): number {
    const { context, connections, scheduled } = this
    this.now = now
    this.timeWait.expire(now)
    for (let due = connections.takeDue(now); due !== undefined; due = connections.takeDue(now)) {
      runTimers(context, due.tcb, now)
      this.schedule(due)
    }
    this.retryAt = Infinity
    let full = context.replies.flush(context.network, context.header, context.meta, now) === DropReason.DeviceQueueFull
    let kept = 0
    for (let index = 0; index < this.scheduledCount; index++) {
      const connection = scheduled[index]!
      scheduled[index] = undefined
      connection.scheduled = false
      if (connection.released) continue
      if (output(context, connection.tcb, now) === DropReason.DeviceQueueFull) {
        full = true
        scheduled[kept++] = connection
        connection.scheduled = true
      }
      this.settle(connection)
    }
    this.scheduledCount = kept
    if (full) this.retryAt = now + DEVICE_RETRY
    return this.deadline
  }

  /** Who has news, undefined when nobody has; call until then after every `receive` and `poll`. */
  takeReady(): Connection | TcpListener | undefined {
    return this.ready.take()
  }

  schedule(connection: Connection): void {
    if (connection.scheduled) return
    connection.scheduled = true
    this.scheduled[this.scheduledCount++] = connection
  }

  closeListener(listener: TcpListener, now: number): void {
    this.listeners.remove(listener)
    this.connections.forEach((connection) => {
      if (connection.listener === listener && !connection.offered) connection.abort(now)
    })
  }

  private toConnection(connection: Connection, meta: PacketMeta, now: number, byCookie = false): DropReason {
    const { context } = this
    const { tcb, listener } = connection
    const { header } = context.segment
    const length = segmentLength(context.segment)
    const handshaking = tcb.state === State['SYN-SENT'] || tcb.state === State['SYN-RECEIVED']
    if (tcb.state === State['SYN-RECEIVED'] && listener?.full === true && !connection.offered && !(header.flags & TcpFlags.RST)) {
      // No room to accept it into; the peer's next segment asks again.
      return DropReason.BacklogFull
    }
    if (tcb.state === State['SYN-RECEIVED'] && listener !== undefined && now < listener.cookiesUntil && !listener.full) {
      const other = this.answeredByCookie(connection, listener, meta, now)
      if (other !== undefined) return this.enter(other, listener, meta, now)
    }
    if (tcb.state === State['SYN-RECEIVED'] && !byCookie && this.defers(connection, length, now)) return DropReason.AcceptDeferred
    const verdict = segmentArrives(context, tcb, context.segment, now)
    // While cookies are out, such an ACK may belong to one whose first segment is late.
    const cookies = listener !== undefined && now < listener.cookiesUntil
    if (verdict === DropReason.AckUnacceptable && handshaking && !cookies) context.replies.reset(meta, header, length)
    this.schedule(connection)
    this.settle(connection)
    return verdict < 0 ? DropReason.None : verdict as DropReason
  }

  /**
   * A SYN that the network doubled may have been answered twice, by a cookie and, when a place came free, by a
   * half-open connection. The peer's ACK says which answer it took; if the cookie, the other one goes.
   */
  private answeredByCookie(connection: Connection, listener: TcpListener, meta: PacketMeta, now: number): Tcb | undefined {
    const { context } = this
    const { header } = context.segment
    if (connection.offered || !(header.flags & TcpFlags.ACK) || header.acknowledgment === connection.tcb.snd.max) return undefined
    const tcb = openFromCookie(context, listener, meta, now)
    if (tcb === undefined) return undefined
    closeConnection(context, connection.tcb, Cause.Abort)
    this.settle(connection)
    return tcb
  }

  /**
   * Deferred accept: a bare ACK does not end the handshake yet. Our SYN,ACK is sent again meanwhile,
   * and the peer's answer to one after `deferAccept` does.
   */
  private defers(connection: Connection, length: number, now: number): boolean {
    const wait = connection.listener?.options.deferAccept ?? 0
    const { flags } = this.context.segment.header
    return wait > 0 && length === 0 && !(flags & TcpFlags.RST) && now < connection.tcb.lastReceived + wait
  }

  /** A segment of no connection that has a block. */
  private toNobody(meta: PacketMeta, now: number): DropReason {
    const { context, timeWait, timeWaitEntry } = this
    const { segment } = context
    const { header } = segment
    if (timeWait.find(meta.destination, header.destinationPort, meta.source, header.sourcePort, timeWaitEntry)) {
      const verdict = inTimeWait(context, timeWait, timeWaitEntry, segment, this.takesSyn(meta), now)
      if (verdict !== REUSE) return verdict
      const iss = (timeWaitEntry.sndNxt + REUSE_GAP) | 0
      timeWait.remove(timeWaitEntry)
      return this.toListener(meta, now, iss)
    }
    return this.toListener(meta, now, undefined)
  }

  /** RFC 9293 §3.10.7.1 and §3.10.7.2. `iss` replaces the usual one where given. */
  private toListener(meta: PacketMeta, now: number, iss: number | undefined): DropReason {
    const { context } = this
    const { segment } = context
    const { header } = segment
    // MUST-57, MUST-63: never answer what was not sent to one host alone, or by none.
    if (isMulticast(meta.source) || isUnspecified(meta.source) || isLimitedBroadcast(meta.source)) return DropReason.MartianSource
    if (isMulticast(meta.destination) || !context.network.isLocal(meta.destination)) return DropReason.NotForUs
    const listener = this.listeners.find(meta.destination, header.destinationPort)
    if (listener !== undefined && header.flags & TcpFlags.ACK && now < listener.cookiesUntil && !listener.full) {
      // A deferred connection begins with its first text; the cookie is good until then.
      if ((listener.options.deferAccept ?? 0) > 0 && segmentLength(segment) === 0) return DropReason.AcceptDeferred
      const tcb = openFromCookie(context, listener, meta, now)
      if (tcb !== undefined) return this.enter(tcb, listener, meta, now)
      // Not reset: the segment with which the cookie opens may only be late, and a flood wants no echo.
      if (!(header.flags & TcpFlags.SYN)) return DropReason.NoConnection
    }
    if (listener !== undefined && header.flags & TcpFlags.RST) return DropReason.ResetIgnored
    if (listener === undefined || header.flags & TcpFlags.ACK) {
      context.replies.reset(meta, header, segmentLength(segment))
      return DropReason.NoConnection
    }
    if (!(header.flags & TcpFlags.SYN) || header.flags & TcpFlags.FIN) return DropReason.BadFlags
    if (listener.full) return DropReason.BacklogFull
    if (listener.halfOpen >= listener.maxHalfOpen) {
      return context.config.synCookies ? answerWithCookie(context, listener, meta, now) : DropReason.BacklogFull
    }
    const tcb = openFromSyn(context, listener, meta, iss, now)
    if (typeof tcb === 'number') return tcb
    const connection = this.add(tcb, listener)
    if (connection === undefined) {
      ringRelease(context.arena, tcb.receiveRing)
      return DropReason.OutOfMemory
    }
    this.schedule(connection)
    this.settle(connection)
    return DropReason.None
  }

  /** Whether a listener would open a connection for the SYN that arrived: only then may it end TIME-WAIT. */
  private takesSyn(meta: PacketMeta): boolean {
    const { header } = this.context.segment
    if (header.flags & TcpFlags.FIN) return false
    const listener = this.listeners.find(meta.destination, header.destinationPort)
    return listener !== undefined && !listener.full && listener.halfOpen < listener.maxHalfOpen
  }

  /** A connection out of a cookie: it takes its place, then the ACK that brought it. */
  private enter(tcb: Tcb, listener: TcpListener, meta: PacketMeta, now: number): DropReason {
    const connection = this.add(tcb, listener)
    if (connection === undefined) return DropReason.OutOfMemory
    // It stands as after its SYN,ACK, which nobody will answer if this ACK does not fit.
    tcb.timers.retransmission = now + tcb.rtt.rto
    tcb.timers.user = now + this.context.config.synTimeout
    return this.toConnection(connection, meta, now, true)
  }

  /** The connection of two ends. One that was closed since the last poll is taken out of the table first. */
  private findLiving(local: IpAddress, localPort: number, remote: IpAddress, remotePort: number): Connection | undefined {
    const connection = this.connections.find(local, localPort, remote, remotePort)
    if (connection === undefined || connection.tcb.state !== State.CLOSED) return connection
    this.settle(connection)
    return undefined
  }

  private add(tcb: Tcb, listener: TcpListener | undefined): Connection | undefined {
    const connection = new Connection(this, tcb)
    if (!this.connections.add(connection)) return undefined
    if (listener !== undefined) {
      connection.listener = listener
      tcb.halfOpen = true
      listener.halfOpen++
    }
    connection.keepsBlock = this.context.observer?.keepsTimeWait === true
    return connection
  }

  /** After anything happened to a connection: its listener, its place, its timer and its news brought up to date. */
  private settle(connection: Connection): void {
    const { tcb } = connection
    if (connection.listener !== undefined) this.settleListener(connection, connection.listener)
    if (tcb.state === State.CLOSED) this.connections.remove(connection)
    else if (tcb.state === State['TIME-WAIT'] && mayShrink(connection)) this.shrink(connection)
    else this.connections.arm(connection)
    // Handshakes that come to nothing are nobody's news.
    if (tcb.events !== 0 && (connection.offered || !tcb.passive)) this.ready.add(connection)
  }

  /** Counts a handshake that is over, and offers a connection whose time has come. */
  private settleListener(connection: Connection, listener: TcpListener): void {
    const { tcb } = connection
    const dead = tcb.state === State.CLOSED
    // A fast open that its user has closed already still has no proof of the peer's address but the cookie.
    const handshaking = !dead && !tcb.synAcked
    if (!connection.offered && !dead && (!handshaking || tcb.fastOpen.server)) {
      connection.offered = true
      if (handshaking) listener.fastOpened++
      listener.enqueue(connection)
      this.ready.add(listener)
    }
    if (!tcb.halfOpen || handshaking) return
    tcb.halfOpen = false
    listener.halfOpen--
    if (tcb.fastOpen.server) listener.fastOpened--
    if (dead && !connection.offered) connection.listener = undefined
  }

  /** Exchanges the block of a connection in TIME-WAIT for an entry in the table. */
  private shrink(connection: Connection): void {
    this.connections.remove(connection)
    this.timeWait.add(connection.tcb, connection.tcb.timers.timeWait)
  }
}

/** Nobody can ask for anything more of the block, and nothing is left to be sent from it. */
function mayShrink(connection: Connection): boolean {
  const { tcb } = connection
  return tcb.orphan && !connection.keepsBlock && !tcb.ackNow && !connection.scheduled
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535
}
