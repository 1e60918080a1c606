import { rateOnSend } from '../delivery-rate.ts'
import { FrtoStep } from './f-rto.ts'
import { type LossRecovery, RecoveryPhase } from './loss-recovery.ts'
import { reductionSent } from './prr.ts'
import { createRack, NO_RACK, rackResent } from './rack.ts'
import { markResent, pushSent } from './sent-marks.ts'
import { APP_LIMITED, bytesInFlight, endAt, RESENT, slotOf, startAt } from './sent-queue.ts'
import { undoResent } from './undo.ts'

/**
 * New data [start, end) was sent, in segments of `size` bytes, the last of which may be shorter. `flags`: 0, or `MTU_PROBE`. At most
 * `MAX_SENT_RECORDS` may be outstanding, which a sender asks about first (`recovery.sent.count`).
 * @throws RangeError when there are as many already: what has no record would never be resent.
 */
export function noteSent(
  recovery: LossRecovery, start: number, end: number, flags: number, now: number, size: number = Infinity,
): void {
  const { sent, rate } = recovery
  if (recovery.rack === NO_RACK) recovery.rack = createRack()
  let inFlight = bytesInFlight(sent)
  rateOnSend(rate, inFlight, now)
  const marks = flags | (rate.appLimitedUntil > 0 ? APP_LIMITED : 0)
  for (let from = start; from < end;) {
    const to = end - from > size ? from + size : end
    const slot = pushSent(sent, from, to, now)
    if (slot === -1) throw new RangeError(`${sent.count} segments are outstanding, expected fewer before another one is sent`)
    inFlight += to - from
    fillRecord(recovery, slot, marks, inFlight)
    from = to
  }
  if (recovery.frto === FrtoStep.Second) recovery.frto = FrtoStep.Third
  if (recovery.phase === RecoveryPhase.Recovery) reductionSent(recovery.reduction, end - start)
}

/** The record at `position`, which is not SACKED, was sent again. */
export function noteResent(recovery: LossRecovery, position: number, now: number): void {
  const { sent, rate } = recovery
  const bytes = endAt(sent, position) - startAt(sent, position)
  rateOnSend(rate, bytesInFlight(sent), now)
  markResent(sent, position, now)
  const marks = RESENT | (rate.appLimitedUntil > 0 ? APP_LIMITED : 0)
  fillRecord(recovery, slotOf(sent, position), marks, bytesInFlight(sent))
  recovery.forced = false
  undoResent(recovery.undo, bytes, now)
  rackResent(recovery.rack)
  if (recovery.phase === RecoveryPhase.Recovery) reductionSent(recovery.reduction, bytes)
}

function fillRecord({ sent, rate }: LossRecovery, slot: number, flags: number, inFlight: number): void {
  const { columns } = sent
  columns.flags[slot] = flags
  columns.delivered[slot] = rate.delivered
  columns.deliveredAt[slot] = rate.deliveredAt
  columns.firstSentAt[slot] = rate.firstSentAt
  columns.lost[slot] = rate.lost
  columns.inFlight[slot] = inFlight
}
