import { rttSample } from '@layerfour/flow'
import { ringConsume } from '@layerfour/storage'
import { DropReason, Errno, greaterThan, lessThanOrEqual, TcpFlags } from '@layerfour/wire'
import { closeConnection } from '../closing.ts'
import type { TcpContext } from '../context.ts'
import type { Segment } from '../segment.ts'
import { Cause, transition } from '../state-machine.ts'
import type { Tcb } from '../tcb.ts'
import { receiveWindow } from '../tcb.ts'
import { establish, setSendWindow, takeSynSample } from './ack.ts'
import { synchronizeReceive } from './listen.ts'
import { STOP } from './verdict.ts'
import type { Verdict } from './verdict.ts'

/** A segment arrived in SYN-SENT (RFC 9293 §3.10.7.3). */
export function inSynSent(context: TcpContext, tcb: Tcb, segment: Segment, now: number): Verdict {
  const { header } = segment
  const { snd } = tcb
  const acks = (header.flags & TcpFlags.ACK) !== 0

  // First: an ACK of anything but our SYN belongs to an old connection. The caller answers with a reset.
  if (acks && (lessThanOrEqual(header.acknowledgment, snd.iss) || greaterThan(header.acknowledgment, snd.max))) {
    return DropReason.AckUnacceptable
  }
  // Second: a reset counts only with such an ACK.
  if (header.flags & TcpFlags.RST) {
    if (!acks) return DropReason.ResetUnacceptable
    tcb.error = Errno.ECONNREFUSED
    closeConnection(context, tcb, Cause.ReceiveReset)
    return STOP
  }
  // Fourth: the SYN. Without it there is nothing to synchronize with.
  if (!(header.flags & TcpFlags.SYN)) return DropReason.BadFlags

  synchronizeReceive(context, tcb, segment, now)
  // The window of a SYN is never scaled (RFC 7323 §2.2).
  segment.window = header.window
  segment.textSequence = tcb.rcv.nxt
  const room = receiveWindow(tcb)
  if (segment.textEnd - segment.textStart > room) {
    segment.textEnd = segment.textStart + room
    segment.fin = false
  }

  if (!acks) {
    // Simultaneous open: both sent a SYN; ours goes out again, now with an ACK.
    transition(tcb, Cause.ReceiveSyn, context.observer)
    snd.wnd = snd.maxWnd = segment.window
    snd.wl1 = header.sequence
    snd.wl2 = snd.una
    tcb.retransmitNow = true
    return STOP
  }
  // Text that went with the SYN and was not taken goes out again at once (RFC 7413 §4.2.2).
  const text = (header.acknowledgment - snd.iss - 1) | 0
  ringConsume(tcb.sendRing, text)
  tcb.ackedOffset += text
  tcb.counters.bytesAcked += text
  snd.una = header.acknowledgment
  snd.nxt = snd.una
  const { options } = header
  if (tcb.fastOpen.client && options.fastOpenLength > 0) {
    context.fastOpenCache.set(tcb.remoteAddress, options, tcb.negotiated.peerMss)
  }
  tcb.synAcked = true
  const rtt = takeSynSample(tcb, now)
  if (rtt >= 0) rttSample(tcb.rtt, rtt)
  tcb.timers.retransmission = Infinity
  tcb.timers.user = Infinity
  establish(context, tcb, Cause.ReceiveSynAck, now)
  setSendWindow(tcb, segment)
  tcb.retries = 0
  tcb.ackNow = true
  return DropReason.None
}
