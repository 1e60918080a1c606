import type { AckFacts, CongestionControl, CongestionState } from '../congestion/congestion-control.ts'
import { finishRateSample } from '../delivery-rate.ts'
import type { RttEstimator } from '../rtt.ts'
import { detectLosses } from './_detection.ts'
import { reactToDuplicates } from './_duplicates.ts'
import { enterRecovery, leavePhase, takeBack } from './_phases.ts'
import { ackSample } from './delivery.ts'
import { flightSize, type LossRecovery, RecoveryEvent, RecoveryPhase } from './loss-recovery.ts'
import { reductionOnAck } from './prr.ts'
import { rackTooEarly, takeDuplicateReport } from './rack.ts'
import type { SackBlocks } from './scoreboard.ts'
import { bytesInFlight } from './sent-queue.ts'
import { isProbeReport, probeOnAck, ProbeVerdict } from './tail-loss-probe.ts'
import { undoDuplicate, undoForget } from './undo.ts'

/**
 * Second half of an ACK: what is lost now, and what follows for the window. `facts` as `takeDelivered` left them, with `srtt`, `mss`,
 * `sent`, `duplicate`, `appLimited` and `ece` from the caller.
 */
export function reactToAck<S extends CongestionState>(
  recovery: LossRecovery, control: CongestionControl<S>, congestion: S, blocks: SackBlocks, rtt: RttEstimator, facts: AckFacts,
): RecoveryEvent {
  facts.lost = 0
  const { fast } = recovery
  let event: RecoveryEvent
  if (fast === undefined) event = reactSelectively(recovery, control, congestion, blocks, rtt, facts)
  else {
    finishRateSample(recovery.rate, ackSample, rtt, facts)
    event = reactToDuplicates(recovery, fast, control, congestion, facts)
  }
  facts.inFlight = bytesInFlight(recovery.sent)
  return event
}

function reactSelectively<S extends CongestionState>(
  recovery: LossRecovery, control: CongestionControl<S>, congestion: S, blocks: SackBlocks, rtt: RttEstimator, facts: AckFacts,
): RecoveryEvent {
  const { sent, probe } = recovery
  const left = takeReport(recovery, control, congestion, blocks, facts)
  const probeReported = recovery.duplicateReported && isProbeReport(probe, blocks.edges[1]!)
  const lost = detectLosses(recovery, control, congestion, rtt, facts)
  // After the losses: they tell of their own segments in the same facts.
  finishRateSample(recovery.rate, ackSample, rtt, facts)
  const enters = entersRecovery(recovery, lost)
  facts.inFlight = bytesInFlight(sent)
  facts.inRecovery = enters || recovery.phase === RecoveryPhase.Recovery
  if (facts.newlyDelivered > 0) control.onAck(congestion, facts)
  if (enters) enterRecovery(recovery, control, congestion, facts)
  if (recovery.phase === RecoveryPhase.Recovery) {
    const progress = facts.newlyAcked > 0 && lost === 0
    reductionOnAck(recovery.reduction, facts.newlyDelivered, bytesInFlight(sent), congestion.ssthresh, facts.mss, progress)
  }
  if (enters) return RecoveryEvent.Enter
  if (lost > 0) return RecoveryEvent.MoreLost
  const verdict = probeOnAck(probe, facts.ack, probeReported, facts.newlyDelivered === 0 && facts.duplicate)
  if (verdict !== ProbeVerdict.Repaired || recovery.phase !== RecoveryPhase.Open) return left
  facts.inFlight = flightSize(recovery, congestion)
  undoForget(recovery.undo)
  control.onLoss(congestion, facts)
  return RecoveryEvent.ProbeRepaired
}

/** What the peer got twice may show that a reduction was a false alarm (RFC 3708); else the phase may be over for other reasons. */
function takeReport<S extends CongestionState>(
  recovery: LossRecovery, control: CongestionControl<S>, congestion: S, blocks: SackBlocks, facts: AckFacts,
): RecoveryEvent {
  if (recovery.duplicateReported && takeDuplicateReport(recovery.rack)) {
    const start = blocks.edges[0]!
    const end = blocks.edges[1]!
    if (!isProbeReport(recovery.probe, end)) rackTooEarly(recovery.rack, facts.ack, facts.sent)
    const needless = undoDuplicate(recovery.undo, start, end)
    if (needless && recovery.sent.lostCount === 0) return takeBack(recovery, control, congestion, facts)
  }
  return leavePhase(recovery, control, congestion, facts)
}

function entersRecovery(recovery: LossRecovery, lost: number): boolean {
  if (lost === 0) return false
  return recovery.phase === RecoveryPhase.Open || (recovery.phase === RecoveryPhase.Recovery && recovery.lostAgain)
}

/** The reordering window of some segment is over: what is lost now? `facts`: `now`, `ack`, `sent`, `mss`, `srtt` from the caller. */
export function reorderTimeout<S extends CongestionState>(
  recovery: LossRecovery, control: CongestionControl<S>, congestion: S, rtt: RttEstimator, facts: AckFacts,
): RecoveryEvent {
  noNews(recovery, facts)
  const lost = detectLosses(recovery, control, congestion, rtt, facts)
  if (lost === 0) return RecoveryEvent.None
  const enters = entersRecovery(recovery, lost)
  if (enters) enterRecovery(recovery, control, congestion, facts)
  if (recovery.phase === RecoveryPhase.Recovery) {
    reductionOnAck(recovery.reduction, 0, bytesInFlight(recovery.sent), congestion.ssthresh, facts.mss, false)
  }
  return enters ? RecoveryEvent.Enter : RecoveryEvent.MoreLost
}

/** Facts of an event that is no ACK. */
export function noNews(recovery: LossRecovery, facts: AckFacts): void {
  facts.priorInFlight = bytesInFlight(recovery.sent)
  facts.inFlight = facts.priorInFlight
  facts.delivered = recovery.rate.delivered
  facts.newlyAcked = 0
  facts.newlyDelivered = 0
  facts.lost = 0
  facts.duplicate = false
  facts.ece = false
  facts.inRecovery = recovery.phase === RecoveryPhase.Recovery
  facts.rtt = -1
  facts.deliveryRate = 0
  facts.priorDelivered = -1
}
