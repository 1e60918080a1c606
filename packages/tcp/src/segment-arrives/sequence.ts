import { DropReason, lessThan, TcpFlags } from '@layerfour/wire'
import type { TcpHeader } from '@layerfour/wire'
import type { TcpContext } from '../context.ts'
import type { Segment } from '../segment.ts'
import { segmentLength } from '../segment.ts'
import { State } from '../state-machine.ts'
import type { Tcb } from '../tcb.ts'
import { receiveWindow } from '../tcb.ts'
import { TIMESTAMP_LIFETIME } from '../timestamps.ts'
import { challenge } from './challenge-ack.ts'

/**
 * First check (RFC 9293 §3.10.7.4): is any of the segment within the receive window? Also PAWS, which
 * RFC 7323 §5.3 puts in front of it. What is left of the text is trimmed to the window.
 * An unacceptable segment is answered by an ACK, unless it is a reset, and dropped.
 */
export function checkSequence(context: TcpContext, tcb: Tcb, segment: Segment, now: number): DropReason {
  const { header } = segment
  const reset = (header.flags & TcpFlags.RST) !== 0
  const paws = checkTimestamps(tcb, segment, now)
  if (paws !== DropReason.None) {
    if (!reset && paws === DropReason.PawsRejected) answerUnacceptable(context, tcb, segment, now)
    if (!reset) return paws
  }

  // The SYN again means that our SYN,ACK was lost. One with an ACK (simultaneous open) has our SYN already.
  if (tcb.state === State['SYN-RECEIVED'] && !reset && repeatsSyn(tcb, header)) {
    tcb.retransmitNow = true
    return DropReason.SequenceUnacceptable
  }
  if (!isAcceptable(tcb, segment)) {
    if (!reset) {
      answerUnacceptable(context, tcb, segment, now)
      noteDuplicateText(tcb, segment.header.sequence, segment.textEnd - segment.textStart)
      // A repeated FIN restarts the wait (RFC 9293 §3.10.7.4, eighth check, TIME-WAIT).
      if (tcb.state === State['TIME-WAIT'] && repeatsFin(tcb.rcv.nxt, segment)) tcb.timers.timeWait = now + 2 * context.config.msl
    }
    return DropReason.SequenceUnacceptable
  }

  trimToWindow(tcb, segment)
  return DropReason.None
}

/**
 * The four cases of RFC 9293 §3.4, table 6, with one allowance of §3.10.7.4: while the window is
 * closed, a segment at RCV.NXT still brings its ACK, URG and RST, though none of its text.
 */
function isAcceptable(tcb: Tcb, segment: Segment): boolean {
  const sequence = segment.header.sequence
  const length = segmentLength(segment)
  const window = receiveWindow(tcb)
  const fromNext = (sequence - tcb.rcv.nxt) | 0
  if (window === 0) return fromNext === 0
  if (fromNext >= 0) return fromNext < window
  if (length === 0) return false
  const lastFromNext = (sequence + length - 1 - tcb.rcv.nxt) | 0
  return lastFromNext >= 0
}

/** Cuts off what was received before and what lies beyond the window. */
function trimToWindow(tcb: Tcb, segment: Segment): void {
  const { header } = segment
  // A SYN takes the sequence number in front of the text.
  segment.textSequence = header.flags & TcpFlags.SYN ? (header.sequence + 1) | 0 : header.sequence
  const old = (tcb.rcv.nxt - segment.textSequence) | 0
  if (old > 0) {
    const length = segment.textEnd - segment.textStart
    noteDuplicateText(tcb, segment.textSequence, old < length ? old : length)
    segment.textStart += old < length ? old : length
    segment.textSequence = (segment.textSequence + old) | 0
  }
  const room = (tcb.rcv.nxt + receiveWindow(tcb) - segment.textSequence) | 0
  const length = segment.textEnd - segment.textStart
  if (length > room) {
    segment.textEnd = segment.textStart + (room > 0 ? room : 0)
    segment.fin = false
    segment.cut = true
  }
}

/** RFC 7323 §5.3: protection against wrapped sequence numbers. */
function checkTimestamps(tcb: Tcb, segment: Segment, now: number): DropReason {
  const { timestamps } = tcb
  if (!timestamps.enabled) return DropReason.None
  const { options } = segment.header
  // RFC 7323 §3.2: once agreed, every segment but a reset carries them.
  if (!options.hasTimestamps) return DropReason.TimestampMissing
  if (!lessThan(options.timestampValue, timestamps.recent)) return DropReason.None
  if (now - timestamps.recentAt > TIMESTAMP_LIFETIME) return DropReason.None
  return isOvertaken(tcb, segment) ? DropReason.None : DropReason.PawsRejected
}

/**
 * On a path that reorders, an ACK comes behind newer ones and has an older timestamp; its SACK blocks are news all the same. PAWS is
 * there to keep text of another age out of the stream, and this has none, acknowledges nothing new, says nothing new of the
 * window, and is no older than a round trip may take. (Ours; Linux lets such duplicate ACKs pass as well.)
 */
function isOvertaken(tcb: Tcb, segment: Segment): boolean {
  const { header } = segment
  const { snd, timestamps } = tcb
  if (!tcb.negotiated.sack || header.options.sackCount === 0 || segmentLength(segment) > 0) return false
  if (!(header.flags & TcpFlags.ACK) || header.sequence !== tcb.rcv.nxt || lessThan(snd.una, header.acknowledgment)) return false
  if (header.acknowledgment === snd.una && header.window << snd.scale !== snd.wnd) return false
  return ((timestamps.recent - header.options.timestampValue) | 0) <= tcb.rtt.rto
}

/** Text from `sequence` on, `length` bytes of it, had arrived before: the next ACK says so (RFC 2883 §4). */
function noteDuplicateText(tcb: Tcb, sequence: number, length: number): void {
  const from = tcb.receivedOffset + ((sequence - tcb.rcv.nxt) | 0)
  if (!tcb.negotiated.sack || length <= 0 || from < 0 || from >= tcb.receivedOffset) return
  tcb.duplicateText.from = from
  tcb.duplicateText.to = Math.min(from + length, tcb.receivedOffset)
}

function repeatsSyn(tcb: Tcb, header: TcpHeader): boolean {
  return (header.flags & (TcpFlags.SYN | TcpFlags.ACK)) === TcpFlags.SYN && header.sequence === tcb.rcv.irs
}

/**
 * An unacceptable segment is answered by an ACK (RFC 9293 §3.10.7.4). One that takes sequence numbers always: its sender
 * retransmits, and needs it. A bare ACK only as often as challenges: two ends that find each other's ACKs unacceptable
 * would otherwise answer for ever. Keepalive probes, one before RCV.NXT, have as many answers again in reserve, which no forger uses
 * up who does not know the number.
 */
function answerUnacceptable(context: TcpContext, tcb: Tcb, segment: Segment, now: number): void {
  const { challengeAcks } = context.config
  const isKeepAlive = ((segment.header.sequence + 1 - tcb.rcv.nxt) | 0) === 0
  if (segmentLength(segment) > 0) tcb.ackNow = true
  else challenge(context, tcb, now, isKeepAlive ? 2 * challengeAcks : challengeAcks)
}

/** The FIN that was taken comes again: its number is the last one before RCV.NXT. */
export function repeatsFin(rcvNxt: number, segment: Segment): boolean {
  return segment.fin && ((segment.header.sequence + segmentLength(segment) - rcvNxt) | 0) === 0
}
