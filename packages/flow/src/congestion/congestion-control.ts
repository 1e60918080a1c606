/** What every congestion control algorithm decides. Plain data; an algorithm adds fields of its own. */
export interface CongestionState {
  /** Congestion window in bytes, at least one MSS, at most `MAX_CONGESTION_WINDOW`. */
  cwnd: number
  /** Slow start threshold in bytes; `MAX_CONGESTION_WINDOW` until a loss. */
  ssthresh: number
  /** Bytes per second to spread segments at; 0: unpaced. */
  pacingRate: number
}

/**
 * What happened, told to congestion control and recovery. The caller owns one object and refills it for every event;
 * nobody keeps it. Offsets are bytes since the start of the stream and may exceed 2^31.
 */
export interface AckFacts {
  /** Time of the event, ms. */
  now: number
  /** Offset of the first byte not acknowledged: SND.UNA after this ACK. */
  ack: number
  /** Offset one past the highest byte ever sent: SND.NXT. */
  sent: number
  /** Bytes that this ACK acknowledged cumulatively for the first time. */
  newlyAcked: number
  /** Bytes that this ACK proved to have arrived, cumulatively or selectively, and no ACK before it. */
  newlyDelivered: number
  /** Bytes believed to be in the network after this event (RFC 6675: pipe): sent, not acknowledged, not SACKed, not lost. */
  inFlight: number
  /** The same before this event. */
  priorInFlight: number
  /** Bytes delivered since the start: SACKed ones included, so never less than `ack`. */
  delivered: number
  /** Bytes that this event marked as lost. */
  lost: number
  /** Round-trip time sample of this ACK in ms; -1: none. */
  rtt: number
  /** Smoothed round-trip time in ms; 0 before the first sample. */
  srtt: number
  /** SMSS, bytes of data in a full-sized segment. */
  mss: number
  /** A duplicate ACK as RFC 5681 §2 defines it: data outstanding, no data or SYN or FIN, same ACK, same window. */
  duplicate: boolean
  /** Loss recovery is going on; set by whoever runs recovery. */
  inRecovery: boolean
  /** The ACK echoes a congestion mark (ECE); false unless ECN was negotiated. */
  ece: boolean
  /** The application or the peer, not the congestion window, limited what was sent: the window has not been tried (RFC 7661). */
  appLimited: boolean
  /** How often in a row the retransmission timer expired for the same data, this time included; 0 outside timeouts. */
  timeouts: number
  /** Time since data was last sent, ms; for `onIdle`. */
  idle: number
  /** Delivery rate measured by this ACK in bytes/s; 0: no sample. This and the next four: `DeliveryRate`. */
  deliveryRate: number
  /** The application limited the sending when the sampled segment went out: the path may be faster. */
  rateAppLimited: boolean
  /** `delivered` as it was when the sampled segment was sent: a round trip is over when that passes the old `delivered`; -1: no sample. */
  priorDelivered: number
  /** Bytes in flight just after the sampled segment (in `onSegmentLost`: the lost one) was sent. */
  sentInFlight: number
  /** Bytes marked lost since the sampled (or lost) segment was sent. */
  lostSinceSent: number
}

/** Facts with nothing in them. */
export function createAckFacts(): AckFacts {
  // NaN first: V8 then gives the field a double slot that is overwritten in place; a small integer would be replaced by
  // a fresh heap number on every store beyond 2^31.
  const facts: AckFacts = {
    now: NaN, ack: NaN, sent: NaN, newlyAcked: 0, newlyDelivered: 0, inFlight: 0, priorInFlight: 0, delivered: NaN, lost: 0,
    rtt: NaN, srtt: NaN, mss: 536, duplicate: false, inRecovery: false, ece: false, appLimited: false, timeouts: 0, idle: NaN,
    deliveryRate: NaN, rateAppLimited: false, priorDelivered: NaN, sentInFlight: 0, lostSinceSent: 0,
  }
  facts.now = 0
  facts.ack = 0
  facts.sent = 0
  facts.delivered = 0
  facts.rtt = -1
  facts.srtt = 0
  facts.idle = 0
  facts.deliveryRate = 0
  facts.priorDelivered = -1
  return facts
}

