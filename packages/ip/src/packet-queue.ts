import type { Arena } from '@layerfour/storage'
import { copyBytes } from '@layerfour/storage'
import { HEADROOM } from './limits.ts'

/** What a queued packet begins with. */
export const QueuedKind = {
  /** An IP header: it has its way to the interface before it. */
  Packet: 0,
  /** The interface's link header. */
  Frame: 1,
} as const

export type QueuedKind = (typeof QueuedKind)[keyof typeof QueuedKind]

/**
 * Packets that wait, first in, first out. Each lies in a block of the arena behind room for a link header; the queue has
 * a cap on packets and one on bytes. What is known of the first one is read through `head…`.
 */
export class PacketQueue {
  private readonly arena: Arena
  private readonly maxPackets: number
  private readonly maxBytes: number
  private first = 0
  private count = 0
  private heldBytes = 0
  private readonly blocks: Int32Array
  private readonly lengths: Int32Array
  private readonly interfaces: Int32Array
  private readonly kinds: Int32Array
  private readonly progress: Int32Array
  private readonly identifications: Int32Array
  private readonly times: Float64Array
  /** When the queue wants to be looked at; typed, so that storing a fraction allocates nothing. */
  private readonly attention: Float64Array = Float64Array.of(Infinity)

  constructor(arena: Arena, maxPackets: number, maxBytes: number) {
    this.arena = arena
    this.maxPackets = maxPackets
    this.maxBytes = maxBytes
    this.blocks = new Int32Array(maxPackets)
    this.lengths = new Int32Array(maxPackets)
    this.interfaces = new Int32Array(maxPackets)
    this.kinds = new Int32Array(maxPackets)
    this.progress = new Int32Array(maxPackets)
    this.identifications = new Int32Array(maxPackets)
    this.times = new Float64Array(maxPackets)
  }

  /** Packets in the queue. */
  get size(): number {
    return this.count
  }

  /** Bytes of the packets in the queue. */
  get bytes(): number {
    return this.heldBytes
  }

  /**
   * Appends a packet of `length` bytes, to be written at once into `arena.bytes` at the offset returned; -1 when the queue
   * or the arena is full.
   * @param interfaceIndex where it goes, -1 where the route is to say.
   */
  append(length: number, interfaceIndex: number, kind: QueuedKind, now: number): number {
    if (!this.fits(length)) return -1
    const block = this.arena.allocate(HEADROOM + length)
    if (block < 0) return -1
    this.put(block, length, interfaceIndex, kind, now)
    return block + HEADROOM
  }

  /** Appends a copy of `bytes[start, end)`; false when the queue or the arena is full. */
  push(bytes: Uint8Array, start: number, end: number, interfaceIndex: number, kind: QueuedKind, now: number): boolean {
    const at = this.append(end - start, interfaceIndex, kind, now)
    if (at < 0) return false
    copyBytes(bytes, start, end, this.arena.bytes, at)
    return true
  }

  /** Appends a packet that lies `HEADROOM` bytes into a block of the arena already, and takes the block over. False when full. */
  adopt(block: number, length: number, interfaceIndex: number, kind: QueuedKind, now: number): boolean {
    if (!this.fits(length)) return false
    this.put(block, length, interfaceIndex, kind, now)
    return true
  }

  /** Where the first packet begins in `arena.bytes`. */
  get headStart(): number {
    return this.blocks[this.first]! + HEADROOM
  }

  get headEnd(): number {
    return this.headStart + this.lengths[this.first]!
  }

  get headInterface(): number {
    return this.interfaces[this.first]!
  }

  get headKind(): QueuedKind {
    return this.kinds[this.first]! as QueuedKind
  }

  /** When the first packet was appended, in ms. */
  get headTime(): number {
    return this.times[this.first]!
  }

  /** How many bytes of the first packet's payload were sent in fragments already. */
  get headProgress(): number {
    return this.progress[this.first]!
  }

  /** Which identification the fragments of the first packet bear that were sent already. */
  get headIdentification(): number {
    return this.identifications[this.first]!
  }

  /** Notes that the fragments of the first packet were sent up to `progress`, with this identification. */
  markHead(progress: number, identification: number): void {
    this.mark(this.first, progress, identification)
  }

  /** The same for the packet appended last. */
  markLast(progress: number, identification: number): void {
    this.mark((this.first + this.count - 1) % this.maxPackets, progress, identification)
  }

  /** When the queue is to be looked at, in ms: when a packet was appended, or what `postpone` said; Infinity when it is empty. */
  get deadline(): number {
    return this.count === 0 ? Infinity : this.attention[0]!
  }

  /** What is in the queue now wants no attention before `until` (ms). */
  postpone(until: number): void {
    this.attention[0] = until
  }

  /** Drops the first packet and frees its memory. */
  shift(): void {
    this.arena.free(this.blocks[this.first]!)
    this.heldBytes -= this.lengths[this.first]!
    this.first = (this.first + 1) % this.maxPackets
    this.count--
  }

  /** Moves the first packet to the end. */
  rotate(): void {
    const from = this.first
    const to = (from + this.count) % this.maxPackets
    this.blocks[to] = this.blocks[from]!
    this.lengths[to] = this.lengths[from]!
    this.interfaces[to] = this.interfaces[from]!
    this.kinds[to] = this.kinds[from]!
    this.progress[to] = this.progress[from]!
    this.identifications[to] = this.identifications[from]!
    this.times[to] = this.times[from]!
    this.first = (from + 1) % this.maxPackets
  }

  private mark(place: number, progress: number, identification: number): void {
    this.progress[place] = progress
    this.identifications[place] = identification
  }

  private fits(length: number): boolean {
    return this.count < this.maxPackets && this.heldBytes + length <= this.maxBytes
  }

  private put(block: number, length: number, interfaceIndex: number, kind: QueuedKind, now: number): void {
    const place = (this.first + this.count) % this.maxPackets
    this.blocks[place] = block
    this.lengths[place] = length
    this.interfaces[place] = interfaceIndex
    this.kinds[place] = kind
    this.mark(place, 0, 0)
    this.times[place] = now
    this.attention[0] = now
    this.count++
    this.heldBytes += length
  }
}
