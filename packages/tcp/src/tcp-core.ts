import type { CongestionControl } from '@layerfour/flow'
import { createAckFacts, createSackBlocks, createSendFacts, cubic } from '@layerfour/flow'
import type { Arena } from '@layerfour/storage'
import { SipHash } from '@layerfour/storage'
import {
  ANY_IPV4, createPacketMeta, createPath, createTcpHeader, DropReason, Errno, isLimitedBroadcast, isMulticast, isUnspecified,
  readTcp, readUint16, readUint32, TcpFlags, verifyTransportChecksum,
} from '@layerfour/wire'
import type { IcmpCause, IpAddress, NetworkLayer, PacketMeta, Path } from '@layerfour/wire'
import type { TcpConfig } from './config.ts'
import { resolveConfig } from './config.ts'
import { createCongestionTrace } from './congestion-trace.ts'
import type { Connection } from './connection.ts'
import type { ConnectionSnapshots, Parking, TcpContext } from './context.ts'
import { controlIndex, controlList, findControl } from './control.ts'
import { FastOpenCache } from './fast-open.ts'
import { toHalfOpen } from './half-open.ts'
import { icmpError } from './icmp.ts'
import type { ListenOptions } from './listener.ts'
import { TcpListener } from './listener.ts'
import type { TcpObserver } from './observer.ts'
import type { OpenOptions } from './open.ts'
import { createTcb, defaultSettings } from './open.ts'
import { ReplyQueue } from './reply-queue.ts'
import { segmentArrives } from './segment-arrives/index.ts'
import { createSegment, segmentLength } from './segment.ts'
import { Cause, State, transition } from './state-machine.ts'
import { Tables } from './tables.ts'
import { toNobody, toTimeWait } from './unmatched.ts'

const TCP = 6
/** How long to wait for a device whose queue was full, in ms. */
const DEVICE_RETRY = 1

export interface TcpOptions extends Partial<TcpConfig> {
  /** Where send and receive buffers live. */
  readonly arena: Arena
  /** Four random words that no peer knows: initial sequence numbers and table hashes hang on them. */
  readonly secret: Int32Array
  /** For connections that name no other one: CUBIC (RFC 9438). */
  readonly congestionControl?: CongestionControl | undefined
  /** Further algorithms that `findCongestionControl` and snapshots know by their names; connections may use others as well. */
  readonly congestionControls?: readonly CongestionControl[] | undefined
  readonly observer?: TcpObserver | undefined
}

/** What a TCP can do without, and a bundle then leaves out. */
export interface TcpExtras {
  readonly snapshots?: ConnectionSnapshots
  /** Without it, `parkAfter` does nothing. */
  readonly parking?: Parking
}

/**
 * TCP of one host (RFC 9293): finds the connection of each segment, and in `poll` lets every
 * connection that owes something send it. It never emits from `receive`.
 * `Tcp` is the same with snapshots, and with records of quiet connections.
 */
export class TcpCore {
  readonly protocol: number = TCP
  readonly context: TcpContext
  protected readonly tables: Tables
  /** Earliest time to try again a device that was full; Infinity when none was. */
  private retryAt = Infinity
  protected readonly path: Path = createPath()

  constructor(network: NetworkLayer, options: TcpOptions, extras: TcpExtras = {}) {
    const { arena, secret, congestionControl = cubic, congestionControls = [], observer, ...settings } = options
    const config = resolveConfig(settings)
    const meta = createPacketMeta()
    meta.protocol = TCP
    meta.dontFragment = true
    meta.hopLimit = config.hopLimit
    const defaults = defaultSettings(config)
    this.context = {
      network,
      arena,
      config,
      settings: defaults,
      shared: { settings: defaults, address: ANY_IPV4 },
      controls: controlList(congestionControl, congestionControls),
      observer,
      hash: new SipHash(secret),
      segment: createSegment(),
      header: createTcpHeader(),
      meta,
      facts: createAckFacts(),
      blocks: createSackBlocks(),
      sendFacts: createSendFacts(),
      trace: createCongestionTrace(),
      turn: 0,
      fastOpenCache: new FastOpenCache(),
      replies: new ReplyQueue(config.replyQueue),
      snapshots: extras.snapshots,
      parking: extras.parking,
    }
    this.tables = new Tables(this.context, secret)
  }

