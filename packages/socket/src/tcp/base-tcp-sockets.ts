import type { CongestionControl } from '@layerfour/flow'
import type { Arena } from '@layerfour/storage'
import type {
  Connection, ListenOptions as TcpListenOptions, OpenOptions, TcpConfig, TcpCore, TcpListener, TcpObserver, TcpOptions,
} from '@layerfour/tcp'
import { Readiness, State } from '@layerfour/tcp'
import type { IpAddress, NetworkLayer } from '@layerfour/wire'
import { ANY_IPV4, createPath, DropReason, Errno, isUnspecified } from '@layerfour/wire'
import { BoundPorts } from '../_bound-ports.ts'
import type { BaseProtocol, ProtocolHost } from '../protocol.ts'
import type { StackSnapshot } from '../stack-snapshot.ts'
import { TcpSocket } from './tcp-socket.ts'
import type { SocketOptions } from './tcp-socket-options.ts'
import { NO_OPTIONS } from './tcp-socket-options.ts'

export interface TcpSettings extends Partial<TcpConfig> {
  /** For sockets that name no other one: CUBIC (RFC 9438). */
  readonly congestionControl?: CongestionControl
  /** Further algorithms that sockets may ask for by name, and that restored snapshots may use. */
  readonly congestionControls?: readonly CongestionControl[]
}

/** A quiet connection gives its block up after so many ms, unless the settings say otherwise. */
const PARK_AFTER = 100

/** TCP in a stack: the protocol, its base sockets, and who is to be told of what. `TcpSockets` adds the rest. */
export class BaseTcpSockets<Transport extends TcpCore = TcpCore> implements BaseProtocol {
  readonly type = 'stream'
  readonly name = 'tcp'
  readonly transport: Transport
  protected readonly host: ProtocolHost
  protected readonly arena: Arena
  protected readonly openSockets: Set<TcpSocket> = new Set<TcpSocket>()
  protected readonly bound: BoundPorts<TcpSocket> = new BoundPorts<TcpSocket>()
  /** Sockets that met a stack without memory, and how much of it was in use then. */
  #starved = new Set<TcpSocket>()
  #starvedAt = 0
  /** Sockets that were detached: whoever waits on one hears of it in the next dispatch. */
  protected detached: TcpSocket[] = []
  readonly #path = createPath()
  /** Never used: engines throw away code that was compiled for objects of which none is left. */
  protected readonly model: TcpSocket = new TcpSocket(this)
  /** Options of the listening socket that accepted last, and those that its connections share: options are replaced, never written to. */
  #inheriting = NO_OPTIONS
  #inherited = NO_OPTIONS

  /** @param create makes the protocol. */
  constructor(host: ProtocolHost, settings: TcpSettings, create: (network: NetworkLayer, options: TcpOptions) => Transport) {
    this.host = host
    this.arena = host.arena
    const observer = observerOf(host.observer)
    this.transport = create(host.network, {
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
    return this.host.now()
  }

  wake(): void {
    this.host.wake()
  }

  get sockets(): TcpSocket[] {
    return [...this.openSockets]
  }

  socket(options?: SocketOptions): TcpSocket {
    const socket = new TcpSocket(this, options)
    this.openSockets.add(socket)
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
    this.openSockets.delete(socket)
    this.#starved.delete(socket)
    this.bound.remove(socket)
    this.wake()
  }

  /** The port that the socket has from now on, or a negative errno. */
  bind(socket: TcpSocket, address: IpAddress, port: number, reuse: boolean): number {
    if (!isUnspecified(address) && !this.host.network.isLocal(address)) return Errno.EADDRNOTAVAIL
    const chosen = port === 0
      ? this.host.ports.choose(address, ANY_IPV4, 0, (candidate) => this.bound.isFree(address, candidate, false))
      : this.bound.isFree(address, port, reuse) ? port : 0
    if (chosen === 0) return Errno.EADDRINUSE
    this.bound.add(socket, address, chosen, reuse)
    return chosen
  }

  listenOn(socket: TcpSocket, address: IpAddress, port: number, options: TcpListenOptions): TcpListener | number {
    const listener = this.transport.listen(address, port, options)
    if (typeof listener === 'number') return listener
    this.bound.makeExclusive(socket)
    return listener
  }

  open(local: IpAddress, localPort: number, remote: IpAddress, remotePort: number, options: OpenOptions): Connection | number {
    const path = this.#path
    const reason = this.host.network.findPath(remote, local, path)
    if (reason === DropReason.NoSourceAddress) return Errno.EADDRNOTAVAIL
    if (reason !== DropReason.None) return Errno.ENETUNREACH
    const { source } = path
    const port = localPort !== 0 ? localPort : this.host.ports.choose(source, remote, remotePort, (candidate) =>
      !this.transport.isConnected(source, candidate, remote, remotePort) && this.bound.isFree(source, candidate, false))
    if (port === 0) return Errno.EADDRINUSE
    const connection = this.transport.connect(source, port, remote, remotePort, options, this.now())
    this.wake()
    return connection
  }

  /** A socket found no memory: it is told when some came back. */
  starve(socket: TcpSocket): number {
    this.#starved.add(socket)
    this.#starvedAt = this.arena.used
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
    if (this.detached.length > 0) called += this.#callDetached(report)
    if (this.#starved.size > 0 && this.arena.used < this.#starvedAt) called += this.#callStarved(report)
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
    const detached = this.detached
    this.detached = []
    for (const socket of detached) notify(socket, report)
    return detached.length
  }

  /** Takes a socket away for `TcpSocket.detach`; base sockets alone cannot. */
  detach(_socket: TcpSocket): StackSnapshot | number {
    return Errno.EOPNOTSUPP
  }

  stop(errno: number, report: (error: unknown) => void): void {
    this.transport.forEach((connection) => this.watch(connection, null))
    for (const socket of [...this.openSockets]) {
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
