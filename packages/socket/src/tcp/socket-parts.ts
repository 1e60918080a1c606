import type { Connection, TcpListener } from '@layerfour/tcp'
import { Readiness, State } from '@layerfour/tcp'
import type { IpAddress } from '@layerfour/wire'
import { ANY_IPV4, Errno } from '@layerfour/wire'
import type { SocketOptions } from './tcp-socket-options.ts'

/** What a TCP socket is made of: for its calls, its options and the snapshots of the stack. */
export interface SocketParts {
  connection: Connection | undefined
  listener: TcpListener | undefined
  localAddress: IpAddress
  /** 0 while it is not bound. */
  localPort: number
  options: SocketOptions
  /** `shutdown('read')` was called. */
  readShut: boolean
  /** Negative errno that every call returns: `EBADF` once closed, or why the stack ended; 0 before. */
  dead: number
}

export function createSocketParts(options: SocketOptions): SocketParts {
  return {
    connection: undefined, listener: undefined, localAddress: ANY_IPV4, localPort: 0, options, readShut: false, dead: 0,
  }
}

/** What can be done now without meeting `EAGAIN`, as `Readiness` bits. */
export function readinessOf({ connection, listener, readShut, dead }: SocketParts): number {
  if (listener !== undefined) return listener.waiting > 0 ? Readiness.Acceptable : 0
  if (dead !== 0) return dead === Errno.EBADF ? Readiness.Closed : Readiness.Closed | Readiness.Error
  if (connection === undefined) return 0
  const tcb = connection.look()
  const closed = connection.state === State.CLOSED
  let bits: number = closed ? Readiness.Closed : 0
  if (closed || connection.readable > 0 || tcb.finReceived || readShut) bits |= Readiness.Readable
  if (connection.state >= State.ESTABLISHED) {
    bits |= Readiness.Connected
    if (connection.writable > 0) bits |= Readiness.Writable
  }
  if (tcb.error !== 0) bits |= Readiness.Error
  return bits
}

/** The error that ended the connection, negative errno, and forgets it (SO_ERROR); 0 for none. */
export function takeError({ connection, dead }: SocketParts): number {
  return dead !== 0 ? dead : connection?.takeError() ?? 0
}

/** Where text goes that nobody wants. */
const DISCARDED = /* @__PURE__ */ new Uint8Array(16_384)

export function discardReceived(connection: Connection): void {
  while (connection.readable > 0) connection.receive(DISCARDED, 0, DISCARDED.length)
}
