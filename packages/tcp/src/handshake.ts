import { isIpv4 } from '@layerfour/wire'
import type { TcpOptions } from '@layerfour/wire'
import type { TcpConfig } from './config.ts'
import type { Tcb } from './tcb.ts'

const TCP_HEADER = 20
const IPV4_HEADER = 20
const IPV6_HEADER = 40
/** Ten bytes and two of padding in every segment once timestamps are agreed (RFC 7323 appendix A). */
export const TIMESTAMPS_LENGTH = 12
/** What a peer takes that did not say (RFC 9293 MUST-15, SHLD-5 of §3.7.1). */
const DEFAULT_MSS_IPV4 = 536
const DEFAULT_MSS_IPV6 = 1220
/** Ours: a peer that announces less is served as if it had announced this, or options would leave no room for text. */
export const MINIMUM_MSS = 48
/** What the smallest MTU, IPv4's 68 bytes, leaves (RFC 791). */
const LEAST_MSS = 28
/** RFC 7323 §2.3. */
const MAXIMUM_SCALE = 14

/** MSS to announce on a path: what fits in its MTU after fixed headers (RFC 9293 MUST-67, RFC 6691). */
export function mssFor(mtu: number, ipv4: boolean): number {
  const mss = mtu - (ipv4 ? IPV4_HEADER : IPV6_HEADER) - TCP_HEADER
  return mss > 65_535 ? 65_535 : mss < LEAST_MSS ? LEAST_MSS : mss
}

/** The smallest shift under which a window of `buffer` bytes fits 16 bits (RFC 7323 §2.2). */
export function windowScaleFor(buffer: number): number {
  let scale = 0
  while (scale < MAXIMUM_SCALE && buffer >>> scale > 65_535) scale++
  return scale
}

/** Eff.snd.MSS (RFC 9293 §3.7.1, MUST-16): the lesser of what the peer takes and the path carries, less options. */
export function effectiveMss(tcb: Tcb): number {
  const { peerMss } = tcb.negotiated
  const pathMss = mssFor(tcb.pathMtu, isIpv4(tcb.remoteAddress))
  const mss = peerMss < pathMss ? peerMss : pathMss
  return tcb.timestamps.enabled ? mss - TIMESTAMPS_LENGTH : mss
}

/** Fills in what a SYN of ours offers, or a SYN,ACK grants of what the peer offered. */
export function offerOptions(tcb: Tcb, config: TcpConfig, granting: boolean, options: TcpOptions): void {
  const { negotiated } = tcb
  options.mss = negotiated.ourMss
  options.windowScale = (granting ? negotiated.windowScaling : config.windowScaling) ? tcb.rcv.scale : -1
  options.sackPermitted = granting ? negotiated.sack : config.sack
}

/** Whether timestamps go into a SYN: offered at first, granted when the peer offered them too. */
export function offersTimestamps(tcb: Tcb, config: TcpConfig, granting: boolean): boolean {
  return granting ? tcb.timestamps.enabled : config.timestamps
}

/** Takes in the options of the peer's SYN or SYN,ACK: each holds only if both sides want it. */
export function acceptOptions(tcb: Tcb, config: TcpConfig, options: TcpOptions, now: number): void {
  const { negotiated, timestamps } = tcb
  const announced =
    options.mss >= 0 ? options.mss : isIpv4(tcb.remoteAddress) ? DEFAULT_MSS_IPV4 : DEFAULT_MSS_IPV6
  negotiated.peerMss = announced < MINIMUM_MSS ? MINIMUM_MSS : announced

  negotiated.windowScaling = config.windowScaling && options.windowScale >= 0
  if (negotiated.windowScaling) {
    // RFC 7323 §2.3: a larger shift is used as 14.
    tcb.snd.scale = options.windowScale > MAXIMUM_SCALE ? MAXIMUM_SCALE : options.windowScale
  } else {
    tcb.snd.scale = 0
    tcb.rcv.scale = 0
  }

  negotiated.sack = config.sack && options.sackPermitted

  timestamps.enabled = config.timestamps && options.hasTimestamps
  if (timestamps.enabled) {
    timestamps.recent = options.timestampValue
    timestamps.recentAt = now
  }
  negotiated.mss = effectiveMss(tcb)
}

/** Greatest user timeout that a peer can ask for, in ms: RFC 5482 §3.1, U_LIMIT. */
const USER_TIMEOUT_LIMIT = 3_600_000
/** Least one: RFC 5482 §3.1, L_LIMIT, is RFC 9293's 100 s. */
const USER_TIMEOUT_LEAST = 100_000

/** RFC 5482 §3.1: the longer of both sides' user timeouts holds for both, within limits. */
export function heedUserTimeout(tcb: Tcb, options: TcpOptions): void {
  if (!tcb.settings.userTimeoutOption || options.userTimeout < 0) return
  const longer = Math.max(tcb.settings.userTimeout, options.userTimeout * 1000, USER_TIMEOUT_LEAST)
  tcb.settings = { ...tcb.settings, userTimeout: Math.min(longer, USER_TIMEOUT_LIMIT) }
}
