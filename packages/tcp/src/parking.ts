import { ringRelease } from '@layerfour/storage'
import type { Connection } from './connection.ts'
import type { Parking } from './context.ts'
import { ParkedBlocks } from './parked-block.ts'
import { ParkingQueue } from './parking-queue.ts'
import { State } from './state-machine.ts'
import type { Tables } from './tables.ts'
import type { Tcb } from './tcb.ts'
import { nextDeadline } from './timers.ts'

/** Connections that one poll looks at, at most; the next poll goes on. */
const MAX_LOOKS = 64

/** Whether a connection in this state may fall quiet for long: neither a handshake nor an end is under way. */
export function mayFallQuiet(state: State): boolean {
  return state === State.ESTABLISHED || state === State['CLOSE-WAIT']
}

/**
 * Looks at the connections whose turn it is. Those that were quiet for `parkAfter` give up their blocks; those that were not come
 * again; and who is quiet with something left to be done is looked at when something happens to it.
 */
function parkQuiet(tables: Tables, now: number): void {
  const { connections, context } = tables
  const { parkAfter } = context.config
  for (let looks = 0; looks < MAX_LOOKS; looks++) {
    const connection = connections.takeQuiet(now)
    if (connection === undefined) break
    const { tcb } = connection
    if (!mayFallQuiet(tcb.state)) continue
    const last = tcb.lastSent > tcb.lastReceived ? tcb.lastSent : tcb.lastReceived
    if (now - last < parkAfter) {
      connections.watch(connection, now + parkAfter)
    } else if (isQuiet(connection, tcb)) {
      ringRelease(context.arena, tcb.sendRing)
      ringRelease(context.arena, tcb.receiveRing)
      const record = tables.parked!.park(tcb)
      if (record !== '') connections.park(connection, record)
    }
  }
  connections.endSweep()
}

/** Nothing is in flight, queued, owed, unread or untold, and no timer runs but that of keepalive probes. */
function isQuiet(connection: Connection, tcb: Tcb): boolean {
  if (connection.scheduled || connection.ready || connection.keepsBlock || tcb.halfOpen) return false
  const { snd, recovery, reassembly, ecn, timers } = tcb
  if (snd.una !== snd.nxt || snd.una !== snd.max || recovery.sent.count > 0 || tcb.sendRing.length > 0) return false
  if (tcb.receiveRing.length > 0 || (reassembly !== undefined && reassembly.count > 0)) return false
  if (tcb.events !== 0 || tcb.error !== 0 || tcb.duplicateAcksOwed > 0 || ecn.owedCount > 0 || ecn.owed !== undefined) return false
  if (tcb.ackNow || tcb.retransmitNow || tcb.lossProbeNow || tcb.probeNow || tcb.keepAliveNow) return false
  return nextDeadline(tcb) === timers.keepAlive
}

/** For `Tcp`, which is the one that names it. */
export const parking: Parking = {
  createBlocks: (context) => new ParkedBlocks(context), createQueue: () => new ParkingQueue(), parkQuiet,
}
