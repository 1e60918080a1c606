import type { AckFacts } from './congestion/congestion-control.ts'
import type { RttEstimator } from './rtt.ts'

/**
 * Measures how fast the path delivers (draft-cheng-iccrg-delivery-rate-estimation, now the section "Delivery Rate
 * Samples" of draft-ietf-ccwg-bbr). Each segment remembers, when sent, what had been delivered until then; when it arrives, what
 * was delivered meanwhile over the time it took is the rate. Plain data of a connection; bytes and ms.
 *
 * The caller keeps, for each segment in flight, a record made when it was sent (and made anew when it is sent again):
 *
 * | record       | value                                                                    |
 * |--------------|--------------------------------------------------------------------------|
 * | sentAt       | now                                                                      |
 * | delivered    | `rate.delivered`, like the next four after `rateOnSend`                  |
 * | deliveredAt  | `rate.deliveredAt`                                                       |
 * | firstSentAt  | `rate.firstSentAt`                                                       |
 * | appLimited   | `rate.appLimitedUntil > 0`                                               |
 * | lost         | `rate.lost`                                                              |
 * | sentInFlight | bytes in flight just after sending, this segment included                |
 *
 * Per ACK: `rateOnDelivered` for each record that it delivers, `rateOnLost` for each that it shows to be lost, then
 * `finishRateSample` once.
 */
export interface DeliveryRate {
  /** Bytes delivered since the start, cumulatively or selectively acknowledged. */
  delivered: number
  /** When `delivered` grew last, or when sending began after nothing was in flight. */
  deliveredAt: number
  /** When the newest segment known to be delivered was sent: the send interval of what is sent now begins there. */
  firstSentAt: number
  /** The application limits the sending until `delivered` has passed this; 0: it does not. */
  appLimitedUntil: number
  /** Bytes marked lost since the start. */
  lost: number
}

/** Of the segments that one ACK delivers, what the record of the newest says. One object, reused for every ACK. */
export interface RateSample {
  /** `delivered` of the record; -1: nothing sampled. */
  priorDelivered: number
  /** Time in which the segments of the sample were sent, ms. */
  sendElapsed: number
  /** Time in which they were delivered, ms. */
  ackElapsed: number
  appLimited: boolean
  sentInFlight: number
  /** `lost` of the record. */
  priorLost: number
}

export function createDeliveryRate(): DeliveryRate {
  const rate: DeliveryRate = { delivered: NaN, deliveredAt: NaN, firstSentAt: NaN, appLimitedUntil: NaN, lost: NaN }
  rate.delivered = 0
  rate.deliveredAt = 0
  rate.firstSentAt = 0
  rate.appLimitedUntil = 0
  rate.lost = 0
  return rate
}

export function createRateSample(): RateSample {
  const sample: RateSample = {
    priorDelivered: NaN, sendElapsed: NaN, ackElapsed: NaN, appLimited: false, sentInFlight: 0, priorLost: NaN,
  }
  sample.priorDelivered = -1
  sample.sendElapsed = 0
  sample.ackElapsed = 0
  sample.priorLost = 0
  return sample
}

/**
 * A segment is about to be sent, with `inFlight` bytes in the network before it. Call it before the record is filled.
 * When nothing is in flight both intervals begin anew: the time without data says nothing about the path.
 */
export function rateOnSend(rate: DeliveryRate, inFlight: number, now: number): void {
  if (inFlight > 0) return
  rate.firstSentAt = now
  rate.deliveredAt = now
}

/**
 * A segment of `bytes` bytes is newly acknowledged, cumulatively or selectively; `record…` is what its record says. Call it
 * once for each segment. The order matters only among segments sent at the same time: older first.
 */
export function rateOnDelivered(
  rate: DeliveryRate, sample: RateSample, recordDelivered: number, recordDeliveredAt: number, recordFirstSentAt: number,
  recordSentAt: number, recordAppLimited: boolean, recordSentInFlight: number, recordLost: number, bytes: number, now: number,
): void {
  rate.delivered += bytes
  rate.deliveredAt = now
  // The newest says most about now. One older than a segment delivered before would measure a stretch of time twice.
  if (recordSentAt < rate.firstSentAt || recordDelivered < sample.priorDelivered) return
  rate.firstSentAt = recordSentAt
  sample.priorDelivered = recordDelivered
  sample.sendElapsed = recordSentAt - recordFirstSentAt
  sample.ackElapsed = now - recordDeliveredAt
  sample.appLimited = recordAppLimited
  sample.sentInFlight = recordSentInFlight
  sample.priorLost = recordLost
}

/**
 * A segment of `bytes` bytes is marked lost; `record…` is what its record says. Counts it and fills the facts that
 * `CongestionControl.onSegmentLost` reads: `lost` (its size), `sentInFlight`, `lostSinceSent` (itself included), `rateAppLimited`
 * and `delivered`.
 */
export function rateOnLost(
  rate: DeliveryRate, recordAppLimited: boolean, recordSentInFlight: number, recordLost: number, bytes: number, facts: AckFacts,
): void {
  rate.lost += bytes
  facts.lost = bytes
  facts.sentInFlight = recordSentInFlight
  facts.lostSinceSent = rate.lost - recordLost
  facts.rateAppLimited = recordAppLimited
  facts.delivered = rate.delivered
}

/**
 * All that one ACK delivers is known: fills `deliveryRate`, `rateAppLimited`, `priorDelivered`, `sentInFlight`, `lostSinceSent`
 * and `delivered` of the facts, and readies the sample for the next ACK. The least
 * round-trip time is the estimator's, 0 or Infinity while unknown.
 */
export function finishRateSample(
  rate: DeliveryRate, sample: RateSample, { min: minRtt }: Readonly<Pick<RttEstimator, 'min'>>, facts: AckFacts,
): void {
  if (rate.appLimitedUntil > 0 && rate.delivered > rate.appLimitedUntil) rate.appLimitedUntil = 0
  facts.delivered = rate.delivered
  // Neither the sending rate nor the rate of a burst of ACKs can exceed what the path did: the longer interval counts.
  const interval = sample.sendElapsed > sample.ackElapsed ? sample.sendElapsed : sample.ackElapsed
  // No delivery takes less than a round trip. If one seems to, the ACK was for an earlier transmission of the segment.
  const valid = sample.priorDelivered >= 0 && interval > 0 && (interval >= minRtt || minRtt === Infinity)
  facts.deliveryRate = valid ? (rate.delivered - sample.priorDelivered) * 1000 / interval : 0
  facts.priorDelivered = valid ? sample.priorDelivered : -1
  facts.rateAppLimited = valid && sample.appLimited
  facts.sentInFlight = valid ? sample.sentInFlight : 0
  facts.lostSinceSent = valid ? rate.lost - sample.priorLost : 0
  sample.priorDelivered = -1
}

/**
 * The window and the path would take more than the application gives: samples of what is in flight now, and of what is sent
 * until it is delivered, may be lower than the path's rate. Call it when everything was sent, nothing marked lost waits to be
 * resent, and `inFlight` is below cwnd.
 */
export function markAppLimited(rate: DeliveryRate, inFlight: number): void {
  const until = rate.delivered + inFlight
  rate.appLimitedUntil = until > 1 ? until : 1
}

/** The connection goes on by another clock: `by` ms are added to every time. */
export function rateShiftTime(rate: DeliveryRate, by: number): void {
  rate.deliveredAt += by
  rate.firstSentAt += by
}
