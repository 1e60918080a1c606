import {
  bytesInFlight, outstandingBytes, persistStop, reactToAck, rtoAfterSynTimeout, rtoReset, rttSample, rttSampleLatest, segmentAcked,
  setSelective, takeDelivered,
} from '@layerfour/flow'
import type { SackBlocks } from '@layerfour/flow'
import { ringConsume, ringRelease } from '@layerfour/storage'
import { DropReason, greaterThan, greaterThanOrEqual, lessThan, lessThanOrEqual, TcpFlags } from '@layerfour/wire'
import { tuneSendLimit } from '../autotune.ts'
import { closeConnection, enterTimeWait, startFinWait2Timer } from '../closing.ts'
import { noteRecoveryEvent } from '../congestion-events.ts'
import { traceCongestion } from '../congestion-trace.ts'
import type { TcpContext } from '../context.ts'
import { controlOf, usesSack } from '../control.ts'
import { EcnMode, takeEcho } from '../ecn.ts'
import { noteProbeAcked } from '../path-mtu.ts'
import { Readiness } from '../readiness.ts'
import type { Segment } from '../segment.ts'
import { Cause, State, transition } from '../state-machine.ts'
import type { Tcb } from '../tcb.ts'
import { finSequence } from '../tcb.ts'
import { armKeepAlive, armLossProbe, keepLossProbe } from '../timers.ts'
import { timestampClock } from '../timestamps.ts'
import { challenge } from './challenge-ack.ts'
import { STOP } from './verdict.ts'
import type { Verdict } from './verdict.ts'

/** Room in the send buffer worth waking the user for: a quarter of it. */
const WRITABLE_SHARE = 4

/** Fifth check (RFC 9293 §3.10.7.4): the acknowledgment. */
export function checkAck(context: TcpContext, tcb: Tcb, segment: Segment, now: number): Verdict {
  const { header } = segment
  if (!(header.flags & TcpFlags.ACK)) return DropReason.AckMissing
  const ack = header.acknowledgment
  const { snd } = tcb

  if (tcb.state === State['SYN-RECEIVED']) {
    if (!lessThan(snd.una, ack) || !lessThanOrEqual(ack, snd.max)) return DropReason.AckUnacceptable
    establish(context, tcb, Cause.ReceiveAckOfSyn, now)
    // Who only receives gets no other sample, and needs one to know how much arrives in a round trip.
    const handshake = takeSynSample(tcb, now)
    if (handshake >= 0) rttSample(tcb.rtt, handshake)
    setSendWindow(tcb, segment)
  } else if (greaterThan(ack, snd.max)) {
    // Something not sent yet (RFC 9293: "send an ACK, drop the segment").
    challenge(context, tcb, now)
    return DropReason.AckUnacceptable
  } else if (lessThan(ack, (snd.una - snd.maxWnd) | 0)) {
    // RFC 5961 §5.2: older than anything that could still be under way.
    challenge(context, tcb, now)
    return DropReason.AckUnacceptable
  }
  return takeAcceptableAck(context, tcb, segment, now)
}

/** What the acknowledgment, one that this connection may get, says of the window and of what arrived. */
export function takeAcceptableAck(context: TcpContext, tcb: Tcb, segment: Segment, now: number): Verdict {
  const { header } = segment
  const ack = header.acknowledgment
  const { snd } = tcb
  const advances = greaterThan(ack, snd.una)
  const duplicate = !advances && isDuplicate(tcb, segment)
  if (greaterThanOrEqual(ack, snd.una)) updateSendWindow(tcb, segment)
  // A closed window that is acknowledged means a living peer: the clock runs from the next unanswered probe (MUST-37).
  // An orphan's peer may not hold us for ever that way (RFC 6429 §5).
  const onlyProbing = snd.wnd === 0 && bytesInFlight(tcb.recovery.sent) === 0 && tcb.sendRing.length > 0
  if (onlyProbing && !tcb.orphan) tcb.timers.user = Infinity
  if (tcb.ecn.mode !== EcnMode.Off) takeEcho(context, tcb, header.flags, now)
  if (advances) return takeNewAck(context, tcb, segment, ack, now)
  if (duplicate) tcb.counters.duplicateAcks++
  if (duplicate || (tcb.recovery.selective && header.options.sackCount > 0)) {
    takeAck(context, tcb, segment, tcb.ackedOffset, 0, duplicate, now)
    keepLossProbe(context, tcb, now)
  }
  return DropReason.None
}

