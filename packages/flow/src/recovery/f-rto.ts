/**
 * How far F-RTO has come (RFC 5682): was a retransmission timeout spurious, the data only late? After the first resent segment is
 * acknowledged, new segments go out, two in slow start; if the next ACK is for data that was not resent, the originals are arriving.
 */
export const FrtoStep = {
  Off: 0,
  /** The timer expired and the first segment was resent: the first ACK is awaited. */
  First: 1,
  /** That ACK made progress: new segments are to be sent instead of old ones. */
  Second: 2,
  /** They were sent, and the second ACK is awaited. */
  Third: 3,
  /** The originals arrive: the timeout was spurious. */
  Spurious: 4,
} as const

export type FrtoStep = (typeof FrtoStep)[keyof typeof FrtoStep]

/**
 * The step after an ACK (RFC 5682 §2.1 and §3.1). `progress`: SND.UNA moved. `original`: it acknowledges or SACKs data that was in flight
 * at the timeout and never resent. `complete`: everything that was out at the timeout.
 */
export function frtoOnAck(step: FrtoStep, progress: boolean, original: boolean, complete: boolean): FrtoStep {
  if (step === FrtoStep.Off) return FrtoStep.Off
  if (original) return FrtoStep.Spurious
  // A duplicate ACK, or progress by the retransmission alone: the segments are missing for real.
  return step === FrtoStep.First && progress && !complete ? FrtoStep.Second : FrtoStep.Off
}
