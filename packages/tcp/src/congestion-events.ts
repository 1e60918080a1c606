import { RecoveryEvent } from '@layerfour/flow'
import type { TcpContext } from './context.ts'
import { noteReduction } from './ecn.ts'
import type { CongestionEvent } from './observer.ts'
import { noteProbeLost } from './path-mtu.ts'
import type { Tcb } from './tcb.ts'

const names: Readonly<Record<RecoveryEvent, CongestionEvent | undefined>> = {
  [RecoveryEvent.None]: undefined,
  [RecoveryEvent.Enter]: 'fast-retransmit',
  [RecoveryEvent.MoreLost]: 'partial-ack',
  [RecoveryEvent.Exit]: 'recovery-exit',
  [RecoveryEvent.Undo]: 'undo',
  [RecoveryEvent.ProbeRepaired]: 'loss-probe-repaired',
}

/** What loss recovery has found out becomes counters, timers and news for the observer. */
export function noteRecoveryEvent(context: TcpContext, tcb: Tcb, event: RecoveryEvent, now: number): void {
  const { recovery, counters, congestion } = tcb
  if (congestion.cwnd > counters.maxCwnd) counters.maxCwnd = congestion.cwnd
  tcb.timers.reorder = recovery.reorderDeadline
  if (recovery.mtuProbeLost) {
    recovery.mtuProbeLost = false
    noteProbeLost(tcb)
  }
  if (event === RecoveryEvent.None) return
  if (event === RecoveryEvent.Enter) counters.fastRetransmits++
  if (event === RecoveryEvent.Enter || event === RecoveryEvent.ProbeRepaired) noteReduction(tcb)
  const name = names[event]
  if (name !== undefined) context.observer?.congestion?.(tcb, name, now)
}
