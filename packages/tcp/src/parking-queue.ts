/** What a place in the connection table is to the queue. */
const OUT = 0
const IN = 1
/** Still in the queue, though its connection is gone: the next one in this place inherits the turn. */
const LEFT = 2
const FIRST_CAPACITY = 16

/**
 * Connections that may fall quiet, by their places in the connection table, in the order in which they are to be looked at: first in,
 * first out, because all wait equally long. Each place stands in it once at most, so 21 bytes a place are its cap.
 */
export class ParkingQueue {
  private marks: Uint8Array = new Uint8Array(FIRST_CAPACITY)
  /** A ring: places, and when each is to be looked at, ms. */
  private slots: Int32Array = new Int32Array(FIRST_CAPACITY)
  private times: Float64Array = new Float64Array(FIRST_CAPACITY)
  private head = 0
  private count = 0
  /** Those in it whose connection is there. */
  private live = 0

  has(slot: number): boolean {
    return this.marks[slot] === IN
  }

  /** When to look at the first one, ms; Infinity when there is none. */
  get next(): number {
    return this.live === 0 ? Infinity : this.times[this.head]!
  }

  /** A connection that is not in it is to be looked at at `at`, which is no earlier than for those before. */
  add(slot: number, at: number): void {
    if (slot >= this.marks.length) this.growMarks(slot)
    const mark = this.marks[slot]
    this.marks[slot] = IN
    this.live++
    if (mark === LEFT) return
    if (this.count === this.slots.length) this.resize(2 * this.count)
    const place = (this.head + this.count++) & (this.slots.length - 1)
    this.slots[place] = slot
    this.times[place] = at
  }

  /** The connection in this place has gone. */
  remove(slot: number): void {
    if (this.marks[slot] !== IN) return
    this.marks[slot] = LEFT
    if (--this.live === 0) this.clear()
  }

  /** The place whose turn it is; -1 when none is left for `now`. */
  take(now: number): number {
    while (this.live > 0 && this.times[this.head]! <= now) {
      const slot = this.slots[this.head]!
      const there = this.marks[slot] === IN
      this.head = (this.head + 1) & (this.slots.length - 1)
      this.count--
      this.marks[slot] = OUT
      if (!there) continue
      if (--this.live === 0) this.clear()
      return slot
    }
    return -1
  }

  private clear(): void {
    for (let index = 0; index < this.count; index++) this.marks[this.slots[(this.head + index) & (this.slots.length - 1)]!] = OUT
    this.head = this.count = 0
    if (this.slots.length > 1024) this.resize(FIRST_CAPACITY)
  }

  private resize(capacity: number): void {
    const slots = new Int32Array(capacity)
    const times = new Float64Array(capacity)
    for (let index = 0; index < this.count; index++) {
      const place = (this.head + index) & (this.slots.length - 1)
      slots[index] = this.slots[place]!
      times[index] = this.times[place]!
    }
    this.slots = slots
    this.times = times
    this.head = 0
  }

  private growMarks(slot: number): void {
    let length = this.marks.length
    while (length <= slot) length *= 2
    const marks = new Uint8Array(length)
    marks.set(this.marks)
    this.marks = marks
  }
}
