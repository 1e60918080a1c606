import { DropReason, Errno, lessThan, TcpFlags } from '@layerfour/wire'
import { closeConnection } from '../closing.ts'
import type { TcpContext } from '../context.ts'
import type { Segment } from '../segment.ts'
import { Cause, State } from '../state-machine.ts'
import type { Tcb } from '../tcb.ts'
import { challenge } from './challenge-ack.ts'
import { STOP } from './verdict.ts'
import type { Verdict } from './verdict.ts'

/**
 * Second check (RFC 9293 §3.10.7.4, with RFC 5961 §3): a reset counts only exactly at RCV.NXT;
 * elsewhere in the window it is challenged.
 */
export function checkReset(context: TcpContext, tcb: Tcb, segment: Segment, now: number): Verdict {
  const { header } = segment
  if (!(header.flags & TcpFlags.RST)) return DropReason.None
  // RFC 1337 §3, fix F1: resets do not assassinate TIME-WAIT.
  if (tcb.state === State['TIME-WAIT']) return DropReason.ResetIgnored
  // Its number lies before the window, though its text reaches into it.
  if (lessThan(header.sequence, tcb.rcv.nxt)) return DropReason.SequenceUnacceptable
  if (header.sequence !== tcb.rcv.nxt) {
    challenge(context, tcb, now)
    return DropReason.ResetUnacceptable
  }
  if (tcb.state === State['SYN-RECEIVED']) tcb.error = tcb.passive ? Errno.ECONNRESET : Errno.ECONNREFUSED
  else if (tcb.state !== State.CLOSING && tcb.state !== State['LAST-ACK']) tcb.error = Errno.ECONNRESET
  closeConnection(context, tcb, Cause.ReceiveReset)
  return STOP
}
