import { FlowTable, TimerQueue } from '@layerfour/storage'
import type { IpAddress } from '@layerfour/wire'
import type { Connection } from './connection.ts'
import { nextDeadline } from './timers.ts'

/** All connections of one TCP that have a block, by their two ends and by their timers. */
export class ConnectionTable {
  private readonly flows: FlowTable
  private readonly timers: TimerQueue
  private readonly slots: (Connection | undefined)[] = []
  private readonly freeSlots: number[] = []
  private readonly maxConnections: number
  private live = 0

  constructor(secret: Int32Array, maxConnections: number) {
    this.maxConnections = maxConnections
    this.flows = new FlowTable(secret, maxConnections)
    this.timers = new TimerQueue(maxConnections)
  }

  get size(): number {
    return this.live
  }

  /** Timers that are set. */
  get timerCount(): number {
    return this.timers.size
  }

  /** The earliest deadline in ms, Infinity when there is none. */
  get next(): number {
    return this.timers.next
  }

  find(local: IpAddress, localPort: number, remote: IpAddress, remotePort: number): Connection | undefined {
    const slot = this.flows.get(local, localPort, remote, remotePort)
    return slot < 0 ? undefined : this.slots[slot]
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
    tcb.slot = slot
    this.slots[slot] = connection
    this.live++
    return true
  }

  remove(connection: Connection): void {
    const { tcb } = connection
    if (this.slots[tcb.slot] !== connection) return
    this.flows.delete(tcb.localAddress, tcb.localPort, tcb.remoteAddress, tcb.remotePort)
    this.timers.clear(tcb.slot)
    this.slots[tcb.slot] = undefined
    this.freeSlots.push(tcb.slot)
    this.live--
  }

  forEach(visit: (connection: Connection) => void): void {
    for (const connection of this.slots) if (connection !== undefined) visit(connection)
  }

  /** The next connection with a timer that is due, undefined when none is. */
  takeDue(now: number): Connection | undefined {
    const slot = this.timers.take(now)
    return slot < 0 ? undefined : this.slots[slot]
  }

  /** The queue may hold a deadline that has moved on since: it is set again when it comes. */
  arm(connection: Connection): void {
    const { tcb } = connection
    const next = nextDeadline(tcb)
    if (next < this.timers.deadlineOf(tcb.slot)) this.timers.set(tcb.slot, next)
  }
}
