import type { PacketList, PacketPool } from './_packet-pool.ts'
import { createPacketList } from './_packet-pool.ts'
import type { Impairments } from './impairments.ts'
import type { LinkStats } from './link-stats.ts'
import { createLinkStats } from './link-stats.ts'
import { Prng } from './prng.ts'

/** Bits of a packet's `flags`. */
export const TO_A = 1
export const LOST = 2
export const DUPLICATE = 4
export const CORRUPTED = 8

/**
 * One direction of a link: a sender that takes its time for each packet, a queue in front of it, and
 * a way on which packets are late, lost, doubled, damaged and overtaken. A packet's fate is drawn when it
 * enters; then it stands in one of four lists until its time has come. Each kind of fate draws
 * from a random stream of its own, so that changing the loss does not move the duplicates.
 */
export class OneWay {
  readonly stats: LinkStats = createLinkStats()
  /** Packets that arrive in the order of this list. */
  readonly arriving: PacketList = createPacketList()
  /** Packets held back until enough others have gone by. */
  readonly held: PacketList = createPacketList()
  /** Packets that were held back and whose longest time ends before the last of those others arrives. */
  readonly timedOut: PacketList = createPacketList()
  /** Packets that get only half way. */
  readonly losing: PacketList = createPacketList()
  private readonly pool: PacketPool
  private readonly lossDraws: Prng
  private readonly duplicateDraws: Prng
  private readonly corruptDraws: Prng
  private readonly reorderDraws: Prng
  private readonly jitterDraws: Prng
  /** Those whose sending has not begun, linked by `nextWaiting`. */
  private firstWaiting = -1
  private lastWaiting = -1
  /** When the sender is done with all it has. */
  private busyUntil = 0
  private busyTotal = 0
  /** When the time of the last packet held back ends. */
  private heldUntil = 0
  /** Packets that went by without being held back. */
  private passed = 0
  /** Largest number of a packet delivered. */
  private highest = -1

  /** @param stream number of the first of five random streams. */
  constructor(pool: PacketPool, seed: number, stream: number) {
    this.pool = pool
    this.lossDraws = new Prng(seed, stream)
    this.duplicateDraws = new Prng(seed, stream + 1)
    this.corruptDraws = new Prng(seed, stream + 2)
    this.reorderDraws = new Prng(seed, stream + 3)
    this.jitterDraws = new Prng(seed, stream + 4)
  }

  /** Moves packets from the queue to the sender whose turn has come by `now`. */
  advance(now: number): void {
    const pool = this.pool
    const stats = this.stats
    while (this.firstWaiting !== -1 && pool.startedAt[this.firstWaiting]! <= now) {
      stats.queuedPackets--
      stats.queuedBytes -= pool.lengths[this.firstWaiting]!
      this.firstWaiting = pool.nextWaiting[this.firstWaiting]!
    }
    stats.busyTime = this.busyUntil > now ? this.busyTotal - (this.busyUntil - now) : this.busyTotal
  }

  /** Gives a packet its place at the sender; false when it has to wait and the queue has no room. */
  enqueue(slot: number, now: number, { rate, queue }: Impairments): boolean {
    const pool = this.pool
    const stats = this.stats
    const length = pool.lengths[slot]!
    const waits = this.busyUntil > now
    if (waits) {
      if (queue.packets !== undefined && stats.queuedPackets >= queue.packets) return false
      if (queue.bytes !== undefined && stats.queuedBytes + length > queue.bytes) return false
      stats.queuedPackets++
      stats.queuedBytes += length
      if (this.firstWaiting === -1) this.firstWaiting = slot
      else pool.nextWaiting[this.lastWaiting] = slot
      this.lastWaiting = slot
      pool.nextWaiting[slot] = -1
    }
    const start = waits ? this.busyUntil : now
    const sending = rate === 0 || rate === Infinity ? 0 : length * 8000 / rate
    this.busyUntil = start + sending
    this.busyTotal += sending
    pool.startedAt[slot] = start
    pool.departedAt[slot] = this.busyUntil
    return true
  }

  /** Draws the fate of a packet that `enqueue` took, and puts it and its duplicate in their lists. */
  depart(slot: number, fate: Impairments): void {
    const pool = this.pool
    const stats = this.stats
    // All are drawn for every packet, or one fate would change those of later packets.
    const lost = this.lossDraws.chance(fate.loss)
    const duplicated = this.duplicateDraws.chance(fate.duplicate)
    const corrupted = this.corruptDraws.chance(fate.corrupt)
    const bit = this.corruptDraws.below(pool.lengths[slot]! * 8)
    const heldBack = this.reorderDraws.chance(fate.reorder)
    const lateness = this.jitterDraws.float() * fate.jitter
    const departure = pool.departedAt[slot]!
    if (lost) {
      pool.flags[slot] = pool.flags[slot]! | LOST
      pool.append(this.losing, slot, departure + fate.delay / 2)
      return
    }
    if (corrupted) {
      const bytes = pool.bytesOf(slot)
      const at = pool.startOf(slot) + (bit >> 3)
      bytes[at] = bytes[at]! ^ (1 << (bit & 7))
      pool.flags[slot] = pool.flags[slot]! | CORRUPTED
      stats.corrupted++
    }
    const arrival = departure + fate.delay + lateness
    const copy = duplicated ? this.copyOf(slot) : -1
    if (heldBack) {
      pool.releaseAt[slot] = this.passed + fate.reorderGap
      // Held packets do not overtake each other.
      this.heldUntil = Math.max(this.heldUntil, arrival + fate.reorderDelay)
      pool.append(this.held, slot, this.heldUntil)
    } else pool.append(this.arriving, slot, arrival)
    if (copy !== -1) pool.append(this.arriving, copy, arrival)
    if (!heldBack) {
      this.passed++
      this.letFollow()
    }
  }

  /** Counts an arrival; whether a later packet arrived before. */
  arrive(slot: number): boolean {
    const number = this.pool.numbers[slot]!
    const stats = this.stats
    stats.delivered++
    stats.bytesDelivered += this.pool.lengths[slot]!
    if (number < this.highest) {
      stats.reordered++
      return true
    }
    this.highest = number
    return false
  }

  /** Empties the queue; the packets are still in their lists. */
  forgetQueue(): void {
    this.firstWaiting = -1
    this.stats.queuedPackets = 0
    this.stats.queuedBytes = 0
  }

  /** No room for a copy: then there is none. */
  private copyOf(slot: number): number {
    const pool = this.pool
    const copy = pool.take(pool.bytesOf(slot), pool.startOf(slot), pool.startOf(slot) + pool.lengths[slot]!)
    if (copy === -1) return -1
    pool.flags[copy] = pool.flags[slot]! | DUPLICATE
    pool.numbers[copy] = pool.numbers[slot]!
    pool.transmittedAt[copy] = pool.transmittedAt[slot]!
    pool.startedAt[copy] = pool.startedAt[slot]!
    pool.departedAt[copy] = pool.departedAt[slot]!
    this.stats.duplicated++
    this.stats.inFlight++
    return copy
  }

  /** Held packets that enough others have overtaken arrive right after the last of those, unless their time ends earlier. */
  private letFollow(): void {
    const pool = this.pool
    while (this.held.head !== -1 && pool.releaseAt[this.held.head]! <= this.passed) {
      const slot = pool.shift(this.held)
      const latest = pool.due[slot]!
      const arrival = pool.due[this.arriving.tail]!
      if (latest <= arrival) pool.append(this.timedOut, slot, latest)
      else pool.append(this.arriving, slot, arrival)
    }
  }
}
