import { releaseSentQueue } from '@layerfour/flow'
import { ringRelease } from '@layerfour/storage'
import { DropReason } from '@layerfour/wire'
import type { TcpContext } from './context.ts'
import { sendReset } from './output.ts'
import { Readiness } from './readiness.ts'
import type { Cause} from './state-machine.ts'
import { State, transition } from './state-machine.ts'
import type { Tcb } from './tcb.ts'
import { clearTimers } from './tcb.ts'

/**
 * Moves a connection to CLOSED and gives back its memory; text that arrived before stays readable
 * until the user closes too. The tables are left to `Tcp`, which looks at the state afterwards.
 */
export function closeConnection(context: TcpContext, tcb: Tcb, cause: Cause): void {
  transition(tcb, cause, context.observer)
  clearTimers(tcb)
  ringRelease(context.arena, tcb.sendRing)
  releaseSentQueue(tcb.recovery.sent)
  tcb.reassembly?.clear()
  if (tcb.orphan || tcb.receiveRing.length === 0) ringRelease(context.arena, tcb.receiveRing)
  tcb.ackNow = false
  tcb.duplicateAcksOwed = 0
  tcb.retransmitNow = false
  tcb.probeNow = false
  tcb.events |= Readiness.Closed | Readiness.Readable | Readiness.Writable
  if (tcb.error !== 0) tcb.events |= Readiness.Error
}

/**
 * Enters TIME-WAIT (RFC 9293 §3.10.7.4): nothing of ours is left to send, so the send memory goes
 * back now; what the user has not read yet stays.
 */
export function enterTimeWait(context: TcpContext, tcb: Tcb, cause: Cause, now: number): void {
  transition(tcb, cause, context.observer)
  clearTimers(tcb)
  ringRelease(context.arena, tcb.sendRing)
  releaseSentQueue(tcb.recovery.sent)
  if (tcb.orphan || tcb.receiveRing.length === 0) ringRelease(context.arena, tcb.receiveRing)
  tcb.timers.timeWait = now + 2 * context.config.msl
}

/**
 * Gives a connection up for `error` (negative errno). In the states where the peer may still know
 * the connection it hears a reset (RFC 9293 §3.10.5).
 */
export function abortConnection(context: TcpContext, tcb: Tcb, cause: Cause, error: number, now: number): void {
  const { state } = tcb
  const tell =
    state === State['SYN-RECEIVED'] || state === State.ESTABLISHED || state === State['FIN-WAIT-1']
    || state === State['FIN-WAIT-2'] || state === State['CLOSE-WAIT']
    // The FIN waits behind text, so the peer still expects more than it: RFC 9293 §3.10.4 would not be in these states yet.
    || ((state === State.CLOSING || state === State['LAST-ACK']) && tcb.sendRing.length > 0)
  // A full device loses the reset, as any network might: the peer's next segment brings another one.
  if (tell && sendReset(context, tcb, now) === DropReason.None) tcb.counters.segmentsOut++
  if (error !== 0) tcb.error = error
  closeConnection(context, tcb, cause)
}

/**
 * CLOSE was called (RFC 9293 §3.9.1.4; SO_LINGER of POSIX): the user wants to know within the linger time whether the peer has
 * everything. Without one the user timeout decides.
 */
export function startLingerTimer(tcb: Tcb, now: number): void {
  const { linger } = tcb.settings
  if (tcb.state === State.CLOSED || tcb.finAcked) return
  if (linger > 0 && tcb.timers.linger === Infinity) tcb.timers.linger = now + linger
}

/** Our FIN is acknowledged, so nothing lingers; and if nobody reads any more, the peer's FIN is waited for only so long. */
export function startFinWait2Timer(context: TcpContext, tcb: Tcb, now: number): void {
  if (tcb.finAcked) tcb.timers.linger = Infinity
  if (tcb.state === State['FIN-WAIT-2'] && tcb.orphan && tcb.timers.timeWait === Infinity) {
    tcb.timers.timeWait = now + context.config.finWait2Timeout
  }
}
