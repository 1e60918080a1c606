import type { Tcb } from './tcb.ts'

/** TSval now: the clock in ms, shifted by a secret of the connection (RFC 7323 §5.4). */
export function timestampClock(tcb: Tcb, now: number): number {
  return (Math.floor(now) + tcb.timestamps.offset) | 0
}
