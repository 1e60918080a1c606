import { copyCells, keptViews, nextCell } from './_kept-views.ts'
import { memoryOf } from './_copied-memory.ts'
import { recurringView } from './_recurring-views.ts'

/** Below this, a loop over words is as fast as anything. */
const SHORT = 128
/** Above this, the native copy pays, although it wants a view. */
const LONG = 4096

/**
 * Copies `from[start, end)` to `into[at, …)`. The ranges may overlap.
 *
 * Within one array this is `copyWithin`, by far the fastest: memory that bytes travel between is best
 * kept in one arena. Between two arrays the only native copy, `into.set(from.subarray(…))`, makes a
 * view each time (about 40 ns and 100 bytes of garbage); up to 4 KiB, more than a packet's size, words are copied instead, which
 * allocates nothing, unless the very same range was copied shortly before: then a view of it is kept, and the copy is native. Longer
 * ranges go by views of 4 KiB, which are kept for arrays that are copied from again and again: arenas, a buffer that an application
 * sends from. The last eight arrays and up to 64 ranges seen are remembered, and so kept alive, for all that.
 *
 * @throws RangeError when either range does not exist.
 */
export function copyBytes(from: Uint8Array, start: number, end: number, into: Uint8Array, at: number): void {
  const count = end - start
  if (!(start >= 0 && count >= 0 && end <= from.length && at >= 0 && at + count <= into.length)) {
    throw new RangeError(`copying [${start}, ${end}) of ${from.length} bytes to ${at} of ${into.length}, expected ranges inside both`)
  }
  if (from === into) into.copyWithin(at, start, end)
  else if (count < SHORT) copyWords(from, start, end, into, at)
  else copyByView(from, start, end, into, at)
}

/** By the view that there is, or as it goes without. */
function copyByView(from: Uint8Array, start: number, end: number, into: Uint8Array, at: number): void {
  const view = recurringView(from, start, end)
  if (view !== undefined) into.set(view, at)
  else if (end - start <= LONG) copyWords(from, start, end, into, at)
  else copyLong(from, start, end, into, at)
}

function copyLong(from: Uint8Array, start: number, end: number, into: Uint8Array, at: number): void {
  const cells = keptViews(from)
  if (cells === undefined) {
    into.set(from.subarray(start, end), at)
    return
  }
  const shift = at - start
  const first = nextCell(start)
  copyBytes(from, start, first, into, at)
  const rest = copyCells(cells, from, first, end, into, first + shift)
  copyBytes(from, rest, end, into, rest + shift)
}

/** Words of any alignment, whose byte order is of no matter as long as it is one. */
function copyWords(from: Uint8Array, start: number, end: number, into: Uint8Array, at: number): void {
  const source = memoryOf(from)
  const destination = memoryOf(into)
  // Between two views of one buffer, ranges may overlap; and to read an array once by words takes longer to set up than it is worth.
  if (source === undefined || destination === undefined || source.buffer === destination.buffer) {
    into.set(from.subarray(start, end), at)
    return
  }
  const reader = source.words
  const writer = destination.words
  const shift = at - start
  let place = start
  // Read first, then written: the engine looks after each write whether it changed what it knew of the views.
  for (const last = end - 15; place < last; place += 16) {
    const a = reader.getInt32(place, true)
    const b = reader.getInt32(place + 4, true)
    const c = reader.getInt32(place + 8, true)
    const d = reader.getInt32(place + 12, true)
    const to = place + shift
    writer.setInt32(to, a, true)
    writer.setInt32(to + 4, b, true)
    writer.setInt32(to + 8, c, true)
    writer.setInt32(to + 12, d, true)
  }
  for (; place < end; place++) into[place + shift] = from[place]!
}