/** The handshake is done on our side too: from here on the sizes that it settled hold. */
export function establish(context: TcpContext, tcb: Tcb, cause: Cause, now: number): void {
  transition(tcb, cause, context.observer)
  const { mss } = tcb.negotiated
  const synLost = tcb.counters.timeouts > 0
  if (synLost) rtoAfterSynTimeout(tcb.rtt)
  tcb.congestion = controlOf(context, tcb).create(mss, synLost ? mss : undefined)
  setSelective(tcb.recovery, usesSack(context, tcb))
  tcb.counters.maxCwnd = tcb.congestion.cwnd
  traceCongestion(context, tcb, 0, now)
  tcb.events |= Readiness.Connected | Readiness.Writable
  tcb.lastReceived = now
  armKeepAlive(tcb)
}

/** SND.WND, SND.WL1 and SND.WL2 from a segment whose window certainly counts. */
export function setSendWindow(tcb: Tcb, segment: Segment): void {
  const { snd } = tcb
  snd.wnd = segment.window
  snd.wl1 = segment.header.sequence
  snd.wl2 = segment.header.acknowledgment
  if (snd.wnd > snd.maxWnd) snd.maxWnd = snd.wnd
  if (snd.wnd > 0) {
    persistStop(tcb.persist)
    tcb.timers.persist = Infinity
    tcb.probeNow = false
  }
}

/** A segment older than the one that set the window last says nothing about it (RFC 9293 §3.10.7.4). */
function updateSendWindow(tcb: Tcb, segment: Segment): void {
  const { snd } = tcb
  const { sequence, acknowledgment } = segment.header
  const newer = lessThan(snd.wl1, sequence) || (snd.wl1 === sequence && lessThanOrEqual(snd.wl2, acknowledgment))
  if (newer) setSendWindow(tcb, segment)
}

/**
 * RFC 5681 §2: nothing but the same acknowledgment again, while text is outstanding. A probe of a closed
 * window does not count as such: SND.NXT stays at SND.UNA meanwhile.
 */
function isDuplicate(tcb: Tcb, segment: Segment): boolean {
  const { snd } = tcb
  const { flags, acknowledgment } = segment.header
  return (
    acknowledgment === snd.una
    && snd.nxt !== snd.una
    && segment.textEnd === segment.textStart
    && !(flags & (TcpFlags.SYN | TcpFlags.FIN))
    && segment.window === snd.wnd
  )
}

function takeNewAck(context: TcpContext, tcb: Tcb, segment: Segment, ack: number, now: number): Verdict {
  const { snd, counters } = tcb
  const finAcked = tcb.finQueued && !tcb.finAcked && ack === ((finSequence(tcb) + 1) | 0)
  const synCount = tcb.synAcked ? 0 : 1
  const acked = (ack - snd.una) | 0
  const text = acked - synCount - (finAcked ? 1 : 0)

  ringConsume(tcb.sendRing, text)
  tcb.synAcked = true
  snd.una = ack
  if (lessThan(snd.nxt, ack)) snd.nxt = ack
  if (snd.urgent && lessThanOrEqual(snd.up, ack)) snd.urgent = false
  tcb.ackedOffset += text
  counters.bytesAcked += text
  tcb.retries = 0

  noteProbeAcked(tcb)
  takeAck(context, tcb, segment, tcb.ackedOffset + (finAcked ? 1 : 0), text, false, now)
  tuneSendLimit(context.config, tcb)
  restartTimers(context, tcb, now)
  offerRoom(context, tcb)

  if (!finAcked) return DropReason.None
  tcb.finAcked = true
  if (tcb.state === State.CLOSING) {
    enterTimeWait(context, tcb, Cause.ReceiveAckOfFin, now)
  } else if (tcb.state === State['LAST-ACK']) {
    closeConnection(context, tcb, Cause.ReceiveAckOfFin)
    return STOP
  } else {
    transition(tcb, Cause.ReceiveAckOfFin, context.observer)
    startFinWait2Timer(context, tcb, now)
  }
  return DropReason.None
}

