import {
  congestionAllowance, endAt, extendLost, LOST, MAX_SENT_RECORDS, nextToResend, noteResent, noteSent, probeSent, slotOf,
  startAt,
} from '@layerfour/flow'
import { DropReason, TcpFlags } from '@layerfour/wire'
import type { TcpContext } from './context.ts'
import { controlOf } from './control.ts'
import { noteSentByPacer, pacerStops } from './pacing.ts'
import { sendSegment } from './send-segment.ts'
import type { Tcb } from './tcb.ts'
import { sendOffset } from './tcb.ts'
import { armRetransmission } from './timers.ts'
import { timestampClock } from './timestamps.ts'

/**
 * Sends again what is known to be lost, lowest first, as far as recovery and the peer's window allow; the first segment of a
 * recovery goes at once (RFC 5681 §3.2 step 3, RFC 6937 §3).
 */
export function resendLost(context: TcpContext, tcb: Tcb, now: number): DropReason {
  const { recovery, snd, congestion } = tcb
  const { sent } = recovery
  const { mss } = tcb.negotiated
  const ownsRecovery = controlOf(context, tcb).recovery === 'own'
  const windowEnd = sendOffset(tcb, snd.una) + snd.wnd
  // In slow start after a timeout too, the window grows only while it is what holds the repair back.
  tcb.cwndLimited = false
  for (let position = nextToResend(recovery); position !== -1; position = nextToResend(recovery)) {
    const start = startAt(sent, position)
    const records = fillSegment(tcb, position)
    const length = endAt(sent, position + records - 1) - start
    // What begins beyond a window that has shrunk need not be sent (RFC 9293 SHLD-16, MAY-7); a closed one is probed instead.
    if (start >= windowEnd) break
    tcb.cwndLimited = (!recovery.forced && congestionAllowance(recovery, congestion, ownsRecovery, mss) < length) || pacerStops(tcb, now)
    if (tcb.cwndLimited) break
    if (resendRecords(context, tcb, position, records, now) === DropReason.DeviceQueueFull) return DropReason.DeviceQueueFull
  }
  return DropReason.None
}

/** A tail loss probe without new text to send: the last segment again (RFC 8985 §7.3). */
export function resendTail(context: TcpContext, tcb: Tcb, now: number): DropReason {
  const { recovery } = tcb
  if (resendRecords(context, tcb, recovery.sent.count - 1, 1, now) === DropReason.DeviceQueueFull) return DropReason.DeviceQueueFull
  tcb.lossProbeNow = false
  probeSent(recovery.probe, sendOffset(tcb, tcb.snd.nxt), true)
  armRetransmission(tcb, now, tcb.settings.userTimeout)
  return DropReason.None
}

/** Fills one segment from `position` on with lost text, whatever segments that was in (SHLD-28). Returns how many records it takes. */
function fillSegment(tcb: Tcb, position: number): number {
  const { sent } = tcb.recovery
  const most = startAt(sent, position) + tcb.negotiated.mss
  let next = position + 1
  while (next < sent.count && sent.columns.flags[slotOf(sent, next)]! & LOST) {
    if (endAt(sent, next) > most) {
      extendLost(sent, next - 1, most)
      break
    }
    next++
  }
  return next - position
}

function resendRecords(context: TcpContext, tcb: Tcb, position: number, records: number, now: number): DropReason {
  const { recovery, snd, sendRing } = tcb
  const { sent } = recovery
  const start = startAt(sent, position)
  const end = endAt(sent, position + records - 1)
  // Our FIN takes an offset of its own, behind the text.
  const textEnd = tcb.ackedOffset + sendRing.length
  const fin = end > textEnd
  let length = (fin ? textEnd : end) - start
  // Behind the last of them there is room for text that was never sent.
  const added = position + records === sent.count && !tcb.lossProbeNow ? textThatFits(tcb, end, length) : 0
  length += added
  const sequence = (snd.una + (start - sendOffset(tcb, snd.una))) | 0
  let flags: number = TcpFlags.ACK
  if (fin) flags |= TcpFlags.FIN
  if (length > 0 && start + length === textEnd) flags |= TcpFlags.PSH
  const full = sendSegment(context, tcb, sequence, length, flags, now)
  if (full === DropReason.DeviceQueueFull) return full
  for (let index = 0; index < records; index++) noteResent(recovery, position + index, now)
  if (added > 0) {
    noteSent(recovery, end, end + added, 0, now)
    snd.nxt = (snd.nxt + added) | 0
    if (((snd.nxt - snd.max) | 0) > 0) snd.max = snd.nxt
  }
  noteSentByPacer(tcb, length, now)
  countRetransmission(context, tcb, sequence, length, now)
  tcb.lastSent = now
  if (position === 0 || tcb.timers.retransmission === Infinity) armRetransmission(tcb, now, tcb.settings.userTimeout)
  return DropReason.None
}

/** Bytes queued behind a short last segment that go along when it is sent again. */
function textThatFits({ recovery, sendRing, snd, negotiated, ackedOffset }: Tcb, end: number, length: number): number {
  const queued = ackedOffset + sendRing.length - end
  const window = ackedOffset + snd.wnd - end
  if (queued <= 0 || window < queued || length + queued > negotiated.mss || recovery.sent.count >= MAX_SENT_RECORDS) return 0
  return queued
}

export function countRetransmission(context: TcpContext, tcb: Tcb, sequence: number, length: number, now: number): void {
  tcb.counters.retransmissions++
  tcb.timestamps.resent = timestampClock(tcb, now)
  context.observer?.retransmitted?.(tcb, sequence, length, now)
}
