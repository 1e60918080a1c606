import { advertiseWindow } from '@layerfour/flow'
import { ringPeek } from '@layerfour/storage'
import { clearTcpOptions, DropReason, TcpFlags, writeTcp, writeTransportChecksum } from '@layerfour/wire'
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
 * the send ring from `sequence` on. With a `segmentSize` it stands for several, and the medium cuts it.
 */
export function sendSegment(
  context: TcpContext, tcb: Tcb, sequence: number, length: number, flags: number, now: number, segmentSize = 0,
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
  meta.segmentSize = segmentSize
  const sent = network.send(meta, end - start, now)
  // Whatever else became of it, the packet counts as sent: what the network loses, timers mend.
  if (sent === DropReason.DeviceQueueFull) return sent
  tcb.counters.segmentsOut += segmentSize > 0 ? Math.ceil(length / segmentSize) : 1
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
