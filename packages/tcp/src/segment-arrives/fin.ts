import { enterTimeWait } from '../closing.ts'
import type { TcpContext } from '../context.ts'
import { Readiness } from '../readiness.ts'
import type { Segment } from '../segment.ts'
import { Cause, mayReceiveText, State, transition } from '../state-machine.ts'
import type { Tcb } from '../tcb.ts'

/**
 * Eighth check (RFC 9293 §3.10.7.4): a FIN counts once all text before it is here. One that runs
 * ahead of missing text is remembered.
 */
export function checkFin(context: TcpContext, tcb: Tcb, segment: Segment, now: number): void {
  if (!mayReceiveText(tcb.state)) return
  if (segment.fin) {
    const length = segment.textEnd - segment.textStart
    tcb.finOffset = tcb.receivedOffset + ((segment.textSequence + length - tcb.rcv.nxt) | 0)
    tcb.ackNow = true
  }
  // Text beyond its own FIN is the peer's mistake; the FIN still ends the stream.
  if (tcb.finOffset < 0 || tcb.receivedOffset < tcb.finOffset) return

  tcb.finReceived = true
  tcb.rcv.nxt = (tcb.rcv.nxt + 1) | 0
  tcb.ackNow = true
  tcb.events |= Readiness.Readable
  if (tcb.state === State['FIN-WAIT-2']) enterTimeWait(context, tcb, Cause.ReceiveFin, now)
  else transition(tcb, Cause.ReceiveFin, context.observer)
}
