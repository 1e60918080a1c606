import { applyTimeout, persistBackOff, rtoBackOff, segmentRetransmitted } from '@layerfour/flow'
import { Errno } from '@layerfour/wire'
import { abortConnection, closeConnection } from './closing.ts'
import type { TcpContext } from './context.ts'
import { suspectBlackHole, takeLostProbe } from './path-mtu.ts'
import { Readiness } from './readiness.ts'
import { Cause, State } from './state-machine.ts'
import type { Tcb } from './tcb.ts'
import { textInFlight, textSent } from './tcb.ts'

/** The earliest of a connection's deadlines, Infinity when it waits for nothing. */
export function nextDeadline(tcb: Tcb): number {
  const { retransmission, persist, delayedAck, timeWait, user, keepAlive, linger } = tcb.timers
  let next = retransmission
  if (persist < next) next = persist
  if (delayedAck < next) next = delayedAck
  if (timeWait < next) next = timeWait
  if (user < next) next = user
  if (keepAlive < next) next = keepAlive
  if (linger < next) next = linger
  return next
}

/** Does what is due (RFC 9293 §3.10.8); what has to be sent is left to output. */
export function runTimers(context: TcpContext, tcb: Tcb, now: number): void {
  const { timers } = tcb
  if (timers.user <= now || timers.linger <= now) {
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
  if (timers.keepAlive <= now) keepAliveTimeout(context, tcb, now)
  if (timers.retransmission <= now) retransmissionTimeout(context, tcb, now)
}

/** R1 (RFC 9293 §3.8.3, SHLD-10): retransmissions of one segment after which something may be wrong with the path. */
const R1 = 3

/** MUST-20 and SHLD-9: the internet layer checks its first hop, and the user hears of it long before we give up. */
function doubtPath(context: TcpContext, tcb: Tcb): void {
  context.network.doubtPath?.(tcb.remoteAddress, tcb.localAddress)
  tcb.softError = Errno.ETIMEDOUT
  tcb.events |= Readiness.SoftError
}

/** RFC 6298 §5.4 to §5.7 and RFC 5681 §3.1: back off, shrink the window, start again at SND.UNA. */
function retransmissionTimeout(context: TcpContext, tcb: Tcb, now: number): void {
  tcb.retries++
  tcb.counters.timeouts++
  if (tcb.retries === R1) doubtPath(context, tcb)
  rtoBackOff(tcb.rtt)
  segmentRetransmitted(tcb.segmentTimer, tcb.synAcked ? tcb.ackedOffset : -1)
  tcb.timers.retransmission = now + tcb.rtt.rto
  if (!tcb.synAcked && tcb.fastOpen.client) context.fastOpenCache.delete(tcb.remoteAddress)
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
  if (!takeLostProbe(tcb) && context.config.mtuProbing) suspectBlackHole(tcb, textSent(tcb), now)
  // Everything in flight counts as lost; what did arrive, the next ACK skips.
  tcb.snd.nxt = tcb.snd.una
  tcb.retransmitNow = false
}

/**
 * Keeps the keepalive timer where the settings want it: `keepAliveIdle` after the peer was last heard. Not
 * before the handshake is done, and not in TIME-WAIT. Called when either of these changes; when the peer
 * is heard, the timer is left to find out by itself that it came too early.
 */
export function armKeepAlive(tcb: Tcb): void {
  const alive = tcb.state >= State.ESTABLISHED && tcb.state !== State['TIME-WAIT']
  tcb.keepAliveProbes = 0
  tcb.timers.keepAlive = alive && tcb.settings.keepAlive ? tcb.lastReceived + tcb.settings.keepAliveIdle : Infinity
}

/** RFC 9293 §3.8.4 (MUST-24 to MUST-29): one unanswered probe proves nothing, `keepAliveCount` of them do. */
function keepAliveTimeout(context: TcpContext, tcb: Tcb, now: number): void {
  const { settings, timers } = tcb
  const heardSince = tcb.lastReceived + settings.keepAliveIdle
  if (heardSince > now) {
    timers.keepAlive = heardSince
    return
  }
  if (tcb.snd.una !== tcb.snd.max) {
    // Something else asks for an answer already; its own timers decide.
    timers.keepAlive = now + settings.keepAliveInterval
    return
  }
  if (tcb.keepAliveProbes >= settings.keepAliveCount) {
    abortConnection(context, tcb, Cause.Timeout, Errno.ETIMEDOUT, now)
    return
  }
  tcb.keepAliveProbes++
  tcb.keepAliveNow = true
  timers.keepAlive = now + settings.keepAliveInterval
}
