import type { Connection, ConnectionSnapshot } from '@layerfour/tcp'
import { digest } from '@layerfour/tcp'
import type { IpAddress } from '@layerfour/wire'
import { SocketError } from '../socket-error.ts'
import { toSocketAddress } from '../socket-address.ts'
import type { TcpSocket } from './tcp-socket.ts'
import type { TcpSockets } from './tcp-sockets.ts'

/** A TCP socket as plain data. */
export interface SocketSnapshot {
  /** What `bind` gave it, and whether others may share that; null when it was not bound. */
  readonly bound: { readonly address: IpAddress, readonly port: number, readonly shared: boolean } | null
  /** Connections that may wait for `accept`; 0 when it does not listen. */
  readonly backlog: number
  readonly reuseAddress: boolean
  readonly noDelay: boolean
  /** Limits in bytes that were set before the connection or the listener was; null for the stack's. */
  readonly sendBuffer: number | null
  readonly receiveBuffer: number | null
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

/**
 * TCP of a whole stack, or of some of its sockets, as plain data that structured clone and `encodeSnapshot` take. Times are those of
 * the clock it was taken by; restoring shifts them.
 */
export interface StackSnapshot {
  readonly version: 1
  /** The name of the congestion control, whose state is part of every connection. */
  readonly congestionControl: string
  /** In the order in which they were opened. */
  readonly sockets: readonly SocketSnapshot[]
  readonly unheld: readonly UnheldSnapshot[]
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
export function snapshotSockets(all: TcpSockets, sockets: readonly TcpSocket[], unheld: readonly Connection[]): StackSnapshot {
  const now = all.now()
  return {
    version: 1,
    congestionControl: all.transport.context.congestionControl.name,
    sockets: sockets.map((socket) => socket.save(now)),
    unheld: unheld.map((connection) => ({
      connection: connection.snapshot(now),
      listener: sockets.indexOf(connection.listener?.owner as TcpSocket),
      offered: connection.offered,
    })),
  }
}

/** All of a snapshot or nothing of it: what was restored before something failed is gone again, without a word to any peer. */
export function restoreSockets(all: TcpSockets, snapshot: StackSnapshot): TcpSocket[] {
  const { version, congestionControl } = snapshot
  if (version !== 1) throw new TypeError(`snapshot version is ${String(version)}, expected 1`)
  const { name } = all.transport.context.congestionControl
  if (congestionControl !== name) {
    throw new TypeError(`the snapshot's congestion control is ${congestionControl}, expected ${name} as in this stack`)
  }
  const sockets = snapshot.sockets.map(() => all.socket())
  const unheld: Connection[] = []
  try {
    for (const [i, saved] of snapshot.sockets.entries()) check(sockets[i]!.load(saved), 'bind', saved)
    // A listener keeps others from its address, so all must have theirs before one listens.
    for (const [i, saved] of snapshot.sockets.entries()) {
      if (saved.backlog > 0) check(sockets[i]!.listen(saved.backlog), 'listen', saved)
    }
    for (const [i, saved] of snapshot.sockets.entries()) {
      if (saved.connection !== null) sockets[i]!.take(revive(all, saved.connection))
    }
    for (const saved of snapshot.unheld) {
      const connection = revive(all, saved.connection)
      unheld.push(connection)
      sockets[saved.listener]?.takeWaiting(connection, saved.offered)
    }
  } catch (error) {
    for (const connection of unheld) all.transport.release(connection)
    for (const socket of sockets) socket.leave()
    throw error
  }
  all.wake()
  return sockets
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

function check(result: number, syscall: string, { bound }: SocketSnapshot): void {
  if (result === 0) return
  throw new SocketError(result, syscall, bound === null ? undefined : toSocketAddress(bound.address, bound.port))
}

/** One digest of all sockets and connections in whatever order, wherever their bytes and their clock are. */
export function fingerprintSockets(all: TcpSockets, sockets: readonly TcpSocket[], unheld: readonly Connection[]): string {
  const now = all.now()
  const parts = [
    ...sockets.map((socket) => digest([{ ...socket.save(now), connection: socket.fingerprint(now) }])),
    ...unheld.map((connection) => {
      const { listener, offered } = connection
      return digest([connection.fingerprint(now), listener?.address ?? null, listener?.port ?? 0, offered])
    }),
  ]
  return digest(parts.sort())
}
