/** Up to this many bytes, a loop over bytes costs no more than finding a view. */
const SHORT = 64
/** Views kept; a power of two. */
const VIEWS = 8

/**
 * Copies incoming packets out of foreign memory, and makes no object per packet in steady state. To copy a part of one
 * array into another takes a view of that part, and a view is an allocation. But senders have habits: an ACK is short enough
 * to copy byte by byte, and longer packets come from the same place at the same size again and again (a sender builds them all in
 * one scratch buffer), so the last view of each size is kept. One copier per interface, as each has one sender's habits.
 */
export class PacketCopier {
  private readonly arrays: (Uint8Array | undefined)[] = new Array<Uint8Array | undefined>(VIEWS).fill(undefined)
  private readonly views: (Uint8Array | undefined)[] = new Array<Uint8Array | undefined>(VIEWS).fill(undefined)
  private readonly starts: Int32Array = new Int32Array(VIEWS)

  /** Copies `from[start, end)` to `into[at, …)`. The arrays must not overlap. */
  copy(from: Uint8Array, start: number, end: number, into: Uint8Array, at: number): void {
    const length = end - start
    if (length <= SHORT) {
      for (let i = start, j = at; i < end; i++, j++) into[j] = from[i]!
      return
    }
    // Full segments, and the sizes next to them, fall in different places.
    const place = (length ^ (length >> 3)) & (VIEWS - 1)
    let view = this.views[place]
    // A resizable buffer that shrank takes bytes away from its views: hence the length.
    if (view === undefined || this.arrays[place] !== from || this.starts[place] !== start || view.length !== length) {
      view = from.subarray(start, end)
      this.views[place] = view
      this.arrays[place] = from
      this.starts[place] = start
    }
    into.set(view, at)
  }
}
