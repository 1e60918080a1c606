import { DropReason, Errno } from '@layerfour/wire'
import { tuneReceiveLimit } from '../autotune.ts'
import { abortConnection } from '../closing.ts'
import type { TcpContext } from '../context.ts'
import { Readiness } from '../readiness.ts'
import { acceptText } from '../reassembly.ts'
import type { Segment } from '../segment.ts'
import { Cause, mayReceiveText } from '../state-machine.ts'
import type { Tcb } from '../tcb.ts'
import { STOP } from './verdict.ts'
import type { Verdict } from './verdict.ts'

/** Duplicate ACKs kept for one poll: what a burst of 64 KiB in full segments brings. */
const MAXIMUM_DUPLICATE_ACKS = 45

/**
 * Seventh check (RFC 9293 §3.10.7.4): the text goes to its place in the receive buffer, and an
 * acknowledgment is scheduled: at once when something is missing or was filled in (RFC 5681 §4.2),
 * else with the first segments of a connection at once, and then with every second full one or after a short delay (RFC 9293 §3.8.6.3).
 */
export function takeText(context: TcpContext, tcb: Tcb, segment: Segment, now: number): Verdict {
  const length = segment.textEnd - segment.textStart
  // The sender probes or overruns a window that it has been told of: tell it again.
  if (segment.cut) tcb.ackNow = true
  if (length === 0) return DropReason.None
  if (!mayReceiveText(tcb.state)) {
    // RFC 9293: "This should not occur since a FIN has been received from the remote side."
    return DropReason.TextAfterClose
  }
  if (tcb.orphan) {
    // Nobody will read it; saying so is better than swallowing it (RFC 1122 §4.2.2.13).
    abortConnection(context, tcb, Cause.Abort, Errno.EPIPE, now)
    return STOP
  }

  const { segmentSize } = segment
  const full = segmentSize > 0 && segmentSize < length ? segmentSize : length
  if (full > tcb.largestSegment) tcb.largestSegment = full
  const hadGap = tcb.reassembly !== undefined && tcb.reassembly.count > 0
  const moved = acceptText(context, tcb, segment.textSequence, segment.bytes, segment.textStart, segment.textEnd)
  if (moved < 0) {
    tcb.ackNow = true
    return DropReason.OutOfMemory
  }
  if (moved === 0) {
    tcb.counters.outOfOrder++
    tcb.quickAcks = context.config.quickAcks
    if (tcb.duplicateAcksOwed < MAXIMUM_DUPLICATE_ACKS) tcb.duplicateAcksOwed++
    return DropReason.None
  }

  tuneReceiveLimit(context.config, tcb, now)
  tcb.rcv.nxt = (tcb.rcv.nxt + moved) | 0
  tcb.receivedOffset += moved
  tcb.counters.bytesReceived += moved
  tcb.events |= Readiness.Readable
  if (hadGap) {
    tcb.ackNow = true
  } else if (tcb.quickAcks > 0) {
    tcb.quickAcks--
    tcb.ackNow = true
  } else {
    tcb.unackedText += length
    if (tcb.unackedText >= 2 * tcb.largestSegment || context.config.delayedAck === 0) tcb.ackNow = true
    else if (tcb.timers.delayedAck === Infinity) tcb.timers.delayedAck = now + context.config.delayedAck
  }
  return DropReason.None
}
