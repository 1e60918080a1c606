import type { RttEstimator } from '../rtt.ts'

/**
 * Tail loss probe (RFC 8985 §7): when ACKs stop coming, one more segment, new or the last one again, asks for the ACK that tells
 * what is missing, long before the retransmission timer would. Plain data.
 */
export interface TailLossProbe {
  /** TLP.end_seq: offset one past all that was sent when the probe went out; -1: no probe is out. */
  end: number
  /** TLP.is_retrans: the probe was old data, so its loss may have been repaired by it, unseen. */
  resent: boolean
}

export function createTailLossProbe(): TailLossProbe {
  const probe: TailLossProbe = { end: NaN, resent: false }
  probe.end = -1
  return probe
}

/** Added to PTO, ms: two ticks of a coarse clock, so that a path of no length is not probed at once (ours, as in Linux). */
const CLOCK_SLACK = 2
/** PTO while the round trip is unknown, ms (RFC 8985 §7.2). */
const FIRST_TIMEOUT = 1000

/** What the verdict on a probe is, now that an ACK came. */
export const ProbeVerdict = {
  /** No probe is out, or nothing is known about it yet. */
  None: 0,
  /** All that was sent had arrived. */
  NoLoss: 1,
  /** The probe repaired the loss of the last segment: congestion to answer (RFC 8985 §7.4). */
  Repaired: 2,
} as const

export type ProbeVerdict = (typeof ProbeVerdict)[keyof typeof ProbeVerdict]

/**
 * PTO, the time to wait for an ACK before probing, in ms (RFC 8985 §7.2): two round trips; with no more than a segment out also as
 * long as its receiver may hold back the ACK. 1 s before the first sample.
 */
export function probeTimeout(rtt: RttEstimator, outstanding: number, mss: number): number {
  if (rtt.samples === 0) return FIRST_TIMEOUT
  return 2 * rtt.srtt + CLOCK_SLACK + (outstanding <= mss ? rtt.maxAckDelay : 0)
}

/** The probe was sent; `sent` is one past the highest byte sent, the probe included. */
export function probeSent(probe: TailLossProbe, sent: number, resent: boolean): void {
  probe.end = sent
  probe.resent = resent
}

/**
 * An ACK came while a probe was out (RFC 8985 §7.4.2). `duplicate`: it reports data that arrived twice; `plain`: it brought
 * nothing new.
 */
export function probeOnAck(probe: TailLossProbe, ack: number, duplicate: boolean, plain: boolean): ProbeVerdict {
  if (probe.end < 0 || ack < probe.end) return ProbeVerdict.None
  if (!probe.resent || duplicate) {
    probe.end = -1
    return ProbeVerdict.NoLoss
  }
  if (ack > probe.end) {
    // Newer data is acknowledged, and nobody ever said that the probe came twice.
    probe.end = -1
    return ProbeVerdict.Repaired
  }
  if (plain) {
    // The same ACK again: original and probe both arrived, at a receiver without D-SACK.
    probe.end = -1
    return ProbeVerdict.NoLoss
  }
  return ProbeVerdict.None
}

/** Whether it is the probe that data reported to have arrived twice, up to `end`, comes from: not lost, but not taken for lost either. */
export function isProbeReport(probe: TailLossProbe, end: number): boolean {
  return probe.end >= 0 && probe.resent && end === probe.end
}

/** Another kind of recovery began. */
export function probeOver(probe: TailLossProbe): void {
  probe.end = -1
}
