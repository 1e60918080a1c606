import type { Connection, ConnectionSnapshot, TimeWaitSnapshot } from '@layerfour/tcp'
import { digest, State } from '@layerfour/tcp'
import type { IpAddress } from '@layerfour/wire'
import { SocketError } from '../socket-error.ts'
import { toSocketAddress } from '../socket-address.ts'
import { restoredCongestionControl } from './congestion-option.ts'
import type { TcpSocket } from './tcp-socket.ts'
import type { SocketOptions } from './tcp-socket-options.ts'
import type { TcpSockets } from './tcp-sockets.ts'

/** A TCP socket as plain data. */
export interface SocketSnapshot {
  /** What `bind` gave it, and whether others may share that; null when it was not bound. */
  readonly bound: { readonly address: IpAddress, readonly port: number, readonly shared: boolean } | null
  /** Connections that may wait for `accept`; 0 when it does not listen. */
  readonly backlog: number
  /** What `setsockopt` has set; of the congestion control the name. */
  readonly options: Omit<SocketOptions, 'congestionControl'> & { readonly congestionControl?: string }
  /** `shutdown('read')` was called. */
  readonly readShut: boolean
  readonly connection: ConnectionSnapshot | null
}

/** A connection that no socket holds. */
export interface UnheldSnapshot {
  readonly connection: ConnectionSnapshot
  /** The index of the listening socket that it waits at; -1 when its own socket was closed and it goes on ending. */
  readonly listener: number
  /** It waits for `accept`; its handshake is under way otherwise. */
  readonly offered: boolean
}

/** TCP of a whole stack, or of some of its sockets, as plain data. */
export interface TcpSnapshot {
  /** In the order in which they were opened. */
  readonly sockets: readonly SocketSnapshot[]
  readonly unheld: readonly UnheldSnapshot[]
  /** Connections in TIME-WAIT of which nothing else is left, the one that ends first in front. */
  readonly timeWait: readonly TimeWaitSnapshot[]
}

/** Connections that no socket holds and that belong to `sockets`; with `orphans` also those whose sockets are closed. */
export function unheldConnections(all: TcpSockets, sockets: readonly TcpSocket[], orphans: boolean): Connection[] {
  const found: Connection[] = []
  all.transport.forEach((connection) => {
    if (connection.owner !== undefined) return
    if (orphans || sockets.includes(connection.listener?.owner as TcpSocket)) found.push(connection)
  })
  return found
}

/** Sockets and connections as they stand; they go on living. */
export function snapshotTcp(
  all: TcpSockets, sockets: readonly TcpSocket[], unheld: readonly Connection[], timeWait: readonly TimeWaitSnapshot[],
): TcpSnapshot {
  const now = all.now()
  return {
    sockets: sockets.map((socket) => ({
      ...saveSocket(all, socket), connection: socket.parts.connection?.snapshot(now) ?? null,
    })),
    unheld: unheld.map((connection) => ({
      connection: connection.snapshot(now),
      listener: sockets.indexOf(connection.listener?.owner as TcpSocket),
      offered: connection.offered,
    })),
    timeWait,
  }
}

/** All there is to a socket but its connection. */
function saveSocket(all: TcpSockets, socket: TcpSocket): Omit<SocketSnapshot, 'connection'> {
  const { listener, options: { congestionControl, ...options }, readShut } = socket.parts
  const named = congestionControl === undefined ? options : { ...options, congestionControl: congestionControl.name }
  return { bound: all.bindingOf(socket), backlog: listener?.backlog ?? 0, options: named, readShut }
}

