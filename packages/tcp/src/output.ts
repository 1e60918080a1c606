import {
  advertiseWindow, maySend, persistStart, persistStop, segmentRetransmitted, segmentSent, sendAllowance,
} from '@layerfour/flow'
import { ringPeek } from '@layerfour/storage'
import { clearTcpOptions, DropReason, TcpFlags, writeTcp, writeTransportChecksum } from '@layerfour/wire'
import type { TcpHeader } from '@layerfour/wire'
import type { TcpContext } from './context.ts'
import { ecnCodepoint, ecnFlags, ecnSetupFlags } from './ecn.ts'
import { offerFastOpen, textInSyn } from './fast-open.ts'
import { offerOptions, offersTimestamps } from './handshake.ts'
import { probeLength } from './path-mtu.ts'
import { fillSackBlocks } from './sack.ts'
import { State } from './state-machine.ts'
import type { Tcb } from './tcb.ts'
import { finSequence, sendRingSequence, textInFlight, textSent } from './tcb.ts'
import { timestampClock } from './timestamps.ts'

const TCP = 6

/**
 * Sends what a connection owes and what its windows allow (RFC 9293 §3.8). Returns `None`, or
 * `DeviceQueueFull` when the device took no more and output has to go on later.
 */
export function output(context: TcpContext, tcb: Tcb, now: number): DropReason {
  if (tcb.state === State.CLOSED) return DropReason.None
  if (!tcb.synAcked) {
    const full = outputSyn(context, tcb, now)
    if (full !== DropReason.None) return full
    // Fast open: the peer has proved its address, so text need not wait for the handshake.
    if (tcb.fastOpen.server && outputText(context, tcb, now) === DropReason.DeviceQueueFull) return DropReason.DeviceQueueFull
  } else {
    if (tcb.retransmitNow && retransmitHead(context, tcb, now) === DropReason.DeviceQueueFull) return DropReason.DeviceQueueFull
    if (outputText(context, tcb, now) === DropReason.DeviceQueueFull) return DropReason.DeviceQueueFull
  }
  if (tcb.keepAliveNow && probeIdlePeer(context, tcb, now) === DropReason.DeviceQueueFull) return DropReason.DeviceQueueFull
  return outputAcks(context, tcb, now)
}

/** The SYN, or SYN,ACK, when it is due for the first time or again. */
function outputSyn(context: TcpContext, tcb: Tcb, now: number): DropReason {
  const { snd } = tcb
  if (snd.nxt !== snd.iss && !tcb.retransmitNow) return DropReason.None
  const granting = tcb.state !== State['SYN-SENT']
  const again = snd.max !== snd.iss
  const length = granting ? 0 : textInSyn(context, tcb)
  const sent = sendSegment(context, tcb, snd.iss, length, granting ? TcpFlags.SYN | TcpFlags.ACK : TcpFlags.SYN, now)
  if (sent === DropReason.DeviceQueueFull) return sent
  if (again) {
    tcb.counters.retransmissions++
    segmentRetransmitted(tcb.segmentTimer, -1)
    context.observer?.retransmitted?.(tcb, snd.iss, 0, now)
  }
  tcb.retransmitNow = false
  snd.nxt = (snd.iss + 1 + length) | 0
  if (((snd.nxt - snd.max) | 0) > 0) snd.max = snd.nxt
  // A sequence number of its own, so the SYN gives the first RTT sample.
  segmentSent(tcb.segmentTimer, 0, now)
  armRetransmission(tcb, now, context.config.synTimeout)
  return DropReason.None
}

/** Fast retransmit: the oldest unacknowledged segment, whatever the windows say (RFC 5681 §3.2 step 3). */
function retransmitHead(context: TcpContext, tcb: Tcb, now: number): DropReason {
  const { snd, negotiated } = tcb
  const outstanding = textSent(tcb)
  const length = outstanding < negotiated.mss ? outstanding : negotiated.mss
  const finWasSent = tcb.finQueued && !tcb.finAcked && snd.max === ((finSequence(tcb) + 1) | 0)
  const fin = finWasSent && length === tcb.sendRing.length
  if (length === 0 && !fin) {
    tcb.retransmitNow = false
    return DropReason.None
  }
  const sent = sendSegment(context, tcb, snd.una, length, fin ? TcpFlags.ACK | TcpFlags.FIN : TcpFlags.ACK, now)
  if (sent === DropReason.DeviceQueueFull) return sent
  tcb.retransmitNow = false
  countRetransmission(context, tcb, snd.una, length, now)
  if (((snd.una + length - snd.nxt) | 0) > 0) snd.nxt = (snd.una + length) | 0
  armRetransmission(tcb, now, tcb.settings.userTimeout)
  return DropReason.None
}

