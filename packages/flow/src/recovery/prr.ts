/**
 * Proportional rate reduction (RFC 6937 and its successor): during recovery, what leaves the network decides what may enter
 * it, so that the flight is at ssthresh when recovery ends, without a pause and without a burst. Plain data; bytes.
 */
export interface RateReduction {
  /** RecoverFS: bytes in flight when recovery began. */
  flight: number
  /** prr_delivered: bytes delivered since. */
  delivered: number
  /** prr_out: bytes sent since. */
  out: number
  /** sndcnt: bytes that may be sent now. */
  quota: number
}

export function createRateReduction(): RateReduction {
  return { flight: 0, delivered: 0, out: 0, quota: 0 }
}

/** What everybody has who has reduced nothing yet, so that an idle connection takes no memory for it. */
export const NO_REDUCTION: RateReduction = /* @__PURE__ */ createRateReduction()

/** Recovery begins with `inFlight` bytes in the network, the lost ones included. Returns what to keep in place of `before`. */
export function reductionStart(before: RateReduction, inFlight: number): RateReduction {
  const reduction = before === NO_REDUCTION ? createRateReduction() : before
  reduction.flight = inFlight > 0 ? inFlight : 1
  reduction.delivered = 0
  reduction.out = 0
  reduction.quota = 0
  return reduction
}

/**
 * An ACK in recovery delivered `delivered` bytes; `inFlight` is what is in the network now. `progress`: SND.UNA moved and nothing
 * more was found to be lost, so that the network bears a little more than what left it (the successor's safe mode).
 */
export function reductionOnAck(
  reduction: RateReduction, delivered: number, inFlight: number, ssthresh: number, mss: number, progress: boolean,
): void {
  reduction.delivered += delivered
  let quota: number
  if (inFlight > ssthresh) {
    // The RFC's CEIL counts in segments, of which there are no halves; what is too much now is missing later. Multiplied first: a
    // quotient that is exact stays so.
    quota = Math.ceil(reduction.delivered * ssthresh / (reduction.flight * mss)) * mss - reduction.out
  } else {
    // Slow start up to ssthresh when progress is sure, packet conservation when it is not.
    const conserved = reduction.delivered - reduction.out
    // As much more as was delivered: an ACK cut in pieces (RFC 3465 §1) gains nothing.
    const more = !progress ? 0 : delivered < mss ? delivered : mss
    const limit = (conserved > delivered ? conserved : delivered) + more
    quota = ssthresh - inFlight < limit ? ssthresh - inFlight : limit
  }
  // The fast retransmit itself does not wait.
  const least = reduction.out === 0 ? mss : 0
  reduction.quota = quota > least ? quota : least
}

export function reductionSent(reduction: RateReduction, bytes: number): void {
  reduction.out += bytes
  reduction.quota -= bytes
}
