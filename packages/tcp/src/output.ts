import {
  abandonFrto, bytesInFlight, congestionAllowance, firstLost, FrtoStep, markAppLimited, MAX_SENT_RECORDS, maySend, MTU_PROBE,
  persistStart, persistStop, probeSent, segmentRetransmitted, segmentSent, startAt,
} from '@layerfour/flow'
import { DropReason, TcpFlags } from '@layerfour/wire'
import { traceCongestion } from './congestion-trace.ts'
import type { TcpContext } from './context.ts'
import { controlOf } from './control.ts'
import { outputOwedEchoes } from './ecn.ts'
import { textInSyn } from './fast-open.ts'
import { noteSentByPacer, pacerStops } from './pacing.ts'
import { probeLength } from './path-mtu.ts'
import { countRetransmission, resendLost, resendTail } from './resend.ts'
import { noteSegments, packetText, trainLength } from './segmentation.ts'
import { sendSegment, sendTrain } from './send-segment.ts'
import { State } from './state-machine.ts'
import type { Tcb } from './tcb.ts'
import { finSequence, sendOffset, textInFlight } from './tcb.ts'
import { armLossProbe, armRetransmission, mayProbe } from './timers.ts'

/**
 * Sends what a connection owes and what its windows allow (RFC 9293 §3.8). Returns `None`, or
 * `DeviceQueueFull` when the device took no more and output has to go on later.
 */
export function output(context: TcpContext, tcb: Tcb, now: number): DropReason {
  if (tcb.state === State.CLOSED) return DropReason.None
  if (tcb.ecn.owedCount > 0 && outputOwedEchoes(context, tcb, now) === DropReason.DeviceQueueFull) return DropReason.DeviceQueueFull
  if (!tcb.synAcked) {
    const full = outputSyn(context, tcb, now)
    if (full !== DropReason.None) return full
    // Fast open: the peer has proved its address, so text need not wait for the handshake.
    if (tcb.fastOpen.server && outputText(context, tcb, now) === DropReason.DeviceQueueFull) return DropReason.DeviceQueueFull
  } else if (outputText(context, tcb, now) === DropReason.DeviceQueueFull) return DropReason.DeviceQueueFull
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
    if (tcb.synTimer !== undefined) segmentRetransmitted(tcb.synTimer, -1)
    context.observer?.retransmitted?.(tcb, snd.iss, 0, now)
  }
  tcb.retransmitNow = false
  const end = (snd.iss + 1 + length) | 0
  // A server's text that followed its SYN,ACK is still out.
  if (!granting || ((end - snd.nxt) | 0) > 0) snd.nxt = end
  if (((snd.nxt - snd.max) | 0) > 0) snd.max = snd.nxt
  // A sequence number of its own, so the SYN gives the first RTT sample.
  if (tcb.synTimer !== undefined) segmentSent(tcb.synTimer, 0, now)
  armRetransmission(tcb, now, context.config.synTimeout)
  return DropReason.None
}

/** What is lost, then new text, then the FIN, as far as the windows go; a probe where they do not go at all. */
function outputText(context: TcpContext, tcb: Tcb, now: number): DropReason {
  const { recovery, sendRing, snd } = tcb
  let outstanding = textInFlight(tcb)
  let queued = sendRing.length - outstanding
  if (tcb.lossProbeNow && !mayProbe(context, tcb)) tcb.lossProbeNow = false
  if (queued === 0 && recovery.sent.lostCount === 0 && !tcb.lossProbeNow) {
    return finIsDue(tcb) ? sendText(context, tcb, 0, true, 0, now) : DropReason.None
  }
  if (queued > 0) restartAfterIdle(context, tcb, outstanding, now)
  if (recovery.frto === FrtoStep.Second && (queued === 0 || snd.wnd - outstanding < Math.min(queued, tcb.negotiated.mss))) {
    abandonFrto(recovery)
  }
  if (recovery.sent.lostCount > 0 && resendLost(context, tcb, now) === DropReason.DeviceQueueFull) return DropReason.DeviceQueueFull
  outstanding = textInFlight(tcb)
  queued = sendRing.length - outstanding
  if (queued > 0 && outputNewText(context, tcb, outstanding, now) === DropReason.DeviceQueueFull) return DropReason.DeviceQueueFull
  if (tcb.lossProbeNow && resendTail(context, tcb, now) === DropReason.DeviceQueueFull) return DropReason.DeviceQueueFull
  if (peerWindowStops(tcb)) return probe(context, tcb, now)
  if (tcb.timers.persist !== Infinity) {
    tcb.timers.persist = Infinity
    tcb.probeNow = false
    persistStop(tcb.persist)
  }
  if (finIsDue(tcb)) return sendText(context, tcb, 0, true, 0, now)
  return DropReason.None
}