/** New text, or text again after a timeout took SND.NXT back, then the FIN. */
function outputText(context: TcpContext, tcb: Tcb, now: number): DropReason {
  const { snd, sendRing, negotiated, congestion, settings } = tcb
  let inFlight = textInFlight(tcb)
  let queued = sendRing.length - inFlight
  if (queued > 0) {
    restartAfterIdle(context, tcb, inFlight, now)
    const facts = context.sendFacts
    facts.mss = negotiated.mss
    facts.maxWindow = snd.maxWnd
    facts.overridden = tcb.probeNow
    while (queued > 0) {
      const usable = sendAllowance(snd.wnd, inFlight, congestion.cwnd + tcb.recovery.inflation, inFlight)
      facts.queued = queued
      facts.usable = usable
      facts.outstanding = inFlight
      // What was sent before does not wait for its ACK: that is what is missing.
      facts.noDelay = settings.noDelay || tcb.finQueued || ((snd.max - snd.nxt) | 0) > 0
      if (!maySend(facts)) break
      if (settings.cork && queued < negotiated.mss && !tcb.finQueued && !facts.overridden) break
      let length = queued < usable ? queued : usable
      if (length > negotiated.mss) length = probeLength(tcb, queued, usable, now) || negotiated.mss
      const sent = sendText(context, tcb, length, length === queued, now)
      if (sent === DropReason.DeviceQueueFull) return sent
      inFlight += length
      queued -= length
      facts.overridden = false
    }
    tcb.cwndLimited = queued > 0 && congestion.cwnd + tcb.recovery.inflation - inFlight < negotiated.mss
    if (queued > 0 && inFlight === 0) return probe(context, tcb, now)
    if (tcb.timers.persist !== Infinity) {
      tcb.timers.persist = Infinity
      tcb.probeNow = false
      persistStop(tcb.persist)
    }
  }
  if (queued === 0 && finIsDue(tcb)) return sendText(context, tcb, 0, true, now)
  return DropReason.None
}

function finIsDue(tcb: Tcb): boolean {
  return tcb.finQueued && !tcb.finAcked && tcb.snd.nxt === finSequence(tcb)
}

/** Sends `length` bytes from SND.NXT on, with the FIN when they are the last ones. */
function sendText(context: TcpContext, tcb: Tcb, length: number, last: boolean, now: number): DropReason {
  const { snd } = tcb
  const fin = last && tcb.finQueued && !tcb.finAcked
  let flags: number = TcpFlags.ACK
  if (last && length > 0) flags |= TcpFlags.PSH
  if (fin) flags |= TcpFlags.FIN
  const sequence = snd.nxt
  const again = ((snd.max - sequence) | 0) > 0
  const sent = sendSegment(context, tcb, sequence, length, flags, now)
  if (sent === DropReason.DeviceQueueFull) return sent

  snd.nxt = (sequence + length + (fin ? 1 : 0)) | 0
  if (again) countRetransmission(context, tcb, sequence, length, now)
  if (((snd.nxt - snd.max) | 0) > 0) {
    snd.max = snd.nxt
    if (!again) segmentSent(tcb.segmentTimer, tcb.ackedOffset + textInFlight(tcb), now)
  }
  tcb.lastSent = now
  if (tcb.timers.retransmission === Infinity) armRetransmission(tcb, now, tcb.settings.userTimeout)
  return DropReason.None
}

/**
 * Nothing is in flight and the window is too small for what is queued: wait, then send what fits, or
 * one byte beyond a closed window, so that a lost window update cannot stop us (RFC 9293 §3.8.6.1).
 */
