import { bytesInFlight, RecoveryPhase } from '@layerfour/flow'
import type { CongestionState } from '@layerfour/flow'
import type { TcpContext } from './context.ts'
import { controlOf } from './control.ts'
import { pacingRate } from './pacing.ts'
import type { Tcb } from './tcb.ts'

/** Congestion control of a connection at one moment. Bytes, bytes per second and ms. */
export interface CongestionTrace {
  /** Name of the algorithm. */
  control: string
  /** What the algorithm does: its own word if it has one (BBR: `startup`, `probe-rtt`…), else `slow-start` or `congestion-avoidance`. */
  phase: string
  /** `open`: nothing is known to be lost; `recovery`: losses are being repaired; `loss`: everything is sent again, as after a timeout. */
  recovery: 'open' | 'recovery' | 'loss'
  cwnd: number
  /** `MAX_CONGESTION_WINDOW` of `@layerfour/flow` until it is set. */
  ssthresh: number
  /** What segments are spread at; 0: they are not. */
  pacingRate: number
  /** Sent, and believed to be in the network. */
  inFlight: number
  /** Smoothed and least round-trip time; -1 before the first sample. */
  srtt: number
  minRtt: number
  /** Retransmission timeout, back-off included. */
  rto: number
  /** Known to have arrived since the start. */
  delivered: number
  /** As the ACK just taken in measured it; 0: this was no ACK, or it measured none. */
  deliveryRate: number
}

export function createCongestionTrace(): CongestionTrace {
  // NaN first: V8 then gives the field a double slot that is overwritten in place.
  return {
    control: '', phase: '', recovery: 'open', cwnd: NaN, ssthresh: NaN, pacingRate: NaN, inFlight: NaN,
    srtt: NaN, minRtt: NaN, rto: NaN, delivered: NaN, deliveryRate: NaN,
  }
}

const recoveryNames: Readonly<Record<RecoveryPhase, CongestionTrace['recovery']>> = {
  [RecoveryPhase.Open]: 'open',
  [RecoveryPhase.Recovery]: 'recovery',
  [RecoveryPhase.Loss]: 'loss',
}

/** Tells the observer, if it wants to know. `deliveryRate` in bytes/s, 0 when what happened was no ACK. */
export function traceCongestion(context: TcpContext, tcb: Tcb, deliveryRate: number, now: number): void {
  if (context.observer?.congestionTrace === undefined) return
  const { trace } = context
  const { congestion, recovery, rtt } = tcb
  const sampled = rtt.samples > 0
  trace.control = controlOf(context, tcb).name
  trace.phase = phaseOf(congestion)
  trace.recovery = recoveryNames[recovery.phase]
  trace.cwnd = congestion.cwnd
  trace.ssthresh = congestion.ssthresh
  trace.pacingRate = pacingRate(tcb)
  trace.inFlight = bytesInFlight(recovery.sent)
  trace.srtt = sampled ? rtt.srtt : -1
  trace.minRtt = sampled ? rtt.min : -1
  trace.rto = rtt.rto
  trace.delivered = recovery.rate.delivered
  trace.deliveryRate = deliveryRate
  context.observer.congestionTrace(tcb, trace, now)
}

function phaseOf(congestion: CongestionState & { readonly phase?: unknown }): string {
  if (typeof congestion.phase === 'string') return congestion.phase
  return congestion.cwnd < congestion.ssthresh ? 'slow-start' : 'congestion-avoidance'
}
