import { greaterThan, TcpFlags } from '@layerfour/wire'
import { Readiness } from '../readiness.ts'
import type { Segment } from '../segment.ts'
import { mayReceiveText } from '../state-machine.ts'
import type { Tcb } from '../tcb.ts'

/**
 * Sixth check (RFC 9293 §3.10.7.4): RCV.UP follows the urgent pointer. The data itself stays in line
 * (RFC 6093 §3.4); the pointer names the byte after the urgent data.
 */
export function checkUrgent(tcb: Tcb, segment: Segment): void {
  const { header } = segment
  if (!(header.flags & TcpFlags.URG) || !mayReceiveText(tcb.state)) return
  const pointer = (header.sequence + header.urgentPointer) | 0
  if (tcb.rcv.urgent && !greaterThan(pointer, tcb.rcv.up)) return
  if (!greaterThan(pointer, tcb.rcv.nxt)) return
  tcb.rcv.up = pointer
  tcb.rcv.urgent = true
  tcb.events |= Readiness.Urgent
}
