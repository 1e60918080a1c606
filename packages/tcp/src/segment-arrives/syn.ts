import { DropReason, TcpFlags } from '@layerfour/wire'
import type { TcpContext } from '../context.ts'
import type { Segment } from '../segment.ts'
import type { Tcb } from '../tcb.ts'
import { challenge } from './challenge-ack.ts'

/**
 * Fourth check (RFC 9293 §3.10.7.4, with RFC 5961 §4): a SYN within the window of a living connection
 * is challenged, wherever it lies. (The third check, security and precedence, is no longer made.)
 * A newer SYN that may take over from TIME-WAIT was seen to before the checks began.
 */
export function checkSyn(context: TcpContext, tcb: Tcb, segment: Segment, now: number): DropReason {
  if (!(segment.header.flags & TcpFlags.SYN)) return DropReason.None
  challenge(context, tcb, now)
  return DropReason.SynUnacceptable
}
