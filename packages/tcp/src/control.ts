import { setSelective } from '@layerfour/flow'
import type { CongestionControl } from '@layerfour/flow'
import type { TcpContext } from './context.ts'
import type { Tcb } from './tcb.ts'

/** Different algorithms that one TCP keeps at the same time. */
const MAXIMUM_CONTROLS = 256

/** The place of an algorithm in the context's list, to which it is added when it is new; 0, the default one, for undefined. */
export function controlIndex(context: TcpContext, control: CongestionControl | undefined): number {
  if (control === undefined) return 0
  const { controls } = context
  const index = controls.indexOf(control)
  if (index >= 0) return index
  if (controls.length >= MAXIMUM_CONTROLS) {
    throw new RangeError(`${MAXIMUM_CONTROLS} congestion control objects are in use; expected one object for many connections`)
  }
  return controls.push(control) - 1
}

/** The connection's congestion control. Its state is in the block, it itself is not: a block is data. */
export function controlOf(context: TcpContext, tcb: Tcb): CongestionControl {
  return context.controls[tcb.control]!
}

/** The algorithm that answers to a name, undefined when there is none. */
export function findControl(context: TcpContext, name: string): CongestionControl | undefined {
  return context.controls.find((control) => control.name === name)
}

/** Changes the algorithm of a connection: the new one starts with the window that the old one had reached. */
export function switchControl(context: TcpContext, tcb: Tcb, control: CongestionControl): void {
  const { cwnd, ssthresh } = tcb.congestion
  tcb.control = controlIndex(context, control)
  tcb.congestion = control.create(tcb.negotiated.mss, cwnd)
  tcb.congestion.ssthresh = ssthresh
  setSelective(tcb.recovery, usesSack(context, tcb))
}

/** Whether losses are found by SACKs and time; the classic algorithms count duplicate ACKs, as does who has a peer without SACK. */
export function usesSack(context: TcpContext, tcb: Tcb): boolean {
  const style = controlOf(context, tcb).recovery ?? 'sack'
  return tcb.negotiated.sack && (style === 'sack' || style === 'own')
}
