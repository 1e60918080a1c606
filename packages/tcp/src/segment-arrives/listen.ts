import { setWindowScale } from '@layerfour/flow'
import type { TcpContext } from '../context.ts'
import { acceptEcn } from '../ecn.ts'
import { acceptOptions, heedUserTimeout } from '../handshake.ts'
import type { Segment } from '../segment.ts'
import { Cause, transition } from '../state-machine.ts'
import type { Tcb } from '../tcb.ts'

/**
 * A SYN arrived for a listener (RFC 9293 §3.10.7.2): `tcb` is the new connection. The SYN,ACK goes out
 * with the next output. Text in the SYN is not kept: the peer sends it again after the handshake.
 */
export function takeSyn(context: TcpContext, tcb: Tcb, segment: Segment, now: number): void {
  const { header } = segment
  transition(tcb, Cause.PassiveOpen, undefined)
  tcb.passive = true
  synchronizeReceive(context, tcb, segment, now)
  tcb.snd.wnd = tcb.snd.maxWnd = header.window
  tcb.snd.wl1 = header.sequence
  transition(tcb, Cause.ReceiveSyn, context.observer)
}

/** IRS, RCV.NXT and the options from a SYN, of either role. */
export function synchronizeReceive(context: TcpContext, tcb: Tcb, segment: Segment, now: number): void {
  const { header } = segment
  tcb.rcv.irs = header.sequence
  tcb.rcv.nxt = (header.sequence + 1) | 0
  tcb.timestamps.lastAckSent = tcb.rcv.nxt
  tcb.lastReceived = now
  acceptOptions(tcb, context.config, header.options, now)
  setWindowScale(tcb.window, tcb.rcv.scale)
  acceptEcn(context, tcb, header.flags)
  heedUserTimeout(tcb, header.options)
}

