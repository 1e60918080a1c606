import { DropReason, TcpFlags } from '@layerfour/wire'
import type { TcpContext } from '../context.ts'
import { EcnMode, noteMark } from '../ecn.ts'
import { heedUserTimeout } from '../handshake.ts'
import { isPredicted } from '../header-prediction.ts'
import type { Segment } from '../segment.ts'
import { State } from '../state-machine.ts'
import type { Tcb } from '../tcb.ts'
import { takeTimestamp } from '../timestamps.ts'
import { checkAck, takeAcceptableAck } from './ack.ts'
import { checkFin } from './fin.ts'
import { checkReset } from './rst.ts'
import { checkSequence } from './sequence.ts'
import { checkSyn } from './syn.ts'
import { inSynSent } from './syn-sent.ts'
import { takeText } from './text.ts'
import { checkUrgent } from './urg.ts'
import type { Verdict } from './verdict.ts'

/**
 * SEGMENT ARRIVES (RFC 9293 §3.10.7) for a connection: the checks in the order of the RFC. The first one
 * that drops the segment, or finds that it has done all it can, ends it. Nothing is sent from here:
 * what is owed stands in the `Tcb` until output.
 */
export function segmentArrives(context: TcpContext, tcb: Tcb, segment: Segment, now: number): Verdict {
  tcb.counters.segmentsIn++
  let verdict: Verdict
  if (tcb.state === State['SYN-SENT']) {
    verdict = inSynSent(context, tcb, segment, now)
    if (verdict !== DropReason.None) return verdict
  } else if (isPredicted(tcb, segment)) {
    segment.textSequence = segment.header.sequence
    segment.window = segment.header.window << tcb.snd.scale
    verdict = takeAcceptableAck(context, tcb, segment, now)
    if (verdict !== DropReason.None) return verdict
  } else {
    verdict = checkSequence(context, tcb, segment, now)
    if (verdict !== DropReason.None) return verdict
    verdict = checkReset(context, tcb, segment, now)
    if (verdict !== DropReason.None) return verdict
    verdict = checkSyn(context, tcb, segment, now)
    if (verdict !== DropReason.None) return verdict
    // SEG.WND counts in units of the peer's shift, which a SYN,ACK has settled by now.
    segment.window = segment.header.window << tcb.snd.scale
    verdict = checkAck(context, tcb, segment, now)
    if (verdict !== DropReason.None) return verdict
  }
  takeTimestamp(tcb, segment, now)
  tcb.lastReceived = now
  tcb.keepAliveProbes = 0
  if (tcb.ecn.mode !== EcnMode.Off) noteMark(context, tcb, segment)
  if (segment.header.options.userTimeout >= 0) heedUserTimeout(tcb, segment.header.options)
  if (segment.header.flags & TcpFlags.URG) checkUrgent(tcb, segment)
  verdict = takeText(context, tcb, segment, now)
  if (verdict !== DropReason.None) return verdict
  checkFin(context, tcb, segment, now)
  return DropReason.None
}
