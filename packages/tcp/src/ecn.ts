import { reactToEcho, RecoveryPhase } from '@layerfour/flow'
import { DropReason, TcpFlags } from '@layerfour/wire'
import type { TcpContext } from './context.ts'
import { controlOf } from './control.ts'
import type { Segment } from './segment.ts'
import { segmentLength } from './segment.ts'
import { sendSegment } from './send-segment.ts'
import type { Tcb } from './tcb.ts'
import { textSent } from './tcb.ts'

/*
 * Explicit congestion notification (RFC 3168): routers mark packets instead of dropping them, the
 * receiver echoes the mark, the sender slows down. A richer feedback (AccECN) would be another
 * `EcnMode` and answer the same four questions that the functions here answer.
 */

export const EcnMode = {
  Off: 0,
  /** RFC 3168: one echo a round trip. */
  Classic: 1,
} as const

export type EcnMode = (typeof EcnMode)[keyof typeof EcnMode]

export interface EcnState {
  mode: EcnMode
  /** A marked packet came and the sender has not said CWR yet: ACKs carry ECE. */
  echo: boolean
  /** We have slowed down: the next new text says CWR. */
  reduced: boolean
  /** Stream offset up to which the last reduction counts: one a window of text. */
  recover: number
  /**
   * With a congestion control that counts every mark, ACKs owed for text that came before the marks changed: up to which sequence
   * number each, and as bits whether it echoes a mark. Made when first needed.
   */
  owed: Int32Array | undefined
  owedCount: number
  owedEchoes: number
}

/** Changes of marks between two polls that are told apart: more of them than segments of a burst are rare. */
const MAXIMUM_OWED = 16

/** The low two bits of the traffic class octet (RFC 3168 §5). */
const ECT_0 = 2
const CE = 3

export function createEcnState(): EcnState {
  return { mode: EcnMode.Off, echo: false, reduced: false, recover: -1, owed: undefined, owedCount: 0, owedEchoes: 0 }
}

/** Flags of our SYN (ECN-setup SYN) or SYN,ACK (ECN-setup SYN,ACK), RFC 3168 §6.1.1. */
export function ecnSetupFlags(context: TcpContext, tcb: Tcb, granting: boolean): number {
  if (granting) return tcb.ecn.mode === EcnMode.Off ? 0 : TcpFlags.ECE
  // A path that loses such SYNs gets plain ones (RFC 3168 §6.1.1.1).
  return context.config.ecn && tcb.retries === 0 ? TcpFlags.ECE | TcpFlags.CWR : 0
}

/** Takes in the peer's SYN or SYN,ACK. */
export function acceptEcn(context: TcpContext, tcb: Tcb, flags: number): void {
  const both = TcpFlags.ECE | TcpFlags.CWR
  const wanted = flags & TcpFlags.ACK ? TcpFlags.ECE : both
  const offered = (flags & TcpFlags.ACK) === 0 || tcb.ecnOffered
  if (context.config.ecn && offered && (flags & both) === wanted) tcb.ecn.mode = EcnMode.Classic
}

/** ECN bits of an outgoing packet: only new text may be marked (RFC 3168 §6.1.5). */
export function ecnCodepoint(tcb: Tcb, length: number, again: boolean): number {
  return tcb.ecn.mode !== EcnMode.Off && length > 0 && !again ? ECT_0 : 0
}

/** ECN flags of an outgoing segment: the echo, and once that we have slowed down. */
export function ecnFlags(tcb: Tcb, length: number, again: boolean): number {
  const { ecn } = tcb
  if (ecn.mode === EcnMode.Off) return 0
  let flags = ecn.echo ? TcpFlags.ECE : 0
  if (ecn.reduced && length > 0 && !again) {
    ecn.reduced = false
    flags |= TcpFlags.CWR
  }
  return flags
}

