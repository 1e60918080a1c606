/**
 * Times one segment at a time, by Karn's rule: an ACK that could be for either of two transmissions says nothing about
 * the round trip, so a timed segment that was retransmitted gives no sample (RFC 6298 §3). Plain data.
 */
export interface SegmentTimer {
  /** Whether a segment is being timed. */
  running: boolean
  /** Whether the timed segment, or data before it, was sent again: its ACK will give no sample. */
  retransmitted: boolean
  /** Stream offset one past the timed segment. */
  end: number
  /** When it was sent, ms. */
  sentAt: number
}

export function createSegmentTimer(): SegmentTimer {
  const timer: SegmentTimer = { running: false, retransmitted: false, end: NaN, sentAt: NaN }
  timer.end = 0
  timer.sentAt = 0
  return timer
}

/** New data up to offset `end` was sent for the first time. Starts timing it unless another segment is being timed. */
export function segmentSent(timer: SegmentTimer, end: number, now: number): void {
  if (timer.running) return
  timer.running = true
  timer.retransmitted = false
  timer.end = end
  timer.sentAt = now
}

/**
 * Data from offset `start` on was sent again. A retransmission before the timed segment spoils it too: the cumulative
 * ACK had to wait for the gap to close.
 */
export function segmentRetransmitted(timer: SegmentTimer, start: number): void {
  if (start < timer.end) timer.retransmitted = true
}

/** The cumulative ACK reached offset `ack`. Returns the sample in ms for `rttSample`, or -1 when there is none. */
export function segmentAcked(timer: SegmentTimer, ack: number, now: number): number {
  if (!timer.running || ack < timer.end) return -1
  timer.running = false
  return timer.retransmitted ? -1 : now - timer.sentAt
}
