import type { RingBuffer } from '@layerfour/storage'
import type { Connection } from '@layerfour/tcp'
import { State, Tcp } from '@layerfour/tcp'
import { ANY_IPV4, Errno } from '@layerfour/wire'
import type { NetstatRow } from '../netstat.ts'
import type { ProtocolAccounting, ProtocolHost, StreamProtocol } from '../protocol.ts'
import { SocketError } from '../socket-error.ts'
import type { StackSnapshot } from '../stack-snapshot.ts'
import type { TcpSettings } from './base-tcp-sockets.ts'
import { BaseTcpSockets } from './base-tcp-sockets.ts'
import { findCongestionControl } from './congestion-option.ts'
import type { ListenOptions } from './listener.ts'
import { Listener, listenerOptions } from './listener.ts'
import { netstatConnection, netstatListener } from './tcp-netstat.ts'
import type { ConnectOptions } from './tcp-connection.ts'
import { TcpConnection } from './tcp-connection.ts'
import type { SocketSnapshot, TcpSnapshot } from './tcp-snapshot.ts'
import { fingerprintTcp, restoreTcp, snapshotTcp, unheldConnections } from './tcp-snapshot.ts'
import type { TcpSocket } from './tcp-socket.ts'
import { tuningSettings } from './tcp-tuning.ts'

/** TCP in a stack with its facades, tables and snapshots. */
export class TcpSockets extends BaseTcpSockets<Tcp> implements StreamProtocol {
  constructor(host: ProtocolHost, settings: TcpSettings) {
    super(host, settings, (network, options) => new Tcp(network, options))
  }

  bindingOf(socket: TcpSocket): SocketSnapshot['bound'] {
    const binding = this.bound.of(socket)
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

  override detach(socket: TcpSocket): StackSnapshot {
    const unheld = unheldConnections(this, [socket], false)
    const tcp = snapshotTcp(this, [socket], unheld, [])
    for (const connection of unheld) this.forget(connection)
    this.leave(socket)
    this.detached.push(socket)
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
    for (const { parts: { connection } } of this.openSockets) if (connection?.state === State.CLOSED) count(connection)
    return { sockets: this.openSockets.size, flows: transport.size, timers: transport.timerCount, bytes }
  }

  #blockSize(ring: RingBuffer): number {
    return ring.offset < 0 ? 0 : this.arena.blockSize(ring.offset)
  }
}
