import { RecoveryPhase, setSelective, undoForget } from '@layerfour/flow'
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
  requireControl(control)
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

const MEMBERS = ['create', 'onAck', 'onLoss', 'onTimeout', 'onIdle'] as const

/** Objects of users' own may come from where no compiler looks. */
function requireControl(control: CongestionControl): void {
  const missing = typeof control !== 'object' || control === null || typeof control.name !== 'string'
    ? 'name'
    : MEMBERS.find((member) => typeof control[member] !== 'function')
  if (missing !== undefined) throw new TypeError(`a congestion control without ${missing}, expected a CongestionControl object`)
}

/** The default algorithm and others, each once. */
export function controlList(first: CongestionControl, others: readonly CongestionControl[]): CongestionControl[] {
  const controls = [...new Set([first, ...others])]
  for (const [i, control] of controls.entries()) {
    requireControl(control)
    const { name } = control
    if (controls.findIndex((other) => other.name === name) !== i) {
      throw new TypeError(`two congestion controls are called ${name}, expected one object for each name`)
    }
  }
  if (controls.length > MAXIMUM_CONTROLS) {
    throw new RangeError(`${controls.length} congestion controls, expected ${MAXIMUM_CONTROLS} at most`)
  }
  return controls
}

/** Changes the algorithm of a connection: the new one starts with the window that the old one had reached. */
export function switchControl(context: TcpContext, tcb: Tcb, control: CongestionControl): void {
  const { cwnd, ssthresh } = tcb.congestion
  tcb.control = controlIndex(context, control)
  tcb.congestion = control.create(tcb.negotiated.mss, cwnd)
  tcb.congestion.ssthresh = ssthresh
  const { recovery } = tcb
  undoForget(recovery.undo)
  const selective = usesSack(context, tcb)
  if (selective === recovery.selective) return
  // A recovery cannot be ended by another way of finding losses: what is marked as lost is sent again as after a timeout.
  if (recovery.phase === RecoveryPhase.Recovery) recovery.phase = RecoveryPhase.Loss
  setSelective(recovery, selective)
}

/** Whether losses are found by SACKs and time; the classic algorithms count duplicate ACKs, as does who has a peer without SACK. */
export function usesSack(context: TcpContext, tcb: Tcb): boolean {
  const style = controlOf(context, tcb).recovery ?? 'sack'
  return tcb.negotiated.sack && (style === 'sack' || style === 'own')
}
