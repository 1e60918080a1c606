const EMPTY = /* @__PURE__ */ new Float64Array(0)

/**
 * Disjoint half-open ranges [from, to) of stream offsets, in rising order, at most `maxRanges` of
 * them: what has arrived out of order, or what a peer has acknowledged selectively. Offsets are
 * numbers up to 2^53, not sequence numbers, so they never wrap. Ranges that touch are one. A look-up
 * halves its way through the edges; an insertion moves those above it. Memory is taken on first use.
 */
export class RangeSet {
  readonly maxRanges: number
  private ranges = 0
  private covered = 0
  /** from0, to0, from1, to1, … */
  private edges: Float64Array = EMPTY

  /** @param maxRanges cap on ranges, 1 to 65,536; 16 bytes each. */
  constructor(maxRanges: number) {
    if (!Number.isInteger(maxRanges) || maxRanges < 1 || maxRanges > 65536) {
      throw new RangeError(`maxRanges is ${maxRanges}, expected an integer from 1 to 65536`)
    }
    this.maxRanges = maxRanges
  }

  /** How many ranges there are. */
  get count(): number {
    return this.ranges
  }

  /** How many offsets they cover together. */
  get total(): number {
    return this.covered
  }

  /** Where range `index`, 0 being the lowest, begins; NaN when there is none. */
  fromAt(index: number): number {
    return index >= 0 && index < this.ranges ? this.edges[2 * index]! : NaN
  }

  /** Where range `index` ends, exclusive; NaN when there is none. */
  toAt(index: number): number {
    return index >= 0 && index < this.ranges ? this.edges[2 * index + 1]! : NaN
  }

  /** The range that contains `offset`, as an index; -1 when none does. */
  indexOf(offset: number): number {
    const index = this.firstEndingAfter(offset)
    return index < this.ranges && this.edges[2 * index]! <= offset ? index : -1
  }

  contains(offset: number): boolean {
    return this.indexOf(offset) >= 0
  }

  /** Whether all of [from, to) is in the set; an empty range is. */
  covers(from: number, to: number): boolean {
    if (from >= to) return true
    const index = this.indexOf(from)
    return index >= 0 && to <= this.edges[2 * index + 1]!
  }

  /** The lowest offset at or above `offset` that is not in the set. */
  firstGap(offset: number): number {
    const index = this.indexOf(offset)
    return index < 0 ? offset : this.edges[2 * index + 1]!
  }

  /**
   * Adds [from, to), joining what it overlaps or touches. False when that would make more ranges
   * than `maxRanges`; the set is as it was. An empty range changes nothing.
   * @throws RangeError when `from` is above `to`, or either is not a number.
   */
  add(from: number, to: number): boolean {
    if (!(from <= to)) throw new RangeError(`range is [${from}, ${to}), expected from <= to`)
    if (from === to) return true
    // [first, last) are the ranges that it overlaps or touches.
    let first = this.firstEndingAfter(from)
    if (first > 0 && this.edges[2 * first - 1] === from) first--
    let last = first
    let taken = 0
    while (last < this.ranges && this.edges[2 * last]! <= to) {
      taken += this.edges[2 * last + 1]! - this.edges[2 * last]!
      last++
    }
    if (first === last) {
      if (this.ranges === this.maxRanges) return false
      this.reserve(this.ranges + 1)
      this.edges.copyWithin(2 * first + 2, 2 * first, 2 * this.ranges)
      this.ranges++
    } else {
      if (this.edges[2 * first]! < from) from = this.edges[2 * first]!
      if (this.edges[2 * last - 1]! > to) to = this.edges[2 * last - 1]!
      this.edges.copyWithin(2 * first + 2, 2 * last, 2 * this.ranges)
      this.ranges -= last - first - 1
    }
    this.edges[2 * first] = from
    this.edges[2 * first + 1] = to
    this.covered += to - from - taken
    return true
  }

  /** Takes out everything below `offset`. */
  removeBelow(offset: number): void {
    const gone = this.firstEndingAfter(offset)
    for (let index = 0; index < gone; index++) {
      this.covered -= this.edges[2 * index + 1]! - this.edges[2 * index]!
    }
    if (gone > 0) {
      this.edges.copyWithin(0, 2 * gone, 2 * this.ranges)
      this.ranges -= gone
    }
    if (this.ranges > 0 && this.edges[0]! < offset) {
      this.covered -= offset - this.edges[0]!
      this.edges[0] = offset
    }
  }

  clear(): void {
    this.ranges = 0
    this.covered = 0
  }

  /** Index of the lowest range whose end is above `offset`; `count` when there is none. */
  private firstEndingAfter(offset: number): number {
    let low = 0
    let high = this.ranges
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.edges[2 * middle + 1]! > offset) high = middle
      else low = middle + 1
    }
    return low
  }

  private reserve(ranges: number): void {
    if (2 * ranges <= this.edges.length) return
    const grown = new Float64Array(2 * Math.min(this.maxRanges, Math.max(4, 2 * this.ranges)))
    grown.set(this.edges)
    this.edges = grown
  }
}
