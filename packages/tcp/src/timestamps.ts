import { lessThan, lessThanOrEqual } from '@layerfour/wire'
import type { Segment } from './segment.ts'
import type { Tcb } from './tcb.ts'

/** TSval now: the clock in ms, shifted by a secret of the connection (RFC 7323 §5.4). */
export function timestampClock(tcb: Tcb, now: number): number {
  return (Math.floor(now) + tcb.timestamps.offset) | 0
}

/** RFC 7323 §5.5: a timestamp this old says nothing, 24 days in ms. */
export const TIMESTAMP_LIFETIME: number = 24 * 24 * 3600 * 1000

/**
 * RFC 7323 §4.3: TS.Recent follows the segment that spans Last.ACK.sent, so delayed ACKs echo the earliest.
 * Only for a segment whose ACK was accepted: a forged one could otherwise have PAWS drop all that is honest.
 */
export function takeTimestamp(tcb: Tcb, segment: Segment, now: number): void {
  const { timestamps } = tcb
  if (!timestamps.enabled) return
  const { options, sequence } = segment.header
  if (lessThan(options.timestampValue, timestamps.recent)) {
    if (now - timestamps.recentAt <= TIMESTAMP_LIFETIME) return
  }
  if (!lessThanOrEqual(sequence, timestamps.lastAckSent)) return
  timestamps.recent = options.timestampValue
  timestamps.recentAt = now
}
