import { DropReason, TcpFlags } from '@layerfour/wire'
import type { PacketMeta } from '@layerfour/wire'
import { closeConnection } from './closing.ts'
import type { Connection } from './connection.ts'
import type { TcpListener } from './listener.ts'
import { openFromCookie } from './passive-open.ts'
import type { ReadyQueue } from './ready-queue.ts'
import { segmentLength } from './segment.ts'
import { Cause, State } from './state-machine.ts'
import type { Tables } from './tables.ts'
import type { Tcb } from './tcb.ts'

/**
 * A segment for a connection in SYN-RECEIVED that a listener began. Returns the connection which goes on with it,
 * or why none does.
 */
export function toHalfOpen(
  tables: Tables, connection: Connection, listener: TcpListener, meta: PacketMeta, now: number,
): Connection | DropReason {
  const { flags } = tables.context.segment.header
  // No room to accept it into; the peer's next segment asks again.
  if (listener.full && !connection.offered && !(flags & TcpFlags.RST)) return DropReason.BacklogFull
  if (now < listener.cookiesUntil && !listener.full) {
    const tcb = answeredByCookie(tables, connection, listener, meta, now)
    if (tcb !== undefined) return enter(tables, tcb, listener, now)
  }
  return defers(tables, connection, listener, now) ? DropReason.AcceptDeferred : connection
}

/** A connection out of a cookie takes its place; the ACK that brought it is yet to be processed. */
export function enter(tables: Tables, tcb: Tcb, listener: TcpListener, now: number): Connection | DropReason {
  const connection = tables.add(tcb, listener)
  if (connection === undefined) return DropReason.OutOfMemory
  // It stands as after its SYN,ACK, which nobody will answer if this ACK does not fit.
  tcb.timers.retransmission = now + tcb.rtt.rto
  tcb.timers.user = now + tables.context.config.synTimeout
  return connection
}

/**
 * The retransmission timer of a listener's handshake is due, and its SYN,ACK was sent again as often as it may be: forged SYNs would
 * have us pester whom they name. Deferred accept hopes for the answer to one SYN,ACK more, after its wait.
 */
export function isUnanswered(connection: Connection, retries: number, now: number): boolean {
  const { tcb, listener } = connection
  if (listener === undefined || tcb.synAcked || tcb.retries < retries || now < tcb.timers.retransmission) return false
  const lastSent = tcb.timers.retransmission - tcb.rtt.rto
  return lastSent >= deferredUntil(tcb, listener)
}

/** Counts a handshake that is over, and offers a connection whose time has come. */
export function settleHalfOpen(connection: Connection, listener: TcpListener, ready: ReadyQueue): void {
  const { tcb } = connection
  const dead = tcb.state === State.CLOSED
  // A fast open that its user has closed already still has no proof of the peer's address but the cookie.
  const handshaking = !dead && !tcb.synAcked
  if (!connection.offered && !dead && (!handshaking || tcb.fastOpen.server)) {
    connection.offered = true
    if (handshaking) listener.fastOpened++
    listener.enqueue(connection)
    ready.add(listener)
  }
  if (!tcb.halfOpen || handshaking) return
  tcb.halfOpen = false
  listener.halfOpen--
  if (tcb.fastOpen.server) listener.fastOpened--
  if (dead && !connection.offered) connection.listener = undefined
}

/**
 * A SYN that the network doubled may have been answered twice, by a cookie and, when a place came free, by a
 * half-open connection. The peer's ACK says which answer it took; if the cookie, the other one goes.
 */
function answeredByCookie(
  tables: Tables, connection: Connection, listener: TcpListener, meta: PacketMeta, now: number,
): Tcb | undefined {
  const { context } = tables
  const { header } = context.segment
  if (connection.offered || !(header.flags & TcpFlags.ACK) || header.acknowledgment === connection.tcb.snd.max) return undefined
  const tcb = openFromCookie(context, listener, meta, now)
  if (tcb === undefined) return undefined
  closeConnection(context, connection.tcb, Cause.Abort)
  tables.settle(connection)
  return tcb
}

/**
 * Deferred accept: a bare ACK does not end the handshake yet. Our SYN,ACK is sent again meanwhile,
 * and the peer's answer to one after `deferAccept` does.
 */
function defers(tables: Tables, connection: Connection, listener: TcpListener, now: number): boolean {
  const { segment } = tables.context
  return now < deferredUntil(connection.tcb, listener) && segmentLength(segment) === 0
    && !(segment.header.flags & TcpFlags.RST)
}

function deferredUntil(tcb: Tcb, listener: TcpListener): number {
  const wait = listener.options.deferAccept ?? 0
  return wait > 0 ? tcb.lastReceived + wait : -Infinity
}
