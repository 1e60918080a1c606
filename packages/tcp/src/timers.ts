import { applyTimeout, persistBackOff, rtoBackOff, segmentRetransmitted } from '@layerfour/flow'
import { Errno } from '@layerfour/wire'
import { abortConnection, closeConnection } from './closing.ts'
import type { TcpContext } from './context.ts'
import { Cause } from './state-machine.ts'
import type { Tcb } from './tcb.ts'
import { textInFlight, textSent } from './tcb.ts'

/** The earliest of a connection's deadlines, Infinity when it waits for nothing. */
export function nextDeadline(tcb: Tcb): number {
  const { retransmission, persist, delayedAck, timeWait, user } = tcb.timers
  let next = retransmission
  if (persist < next) next = persist
  if (delayedAck < next) next = delayedAck
  if (timeWait < next) next = timeWait
  if (user < next) next = user
  return next
}

/** Does what is due (RFC 9293 §3.10.8); what has to be sent is left to output. */
export function runTimers(context: TcpContext, tcb: Tcb, now: number): void {
  const { timers } = tcb
  if (timers.user <= now) {
    abortConnection(context, tcb, Cause.Timeout, Errno.ETIMEDOUT, now)
    return
  }
  if (timers.timeWait <= now) {
    // An orphan in FIN-WAIT-2 gives up silently: its user is long gone.
    closeConnection(context, tcb, Cause.Timeout)
    return
  }
  if (timers.delayedAck <= now) {
    timers.delayedAck = Infinity
    tcb.ackNow = true
  }
  if (timers.persist <= now) {
    timers.persist = now + persistBackOff(tcb.persist)
    tcb.probeNow = true
  }
  if (timers.retransmission <= now) retransmissionTimeout(context, tcb, now)
}

/** RFC 6298 §5.4 to §5.7 and RFC 5681 §3.1: back off, shrink the window, start again at SND.UNA. */
function retransmissionTimeout(context: TcpContext, tcb: Tcb, now: number): void {
  tcb.retries++
  tcb.counters.timeouts++
  rtoBackOff(tcb.rtt)
  segmentRetransmitted(tcb.segmentTimer, tcb.synAcked ? tcb.ackedOffset : -1)
  tcb.timers.retransmission = now + tcb.rtt.rto
  if (tcb.synAcked) {
    const { facts } = context
    facts.now = now
    facts.ack = tcb.ackedOffset
    facts.sent = tcb.ackedOffset + textSent(tcb)
    facts.newlyAcked = 0
    facts.inFlight = textInFlight(tcb)
    facts.delivered = tcb.ackedOffset
    facts.lost = facts.inFlight
    facts.rtt = -1
    facts.mss = tcb.negotiated.mss
    facts.duplicate = false
    facts.timeouts = tcb.retries
    applyTimeout(context.congestionControl, tcb.congestion, tcb.recovery, facts)
    facts.timeouts = 0
    context.observer?.congestion?.(tcb, 'timeout', now)
  }
  // Everything in flight counts as lost; what did arrive, the next ACK skips.
  tcb.snd.nxt = tcb.snd.una
  tcb.retransmitNow = false
}
