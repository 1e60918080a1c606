import type { CongestionControl } from '@layerfour/flow'
import type { Arena, RingBuffer } from '@layerfour/storage'
import type {
  Connection, ListenOptions as TcpListenOptions, OpenOptions, TcpConfig, TcpListener, TcpObserver,
} from '@layerfour/tcp'
import { Readiness, State, Tcp } from '@layerfour/tcp'
import type { IpAddress } from '@layerfour/wire'
import { ANY_IPV4, createPath, DropReason, Errno, isUnspecified } from '@layerfour/wire'
import { BoundPorts } from '../_bound-ports.ts'
import type { NetstatRow } from '../netstat.ts'
import type { ProtocolAccounting, ProtocolHost, StreamProtocol } from '../protocol.ts'
import { SocketError } from '../socket-error.ts'
import type { StackSnapshot } from '../stack-snapshot.ts'
import { findCongestionControl } from './congestion-option.ts'
import type { ListenOptions } from './listener.ts'
import { Listener, listenerOptions } from './listener.ts'
import { netstatConnection, netstatListener } from './tcp-netstat.ts'
import type { ConnectOptions } from './tcp-connection.ts'
import { TcpConnection } from './tcp-connection.ts'
import type { SocketSnapshot, TcpSnapshot } from './tcp-snapshot.ts'
import { fingerprintTcp, restoreTcp, snapshotTcp, unheldConnections } from './tcp-snapshot.ts'
import { TcpSocket } from './tcp-socket.ts'
import type { SocketOptions } from './tcp-socket-options.ts'
import { NO_OPTIONS } from './tcp-socket-options.ts'
import { tuningSettings } from './tcp-tuning.ts'

export interface TcpSettings extends Partial<TcpConfig> {
  /** For sockets that name no other one: CUBIC (RFC 9438). */
  readonly congestionControl?: CongestionControl
  /** Further algorithms that sockets may ask for by name, and that restored snapshots may use. */
  readonly congestionControls?: readonly CongestionControl[]
}

/** A quiet connection gives its block up after so many ms, unless the settings say otherwise. */
const PARK_AFTER = 100

/** TCP in a stack: the protocol, its sockets, and who is to be told of what. */
export class TcpSockets implements StreamProtocol {
  readonly type = 'stream'
  readonly name = 'tcp'
  readonly transport: Tcp
  readonly #host: ProtocolHost
  readonly #arena: Arena
  readonly #open = new Set<TcpSocket>()
  readonly #bound = new BoundPorts<TcpSocket>()
  /** Sockets that met a stack without memory, and how much of it was in use then. */
  #starved = new Set<TcpSocket>()
  #starvedAt = 0
  /** Sockets that were detached: whoever waits on one hears of it in the next dispatch. */
  #detached: TcpSocket[] = []
  readonly #path = createPath()
  /** Options of the listening socket that accepted last, and those that its connections share: options are replaced, never written to. */
  #inheriting = NO_OPTIONS
  #inherited = NO_OPTIONS

  constructor(host: ProtocolHost, settings: TcpSettings) {
    this.#host = host
    this.#arena = host.arena
    const observer = observerOf(host.observer)
    this.transport = new Tcp(host.network, {
      // Who is shown blocks is to see the same one through a connection's life.
      parkAfter: observer === undefined ? PARK_AFTER : Infinity,
      ...settings, arena: host.arena, secret: host.secret, observer,
    })
  }