/** All of a snapshot or nothing of it: what was restored before something failed is gone again, without a word to any peer. */
export function restoreTcp(all: TcpSockets, snapshot: TcpSnapshot): TcpSocket[] {
  const { transport } = all
  for (const connection of connectionsOf(snapshot)) restoredCongestionControl(transport, connection.congestionControl)
  const options = snapshot.sockets.map(({ options: { congestionControl: name, ...rest } }): SocketOptions => {
    return name === undefined ? rest : { ...rest, congestionControl: restoredCongestionControl(transport, name) }
  })
  const sockets = options.map((each) => all.socket(each))
  const unheld: Connection[] = []
  try {
    for (const [i, saved] of snapshot.sockets.entries()) check(bindAgain(all, sockets[i]!, saved), 'bind', saved)
    // A listener keeps others from its address, so all must have theirs before one listens.
    for (const [i, saved] of snapshot.sockets.entries()) {
      sockets[i]!.parts.readShut = saved.readShut
      if (saved.backlog > 0) check(sockets[i]!.listen(saved.backlog), 'listen', saved)
    }
    for (const [i, saved] of snapshot.sockets.entries()) {
      if (saved.connection !== null) sockets[i]!.adopt(revive(all, saved.connection))
    }
    for (const saved of snapshot.unheld) {
      const connection = revive(all, saved.connection)
      unheld.push(connection)
      const socket = sockets[saved.listener]
      if (socket !== undefined) waitAt(socket, connection, saved.offered)
    }
    const waiting = all.transport.restoreTimeWait(snapshot.timeWait, all.now())
    if (waiting < 0) throw new SocketError(waiting, 'restore')
  } catch (error) {
    for (const connection of unheld) all.transport.release(connection)
    for (const socket of sockets) all.leave(socket)
    throw error
  }
  all.wake()
  return sockets
}

function connectionsOf({ sockets, unheld }: TcpSnapshot): ConnectionSnapshot[] {
  return [...sockets, ...unheld].map(({ connection }) => connection).filter((connection) => connection !== null)
}

function bindAgain(all: TcpSockets, socket: TcpSocket, { bound }: SocketSnapshot): number {
  if (bound === null) return 0
  const { address, port, shared } = bound
  const result = all.bind(socket, address, port, shared)
  if (result < 0) return result
  socket.parts.localAddress = { ...address }
  socket.parts.localPort = port
  return 0
}

function revive(all: TcpSockets, saved: ConnectionSnapshot): Connection {
  const connection = all.transport.restore(saved, all.now())
  if (typeof connection === 'number') {
    throw new SocketError(connection, 'restore', toSocketAddress(saved.block.remoteAddress, saved.block.remotePort))
  }
  // No listener counts it any more, unless one takes it.
  connection.tcb.halfOpen = false
  return connection
}

/** A connection that waits at a listener, or handshakes with it. */
function waitAt({ parts: { listener } }: TcpSocket, connection: Connection, offered: boolean): void {
  if (listener === undefined) return
  const handshaking = connection.state === State['SYN-RECEIVED']
  connection.listener = listener
  connection.offered = offered
  connection.tcb.halfOpen = handshaking
  if (handshaking) listener.halfOpen++
  if (!offered) return
  if (handshaking) listener.fastOpened++
  listener.enqueue(connection)
}

function check(result: number, syscall: string, { bound }: SocketSnapshot): void {
  if (result === 0) return
  throw new SocketError(result, syscall, bound === null ? undefined : toSocketAddress(bound.address, bound.port))
}

/** One digest of all sockets and connections in whatever order, wherever their bytes and their clock are. */
export function fingerprintTcp(
  all: TcpSockets, sockets: readonly TcpSocket[], unheld: readonly Connection[], timeWait: readonly TimeWaitSnapshot[],
): string {
  const now = all.now()
  const parts = [
    ...sockets.map((socket) => digest([saveSocket(all, socket), socket.parts.connection?.fingerprint(now) ?? ''])),
    ...unheld.map((connection) => {
      const { listener, offered } = connection
      return digest([connection.fingerprint(now), listener?.address ?? null, listener?.port ?? 0, offered])
    }),
    ...timeWait.map((entry) => digest(entry)),
  ]
  return digest(parts.sort())
}
