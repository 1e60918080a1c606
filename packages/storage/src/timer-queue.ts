import { KeptNumber } from './kept-number.ts'

/**
 * Deadlines of many timers, earliest first: a binary heap that knows where each timer stands, so
 * setting, moving and clearing any of them takes O(log n) steps. A timer is a small integer (a table
 * index), and has at most one deadline. Timers of equal deadline come by rising id, whatever the
 * order in which they were set. Nothing is allocated once the arrays have grown to the largest id.
 */
export class TimerQueue {
  /** Ids are 0 to `maxTimers` - 1. */
  readonly maxTimers: number
  /** Heap places looked at since the start: complexity made testable. */
  steps = 0
  private count = 0
  /** Ids in heap order; the children of place i stand at 2i + 1 and 2i + 2. */
  private heap: Int32Array
  /** Per id: place in the heap + 1; 0 when it is not set. */
  private places: Int32Array
  /** Per id: deadline in ms, valid while it is set. */
  private deadlines: Float64Array
  /** Asked for at every turn of a loop, and mostly the same. */
  private readonly first: KeptNumber = new KeptNumber()

  /** @param maxTimers cap on ids; 12 to 16 bytes are kept per id up to the largest one used. */
  constructor(maxTimers: number) {
    if (!Number.isInteger(maxTimers) || maxTimers < 1 || maxTimers > 2 ** 26) {
      throw new RangeError(`maxTimers is ${maxTimers}, expected an integer from 1 to ${2 ** 26}`)
    }
    const initial = Math.min(maxTimers, 16)
    this.maxTimers = maxTimers
    this.heap = new Int32Array(initial)
    this.places = new Int32Array(initial)
    this.deadlines = new Float64Array(initial)
  }

  /** Timers that are set. */
  get size(): number {
    return this.count
  }

  /** The earliest deadline in ms; Infinity when no timer is set. */
  get next(): number {
    return this.count === 0 ? Infinity : this.first.keep(this.deadlines[this.heap[0]!]!)
  }

  /** The deadline of timer `id` in ms; Infinity when it is not set. */
  deadlineOf(id: number): number {
    return id < this.places.length && this.places[id]! > 0 ? this.deadlines[id]! : Infinity
  }

  /**
   * Sets or moves timer `id`. A deadline of Infinity clears it.
   * @throws RangeError when `id` is not an integer from 0 to `maxTimers` - 1; TypeError when `deadline` is NaN.
   */
  set(id: number, deadline: number): void {
    if ((id | 0) !== id || id < 0 || id >= this.maxTimers) {
      throw new RangeError(`timer id is ${id}, expected an integer from 0 to ${this.maxTimers - 1}`)
    }
    if (deadline === Infinity) {
      this.clear(id)
      return
    }
    if (deadline !== deadline) throw new TypeError('deadline is NaN, expected a number of milliseconds')
    if (id >= this.places.length) this.grow(id)
    const place = this.places[id]!
    if (place === 0) {
      this.deadlines[id] = deadline
      this.count++
      this.rise(this.count - 1, id)
    } else {
      const earlier = deadline < this.deadlines[id]!
      this.deadlines[id] = deadline
      if (earlier) this.rise(place - 1, id)
      else this.sink(place - 1, id)
    }
  }

  /** Clears timer `id`; whether it was set. */
  clear(id: number): boolean {
    if (!(id < this.places.length) || !(this.places[id]! > 0)) return false
    const hole = this.places[id]! - 1
    this.places[id] = 0
    this.count--
    if (hole < this.count) {
      const last = this.heap[this.count]!
      // The last one fills the hole; it may belong higher or lower than there.
      if (hole > 0 && this.before(last, this.heap[(hole - 1) >> 1]!)) this.rise(hole, last)
      else this.sink(hole, last)
    }
    return true
  }

  /** Clears and returns the first timer whose deadline is at or before `now` (ms); -1 when none is due. */
  take(now: number): number {
    if (this.count === 0) return -1
    const id = this.heap[0]!
    if (!(this.deadlines[id]! <= now)) return -1
    this.clear(id)
    return id
  }

  private before(a: number, b: number): boolean {
    const first = this.deadlines[a]!
    const second = this.deadlines[b]!
    return first < second || (first === second && a < b)
  }

  /** Puts `id` at `place` or above it. */
  private rise(place: number, id: number): void {
    const heap = this.heap
    const places = this.places
    while (place > 0) {
      this.steps++
      const parentPlace = (place - 1) >> 1
      const parent = heap[parentPlace]!
      if (!this.before(id, parent)) break
      heap[place] = parent
      places[parent] = place + 1
      place = parentPlace
    }
    heap[place] = id
    places[id] = place + 1
  }

  /** Puts `id` at `place` or below it. */
  private sink(place: number, id: number): void {
    const heap = this.heap
    const places = this.places
    for (;;) {
      let childPlace = 2 * place + 1
      if (childPlace >= this.count) break
      this.steps++
      let child = heap[childPlace]!
      if (childPlace + 1 < this.count && this.before(heap[childPlace + 1]!, child)) child = heap[++childPlace]!
      if (!this.before(child, id)) break
      heap[place] = child
      places[child] = place + 1
      place = childPlace
    }
    heap[place] = id
    places[id] = place + 1
  }

  private grow(id: number): void {
    let length = this.places.length
    while (length <= id) length *= 2
    length = Math.min(length, this.maxTimers)
    const heap = new Int32Array(length)
    heap.set(this.heap)
    this.heap = heap
    const places = new Int32Array(length)
    places.set(this.places)
    this.places = places
    const deadlines = new Float64Array(length)
    deadlines.set(this.deadlines)
    this.deadlines = deadlines
  }
}
