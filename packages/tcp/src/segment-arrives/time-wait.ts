import { DropReason, greaterThan, TcpFlags } from '@layerfour/wire'
import type { TcpHeader } from '@layerfour/wire'
import type { TcpContext } from '../context.ts'
import type { Segment } from '../segment.ts'
import { segmentLength } from '../segment.ts'
import { repeatsFin } from './sequence.ts'
import type { TimeWaitEntry, TimeWaitTable } from '../time-wait.ts'

/** A SYN that is newer than the old connection: it may begin a new one (the entry is still there). */
export const REUSE = -2

/**
 * RFC 6191 §2 and RFC 9293 MAY-2: a SYN is newer by its timestamp where both connections have them, always
 * when only it has one, else by its sequence number. `timestamps`: the old connection used them.
 */
export function isNewerSyn(
  context: TcpContext, header: TcpHeader, rcvNxt: number, timestamps: boolean, timestampRecent: number,
): boolean {
  if ((header.flags & (TcpFlags.SYN | TcpFlags.ACK | TcpFlags.RST)) !== TcpFlags.SYN) return false
  const { options } = header
  if (options.hasTimestamps && context.config.timestamps) {
    if (!timestamps) return true
    if (options.timestampValue !== timestampRecent) return greaterThan(options.timestampValue, timestampRecent)
  }
  return greaterThan(header.sequence, rcvNxt)
}

/**
 * A segment arrived for an entry of the TIME-WAIT table (RFC 9293 §3.10.7.4): a FIN again means that our last
 * ACK was lost; anything else that takes sequence numbers is too late, and is told so. Resets are
 * ignored (RFC 1337). `mayReuse`: somebody would take a newer SYN.
 */
export function inTimeWait(
  context: TcpContext, table: TimeWaitTable, entry: TimeWaitEntry, segment: Segment, mayReuse: boolean, now: number,
): DropReason | typeof REUSE {
  const { header } = segment
  if (header.flags & TcpFlags.RST) return DropReason.ResetIgnored
  if (mayReuse && isNewerSyn(context, header, entry.rcvNxt, entry.timestamps, entry.timestampRecent)) return REUSE
  const expected = header.sequence === entry.rcvNxt
  if (expected && segmentLength(segment) === 0) return DropReason.None

  const { localAddress, localPort, remoteAddress, remotePort } = entry
  const at = context.replies.acknowledge(localAddress, localPort, remoteAddress, remotePort, entry.sndNxt, entry.rcvNxt)
  if (entry.timestamps) {
    context.replies.stamp(at, (Math.floor(now) + entry.timestampOffset) | 0, entry.timestampRecent)
  }
  if (repeatsFin(entry.rcvNxt, segment)) table.restart(entry, now + 2 * context.config.msl)
  return DropReason.SequenceUnacceptable
}
