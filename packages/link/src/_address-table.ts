/** Places that one address may stand in: the work per frame is bounded by it, whoever chose the addresses. */
const WAYS = 4

/**
 * Which port each hardware address was last seen on. Set-associative, as in hardware switches: an
 * address hashes to a set of four places and stands in one of them. When all four are taken, the
 * one unheard of for longest makes room; a chosen flood of addresses costs neither time nor memory.
 * A hardware address is two numbers: `high`, its first 16 bits, and `low`, the other 32 as int32.
 */
export class AddressTable {
  readonly capacity: number
  /** Addresses known. */
  size = 0
  readonly #sets: number
  readonly #high: Int32Array
  readonly #low: Int32Array
  /** Port + 1; 0 marks a free place. */
  readonly #ports: Int32Array
  readonly #seen: Float64Array

  /** @param capacity a power of two, at least 4. */
  constructor(capacity: number) {
    this.capacity = capacity
    this.#sets = capacity / WAYS
    this.#high = new Int32Array(capacity)
    this.#low = new Int32Array(capacity)
    this.#ports = new Int32Array(capacity)
    this.#seen = new Float64Array(capacity)
  }

  /** The port that the address was last seen on; -1 when unknown. */
  find(high: number, low: number): number {
    const place = this.#place(high, low)
    return place === -1 ? -1 : this.#ports[place]! - 1
  }

  /** Notes that the address was seen on `port` at time `now`. */
  learn(high: number, low: number, port: number, now: number): void {
    let place = this.#place(high, low)
    if (place === -1) {
      place = this.#room(high, low)
      this.#high[place] = high
      this.#low[place] = low
    }
    this.#ports[place] = port + 1
    this.#seen[place] = now
  }

  /** Forgets what was last seen before `time`. */
  forgetBefore(time: number): void {
    for (let place = 0; place < this.capacity; place++) {
      if (this.#ports[place] !== 0 && this.#seen[place]! < time) this.#forget(place)
    }
  }

  /** Forgets all addresses on `port`. */
  forgetPort(port: number): void {
    for (let place = 0; place < this.capacity; place++) {
      if (this.#ports[place] === port + 1) this.#forget(place)
    }
  }

  #forget(place: number): void {
    this.#ports[place] = 0
    this.size--
  }

  #firstPlace(high: number, low: number): number {
    let hash = Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b)
    hash ^= hash >>> 15
    return (hash & (this.#sets - 1)) * WAYS
  }

  #place(high: number, low: number): number {
    const first = this.#firstPlace(high, low)
    for (let place = first; place < first + WAYS; place++) {
      if (this.#low[place] === low && this.#high[place] === high && this.#ports[place] !== 0) return place
    }
    return -1
  }

  /** A free place for the address, or the one that it takes over. */
  #room(high: number, low: number): number {
    const first = this.#firstPlace(high, low)
    let oldest = first
    for (let place = first; place < first + WAYS; place++) {
      if (this.#ports[place] === 0) {
        this.size++
        return place
      }
      if (this.#seen[place]! < this.#seen[oldest]!) oldest = place
    }
    return oldest
  }
}
