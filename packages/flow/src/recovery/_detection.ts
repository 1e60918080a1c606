import type { AckFacts, CongestionControl, CongestionState } from '../congestion/congestion-control.ts'
import { rateOnLost } from '../delivery-rate.ts'
import type { RttEstimator } from '../rtt.ts'
import { type LossRecovery, RecoveryPhase } from './loss-recovery.ts'
import { findLost, rackDeadline, reorderingWindow } from './rack.ts'
import { markLost } from './sent-marks.ts'
import { APP_LIMITED, MTU_PROBE, RESENT, slotOf, startAt } from './sent-queue.ts'

/** Marks what RACK finds lost (RFC 8985 §6.2 steps 4 and 5), and says when to look again. Returns how many bytes: `facts.lost`. */
export function detectLosses<S extends CongestionState>(
  recovery: LossRecovery, control: CongestionControl<S>, congestion: S, rtt: RttEstimator, facts: AckFacts,
): number {
  const { rack, sent, rate } = recovery
  const { columns } = sent
  const { now } = facts
  recovery.lostAgain = false
  if (sent.oldest === -1) {
    // Nothing is in flight that could be lost.
    facts.lost = 0
    recovery.reorderDeadline = Infinity
    return 0
  }
  const window = reorderingWindow(rack, sent, recovery.phase !== RecoveryPhase.Open, rtt.min, rtt.srtt)
  let lost = 0
  for (let position = findLost(rack, sent, window, now); position !== -1; position = findLost(rack, sent, window, now)) {
    const slot = slotOf(sent, position)
    const flags = columns.flags[slot]!
    const bytes = columns.end[slot]! - startAt(sent, position)
    markLost(sent, position)
    if (flags & MTU_PROBE) {
      // Too big, most likely: no sign of congestion (RFC 4821 §7.6).
      recovery.mtuProbeLost = true
      continue
    }
    lost += bytes
    if (flags & RESENT && columns.sentAt[slot]! >= recovery.reducedAt) recovery.lostAgain = true
    rateOnLost(rate, (flags & APP_LIMITED) !== 0, columns.inFlight[slot]!, columns.lost[slot]!, bytes, facts)
    control.onSegmentLost?.(congestion, facts)
  }
  facts.lost = lost
  recovery.reorderDeadline = rackDeadline(rack, sent, window)
  return lost
}
