import type { TransportProtocol } from '@layerfour/ip'
import type { Arena } from '@layerfour/storage'
import type { NetworkLayer } from '@layerfour/wire'
import type { Datagram, DatagramOptions } from './udp/datagram.ts'
import type { UdpSnapshot } from './udp/udp-snapshot.ts'
import type { UdpSocket } from './udp/udp-socket.ts'
import type { EphemeralPorts } from './ephemeral-ports.ts'
import type { NetstatRow } from './netstat.ts'
import type { Observer } from './observer.ts'
import type { Listener, ListenOptions } from './tcp/listener.ts'
import type { ConnectOptions, TcpConnection } from './tcp/tcp-connection.ts'
import type { TcpSnapshot } from './tcp/tcp-snapshot.ts'
import type { TcpSocket } from './tcp/tcp-socket.ts'

/** What a stack gives to the protocols in it. */
export interface ProtocolHost {
  readonly network: NetworkLayer
  readonly arena: Arena
  /** Four random words. */
  readonly secret: Int32Array
  readonly ports: EphemeralPorts
  readonly observer: Observer | undefined
  /** The stack's clock in ms. */
  now(): number
  /** The same for one of many calls that follow each other and `wake` the stack: it may be the time of an earlier one of them. */
  burstTime(): number
  /** Something is to be sent, or a socket's readiness changed, outside of a poll. */
  wake(): void
}

/** What one protocol uses, for `stack.accounting()`. */
export interface ProtocolAccounting {
  /** Sockets that the application holds: not closed yet. */
  readonly sockets: number
  /** TCP: connections that are not CLOSED, whether or not a socket holds them. UDP: endpoints. */
  readonly flows: number
  /** Deadlines that are set. */
  readonly timers: number
  /** Bytes of the arena. */
  readonly bytes: number
}

/** A transport protocol together with its base sockets, as a stack holds it. */
export interface BaseProtocol {
  readonly type: 'stream' | 'datagram'
  readonly name: string
  readonly transport: TransportProtocol
  /** Those that are open, in the order in which they were opened. */
  readonly sockets: TcpSocket[] | UdpSocket[]
  socket(): TcpSocket | UdpSocket
  /**
   * Calls the sockets whose readiness changed. An exception of a callback goes to `report`, and the
   * next one is called. Returns how many were called.
   */
  dispatch(report: (error: unknown) => void): number
  /** Ends every connection and socket; pending promises reject with `errno`. What callbacks throw goes to `report`. */
  stop(errno: number, report: (error: unknown) => void): void
}

/** The same with facades, tables and snapshots, as `Stack` wants it. */
interface SocketProtocolBase extends BaseProtocol {
  netstat(now: number): NetstatRow[]
  accounting(): ProtocolAccounting
  /** A digest of what `snapshot` holds. */
  fingerprint(): string
}

export interface StreamProtocol extends SocketProtocolBase {
  readonly type: 'stream'
  /** Those that are open, in the order in which they were opened. */
  readonly sockets: TcpSocket[]
  socket(): TcpSocket
  connect(options: ConnectOptions): Promise<TcpConnection>
  listen(options: ListenOptions): Listener
  snapshot(): TcpSnapshot
  /** The sockets of a snapshot, in its order. */
  restore(snapshot: TcpSnapshot): TcpSocket[]
  /** Gives every connection away: as `snapshot`, and none of them sends anything from here any more. */
  detachAll(): TcpSnapshot
}

export interface DatagramProtocol extends SocketProtocolBase {
  readonly type: 'datagram'
  /** Those that are open, in the order in which they were opened. */
  readonly sockets: UdpSocket[]
  socket(): UdpSocket
  datagram(options: DatagramOptions): Datagram
  snapshot(): UdpSnapshot
  /** The sockets of a snapshot, in its order. */
  restore(snapshot: UdpSnapshot): UdpSocket[]
}

export type SocketProtocol = StreamProtocol | DatagramProtocol

/** What `tcpBase()` and `udpBase()` return, to be named in `StackCoreOptions.protocols`. */
export interface BaseProtocolFactory {
  create(host: ProtocolHost): BaseProtocol
}

/**
 * What `tcp()` and `udp()` return, to be named in `StackOptions.protocols`. The stack itself imports
 * neither: who names only one bundles only one.
 */
export interface ProtocolFactory extends BaseProtocolFactory {
  create(host: ProtocolHost): SocketProtocol
}