  /** No change of the state comes after it that is heard here: most connections leave TIME-WAIT unseen. */
  #isLastState(state: State): boolean {
    return state === State.CLOSED || (state === State['TIME-WAIT'] && this.transport.context.observer?.keepsTimeWait !== true)
  }

  get config(): TcpConfig {
    return this.transport.context.config
  }

  now(): number {
    return this.#host.now()
  }

  wake(): void {
    this.#host.wake()
  }

  get sockets(): TcpSocket[] {
    return [...this.#open]
  }

  socket(options?: SocketOptions): TcpSocket {
    const socket = new TcpSocket(this, options)
    this.#open.add(socket)
    return socket
  }

  /** `options`: those of the listening socket. */
  accepted(connection: Connection, options: SocketOptions): TcpSocket {
    if (options !== this.#inheriting) {
      this.#inheriting = options
      this.#inherited = { ...options, settings: {} }
    }
    const socket = this.socket(this.#inherited)
    socket.adopt(connection)
    return socket
  }

  /** The socket was closed. */
  release(socket: TcpSocket): void {
    this.#open.delete(socket)
    this.#starved.delete(socket)
    this.#bound.remove(socket)
    this.wake()
  }

  /** The port that the socket has from now on, or a negative errno. */
  bind(socket: TcpSocket, address: IpAddress, port: number, reuse: boolean): number {
    if (!isUnspecified(address) && !this.#host.network.isLocal(address)) return Errno.EADDRNOTAVAIL
    const chosen = port === 0
      ? this.#host.ports.choose(address, ANY_IPV4, 0, (candidate) => this.#bound.isFree(address, candidate, false))
      : this.#bound.isFree(address, port, reuse) ? port : 0
    if (chosen === 0) return Errno.EADDRINUSE
    this.#bound.add(socket, address, chosen, reuse)
    return chosen
  }

  listenOn(socket: TcpSocket, address: IpAddress, port: number, options: TcpListenOptions): TcpListener | number {
    const listener = this.transport.listen(address, port, options)
    if (typeof listener === 'number') return listener
    this.#bound.makeExclusive(socket)
    return listener
  }

  open(local: IpAddress, localPort: number, remote: IpAddress, remotePort: number, options: OpenOptions): Connection | number {
    const path = this.#path
    const reason = this.#host.network.findPath(remote, local, path)
    if (reason === DropReason.NoSourceAddress) return Errno.EADDRNOTAVAIL
    if (reason !== DropReason.None) return Errno.ENETUNREACH
    const source = { ...path.source }
    const port = localPort !== 0 ? localPort : this.#host.ports.choose(source, remote, remotePort, (candidate) =>
      !this.transport.isConnected(source, candidate, remote, remotePort) && this.#bound.isFree(source, candidate, false))
    if (port === 0) return Errno.EADDRINUSE
    const connection = this.transport.connect(source, port, remote, remotePort, options, this.now())
    this.wake()
    return connection
  }

  /** A socket found no memory: it is told when some came back. */
  starve(socket: TcpSocket): number {
    this.#starved.add(socket)
    this.#starvedAt = this.#arena.used
    return Errno.EAGAIN
  }

  get starving(): boolean {
    return this.#starved.size > 0
  }

  watch(connection: Connection, callback: (() => void) | null): void {
    connection.watcher = callback === null || this.#isLastState(connection.state) ? undefined : callback
    connection.seen = connection.state
  }

  dispatch(report: (error: unknown) => void): number {
    const { transport } = this
    let called = 0
    for (let who = transport.takeReady(); who !== undefined; who = transport.takeReady()) {
      const events = who.takeEvents()
      const socket = who.owner as TcpSocket | undefined
      // Soft errors change nothing that a socket can do (RFC 9293 SHLD-20: nobody need hear of them).
      if (socket === undefined || events === Readiness.SoftError) continue
      called++
      notify(socket, report)
    }
    called += this.#callWatchers(report)
    if (this.#detached.length > 0) called += this.#callDetached(report)
    if (this.#starved.size > 0 && this.#arena.used < this.#starvedAt) called += this.#callStarved(report)
    return called
  }

  #callWatchers(report: (error: unknown) => void): number {
    const changed = this.transport.takeChanged()
    for (const connection of changed) {
      const watcher = connection.watcher as (() => void) | undefined
      if (this.#isLastState(connection.state)) connection.watcher = undefined
      try {
        watcher?.()
      } catch (error) {
        report(error)
      }
    }
    return changed.length
  }

  #callStarved(report: (error: unknown) => void): number {
    const starved = this.#starved
    this.#starved = new Set()
    for (const socket of starved) notify(socket, report)
    return starved.size
  }

  #callDetached(report: (error: unknown) => void): number {
    const detached = this.#detached
    this.#detached = []
    for (const socket of detached) notify(socket, report)
    return detached.length
  }

  bindingOf(socket: TcpSocket): SocketSnapshot['bound'] {
    const binding = this.#bound.of(socket)
    return binding === undefined ? null : { address: { ...binding.address }, port: binding.port, shared: binding.shared }
  }

  /** A connection lives on elsewhere. */
  forget(connection: Connection): void {
    this.watch(connection, null)
    this.transport.release(connection)
    connection.owner = undefined
  }

  /** A socket, its connection and its listener are forgotten without a word to any peer. */
  leave(socket: TcpSocket): void {
    const { parts } = socket
    if (parts.connection !== undefined) this.forget(parts.connection)
    parts.listener?.close(this.now())
    parts.dead = Errno.ECANCELED
    this.release(socket)
  }

  snapshot(): TcpSnapshot {
    const { sockets } = this
    return snapshotTcp(this, sockets, unheldConnections(this, sockets, true), this.transport.snapshotTimeWait(this.now()))
  }

  restore(snapshot: TcpSnapshot): TcpSocket[] {
    return restoreTcp(this, snapshot)
  }

  fingerprint(): string {
    const { sockets } = this
    return fingerprintTcp(this, sockets, unheldConnections(this, sockets, true), this.transport.snapshotTimeWait(this.now()))
  }

  detach(socket: TcpSocket): StackSnapshot {
    const unheld = unheldConnections(this, [socket], false)
    const tcp = snapshotTcp(this, [socket], unheld, [])
    for (const connection of unheld) this.forget(connection)
    this.leave(socket)
    this.#detached.push(socket)
    return { version: 1, tcp, udp: null }
  }

  detachAll(): TcpSnapshot {
    const snapshot = this.snapshot()
    const connections: Connection[] = []
    this.transport.forEach((connection) => connections.push(connection))
    for (const connection of connections) this.forget(connection)
    return snapshot
  }

  async connect(options: ConnectOptions): Promise<TcpConnection> {
    const { signal, local, fastOpen } = options
    signal?.throwIfAborted()
    const settings = tuningSettings(options)
    const congestionControl = findCongestionControl(this.transport, options.congestionControl)
    const socket = this.socket({ reuseAddress: false, settings, congestionControl, fastOpen: fastOpen !== undefined })
    const end = { hostname: options.hostname, port: options.port }
    const bound = local === undefined ? 0 : socket.bind(local.hostname ?? ANY_IPV4, local.port ?? 0)
    const result = bound < 0 ? bound : socket.connect(options.hostname, options.port)
    if (result !== Errno.EINPROGRESS) {
      socket.close()
      throw new SocketError(result, bound < 0 ? 'bind' : 'connect', end)
    }
    const connection = new TcpConnection(socket, 'connecting')
    // Queued before the next poll sends the SYN. If it fails, so does the connection.
    if (fastOpen !== undefined) connection.write(fastOpen).catch(() => undefined)
    const onAbort = (): void => connection.abort()
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      await connection.opened
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
    return connection
  }

  listen(options: ListenOptions): Listener {
    const congestionControl = findCongestionControl(this.transport, options.congestionControl)
    const socket = this.socket({ ...listenerOptions(options), congestionControl })
    const { hostname = '::', port } = options
    const bound = socket.bind(hostname, port)
    const result = bound < 0 ? bound : socket.listen(options.backlog)
    if (result < 0) {
      socket.close()
      throw new SocketError(result, bound < 0 ? 'bind' : 'listen', { hostname, port })
    }
    return new Listener(socket)
  }

  netstat(now: number): NetstatRow[] {
    const rows: NetstatRow[] = []
    this.transport.forEachListener((listener) => rows.push(netstatListener(listener)))
    this.transport.forEach((connection) => rows.push(netstatConnection(connection.info(), now)))
    return rows
  }

  accounting(): ProtocolAccounting {
    const { transport } = this
    let bytes = 0
    const count = (connection: Connection): void => {
      if (connection.parked) return
      const { tcb } = connection
      bytes += this.#blockSize(tcb.sendRing) + this.#blockSize(tcb.receiveRing)
    }
    transport.forEach(count)
    // A connection that has ended hangs on its socket alone.
    for (const { parts: { connection } } of this.#open) if (connection?.state === State.CLOSED) count(connection)
    return { sockets: this.#open.size, flows: transport.size, timers: transport.timerCount, bytes }
  }

  #blockSize(ring: RingBuffer): number {
    return ring.offset < 0 ? 0 : this.#arena.blockSize(ring.offset)
  }

  stop(errno: number, report: (error: unknown) => void): void {
    this.transport.forEach((connection) => this.watch(connection, null))
    for (const socket of [...this.#open]) {
      try {
        socket.stop(errno)
      } catch (error) {
        report(error)
      }
    }
    const now = this.now()
    this.transport.forEach((connection) => connection.abort(now))
  }
}

/** The user's hooks, bound; undefined when it has none. */
function observerOf(user: TcpObserver | undefined): TcpObserver | undefined {
  if (user === undefined) return undefined
  const observer: TcpObserver = {
    ...(user.congestion === undefined ? {} : { congestion: user.congestion.bind(user) }),
    ...(user.congestionTrace === undefined ? {} : { congestionTrace: user.congestionTrace.bind(user) }),
    ...(user.retransmitted === undefined ? {} : { retransmitted: user.retransmitted.bind(user) }),
    ...(user.stateChanged === undefined ? {} : { stateChanged: user.stateChanged.bind(user), keepsTimeWait: true }),
  }
  return Object.keys(observer).length === 0 ? undefined : observer
}

function notify(socket: TcpSocket, report: (error: unknown) => void): void {
  try {
    socket.notify()
  } catch (error) {
    report(error)
  }
}