function probe(context: TcpContext, tcb: Tcb, now: number): DropReason {
  const { snd, timers } = tcb
  if (timers.persist === Infinity) timers.persist = now + persistStart(tcb.persist, tcb.rtt.rto)
  // Nothing sent can time out, and a probe is no retransmission.
  timers.retransmission = Infinity
  if (!tcb.probeNow) return DropReason.None
  const sent = sendSegment(context, tcb, snd.una, 1, TcpFlags.ACK, now)
  if (sent === DropReason.DeviceQueueFull) return sent
  tcb.probeNow = false
  if (timers.user === Infinity) timers.user = now + tcb.settings.userTimeout
  const end = (snd.una + 1) | 0
  if (((end - snd.max) | 0) > 0) snd.max = end
  tcb.lastSent = now
  return DropReason.None
}

/** A segment that the peer must answer with an ACK: it begins one before what the peer expects (RFC 9293 §3.8.4). */
function probeIdlePeer(context: TcpContext, tcb: Tcb, now: number): DropReason {
  const sent = sendSegment(context, tcb, (tcb.snd.max - 1) | 0, 0, TcpFlags.ACK, now)
  if (sent !== DropReason.DeviceQueueFull) tcb.keepAliveNow = false
  return sent
}

/** Pure acknowledgments that no text carried: those owed at once, and one for each out-of-order segment. */
function outputAcks(context: TcpContext, tcb: Tcb, now: number): DropReason {
  let owed = tcb.duplicateAcksOwed
  if (tcb.ackNow && owed === 0) owed = 1
  for (; owed > 0; owed--) {
    const sent = sendSegment(context, tcb, tcb.snd.max, 0, TcpFlags.ACK, now)
    if (sent === DropReason.DeviceQueueFull) return sent
    if (tcb.duplicateAcksOwed > 0) tcb.duplicateAcksOwed--
  }
  return DropReason.None
}

/**
 * A reset at SND.NXT, with the ACK that makes it credible. What lies beyond the peer's window, such as a probe, was not taken: there the
 * reset would miss RCV.NXT and be ignored (RFC 5961 §3).
 */
export function sendReset(context: TcpContext, tcb: Tcb, now: number): DropReason {
  const { snd } = tcb
  const edge = (snd.una + snd.wnd) | 0
  const sequence = tcb.synAcked && ((edge - snd.max) | 0) < 0 ? edge : snd.max
  return sendSegment(context, tcb, sequence, 0, TcpFlags.RST | TcpFlags.ACK, now)
}

function restartAfterIdle(context: TcpContext, tcb: Tcb, inFlight: number, now: number): void {
  const idle = now - tcb.lastSent
  if (inFlight !== 0 || tcb.snd.max !== tcb.snd.una || idle <= tcb.rtt.rto) return
  const { facts } = context
  facts.now = now
  facts.idle = idle
  facts.mss = tcb.negotiated.mss
  context.congestionControl.onIdle(tcb.congestion, facts)
  // Once for each idle time, even when nothing can be sent yet.
  tcb.lastSent = now
}

function countRetransmission(context: TcpContext, tcb: Tcb, sequence: number, length: number, now: number): void {
  tcb.counters.retransmissions++
  tcb.timestamps.resent = timestampClock(tcb, now)
  segmentRetransmitted(tcb.segmentTimer, tcb.ackedOffset + ((sequence - tcb.snd.una) | 0))
  context.observer?.retransmitted?.(tcb, sequence, length, now)
}

/** RFC 6298 §5.1; the user timeout runs along from the first segment that waits. */
function armRetransmission(tcb: Tcb, now: number, userTimeout: number): void {
  tcb.timers.retransmission = now + tcb.rtt.rto
  if (tcb.timers.user === Infinity) tcb.timers.user = now + userTimeout
}

/**
 * Builds one segment in the scratch packet and sends it: header and options, then `length` bytes of
 * the send ring from `sequence` on.
 */
