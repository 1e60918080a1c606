/** Limits of an RTT estimator, all in milliseconds. */
export interface RttBounds {
  /** RTO before the first sample: 1000 (RFC 6298 §2.1). */
  initialRto: number
  /** Least RTO: 200 as in the Linux kernel; RFC 6298 §2.4 says 1000 SHOULD be used. */
  minRto: number
  /** Greatest RTO, also under back-off: 60,000 (RFC 6298 §2.5 allows no less). */
  maxRto: number
  /** Clock granularity G, the least that 4·RTTVAR counts for: 1 (RFC 6298 §2). */
  granularity: number
  /** Added to the RTO for the time the peer may hold an ACK back: 0 is RFC 6298 to the letter (compare RFC 9002 §6.2.1). */
  maxAckDelay: number
}

/** Round-trip time estimate and the retransmission timeout that follows from it (RFC 6298). Plain data; times in ms. */
export interface RttEstimator extends RttBounds {
  /** Smoothed round-trip time; 0 before the first sample. */
  srtt: number
  /** Round-trip time variation; 0 before the first sample. */
  rttvar: number
  /** Retransmission timeout to arm the timer with, back-off included. */
  rto: number
  /** The last sample; -1 before the first. */
  latest: number
  /** The least sample; Infinity before the first. */
  min: number
  /** Samples taken. */
  samples: number
  /** How many times the RTO has been doubled since the last sample or reset. */
  backoff: number
}

export function createRttEstimator(bounds: Partial<RttBounds> = {}): RttEstimator {
  const { initialRto = 1000, minRto = 200, maxRto = 60_000, granularity = 1, maxAckDelay = 0 } = bounds
  if (!(minRto > 0 && maxRto >= minRto && initialRto > 0 && initialRto <= maxRto && granularity >= 0 && maxAckDelay >= 0)) {
    throw new RangeError(
      'RTT bounds must satisfy 0 < minRto <= maxRto, 0 < initialRto <= maxRto, granularity >= 0 and maxAckDelay >= 0; '
      + `got minRto ${minRto}, maxRto ${maxRto}, initialRto ${initialRto}, granularity ${granularity}, maxAckDelay ${maxAckDelay}`,
    )
  }
  // NaN first: V8 then gives the field a double slot that is overwritten in place, with no allocation per sample.
  const estimator: RttEstimator = {
    initialRto, minRto, maxRto, granularity, maxAckDelay,
    srtt: NaN, rttvar: NaN, rto: NaN, latest: NaN, min: NaN, samples: 0, backoff: 0,
  }
  estimator.srtt = 0
  estimator.rttvar = 0
  estimator.rto = initialRto
  estimator.latest = -1
  estimator.min = Infinity
  return estimator
}

/**
 * Takes a round-trip time sample (ms, >= 0) and recomputes the RTO, which ends any back-off (RFC 6298 §2.2, §2.3, §5).
 * Karn's rule is the caller's: never sample a segment that was retransmitted (see `SegmentTimer`), unless a timestamp says
 * which transmission was acknowledged. With timestamps a window yields many samples: pass how many to expect per round
 * trip, ceil(FlightSize / (2·SMSS)), so that history keeps its weight (RFC 7323 appendix G).
 */
export function rttSample(estimator: RttEstimator, rtt: number, samplesPerRoundTrip = 1): void {
  if (!(rtt >= 0 && rtt < Infinity)) return
  estimator.latest = rtt
  rttSampleLatest(estimator, samplesPerRoundTrip)
}

/** The same for a sample that stands in `estimator.latest` already, 0 or more: a fraction that is not handed over makes no object. */
export function rttSampleLatest(estimator: RttEstimator, samplesPerRoundTrip: number): void {
  const rtt = estimator.latest
  if (rtt < estimator.min) estimator.min = rtt
  if (estimator.samples === 0) {
    estimator.srtt = rtt
    estimator.rttvar = rtt / 2
  } else {
    const error = estimator.srtt - rtt
    const share = samplesPerRoundTrip > 1 ? 1 / samplesPerRoundTrip : 1
    // RTTVAR first: it uses SRTT from before this sample (§2.3).
    estimator.rttvar += ((error < 0 ? -error : error) - estimator.rttvar) * (0.25 * share)
    estimator.srtt -= error * (0.125 * share)
  }
  estimator.samples += 1
  rtoReset(estimator)
}

/** The timer expired: doubles the RTO, up to `maxRto` (RFC 6298 §5.5). */
export function rtoBackOff(estimator: RttEstimator): void {
  estimator.backoff += 1
  const doubled = estimator.rto * 2
  estimator.rto = doubled < estimator.maxRto ? doubled : estimator.maxRto
}

/**
 * Ends the back-off without a sample: the RTO is again what SRTT and RTTVAR say (initial RTO before any sample).
 * RFC 6298 keeps the back-off until a sample arrives; a sender may reset earlier when new data is acknowledged.
 */
export function rtoReset(estimator: RttEstimator): void {
  estimator.backoff = 0
  if (estimator.samples === 0) {
    estimator.rto = estimator.initialRto
    return
  }
  const variation = 4 * estimator.rttvar
  const margin = variation > estimator.granularity ? variation : estimator.granularity
  const rto = estimator.srtt + margin + estimator.maxAckDelay
  estimator.rto = rto < estimator.minRto ? estimator.minRto : rto > estimator.maxRto ? estimator.maxRto : rto
}

/**
 * The handshake's SYN had to be retransmitted: data transmission begins with an RTO of at least 3 s (RFC 6298 §5.7).
 * Call once, when the connection is established; the next sample replaces it.
 */
export function rtoAfterSynTimeout(estimator: RttEstimator): void {
  rtoReset(estimator)
  if (estimator.rto < 3000) estimator.rto = 3000 < estimator.maxRto ? 3000 : estimator.maxRto
}
