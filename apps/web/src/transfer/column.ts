/** A growing list of numbers in one typed array: tens of thousands of rows without an object for each. */
export class Column {
  #values: Float64Array<ArrayBuffer> = new Float64Array(256)
  #length = 0

  get length(): number {
    return this.#length
  }

  at(index: number): number {
    return this.#values[index]!
  }

  get last(): number {
    return this.#length === 0 ? NaN : this.#values[this.#length - 1]!
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const values = new Float64Array(2 * this.#values.length)
      values.set(this.#values)
      this.#values = values
    }
    this.#values[this.#length++] = value
  }

  set(index: number, value: number): void {
    this.#values[index] = value
  }

  /** The rows so far, not copied: valid until the next push. */
  view(): Float64Array<ArrayBuffer> {
    return this.#values.subarray(0, this.#length)
  }

  /** In a column that never falls: how many rows are at most `value`. */
  countUpTo(value: number): number {
    let low = 0
    let high = this.#length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#values[middle]! <= value) low = middle + 1
      else high = middle
    }
    return low
  }

  /** In a column that never falls: the first value beyond `value`, Infinity when there is none. */
  after(value: number): number {
    const index = this.countUpTo(value)
    return index < this.#length ? this.#values[index]! : Infinity
  }

  /** In a column that never falls: the last value before `value`, -Infinity when there is none. */
  before(value: number): number {
    let low = 0
    let high = this.#length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#values[middle]! < value) low = middle + 1
      else high = middle
    }
    return low > 0 ? this.#values[low - 1]! : -Infinity
  }
}
