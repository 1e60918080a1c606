import { FlowTable, TimerQueue } from '@layerfour/storage'
import { ipAddressEquals } from '@layerfour/wire'
import type { IpAddress } from '@layerfour/wire'
import type { Connection } from './connection.ts'
import type { ParkingQueue } from './parking-queue.ts'
import type { Tcb } from './tcb.ts'
import { nextDeadline, readNextDeadline } from './timers.ts'

/** The timer of the looks at quiet connections; a connection's timer has the number of its place and one more. */
const SWEEP = 0

/** All connections of one TCP that have a block, by their two ends and by their timers. */
export class ConnectionTable {
  /** The next poll is to look at who may have fallen quiet. */
  sweepDue = false
  private readonly flows: FlowTable
  private readonly timers: TimerQueue
  /** Connections that have blocks and may fall quiet; undefined where nobody parks them. */
  private readonly quiet: ParkingQueue | undefined
  private readonly slots: (Connection | undefined)[] = []
  private readonly freeSlots: number[] = []
  private readonly maxConnections: number
  private readonly deadline: Float64Array = new Float64Array(1)
  private live = 0
  /** The first connection, though it may be closed: engines throw away code that was compiled for objects of which none is left. */
  private first: Connection | undefined = undefined
  /** Whom `find` found last: packets come in runs, and to compare with one connection costs a tenth of a keyed hash. */
  private latest: Connection | undefined = undefined

  constructor(secret: Int32Array, maxConnections: number, quiet: ParkingQueue | undefined) {
    this.quiet = quiet
    this.maxConnections = maxConnections
    this.flows = new FlowTable(secret, maxConnections)
    this.timers = new TimerQueue(maxConnections + 1)
  }

  get size(): number {
    return this.live
  }

  /** Timers that are set. */
  get timerCount(): number {
    return this.timers.deadlineOf(SWEEP) === Infinity ? this.timers.size : this.timers.size - 1
  }

  /** The earliest deadline in ms, Infinity when there is none. */
  get next(): number {
    return this.timers.next
  }

  find(local: IpAddress, localPort: number, remote: IpAddress, remotePort: number): Connection | undefined {
    const { latest } = this
    if (latest !== undefined && joins(latest.tcb, local, localPort, remote, remotePort)) return latest
    const slot = this.flows.get(local, localPort, remote, remotePort)
    if (slot < 0) return undefined
    this.latest = this.slots[slot]
    return this.latest
  }

  /** Gives a connection its place; false when there is none left. */
  add(connection: Connection): boolean {
    const { tcb } = connection
    const slot = this.freeSlots.pop() ?? this.slots.length
    if (slot >= this.maxConnections
      || !this.flows.set(tcb.localAddress, tcb.localPort, tcb.remoteAddress, tcb.remotePort, slot)) {
      if (slot < this.slots.length) this.freeSlots.push(slot)
      return false
    }
    connection.slot = slot
    this.slots[slot] = connection
    this.first ??= connection
    this.live++
    return true
  }

  remove(connection: Connection): void {
    const { tcb, slot } = connection
    if (slot < 0) return
    this.flows.delete(tcb.localAddress, tcb.localPort, tcb.remoteAddress, tcb.remotePort)
    this.timers.clear(slot + 1)
    this.quiet?.remove(slot)
    this.slots[slot] = undefined
    this.freeSlots.push(slot)
    connection.slot = -1
    if (this.latest === connection) this.latest = undefined
    this.live--
  }

  forEach(visit: (connection: Connection) => void): void {
    for (const connection of this.slots) if (connection !== undefined) visit(connection)
  }

  /** The next connection with a timer that is due, undefined when none is. */
  takeDue(now: number): Connection | undefined {
    let id = this.timers.take(now)
    if (id === SWEEP) {
      this.sweepDue = true
      id = this.timers.take(now)
    }
    return id < 0 ? undefined : this.slots[id - 1]
  }

  /** The queue may hold a deadline that has moved on since: it is set again when it comes. */
  arm(connection: Connection): void {
    const { tcb, slot } = connection
    const { deadline } = this
    readNextDeadline(tcb, deadline)
    if (deadline[0]! < this.timers.deadlineOf(slot + 1)) this.timers.set(slot + 1, deadline[0]!)
  }

  /** A record stands for its block from here on. The queue holds what deadline there is: nothing wakes it before. */
  park(connection: Connection, record: string): void {
    this.timers.set(connection.slot + 1, nextDeadline(connection.tcb))
    // To compare with it would make its block again.
    if (this.latest === connection) this.latest = undefined
    connection.park(record)
  }

  /** A connection that may have fallen quiet at `at` (ms), no earlier than those before. */
  watch(connection: Connection, at: number): void {
    this.quiet!.add(connection.slot, at)
    // The timer may be of one that has gone: it finds out.
    if (this.timers.deadlineOf(SWEEP) === Infinity) this.timers.set(SWEEP, this.quiet!.next)
  }

  isWatched(connection: Connection): boolean {
    return this.quiet!.has(connection.slot)
  }

  /** The next connection that may have fallen quiet by `now`, undefined when there is none. */
  takeQuiet(now: number): Connection | undefined {
    const slot = this.quiet!.take(now)
    return slot < 0 ? undefined : this.slots[slot]
  }

  /** The looks are over for now. */
  endSweep(): void {
    this.sweepDue = false
    this.timers.set(SWEEP, this.quiet!.next)
  }
}

/** Whether a block's two ends are these. */
function joins(tcb: Tcb, local: IpAddress, localPort: number, remote: IpAddress, remotePort: number): boolean {
  return tcb.remotePort === remotePort && tcb.localPort === localPort
    && ipAddressEquals(tcb.remoteAddress, remote) && ipAddressEquals(tcb.localAddress, local)
}
