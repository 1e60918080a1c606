import { ringRelease } from '@layerfour/storage'
import type { NetworkLayer } from '@layerfour/wire'
import { DropReason, Errno } from '@layerfour/wire'
import type { Connection } from './connection.ts'
import { parking } from './parking.ts'
import type { ConnectionSnapshot } from './snapshot.ts'
import { connectionSnapshots, restoreTcb } from './snapshot.ts'
import type { Tcb } from './tcb.ts'
import type { TcpOptions } from './tcp-core.ts'
import { TcpCore } from './tcp-core.ts'
import type { TimeWaitSnapshot } from './time-wait-snapshot.ts'
import { restoreTimeWait, snapshotTimeWait } from './time-wait-snapshot.ts'

/** TCP of one host (RFC 9293), whose connections can be snapshotted and, while nothing happens to them, kept small. */
export class Tcp extends TcpCore {
  constructor(network: NetworkLayer, options: TcpOptions) {
    super(network, options, { snapshots: connectionSnapshots, parking })
  }

  /** Connections of the TIME-WAIT table as plain data, for `restoreTimeWait` of another TCP; they go on living here. */
  snapshotTimeWait(now: number): TimeWaitSnapshot[] {
    return snapshotTimeWait(this.tables.timeWait, now)
  }

  /**
   * Waits on for the peers of another TCP. All or nothing: `EADDRNOTAVAIL` when two ends are connected here already or a local address
   * is not ours; otherwise 0.
   */
  restoreTimeWait(saved: readonly TimeWaitSnapshot[], now: number): number {
    const { tables, context } = this
    for (const { localAddress, localPort, remoteAddress, remotePort } of saved) {
      if (!context.network.isLocal(localAddress)) return Errno.EADDRNOTAVAIL
      if (tables.has(localAddress, localPort, remoteAddress, remotePort)) return Errno.EADDRNOTAVAIL
    }
    tables.now = now
    restoreTimeWait(tables.timeWait, saved, now)
    return 0
  }

  /**
   * Takes over a connection that lived elsewhere (or before): it goes on as if nothing had happened,
   * by this TCP's clock. `EADDRNOTAVAIL` when these two ends are connected here or the local
   * address is not ours, `ENOBUFS` without memory or a place.
   */
  restore(snapshot: ConnectionSnapshot, now: number): Connection | number {
    const { context, tables } = this
    const { localAddress, localPort, remoteAddress, remotePort } = snapshot.block
    if (!context.network.isLocal(localAddress)) return Errno.EADDRNOTAVAIL
    if (tables.has(localAddress, localPort, remoteAddress, remotePort)) return Errno.EADDRNOTAVAIL
    const tcb = restoreTcb(context, snapshot, now)
    if (tcb === undefined) return Errno.ENOBUFS
    this.takePath(tcb)
    const connection = tables.add(tcb, undefined)
    if (connection === undefined) {
      ringRelease(context.arena, tcb.sendRing)
      ringRelease(context.arena, tcb.receiveRing)
      return Errno.ENOBUFS
    }
    connection.offered = true
    tables.schedule(connection)
    tables.settle(connection)
    return connection
  }

  /** Forgets a connection without a word to its peer: it lives on elsewhere, from a snapshot. */
  release(connection: Connection): void {
    const { tcb } = connection
    const { arena } = this.context
    this.tables.connections.remove(connection)
    if (tcb.halfOpen && connection.listener !== undefined) connection.listener.halfOpen--
    connection.listener = undefined
    tcb.halfOpen = false
    ringRelease(arena, tcb.sendRing)
    ringRelease(arena, tcb.receiveRing)
    tcb.events = 0
    connection.released = true
  }

  /** What the medium does for a connection that came from elsewhere. */
  private takePath(tcb: Tcb): void {
    const { path, context } = this
    const found = context.network.findPath(tcb.remoteAddress, tcb.localAddress, path) === DropReason.None
    tcb.checksumNeeded = !found || path.checksumNeeded
    tcb.segmentation = found ? path.segmentation : 0
  }
}
