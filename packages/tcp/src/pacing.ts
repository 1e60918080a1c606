import { createPacer, MAX_CONGESTION_WINDOW, pacerBudget, pacerDeadline, pacerSent, windowPacingRate } from '@layerfour/flow'
import type { Tcb } from './tcb.ts'

/** Bytes per second: what congestion control asks for, else, when the user wants pacing, a window a round trip; 0: unpaced. */
export function pacingRate({ congestion, settings, rtt }: Tcb): number {
  if (congestion.pacingRate > 0 || !settings.pacing) return congestion.pacingRate
  return windowPacingRate(congestion.cwnd, rtt.srtt, congestion.cwnd < congestion.ssthresh)
}

/** Whether the next segment has to wait; then a timer says when to go on. */
export function pacerStops(tcb: Tcb, now: number): boolean {
  const rate = pacingRate(tcb)
  const { mss } = tcb.negotiated
  if (rate > 0) {
    tcb.pacer ??= createPacer()
    if (pacerBudget(tcb.pacer, rate, mss, now) < mss) {
      tcb.timers.pacing = pacerDeadline(tcb.pacer)
      return true
    }
  }
  tcb.timers.pacing = Infinity
  return false
}

/** Bytes that may go at once, when `pacerStops` has just let a segment go. */
export function pacedBurst(tcb: Tcb): number {
  return pacingRate(tcb) > 0 && tcb.pacer !== undefined ? Math.floor(tcb.pacer.credit) : MAX_CONGESTION_WINDOW
}

export function noteSentByPacer(tcb: Tcb, bytes: number, now: number): void {
  const rate = pacingRate(tcb)
  if (rate > 0 && tcb.pacer !== undefined) pacerSent(tcb.pacer, rate, bytes, now)
}
