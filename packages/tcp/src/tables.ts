import { DropReason } from '@layerfour/wire'
import type { IpAddress } from '@layerfour/wire'
import { closeConnection } from './closing.ts'
import type { ConnectionHost } from './connection.ts'
import { CHANGING, Connection } from './connection.ts'
import { ConnectionTable } from './connection-table.ts'
import type { TcpContext } from './context.ts'
import { isUnanswered, settleHalfOpen } from './half-open.ts'
import { ListenerTable } from './listener-table.ts'
import type { TcpListener } from './listener.ts'
import { output } from './output.ts'
import type { ParkedBlocks } from './parked-block.ts'
import { mayFallQuiet } from './parking.ts'
import { ReadyQueue } from './ready-queue.ts'
import { Cause, State } from './state-machine.ts'
import type { Tcb } from './tcb.ts'
import type { TimeWaitEntry } from './time-wait.ts'
import { createTimeWaitEntry, TimeWaitTable } from './time-wait.ts'
import { runTimers } from './timers.ts'

/**
 * Bytes of new text after which it is the other connections' turn until the next poll (ours). Between two stacks of one process that is
 * also all that is in flight, and a working set that stays in the processor's caches: 1.3 times as fast as megabytes of it.
 */
const SEND_QUANTUM = 1 << 18

/**
 * Where everybody stands in one TCP: who listens, the place and timer of each connection, who wants to send in
 * the next poll, and who has news.
 */
export class Tables implements ConnectionHost {
  readonly context: TcpContext
  readonly connections: ConnectionTable
  readonly listeners: ListenerTable = new ListenerTable()
  readonly timeWait: TimeWaitTable
  /** What `timeWait.find` found. */
  readonly timeWaitEntry: TimeWaitEntry = createTimeWaitEntry()
  readonly ready: ReadyQueue = new ReadyQueue()
  readonly parked: ParkedBlocks | undefined
  /** The time of the last packet or poll, ms. */
  now = 0
  /** Watched connections whose state changed, each once, for `takeChanged`. */
  private changed: Connection[] = []
  private readonly parks: boolean
  /** Connections to be looked at in the next poll. */
  private readonly scheduled: (Connection | undefined)[] = []
  private scheduledCount = 0

  constructor(context: TcpContext, secret: Int32Array) {
    this.context = context
    this.connections = new ConnectionTable(secret, context.config.maxConnections, context.parking?.createQueue())
    this.timeWait = new TimeWaitTable(secret, context.config.maxTimeWait)
    this.parked = context.parking?.createBlocks(context)
    this.parks = this.parked !== undefined && context.config.parkAfter < Infinity
  }

  /** The connection of two ends. One that was closed since the last poll is taken out of the table first. */
  find(local: IpAddress, localPort: number, remote: IpAddress, remotePort: number): Connection | undefined {
    const connection = this.connections.find(local, localPort, remote, remotePort)
    if (connection === undefined || connection.state !== State.CLOSED) return connection
    this.settle(connection)
    return undefined
  }

  /** Whether two ends are connected, be it in TIME-WAIT. */
  has(local: IpAddress, localPort: number, remote: IpAddress, remotePort: number): boolean {
    return this.find(local, localPort, remote, remotePort) !== undefined
      || this.timeWait.find(local, localPort, remote, remotePort, this.timeWaitEntry)
  }

  /** Gives a block its place, with its listener as half-open; undefined when there is none left. */
  add(tcb: Tcb, listener: TcpListener | undefined): Connection | undefined {
    const connection = new Connection(this, tcb)
    if (!this.connections.add(connection)) return undefined
    if (listener !== undefined) {
      connection.listener = listener
      tcb.halfOpen = true
      listener.halfOpen++
    }
    connection.keepsBlock = this.context.observer?.keepsTimeWait === true
    return connection
  }

  /** Runs the timers that are due; who had one is scheduled. */
  runTimers(now: number): void {
    const { context, connections } = this
    for (let due = connections.takeDue(now); due !== undefined; due = connections.takeDue(now)) {
      if (isUnanswered(due, context.config.synAckRetries, now)) {
        // Without a reset: should the peer still ask, it begins anew.
        closeConnection(context, due.tcb, Cause.Timeout)
      } else runTimers(context, due.tcb, now)
      this.schedule(due)
    }
  }

  /** Whether somebody wants to send in the next poll. */
  get isScheduled(): boolean {
    return this.scheduledCount > 0
  }

  schedule(connection: Connection): void {
    if (connection.scheduled) return
    connection.scheduled = true
    this.scheduled[this.scheduledCount++] = connection
  }

  /**
   * Lets everybody who is scheduled send, each as much as is its turn. Who has more stays scheduled. True when nobody can go on before
   * a full device takes more.
   */
  sendScheduled(now: number): boolean {
    const { context, scheduled } = this
    let kept = 0
    let full = 0
    for (let index = 0; index < this.scheduledCount; index++) {
      const connection = scheduled[index]!
      scheduled[index] = undefined
      connection.scheduled = false
      if (connection.released) continue
      context.turn = SEND_QUANTUM
      const refused = output(context, connection.tcb, now) === DropReason.DeviceQueueFull
      if (refused) full++
      if (refused || context.turn < 0) {
        scheduled[kept++] = connection
        connection.scheduled = true
      }
      this.settle(connection)
    }
    this.scheduledCount = kept
    return kept > 0 && full === kept
  }

  /** After anything happened to a connection: its listener, its place, its timer and its news brought up to date. */
  settle(connection: Connection): void {
    const { tcb } = connection
    if (connection.listener !== undefined) settleHalfOpen(connection, connection.listener, this.ready)
    if (tcb.state === State.CLOSED) this.connections.remove(connection)
    else if (tcb.state === State['TIME-WAIT'] && mayShrink(connection)) this.shrink(connection)
    // Who is scheduled is settled once more when it has sent: what a burst does to its timers need be known only then.
    else if (!connection.scheduled) {
      this.connections.arm(connection)
      if (this.parks && mayFallQuiet(tcb.state)) this.watch(connection)
    }
    if (connection.watcher !== undefined && connection.seen !== tcb.state) this.noteChange(connection)
    // Handshakes that come to nothing are nobody's news.
    if (tcb.events !== 0 && (connection.offered || !tcb.passive)) this.ready.add(connection)
  }

  watch(connection: Connection): void {
    const { connections } = this
    if (!this.parks || connection.slot < 0 || connections.isWatched(connection)) return
    connections.watch(connection, this.now + this.context.config.parkAfter)
  }

  thaw(record: string): Tcb {
    return this.parked!.thaw(record)
  }

  private noteChange(connection: Connection): void {
    if (connection.seen === CHANGING) return
    connection.seen = CHANGING
    this.changed.push(connection)
  }

  /** Connections with a watcher whose state changed since the last call. */
  takeChanged(): readonly Connection[] {
    const { changed } = this
    if (changed.length === 0) return changed
    this.changed = []
    for (const connection of changed) connection.seen = connection.state
    return changed
  }

  /** Exchanges the block of a connection in TIME-WAIT for an entry in the table. */
  private shrink(connection: Connection): void {
    this.connections.remove(connection)
    this.timeWait.add(connection.tcb, connection.tcb.timers.timeWait)
  }
}

/** Nobody can ask for anything more of the block, and nothing is left to be sent from it. */
function mayShrink(connection: Connection): boolean {
  const { tcb } = connection
  return tcb.orphan && !connection.keepsBlock && !tcb.ackNow && !connection.scheduled
}