/** Receiver: a mark is echoed until the sender says that it has slowed down (RFC 3168 §6.1.3). */
export function noteMark(context: TcpContext, tcb: Tcb, segment: Segment): void {
  const { ecn } = tcb
  if (controlOf(context, tcb).ecn === 'every-mark') {
    echoEveryMark(tcb, segment)
    return
  }
  if (segment.header.flags & TcpFlags.CWR) ecn.echo = false
  if ((segment.trafficClass & 3) === CE) {
    ecn.echo = true
    tcb.ackNow = true
  }
}

/**
 * RFC 8257 §3.2: ACKs say of each segment whether it was marked. When that changes, what came before is acknowledged as it was, and
 * the new segment at once.
 */
function echoEveryMark(tcb: Tcb, segment: Segment): void {
  const { ecn, rcv } = tcb
  const marked = (segment.trafficClass & 3) === CE
  if (marked === ecn.echo || segmentLength(segment) === 0) return
  ecn.owed ??= new Int32Array(MAXIMUM_OWED)
  const told = ecn.owedCount > 0 ? ecn.owed[ecn.owedCount - 1]! : tcb.timestamps.lastAckSent
  if (rcv.nxt !== told && ecn.owedCount < MAXIMUM_OWED) {
    const bit = 1 << ecn.owedCount
    ecn.owed[ecn.owedCount++] = rcv.nxt
    ecn.owedEchoes = ecn.echo ? ecn.owedEchoes | bit : ecn.owedEchoes & ~bit
  }
  ecn.echo = marked
  tcb.ackNow = true
}

/** Sends the ACKs that `echoEveryMark` owes: each as it would have gone out before the segment that changed the marks. */
export function outputOwedEchoes(context: TcpContext, tcb: Tcb, now: number): DropReason {
  const { ecn, rcv, timers, ackNow, unackedText } = tcb
  const { echo } = ecn
  const { nxt } = rcv
  const { delayedAck } = timers
  let sent: DropReason = DropReason.None
  while (ecn.owedCount > 0) {
    const back = (nxt - ecn.owed![0]!) | 0
    rcv.nxt = (nxt - back) | 0
    tcb.receivedOffset -= back
    ecn.echo = (ecn.owedEchoes & 1) !== 0
    sent = sendSegment(context, tcb, tcb.snd.max, 0, TcpFlags.ACK, now)
    rcv.nxt = nxt
    tcb.receivedOffset += back
    ecn.echo = echo
    if (sent === DropReason.DeviceQueueFull) break
    ecn.owed!.copyWithin(0, 1, ecn.owedCount--)
    ecn.owedEchoes >>= 1
  }
  // The newest text is still to be acknowledged.
  tcb.ackNow = ackNow
  tcb.unackedText = unackedText
  timers.delayedAck = delayedAck
  return sent
}

/** Sender: an echo counts as one loss a window of text, though nothing is resent (RFC 3168 §6.1.2). */
export function takeEcho(context: TcpContext, tcb: Tcb, flags: number, now: number): void {
  const { ecn } = tcb
  if (!(flags & TcpFlags.ECE) || tcb.ackedOffset <= ecn.recover || tcb.recovery.phase !== RecoveryPhase.Open) return
  noteReduction(tcb)
  const control = controlOf(context, tcb)
  // Who counts every mark reduces by what `onAck` tells it, also once a window of text, and says CWR all the same (RFC 8257 §3.3).
  if (control.ecn !== 'every-mark') {
    const { facts } = context
    facts.now = now
    facts.ack = tcb.ackedOffset
    facts.sent = ecn.recover
    facts.mss = tcb.negotiated.mss
    facts.srtt = tcb.rtt.srtt
    reactToEcho(tcb.recovery, control, tcb.congestion, facts)
  }
  context.observer?.congestion?.(tcb, 'ecn', now)
}

/** The window was reduced, for whatever reason: echoes of marks on text sent until now ask for nothing more (RFC 3168 §6.1.2). */
export function noteReduction(tcb: Tcb): void {
  const { ecn } = tcb
  if (ecn.mode === EcnMode.Off) return
  ecn.recover = tcb.ackedOffset + textSent(tcb)
  ecn.reduced = true
}
