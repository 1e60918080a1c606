import { advertiseWindow } from '@layerfour/flow'
import { ringPeek } from '@layerfour/storage'
import { clearTcpOptions, copyIpAddress, DropReason, TcpFlags, writeTcp, writeTransportChecksum } from '@layerfour/wire'
import type { TcpHeader } from '@layerfour/wire'
import type { TcpContext } from './context.ts'
import { ecnCodepoint, ecnFlags, ecnSetupFlags } from './ecn.ts'
import { offerFastOpen } from './fast-open.ts'
import { offerOptions, offersTimestamps } from './handshake.ts'
import { fillSackBlocks } from './sack.ts'
import type { Tcb } from './tcb.ts'
import { sendRingSequence } from './tcb.ts'
import { timestampClock } from './timestamps.ts'

const TCP = 6

/**
 * Builds one segment in the scratch packet and sends it: header and options, then `length` bytes of
 * the send ring from `sequence` on.
 */
export function sendSegment(
  context: TcpContext, tcb: Tcb, sequence: number, length: number, flags: number, now: number,
): DropReason {
  describeSegments(context, tcb, sequence, length, flags, now)
  const sent = sendPacket(context, tcb, length, 0, now)
  if (sent !== DropReason.DeviceQueueFull && flags & TcpFlags.ACK) acknowledged(tcb)
  return sent
}

/**
 * Sends `length` bytes of new text, which moves SND.NXT, in packets of up to `most` bytes, and of `full` bytes where that is not all.
 * Those with more than `segmentSize` stand for several segments, and the medium cuts them. They are alike but for the sequence number,
 * and `lastFlags` for the last of them. Ends early where one cannot be sent.
 */
export function sendTrain(
  context: TcpContext, tcb: Tcb, length: number, most: number, full: number, segmentSize: number, lastFlags: number, now: number,
): DropReason {
  const { snd } = tcb
  const { header } = context
  describeSegments(context, tcb, snd.nxt, length, TcpFlags.ACK, now)
  let sent: DropReason
  let left = length
  do {
    const text = left <= most ? left : full
    left -= text
    header.sequence = snd.nxt
    if (left === 0) header.flags |= lastFlags
    sent = sendPacket(context, tcb, text, text > segmentSize ? segmentSize : 0, now)
    if (sent === DropReason.DeviceQueueFull) return sent
    snd.nxt = (snd.nxt + text) | 0
    acknowledged(tcb)
  } while (left > 0 && sent === DropReason.None)
  return sent
}

/** Fills in the header of a segment, or of several that differ in little, and where they go. */
function describeSegments(context: TcpContext, tcb: Tcb, sequence: number, length: number, flags: number, now: number): void {
  const { header, meta } = context
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

  copyIpAddress(tcb.localAddress, meta.source)
  copyIpAddress(tcb.remoteAddress, meta.destination)
  meta.hopLimit = tcb.settings.hopLimit
  meta.trafficClass = (tcb.settings.trafficClass & ~3) | ecnCodepoint(tcb, length, again)
}

/** Builds the segment of `context.header` in the scratch packet, with `length` bytes of the send ring, and sends it. */
function sendPacket(context: TcpContext, tcb: Tcb, length: number, segmentSize: number, now: number): DropReason {
  const { network, meta, header } = context
  const { scratch, transportStart: start } = network
  // Anew for each: who was lent the packet before may have written over it.
  let end = start + writeTcp(header, scratch, start)
  if (length > 0) {
    const at = (header.sequence + (header.flags & TcpFlags.SYN ? 1 : 0) - sendRingSequence(tcb)) | 0
    end += ringPeek(context.arena, tcb.sendRing, at, scratch, end, end + length)
  }
  if (tcb.checksumNeeded) writeTransportChecksum(tcb.localAddress, tcb.remoteAddress, TCP, scratch, start, end)
  meta.segmentSize = segmentSize
  const sent = network.send(meta, end - start, now)
  // Whatever else became of it, the packet counts as sent: what the network loses, timers mend.
  if (sent !== DropReason.DeviceQueueFull) tcb.counters.segmentsOut += segmentSize > 0 ? Math.ceil(length / segmentSize) : 1
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