  /** Connections in any state but CLOSED, the TIME-WAIT table's included. */
  get size(): number {
    const { connections, timeWait } = this.tables
    return connections.size + timeWait.size
  }

  /** Connections in TIME-WAIT that have no block any more. */
  get timeWaiting(): number {
    return this.tables.timeWait.size
  }

  /** What a connection uses that names no congestion control. */
  get congestionControl(): CongestionControl {
    return this.context.controls[0]!
  }

  /** The algorithm that answers to a name, undefined for none: of the options, or brought along by a connection or listener. */
  findCongestionControl(name: string): CongestionControl | undefined {
    return findControl(this.context, name)
  }

  /**
   * An object of the user's is one of this TCP's algorithms from here on, if it was not before.
   * @throws TypeError for an object that is none; RangeError when 256 others are in use.
   */
  addCongestionControl(control: CongestionControl): void {
    controlIndex(this.context, control)
  }

  /** Visits every connection that has a block: all but CLOSED ones and those of the TIME-WAIT table. */
  forEach(visit: (connection: Connection) => void): void {
    this.tables.connections.forEach(visit)
  }

  forEachListener(visit: (listener: TcpListener) => void): void {
    this.tables.listeners.forEach(visit)
  }

  /** Timers that are set; the TIME-WAIT table counts as one. */
  get timerCount(): number {
    const { connections, timeWait } = this.tables
    return connections.timerCount + (timeWait.size > 0 ? 1 : 0)
  }

  /**
   * Passive OPEN. `address` may be unspecified. `EADDRINUSE` when the very same address and port has a
   * listener, `EINVAL` for port 0, `EADDRNOTAVAIL` for an address that is not ours.
   */
  listen(address: IpAddress, port: number, options: ListenOptions = {}): TcpListener | number {
    if (!isPort(port)) return Errno.EINVAL
    if (!isUnspecified(address) && !this.context.network.isLocal(address)) return Errno.EADDRNOTAVAIL
    const listener = new TcpListener(this, { ...address }, port, options)
    return this.tables.listeners.add(listener) ? listener : Errno.EADDRINUSE
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
    const { path, context, tables } = this
    const reason = context.network.findPath(remote, local, path)
    if (reason === DropReason.NoSourceAddress) return Errno.EADDRNOTAVAIL
    if (reason !== DropReason.None) return Errno.ENETUNREACH
    if (tables.has(path.source, localPort, remote, remotePort)) return Errno.EADDRNOTAVAIL
    const tcb = createTcb(context, path.source, localPort, remote, remotePort, path, options, now)
    const connection = tables.add(tcb, undefined)
    if (connection === undefined) return Errno.ENOBUFS
    transition(tcb, Cause.ActiveOpen, context.observer)
    tables.schedule(connection)
    return connection
  }

  /** Whether a connection of these two ends exists, for choosing an ephemeral port. */
  isConnected(local: IpAddress, localPort: number, remote: IpAddress, remotePort: number): boolean {
    return this.tables.has(local, localPort, remote, remotePort)
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
    this.tables.now = now
    segment.bytes = bytes
    segment.textStart = start + header.headerLength
    segment.textEnd = end
    segment.fin = (header.flags & TcpFlags.FIN) !== 0
    segment.cut = false
    segment.segmentSize = meta.segmentSize
    segment.window = header.window
    segment.trafficClass = meta.trafficClass

    const { tables } = this
    const connection = tables.find(meta.destination, header.destinationPort, meta.source, header.sourcePort)
    const taker = connection === undefined ? toNobody(tables, meta, now) : takerOf(tables, connection, meta, now)
    return typeof taker === 'number' ? taker : this.deliver(taker, meta, now)
  }

