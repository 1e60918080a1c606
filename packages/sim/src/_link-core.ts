import type { BaseDevice } from '@layerfour/link'
import { CORRUPTED, DUPLICATE, LOST, OneWay, TO_A } from './_one-way.ts'
import type { PacketList } from './_packet-pool.ts'
import { createPacketList, PacketPool } from './_packet-pool.ts'
import type { Impairments } from './impairments.ts'
import type { LinkDropCause, LinkEvent, LinkObserver } from './link-events.ts'
import { createLinkEvent } from './link-events.ts'

/** The end of a link that a packet comes out of. */
export interface Exit extends BaseDevice {
  put(bytes: Uint8Array, start: number, end: number): void
}

/** Random streams of the second direction begin here: far enough from the first one's to leave room for more kinds of fate. */
const SECOND_STREAM = 16

/** What is inside an emulated link: packets on their way in two directions, by time. */
export class LinkCore {
  readonly pool: PacketPool
  /** From a to b, and (at `TO_A`) from b to a; the impairments likewise. */
  readonly ways: readonly [OneWay, OneWay]
  readonly fates: [Impairments, Impairments]
  observer: LinkObserver | null = null
  /** Where the packets of each direction come out; set when the ends are made. */
  private exits: readonly Exit[] = []
  /** All places that packets leave the link from. */
  private readonly lists: readonly PacketList[]
  /** What devices transmitted since the last poll. */
  private readonly entering: PacketList = createPacketList()
  private readonly event: LinkEvent = createLinkEvent()

  /** @param memory bytes for packets, a power of two. @param longest bytes of the largest packet. */
  constructor(memory: number, longest: number, seed: number, fates: [Impairments, Impairments]) {
    this.pool = new PacketPool(memory, longest)
    this.ways = [new OneWay(this.pool, seed, 0), new OneWay(this.pool, seed, SECOND_STREAM)]
    this.fates = fates
    this.lists = this.ways.flatMap(({ arriving, held, timedOut, losing }) => [arriving, held, timedOut, losing])
  }

  connect(exits: readonly [Exit, Exit]): void {
    this.exits = exits
  }

  /** Takes a copy of a packet for direction 0 or `TO_A`; false when memory is full. */
  accept(direction: number, bytes: Uint8Array, start: number, end: number): boolean {
    const slot = this.pool.take(bytes, start, end)
    if (slot === -1) return false
    const stats = this.ways[direction]!.stats
    this.pool.flags[slot] = direction
    this.pool.numbers[slot] = stats.sent++
    stats.bytesSent += end - start
    stats.inFlight++
    this.pool.append(this.entering, slot, 0)
    return true
  }

  /** See `EmulatedLink`. */
  get deadline(): number {
    if (this.entering.head !== -1) return -Infinity
    const list = this.firstDue()
    return list === null ? Infinity : this.pool.due[list.head]!
  }

  poll(now: number): void {
    this.ways[0].advance(now)
    this.ways[1].advance(now)
    for (let slot = this.pool.shift(this.entering); slot !== -1; slot = this.pool.shift(this.entering)) this.enter(slot, now)
    // What a receiver transmits meanwhile stays for the next poll.
    for (;;) {
      const list = this.firstDue()
      if (list === null || this.pool.due[list.head]! > now) break
      this.leave(this.pool.shift(list), now)
    }
  }

  /** Drops all packets in the link. */
  clear(): void {
    this.ways[0].forgetQueue()
    this.ways[1].forgetQueue()
    for (const list of [this.entering, ...this.lists]) {
      for (let slot = this.pool.shift(list); slot !== -1; slot = this.pool.shift(list)) {
        this.ways[this.pool.flags[slot]! & TO_A]!.stats.unattended++
        this.release(slot)
      }
    }
  }

  private enter(slot: number, now: number): void {
    const pool = this.pool
    const direction = pool.flags[slot]! & TO_A
    const way = this.ways[direction]!
    const fate = this.fates[direction]!
    pool.transmittedAt[slot] = now
    const queued = way.enqueue(slot, now, fate)
    if (!queued) pool.departedAt[slot] = now
    this.observer?.transmitted?.(this.eventOf(slot, now))
    if (queued) way.depart(slot, fate)
    else {
      way.stats.queueDrops++
      this.drop(slot, now, 'queue')
    }
  }

  private leave(slot: number, now: number): void {
    const pool = this.pool
    const direction = pool.flags[slot]! & TO_A
    const way = this.ways[direction]!
    const exit = this.exits[direction]!
    if ((pool.flags[slot]! & LOST) !== 0) {
      way.stats.lost++
      this.drop(slot, now, 'loss')
    } else if (!exit.attended) {
      way.stats.unattended++
      this.drop(slot, now, 'unattended')
    } else {
      const reordered = way.arrive(slot)
      if (this.observer?.delivered !== undefined) {
        const event = this.eventOf(slot, now)
        event.reordered = reordered
        this.observer.delivered(event)
      }
      try {
        exit.put(pool.bytesOf(slot), pool.startOf(slot), pool.startOf(slot) + pool.lengths[slot]!)
      } finally {
        this.release(slot)
      }
    }
  }

  private drop(slot: number, now: number, cause: LinkDropCause): void {
    if (this.observer?.dropped !== undefined) {
      const event = this.eventOf(slot, now)
      event.cause = cause
      this.observer.dropped(event)
    }
    this.release(slot)
  }

  private release(slot: number): void {
    this.ways[this.pool.flags[slot]! & TO_A]!.stats.inFlight--
    this.pool.release(slot)
  }

  /** The list whose first packet leaves the link next. */
  private firstDue(): PacketList | null {
    const { due, order } = this.pool
    let first: PacketList | null = null
    for (let i = 0; i < this.lists.length; i++) {
      const list = this.lists[i]!
      if (list.head === -1) continue
      if (first === null || due[list.head]! < due[first.head]!
        || (due[list.head]! === due[first.head]! && order[list.head]! < order[first.head]!)) first = list
    }
    return first
  }

  private eventOf(slot: number, now: number): LinkEvent {
    const { pool, event } = this
    const flags = pool.flags[slot]!
    event.direction = (flags & TO_A) !== 0 ? 'bToA' : 'aToB'
    event.packet = pool.numbers[slot]!
    event.time = now
    event.transmittedAt = pool.transmittedAt[slot]!
    event.departedAt = pool.departedAt[slot]!
    event.bytes = pool.bytesOf(slot)
    event.start = pool.startOf(slot)
    event.end = event.start + pool.lengths[slot]!
    event.cause = undefined
    event.duplicate = (flags & DUPLICATE) !== 0
    event.corrupted = (flags & CORRUPTED) !== 0
    event.reordered = false
    return event
  }
}