/** Text that was never sent: as much as the peer's window, the network's and the pacer let go, and no silly segments. */
function outputNewText(context: TcpContext, tcb: Tcb, outstanding: number, now: number): DropReason {
  const { snd, sendRing, negotiated, congestion, recovery, settings } = tcb
  const facts = context.sendFacts
  const { mss } = negotiated
  const ownsRecovery = controlOf(context, tcb).recovery === 'own'
  let queued = sendRing.length - outstanding
  let networkStops = false
  facts.mss = mss
  facts.maxWindow = snd.maxWnd
  // Probes of the window, of the tail, and of F-RTO wait neither for more text nor for the ACK of what is out.
  facts.overridden = tcb.probeNow || tcb.lossProbeNow || recovery.frto === FrtoStep.Second
  while (queued > 0 && recovery.sent.count < MAX_SENT_RECORDS) {
    const network = congestionAllowance(recovery, congestion, ownsRecovery, mss)
    // A loss probe does not ask for room in the network: it replaces what left it.
    const allowance = tcb.lossProbeNow && network < mss ? mss : network
    const window = snd.wnd - outstanding
    const usable = allowance < window ? allowance : window > 0 ? window : 0
    facts.queued = queued
    facts.usable = usable
    facts.outstanding = outstanding
    // What was sent before does not wait for its ACK: that is what is missing.
    facts.noDelay = settings.noDelay || tcb.finQueued || ((snd.max - snd.nxt) | 0) > 0
    networkStops = allowance < window && allowance < mss
    if (!maySend(facts)) break
    if (settings.cork && queued < mss && !tcb.finQueued && !facts.overridden) break
    if (pacerStops(tcb, now)) {
      networkStops = true
      break
    }
    if (context.turn <= 0) {
      // Neither the network nor the user limits it: ACKs that come before the next turn say nothing about either.
      context.turn = -1
      tcb.cwndLimited = false
      return DropReason.None
    }
    let length = queued < usable ? queued : usable
    let mark = 0
    if (length > mss) {
      const probe = probeLength(tcb, queued, usable, now)
      if (probe > 0) mark = MTU_PROBE
      // A short end waits for the ACK of what is out (RFC 896), unless it need not.
      length = probe > 0 ? probe : trainLength(tcb, length, context.turn, length === queued && facts.noDelay && !settings.cork)
    }
    const from = snd.nxt
    const sent = sendText(context, tcb, length, length === queued, mark, now)
    length = (snd.nxt - from) | 0
    noteSentByPacer(tcb, length, now)
    context.turn -= length
    outstanding += length
    queued -= length
    if (sent === DropReason.DeviceQueueFull) return sent
    facts.overridden = false
    if (tcb.lossProbeNow) {
      tcb.lossProbeNow = false
      probeSent(recovery.probe, sendOffset(tcb, snd.nxt), false)
      // One probe at a time: what was armed for new text would put off the retransmission timer once more.
      tcb.timers.lossProbe = Infinity
      armRetransmission(tcb, now, settings.userTimeout)
    }
  }
  tcb.cwndLimited = queued > 0 && networkStops
  if (queued === 0 || !networkStops) noteAppLimited(tcb)
  return DropReason.None
}