  /** An ICMP error quoted one of our segments; `meta.source` is ours. */
  icmp(
    cause: IcmpCause, mtu: number, meta: PacketMeta, bytes: Uint8Array, start: number, end: number, now: number,
  ): DropReason {
    if (end - start < 8) return DropReason.IcmpUnmatched
    const { tables } = this
    const connection = tables.find(meta.source, readUint16(bytes, start), meta.destination, readUint16(bytes, start + 2))
    if (connection === undefined) return DropReason.IcmpUnmatched
    const matched = icmpError(this.context, connection.tcb, cause, mtu, readUint32(bytes, start + 4), now)
    tables.schedule(connection)
    return matched ? DropReason.None : DropReason.IcmpUnmatched
  }

  /** When `poll` has something to do, in ms; -Infinity for at once. */
  get deadline(): number {
    const { tables, context } = this
    const { connections: { next }, timeWait } = tables
    const timer = timeWait.size === 0 ? next : Math.min(next, timeWait.next(tables.now))
    if (this.retryAt !== Infinity) return Math.min(this.retryAt, timer)
    return tables.isScheduled || context.replies.size > 0 ? -Infinity : timer
  }

  /** Runs due timers and sends what is owed. Returns the next deadline in ms. */
  poll(now: number): number {
    const { context, tables } = this
    tables.now = now
    tables.timeWait.expire(now)
    tables.runTimers(now)
    const repliesLeft = context.replies.flush(context.network, context.header, context.meta, now) === DropReason.DeviceQueueFull
    const textLeft = tables.sendScheduled(now)
    if (tables.connections.sweepDue) context.parking?.parkQuiet(tables, now)
    this.retryAt = repliesLeft || textLeft ? now + DEVICE_RETRY : Infinity
    return this.deadline
  }

  /** Who has news, undefined when nobody has; call until then after every `receive` and `poll`. */
  takeReady(): Connection | TcpListener | undefined {
    return this.tables.ready.take()
  }

  /** Connections with a `watcher` whose state changed since the last call. */
  takeChanged(): readonly Connection[] {
    return this.tables.takeChanged()
  }

  closeListener(listener: TcpListener, now: number): void {
    const { listeners, connections } = this.tables
    listeners.remove(listener)
    if (listener.halfOpen === 0) return
    connections.forEach((connection) => {
      if (connection.listener === listener && !connection.offered) connection.abort(now)
    })
  }

  /** SEGMENT ARRIVES (RFC 9293 §3.10.7) for a connection, and what follows from it. */
  private deliver(connection: Connection, meta: PacketMeta, now: number): DropReason {
    const { context, tables } = this
    const { segment } = context
    const { tcb, listener } = connection
    const handshaking = tcb.state === State['SYN-SENT'] || tcb.state === State['SYN-RECEIVED']
    const verdict = segmentArrives(context, tcb, segment, now)
    // While cookies are out, such an ACK may belong to one whose first segment is late.
    if (verdict === DropReason.AckUnacceptable && handshaking && !(listener !== undefined && now < listener.cookiesUntil)) {
      context.replies.reset(meta, segment.header, segmentLength(segment))
    }
    tables.schedule(connection)
    tables.settle(connection)
    return verdict < 0 ? DropReason.None : verdict as DropReason
  }
}

/** Who goes on with a segment for `connection`, or why nobody does: listeners have a say at its beginning and end. */
function takerOf(tables: Tables, connection: Connection, meta: PacketMeta, now: number): Connection | DropReason {
  const { tcb, listener } = connection
  if (tcb.state === State['SYN-RECEIVED'] && listener !== undefined) return toHalfOpen(tables, connection, listener, meta, now)
  return tcb.state === State['TIME-WAIT'] ? toTimeWait(tables, connection, meta, now) : connection
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535
}
