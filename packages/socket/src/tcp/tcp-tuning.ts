import type { CongestionControl } from '@layerfour/flow'
import type { Settings } from '@layerfour/tcp'

/** How a connection behaves, as `connect`, `listen` and `TcpConnection.configure` take it. Times in ms. */
export interface TcpTuning {
  /** Nagle's algorithm off: false. */
  readonly noDelay?: boolean
  /** Probe the peer when nothing was heard of it for long: false. */
  readonly keepAlive?: boolean
  /** Time without a sign of the peer before the first probe: two hours, unless `tcp({ keepAliveIdle })` says otherwise. */
  readonly keepAliveInitialDelay?: number
  /**
   * How long `close` may take until the peer has acknowledged everything: then the connection is reset and `close` rejects with
   * ETIMEDOUT. 0: `close` resets at once, as `abort`. -1, the default: as long as the user timeout allows.
   */
  readonly linger?: number
  /** How long sent text may stay unacknowledged before the connection breaks with ETIMEDOUT: five minutes. */
  readonly userTimeout?: number
  /** Differentiated services code point of all segments, shifted left by two: 0 to 252. The two bits of ECN are not the user's. */
  readonly trafficClass?: number
  /** Hop limit of all segments, 1 to 255; 0, the default, leaves it to the internet layer. */
  readonly hopLimit?: number
  /**
   * One of `@layerfour/flow`'s algorithms, an object of your own, or the name of one that the stack knows: the stack's, CUBIC unless
   * `tcp({ congestionControl })` says otherwise.
   */
  readonly congestionControl?: string | CongestionControl
  /** Spread segments over the round trip, also with a congestion control that does not ask for it: false. */
  readonly pacing?: boolean
}

/** The same as settings of a connection, the congestion control left out. @throws RangeError for a figure out of range. */
export function tuningSettings(tuning: TcpTuning): Partial<Settings> {
  const { noDelay, keepAlive, keepAliveInitialDelay, linger, userTimeout, trafficClass, hopLimit, pacing } = tuning
  const settings: Partial<Settings> = {}
  if (noDelay !== undefined) settings.noDelay = noDelay
  if (pacing !== undefined) settings.pacing = pacing
  if (keepAlive !== undefined) settings.keepAlive = keepAlive
  if (keepAliveInitialDelay !== undefined) settings.keepAliveIdle = inRange('keepAliveInitialDelay', keepAliveInitialDelay, 1, 2 ** 31)
  if (linger !== undefined) settings.linger = linger === -1 ? -1 : inRange('linger', linger, 0, 2 ** 31)
  if (userTimeout !== undefined) settings.userTimeout = inRange('userTimeout', userTimeout, 1, Infinity)
  if (trafficClass !== undefined) settings.trafficClass = inRange('trafficClass', trafficClass, 0, 255) & ~3
  if (hopLimit !== undefined) settings.hopLimit = inRange('hopLimit', hopLimit, 0, 255)
  return settings
}

/** `value` if it is a number from `least` to `greatest`. @throws RangeError when it is not. */
export function inRange(name: string, value: number, least: number, greatest: number): number {
  if (value >= least && value <= greatest) return value
  throw new RangeError(`${name} is ${String(value)}, expected a number from ${least} to ${greatest}`)
}