/** What an ACK says about the network: what arrived, how long that took, what is lost, how large the window is now. */
function takeAck(
  context: TcpContext, tcb: Tcb, segment: Segment, offset: number, newlyAcked: number, duplicate: boolean, now: number,
): void {
  const { facts, blocks } = context
  const { recovery } = tcb
  const control = controlOf(context, tcb)
  facts.now = now
  facts.ack = offset
  facts.newlyAcked = newlyAcked
  facts.duplicate = duplicate
  facts.mss = tcb.negotiated.mss
  readSackBlocks(tcb, segment, offset, blocks, now)
  takeDelivered(recovery, blocks, tcb.rtt, facts)
  if (newlyAcked > 0 || facts.rtt >= 0) sampleRtt(context, tcb, segment, now)
  facts.srtt = tcb.rtt.srtt
  facts.sent = offset + outstandingBytes(recovery.sent)
  facts.appLimited = !tcb.cwndLimited
  facts.ece = control.ecn === 'every-mark' && (segment.header.flags & TcpFlags.ECE) !== 0
  const event = reactToAck(recovery, control, tcb.congestion, blocks, tcb.rtt, facts)
  facts.ece = false
  noteRecoveryEvent(context, tcb, event, now)
  // Asked here already, since a rate that is handed over becomes an object.
  if (context.observer?.congestionTrace !== undefined) traceCongestion(context, tcb, facts.deliveryRate, now)
}

/** SACK blocks as stream offsets (`offset` is that of SND.UNA), and when the timestamp that is echoed was sent. */
function readSackBlocks(tcb: Tcb, segment: Segment, offset: number, blocks: SackBlocks, now: number): void {
  const { options, acknowledgment } = segment.header
  const { una } = tcb.snd
  // An ACK that another one overtook acknowledges less than SND.UNA, and still has news.
  blocks.ack = offset + ((acknowledgment - una) | 0)
  blocks.count = tcb.negotiated.sack ? options.sackCount : 0
  for (let edge = 0; edge < 2 * blocks.count; edge++) {
    blocks.edges[edge] = offset + ((options.sackEdges[edge]! - una) | 0)
  }
  blocks.echoedAt = tcb.timestamps.enabled && options.timestampEcho !== 0
    ? Math.floor(now) - ((timestampClock(tcb, now) - options.timestampEcho) | 0)
    : Infinity
}

/**
 * A segment that was sent once and is acknowledged gives a sample. While Karn's rule leaves none, timestamps fill in (RFC 6298 §3,
 * RFC 7323 §4.1): an echo of the latest retransmission is a sample. An older one tells of a segment that arrived long ago and
 * whose ACK was lost: no round trip, but progress, so back-off ends.
 */
function sampleRtt(context: TcpContext, tcb: Tcb, segment: Segment, now: number): void {
  const { facts } = context
  let { rtt } = facts
  if (rtt < 0) rtt = takeSynSample(tcb, now)
  if (rtt < 0 && tcb.timestamps.enabled && tcb.rtt.backoff > 0) {
    const { timestampEcho } = segment.header.options
    const elapsed = (timestampClock(tcb, now) - timestampEcho) | 0
    if (((timestampEcho - tcb.timestamps.resent) | 0) < 0) rtoReset(tcb.rtt)
    else if (elapsed >= 0) rtt = elapsed
  }
  facts.rtt = rtt
  if (rtt < 0) return
  // Every ACK brings a sample: as many as that is in a round trip, each counts for less (RFC 7323 appendix G).
  tcb.rtt.latest = rtt
  rttSampleLatest(tcb.rtt, Math.ceil(outstandingBytes(tcb.recovery.sent) / (2 * tcb.negotiated.mss)))
}

/** The round trip of the handshake, once; -1 when there is none to be had. */
export function takeSynSample(tcb: Tcb, now: number): number {
  const { synTimer } = tcb
  if (synTimer === undefined) return -1
  tcb.synTimer = undefined
  return segmentAcked(synTimer, 0, now)
}

/** RFC 6298 §5.2 and §5.3; without SACK, only the first partial ACK of a recovery restarts the timer (RFC 6582 §3.2). */
function restartTimers(context: TcpContext, tcb: Tcb, now: number): void {
  const { timers, snd, recovery } = tcb
  if (snd.una === snd.max) {
    timers.retransmission = Infinity
    timers.lossProbe = Infinity
    timers.user = Infinity
    return
  }
  timers.user = now + tcb.settings.userTimeout
  const { fast } = recovery
  if (fast === undefined || !fast.inRecovery || fast.partialAcks === 1) timers.retransmission = now + tcb.rtt.rto
  armLossProbe(context, tcb, now)
}

/** Tells a user who met a full buffer once there is room worth coming back for; an empty ring gives its memory back. */
function offerRoom(context: TcpContext, tcb: Tcb): void {
  const { sendRing } = tcb
  if (sendRing.length === 0) ringRelease(context.arena, sendRing)
  if (!tcb.sendBlocked || (tcb.sendLimit - sendRing.length) * WRITABLE_SHARE < tcb.sendLimit) return
  tcb.sendBlocked = false
  tcb.events |= Readiness.Writable
}
