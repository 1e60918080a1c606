import { greaterThan, lessThan, TcpFlags } from '@layerfour/wire'
import type { Segment } from './segment.ts'
import { State } from './state-machine.ts'
import type { Tcb } from './tcb.ts'
import { receiveWindow } from './tcb.ts'

/**
 * Header prediction (V. Jacobson, 1990): on an open connection nearly every segment is the one that was expected next. It begins at
 * RCV.NXT, its timestamp is not older than the last (RFC 7323 §5.3), its text fits the window, and it acknowledges nothing that was
 * acknowledged before or was never sent. For such a segment the checks of SEGMENT ARRIVES down to the acceptable ACK pass without changing
 * anything, nor is there anything to trim; what follows them is the same for all segments. Anything else is left to the checks.
 */
export function isPredicted(tcb: Tcb, segment: Segment): boolean {
  const { header } = segment
  const { snd, timestamps } = tcb
  const ack = header.acknowledgment
  return tcb.state === State.ESTABLISHED
    // No SYN, RST or FIN; URG and what ECN says come after the checks.
    && (header.flags & (TcpFlags.ACK | TcpFlags.SYN | TcpFlags.RST | TcpFlags.FIN)) === TcpFlags.ACK
    && header.sequence === tcb.rcv.nxt
    && !lessThan(ack, snd.una) && !greaterThan(ack, snd.max)
    && (!timestamps.enabled
      || (header.options.hasTimestamps && !lessThan(header.options.timestampValue, timestamps.recent)))
    && segment.textEnd - segment.textStart <= receiveWindow(tcb)
}
