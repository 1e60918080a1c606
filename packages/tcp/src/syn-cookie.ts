import type { SipHash } from '@layerfour/storage'
import { isIpv4 } from '@layerfour/wire'
import type { IpAddress } from '@layerfour/wire'

/**
 * SYN cookies (RFC 4987 §3.6, after D. J. Bernstein): when handshakes under way fill their cap, the
 * SYN,ACK's sequence number itself carries what must be remembered, and nothing is kept:
 *
 *     5 bits   counter of 64-second ticks, modulo 32
 *     3 bits   which of eight MSS values is the greatest that the peer can take
 *    24 bits   keyed hash of both ends, the peer's ISN, the tick and the MSS
 *
 * Where the peer offers timestamps, the low bits of our TSval hold what the ISN has no room for:
 * window scale and SACK-permitted come back in TSecr.
 */

/** RFC 4987 §3.6: how long a tick is, in ms. A cookie holds for this tick and the next one. */
const TICK = 64_000
const TICKS = 32

/** Common on the Internet: minimum, default, IPv6 default, tunnels, IPv6 Ethernet, PPPoE, Ethernet, jumbo frames. */
const mssValues: readonly number[] = [64, 536, 1220, 1360, 1440, 1452, 1460, 8940]

/** Low bits of TSval that carry options: four of window scale (15 for none), one of SACK. */
const OPTION_BITS = 5
const OPTION_MASK: number = (1 << OPTION_BITS) - 1
const NO_SCALE = 15

/** What a cookie brings back. */
export interface CookieContents {
  mss: number
  /** -1 when none was offered, or there were no timestamps to keep it in. */
  windowScale: number
  sack: boolean
}

/** Ticks since the clock began. A cookie shows them modulo 32; its hash knows them all, so none comes back to life. */
function ticks(now: number): number {
  return Math.floor(now / TICK)
}

function mac(
  hash: SipHash, local: IpAddress, remote: IpAddress, ports: number, irs: number, tick: number, mssIndex: number,
): number {
  hash.reset()
  hash.word(local.w0)
  hash.word(local.w1)
  hash.word(local.w2)
  hash.word(local.w3)
  hash.word(remote.w0)
  hash.word(remote.w1)
  hash.word(remote.w2)
  hash.word(remote.w3)
  hash.word(ports)
  hash.word(irs)
  // Apart from what this hash makes of ISNs, whose message is shorter.
  hash.word(tick)
  hash.word(mssIndex)
  return hash.finish() & 0xff_ffff
}

/** The sequence number of a SYN,ACK, int32. `ports` is local << 16 | remote; `mss` -1 when the SYN named none. */
export function makeCookie(
  hash: SipHash, local: IpAddress, remote: IpAddress, ports: number, irs: number, mss: number, now: number,
): number {
  const offered = mss >= 0 ? mss : isIpv4(remote) ? 536 : 1220
  let mssIndex = 0
  while (mssIndex + 1 < mssValues.length && mssValues[mssIndex + 1]! <= offered) mssIndex++
  const tick = ticks(now)
  return ((tick % TICKS) << 27) | (mssIndex << 24) | mac(hash, local, remote, ports, irs, tick, mssIndex)
}

/** The MSS in a cookie of ours; -1 when it is none, or too old. */
export function openCookie(
  hash: SipHash, local: IpAddress, remote: IpAddress, ports: number, irs: number, cookie: number, now: number,
): number {
  const age = (ticks(now) % TICKS - (cookie >>> 27) + TICKS) % TICKS
  if (age > 1) return -1
  const tick = ticks(now) - age
  const mssIndex = (cookie >>> 24) & 7
  if ((cookie & 0xff_ffff) !== mac(hash, local, remote, ports, irs, tick, mssIndex)) return -1
  return mssValues[mssIndex]!
}

/** A TSval not later than `clock` whose low bits keep the options of a SYN. */
export function stampOptions(clock: number, windowScale: number, sack: boolean): number {
  const scale = windowScale < 0 ? NO_SCALE : windowScale > 14 ? 14 : windowScale
  const stamped = (clock & ~OPTION_MASK) | (scale << 1) | (sack ? 1 : 0)
  return ((stamped - clock) | 0) > 0 ? (stamped - OPTION_MASK - 1) | 0 : stamped
}

/** The options that `stampOptions` put in, from the echo. */
export function readStamp(echo: number, into: CookieContents): void {
  const scale = (echo >>> 1) & 15
  into.windowScale = scale === NO_SCALE ? -1 : scale
  into.sack = (echo & 1) !== 0
}
