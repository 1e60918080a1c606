import {
  markAllLost, outstandingBytes, persistBackOff, probeTimeout, RecoveryEvent, RecoveryPhase, reorderTimeout, retransmissionTimeout,
  rtoBackOff, segmentRetransmitted,
} from '@layerfour/flow'
import { Errno } from '@layerfour/wire'
import { abortConnection, closeConnection } from './closing.ts'
import { noteRecoveryEvent } from './congestion-events.ts'
import { traceCongestion } from './congestion-trace.ts'
import type { TcpContext } from './context.ts'
import { controlOf } from './control.ts'
import { noteReduction } from './ecn.ts'
import { suspectBlackHole, takeLostProbe } from './path-mtu.ts'
import { Readiness } from './readiness.ts'
import { Cause, State } from './state-machine.ts'
import type { Tcb } from './tcb.ts'
import { sendOffset, textSent } from './tcb.ts'

/** Puts the earliest of a connection's deadlines in `into[0]`, where it needs no object; Infinity when it waits for nothing. */
export function readNextDeadline(tcb: Tcb, into: Float64Array): void {
  const { retransmission, lossProbe, reorder, pacing, persist, delayedAck, timeWait, user, keepAlive, linger } = tcb.timers
  let next = retransmission
  if (lossProbe < next) next = lossProbe
  if (reorder < next) next = reorder
  if (pacing < next) next = pacing
  if (persist < next) next = persist
  if (delayedAck < next) next = delayedAck
  if (timeWait < next) next = timeWait
  if (user < next) next = user
  if (keepAlive < next) next = keepAlive
  if (linger < next) next = linger
  into[0] = next
}

const earliest: Float64Array = new Float64Array(1)

/** The same, for those who do not ask often. */
export function nextDeadline(tcb: Tcb): number {
  readNextDeadline(tcb, earliest)
  return earliest[0]!
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
  if (timers.pacing <= now) timers.pacing = Infinity
  if (timers.reorder <= now) expireReordering(context, tcb, now)
  if (timers.lossProbe <= now) {
    // It takes the retransmission timer's place, which starts anew when the probe was sent.
    timers.lossProbe = Infinity
    timers.retransmission = now + tcb.rtt.rto
    tcb.lossProbeNow = true
    context.observer?.congestion?.(tcb, 'loss-probe', now)
    traceCongestion(context, tcb, 0, now)
  }
  if (timers.retransmission <= now) expireRetransmission(context, tcb, now)
}

/** R1 (RFC 9293 §3.8.3, SHLD-10): retransmissions of one segment after which something may be wrong with the path. */
const R1 = 3

/** MUST-20 and SHLD-9: the internet layer checks its first hop, and the user hears of it long before we give up. */
function doubtPath(context: TcpContext, tcb: Tcb): void {
  context.network.doubtPath?.(tcb.remoteAddress, tcb.localAddress)
  tcb.softError = Errno.ETIMEDOUT
  tcb.events |= Readiness.SoftError
}

/** RFC 6298 §5.4 to §5.7 and RFC 5681 §3.1: back off, shrink the window, send again what is not acknowledged. */
function expireRetransmission(context: TcpContext, tcb: Tcb, now: number): void {
  const { recovery, counters } = tcb
  tcb.retries++
  counters.timeouts++
  if (tcb.retries === R1) doubtPath(context, tcb)
  rtoBackOff(tcb.rtt)
  if (tcb.synTimer !== undefined) segmentRetransmitted(tcb.synTimer, -1)
  tcb.timers.retransmission = now + tcb.rtt.rto
  tcb.timers.lossProbe = Infinity
  tcb.timers.reorder = Infinity
  tcb.lossProbeNow = false
  if (!tcb.synAcked) {
    tcb.retransmitNow = true
    markAllLost(recovery.sent)
    if (tcb.fastOpen.client) context.fastOpenCache.delete(tcb.remoteAddress)
    return
  }
  const { facts } = context
  facts.now = now
  facts.ack = tcb.ackedOffset
  facts.sent = sendOffset(tcb, tcb.snd.nxt)
  facts.mss = tcb.negotiated.mss
  facts.srtt = tcb.rtt.srtt
  facts.timeouts = tcb.retries
  retransmissionTimeout(recovery, controlOf(context, tcb), tcb.congestion, facts)
  facts.timeouts = 0
  noteReduction(tcb)
  context.observer?.congestion?.(tcb, 'timeout', now)
  traceCongestion(context, tcb, 0, now)
  if (!takeLostProbe(tcb) && context.config.mtuProbing) suspectBlackHole(tcb, textSent(tcb), now)
}

/** Some segment has been overtaken for so long that it counts as lost (RFC 8985 §6.3). */
function expireReordering(context: TcpContext, tcb: Tcb, now: number): void {
  const { facts } = context
  const { recovery, timers } = tcb
  facts.now = now
  facts.ack = tcb.ackedOffset
  facts.sent = sendOffset(tcb, tcb.snd.nxt)
  facts.mss = tcb.negotiated.mss
  facts.srtt = tcb.rtt.srtt
  const event = reorderTimeout(recovery, controlOf(context, tcb), tcb.congestion, tcb.rtt, facts)
  noteRecoveryEvent(context, tcb, event, now)
  // What was found lost is resent at once; it has a time of its own to be acknowledged in.
  if (event !== RecoveryEvent.None && timers.retransmission <= now) timers.retransmission = now + tcb.rtt.rto
  traceCongestion(context, tcb, 0, now)
}

/** RFC 6298 §5.1; the user timeout runs along from the first segment that waits. */
export function armRetransmission(tcb: Tcb, now: number, userTimeout: number): void {
  tcb.timers.retransmission = now + tcb.rtt.rto
  if (tcb.timers.user === Infinity) tcb.timers.user = now + userTimeout
}

/** RFC 8985 §7.2 and §7.3: a probe of the tail, one at a time, unless something is known to be missing already. */
export function mayProbe(context: TcpContext, { recovery }: Tcb): boolean {
  const { sent } = recovery
  if (!recovery.selective || !context.config.tailLossProbe || sent.count === 0 || recovery.probe.end >= 0) return false
  return recovery.phase === RecoveryPhase.Open && sent.sackedCount === 0 && sent.lostCount === 0
}

/** When new data was sent or acknowledged, the wait for a probe of the tail begins anew; it ends with the retransmission timer. */
export function armLossProbe(context: TcpContext, tcb: Tcb, now: number): void {
  const { timers } = tcb
  timers.lossProbe = Infinity
  if (!mayProbe(context, tcb)) return
  const at = now + probeTimeout(tcb.rtt, outstandingBytes(tcb.recovery.sent), tcb.negotiated.mss)
  timers.lossProbe = at < timers.retransmission ? at : timers.retransmission
}

/** An ACK that acknowledges nothing new may make the probe needless, and does not put it off. */
export function keepLossProbe(context: TcpContext, tcb: Tcb, now: number): void {
  if (tcb.timers.lossProbe === Infinity) armLossProbe(context, tcb, now)
  else if (!mayProbe(context, tcb)) tcb.timers.lossProbe = Infinity
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