/**
 * How losses are repaired. `'sack'`, the default: whatever is known to be lost is resent as fast as proportional rate
 * reduction allows (RFC 6937), or as NewReno does when the peer has no SACK. `'tahoe'`: everything outstanding again, in slow
 * start. `'reno'`: fast recovery that the first ACK of new data ends (RFC 2581). `'newreno'`: RFC 6582, also when the peer has
 * SACK. `'own'`: as `'sack'`, but what the algorithm sets as cwnd holds during recovery too.
 */
export type RecoveryStyle = 'sack' | 'tahoe' | 'reno' | 'newreno' | 'own'

/**
 * A congestion control algorithm: pure functions over a plain state. Bring your own as a plain object.
 * It never sees a socket, a clock or a segment, and it does not decide what is lost or which segment to resend.
 */
export interface CongestionControl<S extends CongestionState = CongestionState> {
  readonly name: string
  /** `'sack'` when absent. */
  readonly recovery?: RecoveryStyle
  /** `'every-mark'`: `facts.ece` says of each ACK whether it echoes a mark (RFC 8257). Absent: marks count as one loss a window. */
  readonly ecn?: 'every-mark'
  /** State of a new connection. `initialWindow` (bytes) replaces the algorithm's own, as after a lost SYN (RFC 5681 §3.1). */
  create(mss: number, initialWindow?: number): S
  /** An ACK acknowledged or SACKed new data (`newlyAcked` may be 0). Also called during recovery, with `facts.inRecovery` set. */
  onAck(state: S, facts: AckFacts): void
  /**
   * Congestion was detected other than by timeout: loss, or a mark (`facts.ece`). Once per loss event; sets `ssthresh` and
   * `cwnd`. `facts.inFlight` is what was in flight when it happened, the lost bytes included: FlightSize, at most about cwnd.
   */
  onLoss(state: S, facts: AckFacts): void
  /**
   * The retransmission timer expired; `facts.timeouts` says how often in a row, `facts.inFlight` is as in `onLoss`. When
   * `facts.inRecovery` is set, `onLoss` has reduced the window for the same data before: `ssthresh` stays then, as it does from the
   * second timeout on.
   */
  onTimeout(state: S, facts: AckFacts): void
  /** Data is about to be sent after more than an RTO without any (RFC 5681 §4.1); `facts.idle` says how long. */
  onIdle(state: S, facts: AckFacts): void
  /** All data of the loss event is acknowledged; with `recovery: 'own'` also that of a timeout. */
  onRecoveryEnd?(state: S, facts: AckFacts): void
  /**
   * The last `onLoss` or `onTimeout` was a false alarm: nothing had been lost. `cwnd` and `ssthresh` are restored already
   * (RFC 4015); an algorithm that keeps more than these puts it back here.
   */
  onUndo?(state: S, facts: AckFacts): void
  /** One segment was marked lost: `facts.lost` is its size, `sentInFlight` and `lostSinceSent` are its own. Before `onLoss`. */
  onSegmentLost?(state: S, facts: AckFacts): void
  /** The connection goes on by another clock: `by` ms must be added to every time in the state. Needless where there is none. */
  shiftTime?(state: S, by: number): void
}

/** Greatest congestion window in bytes: the greatest TCP window (RFC 7323 §2.3) less one, a small integer in every engine. */
export const MAX_CONGESTION_WINDOW: number = 0x3fff_ffff

/** Initial window in bytes: ten segments, at most max(2·MSS, 14,600) bytes (RFC 6928 §2). */
export function initialWindow(mss: number): number {
  if (!(mss >= 1)) throw new RangeError(`the MSS must be at least 1 byte, got ${mss}`)
  return Math.min(10 * mss, Math.max(2 * mss, 14_600))
}
