import { ringRelease } from '@layerfour/storage'
import { DropReason, isLimitedBroadcast, isMulticast, isUnspecified, TcpFlags } from '@layerfour/wire'
import type { PacketMeta } from '@layerfour/wire'
import { closeConnection } from './closing.ts'
import type { Connection } from './connection.ts'
import { enter } from './half-open.ts'
import { answerWithCookie, openFromCookie, openFromSyn } from './passive-open.ts'
import { inTimeWait, isNewerSyn, REUSE } from './segment-arrives/time-wait.ts'
import { segmentLength } from './segment.ts'
import { Cause } from './state-machine.ts'
import type { Tables } from './tables.ts'

/** How far beyond the old connection's numbers one that takes its place begins (RFC 9293 §3.4.3). */
const REUSE_GAP = 0x1_0000

/**
 * A segment of no connection that has a block. As of all functions here, the result is the connection which goes on
 * with the segment, or what became of it: `None` when a connection began with it, else why it was dropped.
 */
export function toNobody(tables: Tables, meta: PacketMeta, now: number): Connection | DropReason {
  const { context, timeWait, timeWaitEntry } = tables
  const { segment } = context
  const { header } = segment
  if (!timeWait.find(meta.destination, header.destinationPort, meta.source, header.sourcePort, timeWaitEntry)) {
    return toListener(tables, meta, now, undefined)
  }
  const verdict = inTimeWait(context, timeWait, timeWaitEntry, segment, takesSyn(tables, meta), now)
  if (verdict !== REUSE) return verdict
  const iss = (timeWaitEntry.sndNxt + REUSE_GAP) | 0
  timeWait.remove(timeWaitEntry)
  return toListener(tables, meta, now, iss)
}

/** A segment of a connection in TIME-WAIT that still has its block: a newer SYN ends it and begins another one. */
export function toTimeWait(tables: Tables, connection: Connection, meta: PacketMeta, now: number): Connection | DropReason {
  const { context } = tables
  const { tcb } = connection
  if (!takesSyn(tables, meta)
    || !isNewerSyn(context, context.segment.header, tcb.rcv.nxt, tcb.timestamps.enabled, tcb.timestamps.recent)) {
    return connection
  }
  closeConnection(context, tcb, Cause.Reuse)
  tables.settle(connection)
  return toListener(tables, meta, now, (tcb.snd.max + REUSE_GAP) | 0)
}

/** RFC 9293 §3.10.7.1 and §3.10.7.2. `iss` replaces the usual one where given. */
function toListener(tables: Tables, meta: PacketMeta, now: number, iss: number | undefined): Connection | DropReason {
  const { context } = tables
  const { segment } = context
  const { header } = segment
  // MUST-57, MUST-63: never answer what was not sent to one host alone, or by none.
  if (isMulticast(meta.source) || isUnspecified(meta.source) || isLimitedBroadcast(meta.source)) return DropReason.MartianSource
  if (isMulticast(meta.destination) || !context.network.isLocal(meta.destination)) return DropReason.NotForUs
  const listener = tables.listeners.find(meta.destination, header.destinationPort)
  if (listener !== undefined && header.flags & TcpFlags.ACK && now < listener.cookiesUntil && !listener.full) {
    // A deferred connection begins with its first text; the cookie is good until then.
    if ((listener.options.deferAccept ?? 0) > 0 && segmentLength(segment) === 0) return DropReason.AcceptDeferred
    const tcb = openFromCookie(context, listener, meta, now)
    if (tcb !== undefined) return enter(tables, tcb, listener, now)
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
  const connection = tables.add(tcb, listener)
  if (connection === undefined) {
    ringRelease(context.arena, tcb.receiveRing)
    return DropReason.OutOfMemory
  }
  tables.schedule(connection)
  tables.settle(connection)
  return DropReason.None
}

/** Whether a listener would open a connection for the SYN that arrived: only then may it end TIME-WAIT. */
function takesSyn(tables: Tables, meta: PacketMeta): boolean {
  const { header } = tables.context.segment
  if (header.flags & TcpFlags.FIN) return false
  const listener = tables.listeners.find(meta.destination, header.destinationPort)
  return listener !== undefined && !listener.full && listener.halfOpen < listener.maxHalfOpen
}
