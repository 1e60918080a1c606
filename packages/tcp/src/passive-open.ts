import { createPath, DropReason, isIpv4, TcpFlags } from '@layerfour/wire'
import type { PacketMeta } from '@layerfour/wire'
import type { TcpContext } from './context.ts'
import { firstLimit } from './autotune.ts'
import { isOurCookie } from './fast-open.ts'
import { mssFor, windowScaleFor } from './handshake.ts'
import type { TcpListener } from './listener.ts'
import { timestampOffset } from './isn.ts'
import { createTcb } from './open.ts'
import { Readiness } from './readiness.ts'
import { acceptText } from './reassembly.ts'
import { takeSyn } from './segment-arrives/listen.ts'
import type { CookieContents } from './syn-cookie.ts'
import { makeCookie, openCookie, readStamp, stampOptions } from './syn-cookie.ts'
import type { Tcb } from './tcb.ts'

/** How long after the last cookie ACKs are still searched for one, in ms: two ticks. */
const COOKIE_LIFETIME = 128_000

const path = /* @__PURE__ */ createPath()

/** The block of a connection that begins with the SYN in `context.segment`; or why there is none. */
export function openFromSyn(
  context: TcpContext, listener: TcpListener, meta: PacketMeta, iss: number | undefined, now: number,
): Tcb | DropReason {
  const { segment } = context
  const { header } = segment
  const reason = context.network.findPath(meta.source, meta.destination, path)
  if (reason !== DropReason.None) return reason
  const options = iss === undefined || listener.options.iss !== undefined ? listener.options : { ...listener.options, iss }
  const tcb = createTcb(
    context, meta.destination, header.destinationPort, meta.source, header.sourcePort, path, options, now,
  )
  takeSyn(context, tcb, segment, now)
  if (header.options.fastOpenLength >= 0) takeFastOpen(context, listener, tcb)
  return tcb
}

/** RFC 7413 §4.2.2: text comes with the SYN if the cookie is right and the queue has room; else a cookie goes back. */
function takeFastOpen(context: TcpContext, listener: TcpListener, tcb: Tcb): void {
  const { segment } = context
  const queue = listener.options.fastOpenQueue ?? 0
  if (queue === 0) return
  if (!isOurCookie(context, tcb.remoteAddress, segment.header.options)) {
    tcb.fastOpen.grant = true
    return
  }
  if (listener.fastOpened >= queue) return
  tcb.fastOpen.server = true
  tcb.window.rightEdge = initialWindow(tcb.receiveLimit)
  const end = Math.min(segment.textEnd, segment.textStart + tcb.window.rightEdge)
  const length = acceptText(context, tcb, tcb.rcv.nxt, segment.bytes, segment.textStart, end)
  if (length <= 0) return
  tcb.rcv.nxt = (tcb.rcv.nxt + length) | 0
  tcb.receivedOffset += length
  tcb.counters.bytesReceived += length
  tcb.events |= Readiness.Readable
}

/** Answers the SYN in `context.segment` with a cookie and keeps nothing (RFC 4987 §3.6). */
export function answerWithCookie(context: TcpContext, listener: TcpListener, meta: PacketMeta, now: number): DropReason {
  const { config, hash, replies, network } = context
  const { header } = context.segment
  const { options } = header
  const reason = network.findPath(meta.source, meta.destination, path)
  if (reason !== DropReason.None) return reason
  const ports = (header.destinationPort << 16) | header.sourcePort
  const iss = makeCookie(hash, meta.destination, meta.source, ports, header.sequence, options.mss, now)
  // Scale and SACK can only be remembered in a timestamp.
  const stamps = config.timestamps && options.hasTimestamps
  const buffer = listener.options.receiveBuffer ?? config.receiveBuffer
  const ourMss = mssFor(path.mtu, isIpv4(meta.source))
  const first = listener.options.receiveBuffer ?? firstLimit(config, config.receiveBuffer, ourMss)
  const scales = stamps && config.windowScaling && options.windowScale >= 0
  const sack = stamps && config.sack && options.sackPermitted
  const at = replies.grant(
    meta, header, iss, initialWindow(first), ourMss,
    scales ? windowScaleFor(buffer) : -1, sack,
  )
  if (stamps) {
    const offset = timestampOffset(hash, meta.destination, header.destinationPort, meta.source, header.sourcePort)
    const clock = (Math.floor(now) + offset) | 0
    replies.stamp(at, stampOptions(clock, scales ? options.windowScale : -1, sack), options.timestampValue)
  }
  listener.cookiesUntil = now + COOKIE_LIFETIME
  return at < 0 ? DropReason.BacklogFull : DropReason.None
}

/** The window of a SYN,ACK, which is never scaled (RFC 7323 §2.2). */
function initialWindow(buffer: number): number {
  return buffer > 65_535 ? 65_535 : buffer
}

const contents: CookieContents = { mss: 0, windowScale: -1, sack: false }

/**
 * The block of a connection whose handshake a cookie carried, as it stood after the SYN,ACK; the ACK in
 * `context.segment` is then processed as any other. Undefined when the ACK brings no valid cookie.
 */
export function openFromCookie(context: TcpContext, listener: TcpListener, meta: PacketMeta, now: number): Tcb | undefined {
  const { segment, hash, network } = context
  const { header } = segment
  const { options } = header
  if (header.flags & (TcpFlags.SYN | TcpFlags.RST) || !(header.flags & TcpFlags.ACK)) return undefined
  const ports = (header.destinationPort << 16) | header.sourcePort
  const iss = (header.acknowledgment - 1) | 0
  const irs = (header.sequence - 1) | 0
  contents.mss = openCookie(hash, meta.destination, meta.source, ports, irs, iss, now)
  if (contents.mss < 0) return undefined
  contents.windowScale = -1
  contents.sack = false
  if (options.hasTimestamps) readStamp(options.timestampEcho, contents)
  if (network.findPath(meta.source, meta.destination, path) !== DropReason.None) return undefined

  const tcb = createTcb(
    context, meta.destination, header.destinationPort, meta.source, header.sourcePort, path, { ...listener.options, iss }, now,
  )
  // The SYN as it must have been.
  options.mss = contents.mss
  options.windowScale = contents.windowScale
  options.sackPermitted = contents.sack
  header.sequence = irs
  takeSyn(context, tcb, segment, now)
  header.sequence = (irs + 1) | 0
  tcb.snd.nxt = tcb.snd.max = (iss + 1) | 0
  tcb.window.rightEdge = initialWindow(tcb.receiveLimit)
  return tcb
}