/** Everything was sent, or the peer's window is full, and the network would take more: what is measured now says little about it. */
function noteAppLimited(tcb: Tcb): void {
  const { recovery, congestion } = tcb
  const inFlight = bytesInFlight(recovery.sent)
  if (inFlight < congestion.cwnd && recovery.sent.lostCount === 0) markAppLimited(recovery.rate, inFlight)
}

/** Nothing is in flight, so no ACK will come, and the peer's window has no room for what is next. */
function peerWindowStops(tcb: Tcb): boolean {
  const { recovery, sendRing, snd } = tcb
  const { sent } = recovery
  if (bytesInFlight(sent) > 0) return false
  if (sent.count === 0) return sendRing.length > 0
  const lost = firstLost(sent)
  return lost !== -1 && startAt(sent, lost) - sent.start >= snd.wnd
}

function finIsDue(tcb: Tcb): boolean {
  return tcb.finQueued && !tcb.finAcked && tcb.snd.nxt === finSequence(tcb) && tcb.recovery.sent.count < MAX_SENT_RECORDS
}

/**
 * Sends `length` bytes from SND.NXT on, with the FIN when they are the last ones, in as many packets as that takes. `mark`: 0 or
 * `MTU_PROBE`, for one packet whatever its length. What a full device did not take stays behind SND.NXT.
 */
function sendText(context: TcpContext, tcb: Tcb, length: number, last: boolean, mark: number, now: number): DropReason {
  const { snd } = tcb
  const fin = last && tcb.finQueued && !tcb.finAcked
  let lastFlags = 0
  if (last && length > 0) lastFlags |= TcpFlags.PSH
  if (fin) lastFlags |= TcpFlags.FIN
  const sequence = snd.nxt
  // A window probe, or text in the SYN, may have brought it before.
  const again = ((snd.max - sequence) | 0) > 0
  const { mss } = tcb.negotiated
  const most = mark === 0 ? packetText(tcb) : length
  const full = most - most % mss
  const sent = sendTrain(context, tcb, length, most, full, mark === 0 ? mss : length, lastFlags, now)
  // The way leads elsewhere now. What was in the packet is lost and goes again, segment by segment.
  if (sent === DropReason.PacketTooBig && length > mss && mark === 0) tcb.segmentation = 0

  const text = (snd.nxt - sequence) | 0
  if (text === length && fin && sent !== DropReason.DeviceQueueFull) snd.nxt = (snd.nxt + 1) | 0
  const total = (snd.nxt - sequence) | 0
  if (total === 0) return sent
  const start = sendOffset(tcb, sequence)
  noteSegments(tcb, start, start + total, mark, now)
  if (((snd.nxt - snd.max) | 0) > 0) snd.max = snd.nxt
  if (again) countRetransmission(context, tcb, sequence, text, now)
  tcb.lastSent = now
  if (tcb.timers.retransmission === Infinity) armRetransmission(tcb, now, tcb.settings.userTimeout)
  armLossProbe(context, tcb, now)
  return sent === DropReason.DeviceQueueFull ? sent : DropReason.None
}

/**
 * Nothing is in flight and the window is too small for what waits to be sent: wait, then send what fits, or
 * one byte beyond a closed window, so that a lost window update cannot stop us (RFC 9293 §3.8.6.1).
 */
function probe(context: TcpContext, tcb: Tcb, now: number): DropReason {
  const { snd, timers } = tcb
  if (timers.persist === Infinity) timers.persist = now + persistStart(tcb.persist, tcb.rtt.rto)
  // Nothing sent can time out, and a probe is no retransmission.
  timers.retransmission = Infinity
  timers.lossProbe = Infinity
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
  facts.ack = tcb.ackedOffset
  facts.sent = tcb.ackedOffset
  facts.srtt = tcb.rtt.srtt
  facts.mss = tcb.negotiated.mss
  controlOf(context, tcb).onIdle(tcb.congestion, facts)
  traceCongestion(context, tcb, 0, now)
  // Once for each idle time, even when nothing can be sent yet.
  tcb.lastSent = now
}