function sendSegment(
  context: TcpContext, tcb: Tcb, sequence: number, length: number, flags: number, now: number,
): DropReason {
  const { network, header, meta } = context
  const { scratch, transportStart: start } = network
  const syn = (flags & TcpFlags.SYN) !== 0
  header.sourcePort = tcb.localPort
  header.destinationPort = tcb.remotePort
  header.sequence = sequence
  header.acknowledgment = flags & TcpFlags.ACK ? tcb.rcv.nxt : 0
  const again = ((tcb.snd.max - sequence) | 0) > 0
  header.flags = flags | (syn ? ecnSetupFlags(context, tcb, (flags & TcpFlags.ACK) !== 0) : ecnFlags(tcb, length, again))
  if (flags === TcpFlags.SYN) tcb.ecnOffered = (header.flags & TcpFlags.ECE) !== 0
  header.window = windowField(tcb, syn)
  header.urgentPointer = 0
  if (tcb.snd.urgent) markUrgent(tcb, header)
  fillOptions(context, tcb, length, flags, now)

  const headerLength = writeTcp(header, scratch, start)
  let end = start + headerLength
  if (length > 0) {
    const at = (sequence + (syn ? 1 : 0) - sendRingSequence(tcb)) | 0
    end += ringPeek(context.arena, tcb.sendRing, at, scratch, end, end + length)
  }
  if (tcb.checksumNeeded) writeTransportChecksum(tcb.localAddress, tcb.remoteAddress, TCP, scratch, start, end)

  meta.source.w0 = tcb.localAddress.w0
  meta.source.w1 = tcb.localAddress.w1
  meta.source.w2 = tcb.localAddress.w2
  meta.source.w3 = tcb.localAddress.w3
  meta.destination.w0 = tcb.remoteAddress.w0
  meta.destination.w1 = tcb.remoteAddress.w1
  meta.destination.w2 = tcb.remoteAddress.w2
  meta.destination.w3 = tcb.remoteAddress.w3
  meta.hopLimit = tcb.settings.hopLimit
  meta.trafficClass = (tcb.settings.trafficClass & ~3) | ecnCodepoint(tcb, length, again)
  const sent = network.send(meta, end - start, now)
  // Whatever else became of it, the packet counts as sent: what the network loses, timers mend.
  if (sent === DropReason.DeviceQueueFull) return sent
  tcb.counters.segmentsOut++
  if (flags & TcpFlags.ACK) acknowledged(tcb)
  return sent
}

/** The pointer names the byte after the urgent text (RFC 9293 MUST-62), as far as 16 bits reach. */
function markUrgent(tcb: Tcb, header: TcpHeader): void {
  const { snd } = tcb
  const ahead = (snd.up - header.sequence) | 0
  if (ahead <= 0 || !(header.flags & TcpFlags.ACK) || header.flags & (TcpFlags.SYN | TcpFlags.RST)) return
  header.flags |= TcpFlags.URG
  header.urgentPointer = ahead > 65_535 ? 65_535 : ahead
}

/** The segment carried an acknowledgment: none is owed any more. */
function acknowledged(tcb: Tcb): void {
  tcb.ackNow = false
  tcb.unackedText = 0
  tcb.timers.delayedAck = Infinity
  tcb.timestamps.lastAckSent = tcb.rcv.nxt
}

/** SEG.WND: what the receive buffer can promise, scaled except in a SYN (RFC 7323 §2.2). */
function windowField(tcb: Tcb, syn: boolean): number {
  const { negotiated, receiveLimit } = tcb
  const space = receiveLimit - tcb.receiveRing.length
  if (!syn) return advertiseWindow(tcb.window, tcb.receivedOffset, space, receiveLimit, negotiated.ourMss) >>> tcb.rcv.scale
  const window = advertiseWindow(tcb.window, 0, space > 65_535 ? 65_535 : space, receiveLimit, negotiated.ourMss)
  return window > 65_535 ? 65_535 : window
}

function fillOptions(context: TcpContext, tcb: Tcb, length: number, flags: number, now: number): void {
  const { options } = context.header
  const { timestamps } = tcb
  clearTcpOptions(options)
  if (flags & TcpFlags.SYN) {
    const granting = (flags & TcpFlags.ACK) !== 0
    offerOptions(tcb, context.config, granting, options)
    options.hasTimestamps = offersTimestamps(tcb, context.config, granting)
    offerFastOpen(context, tcb, granting, options)
    if (tcb.settings.userTimeoutOption) options.userTimeout = Math.ceil(tcb.settings.userTimeout / 1000)
  } else {
    options.hasTimestamps = timestamps.enabled
    if (length === 0 && !(flags & TcpFlags.RST)) fillSackBlocks(tcb, options)
  }
  if (!options.hasTimestamps) return
  options.timestampValue = timestampClock(tcb, now)
  // RFC 7323 §3.2: the echo means something only together with ACK.
  options.timestampEcho = flags & TcpFlags.ACK ? timestamps.recent : 0
}
