import { copyBytes } from '@layerfour/storage'

/** Below this many bytes, finding a view takes longer than copying. */
const SHORT = 256
/** Sizes remembered; a power of two. */
const SIZES = 8

/**
 * Copies incoming packets out of foreign memory. `copyBytes` does it without making an object, but the native copy is
 * several times faster for a full packet, and wants a view of the packet. Senders have habits: they build all packets in one scratch
 * buffer, so those of one size come from the same place again and again. A packet like the last one of its size is copied
 * through a view that is kept. One copier per interface, as each has one sender's habits.
 */
export class PacketCopier {
  private readonly arrays: (Uint8Array | undefined)[] = new Array<Uint8Array | undefined>(SIZES).fill(undefined)
  private readonly views: (Uint8Array | undefined)[] = new Array<Uint8Array | undefined>(SIZES).fill(undefined)
  private readonly starts: Int32Array = new Int32Array(SIZES)
  private readonly ends: Int32Array = new Int32Array(SIZES)

  /** Copies `from[start, end)` to `into[at, …)`. */
  copy(from: Uint8Array, start: number, end: number, into: Uint8Array, at: number): void {
    const length = end - start
    // Full packets, and those a little shorter, fall in different places.
    const place = (length ^ (length >> 3)) & (SIZES - 1)
    if (length < SHORT || this.arrays[place] !== from || this.starts[place] !== start || this.ends[place] !== end) {
      if (length >= SHORT) this.remember(place, from, start, end)
      copyBytes(from, start, end, into, at)
      return
    }
    let view = this.views[place]
    // A resizable buffer that shrank takes bytes away from its views: hence the length.
    if (view === undefined || view.length !== length) {
      view = from.subarray(start, end)
      this.views[place] = view
    }
    into.set(view, at)
  }

  private remember(place: number, from: Uint8Array, start: number, end: number): void {
    this.arrays[place] = from
    this.views[place] = undefined
    this.starts[place] = start
    this.ends[place] = end
  }
}
