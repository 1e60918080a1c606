import { PacketMemory } from './_packet-memory.ts'

/** Up to this many bytes a plain loop is as fast as a block copy, and needs no view of the source. */
const SHORT_PACKET = 128

/** A queue of packets in a pool, in order of `due`. Plain data; -1 is none. */
export interface PacketList {
  head: number
  tail: number
}

export function createPacketList(): PacketList {
  return { head: -1, tail: -1 }
}

/**
 * The packets that a link holds: memory for their bytes, and a row of columns for what is known
 * about each. A packet is a slot, the number of its row. Slots and memory are used again and again;
 * columns grow by doubling, at most to one slot per smallest block of memory.
 */
export class PacketPool {
  /** Slots in use. */
  used = 0
  /** Where the packet's bytes are in memory, and how many. */
  addresses: Int32Array = new Int32Array(16)
  lengths: Int32Array = new Int32Array(16)
  /** The slot behind this one in its list (or among the free ones), and in the queue of those not sent yet. */
  next: Int32Array = new Int32Array(16)
  nextWaiting: Int32Array = new Int32Array(16)
  /** What else is known, as bits that the link defines. */
  flags: Int32Array = new Int32Array(16)
  numbers: Float64Array = new Float64Array(16)
  transmittedAt: Float64Array = new Float64Array(16)
  startedAt: Float64Array = new Float64Array(16)
  departedAt: Float64Array = new Float64Array(16)
  /** When the packet leaves its list. `order` decides between equal times: the rising number of its joining the list. */
  due: Float64Array = new Float64Array(16)
  order: Float64Array = new Float64Array(16)
  /** When held back: the count of packets gone by at which it follows them. */
  releaseAt: Float64Array = new Float64Array(16)
  private readonly memory: PacketMemory
  private free = -1
  private fresh = 0
  private joined = 0
  private lastView: Uint8Array = new Uint8Array(0)
  private lastSource: Uint8Array = this.lastView
  private lastStart = 0

  /** @param memory bytes for packets, a power of two. @param longest bytes of the largest packet. */
  constructor(memory: number, longest: number) {
    this.memory = new PacketMemory(memory, longest)
  }

  /** The array that a packet's bytes are in, from `startOf` on. */
  bytesOf(slot: number): Uint8Array {
    return this.memory.bytesOf(this.addresses[slot]!)
  }

  startOf(slot: number): number {
    return this.memory.offsetOf(this.addresses[slot]!)
  }

  /** A copy of `bytes[start, end)`; -1 when there is no room. */
  take(bytes: Uint8Array, start: number, end: number): number {
    const slot = this.reserve(end - start)
    if (slot === -1) return -1
    if (end - start <= SHORT_PACKET) this.copyShort(bytes, start, end, slot)
    else this.copyLong(bytes, start, end, slot)
    return slot
  }

  release(slot: number): void {
    this.memory.free(this.addresses[slot]!)
    this.next[slot] = this.free
    this.free = slot
    this.used--
  }

  /** Puts a packet at the end of a list, due at `due`, or with the one before it if that is later: a list never overtakes itself. */
  append(list: PacketList, slot: number, due: number): void {
    this.next[slot] = -1
    this.order[slot] = this.joined++
    if (list.head === -1) list.head = slot
    else {
      this.next[list.tail] = slot
      if (this.due[list.tail]! > due) due = this.due[list.tail]!
    }
    list.tail = slot
    this.due[slot] = due
  }

  /** Takes the first packet out of a list; -1 when it is empty. */
  shift(list: PacketList): number {
    const slot = list.head
    if (slot !== -1) {
      list.head = this.next[slot]!
      if (list.head === -1) list.tail = -1
    }
    return slot
  }

  private reserve(length: number): number {
    const address = this.memory.allocate(length)
    if (address === -1) return -1
    let slot = this.free
    if (slot !== -1) this.free = this.next[slot]!
    else {
      slot = this.fresh++
      if (slot === this.addresses.length) this.grow()
    }
    this.used++
    this.addresses[slot] = address
    this.lengths[slot] = length
    this.flags[slot] = 0
    return slot
  }

  private copyShort(bytes: Uint8Array, start: number, end: number, slot: number): void {
    const target = this.bytesOf(slot)
    for (let at = this.startOf(slot); start < end;) target[at++] = bytes[start++]!
  }

  /**
   * Stacks build all packets at the same place of one scratch buffer, and full ones have the same
   * length: the view of the last long packet mostly fits the next, and then nothing is allocated.
   */
  private copyLong(bytes: Uint8Array, start: number, end: number, slot: number): void {
    if (bytes !== this.lastSource || start !== this.lastStart || end - start !== this.lastView.length) {
      this.lastSource = bytes
      this.lastStart = start
      this.lastView = bytes.subarray(start, end)
    }
    this.bytesOf(slot).set(this.lastView, this.startOf(slot))
  }

  private grow(): void {
    const slots = this.addresses.length * 2
    this.addresses = longerInts(this.addresses, slots)
    this.lengths = longerInts(this.lengths, slots)
    this.next = longerInts(this.next, slots)
    this.nextWaiting = longerInts(this.nextWaiting, slots)
    this.flags = longerInts(this.flags, slots)
    this.numbers = longerFloats(this.numbers, slots)
    this.transmittedAt = longerFloats(this.transmittedAt, slots)
    this.startedAt = longerFloats(this.startedAt, slots)
    this.departedAt = longerFloats(this.departedAt, slots)
    this.due = longerFloats(this.due, slots)
    this.order = longerFloats(this.order, slots)
    this.releaseAt = longerFloats(this.releaseAt, slots)
  }
}

function longerInts(from: Int32Array, length: number): Int32Array {
  const to = new Int32Array(length)
  to.set(from)
  return to
}

function longerFloats(from: Float64Array, length: number): Float64Array {
  const to = new Float64Array(length)
  to.set(from)
  return to
}
