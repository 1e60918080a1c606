import { copyCells, keptViews, nextCell } from './_kept-views.ts'
import { recurringView } from './_recurring-views.ts'

/** Below this, a loop over bytes is as fast as anything. */
const SHORT = 32
/** From here on it pays to look whether there is a view already. */
const MIDDLING = 256
/** Above this, the native copy pays, although it wants a view. */
const LONG = 4096

const LITTLE_ENDIAN: boolean = /* @__PURE__ */ new Uint8Array(new Int32Array([1]).buffer)[0] === 1

/** Int32 views of the buffers that were copied from or to of late, the next one to be replaced at `turn`. */
const views: Int32Array[] = Array.from({ length: 8 }, () => new Int32Array(0))
const viewed: ArrayBufferLike[] = views.map((view) => view.buffer)
let turn = 0

/**
 * Copies `from[start, end)` to `into[at, …)`. The ranges may overlap.
 *
 * Within one array this is `copyWithin`, by far the fastest: memory that bytes travel between is best
 * kept in one arena. Between two arrays the only native copy, `into.set(from.subarray(…))`, makes a
 * view each time (about 40 ns and 100 bytes of garbage); up to 4 KiB, more than a packet's size, words are copied instead, which
 * allocates nothing, unless the very same range was copied shortly before: then a view of it is kept, and the copy is native. Longer
 * ranges go by views of 4 KiB, which are kept for arrays that are copied from again and again: arenas, a buffer that an application
 * sends from. The last eight buffers and up to 64 ranges seen are remembered, and so kept alive, for all that.
 *
 * @throws RangeError when either range does not exist.
 */
export function copyBytes(from: Uint8Array, start: number, end: number, into: Uint8Array, at: number): void {
  const count = end - start
  if (!(start >= 0 && count >= 0 && end <= from.length && at >= 0 && at + count <= into.length)) {
    throw new RangeError(`copying [${start}, ${end}) of ${from.length} bytes to ${at} of ${into.length}, expected ranges inside both`)
  }
  if (from === into) into.copyWithin(at, start, end)
  else if (from.buffer === into.buffer || !LITTLE_ENDIAN) into.set(from.subarray(start, end), at)
  else if (count < SHORT) copyByteByByte(from, start, end, into, at)
  else if (count < MIDDLING) copyWords(from, start, end, into, at)
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

function copyByteByByte(from: Uint8Array, start: number, end: number, into: Uint8Array, at: number): void {
  const shift = at - start
  for (let i = start; i < end; i++) into[i + shift] = from[i]!
}

/** For little-endian hosts: a word that straddles two of the source is put together from both. */
function copyWords(from: Uint8Array, start: number, end: number, into: Uint8Array, at: number): void {
  // First the bytes up to a word boundary of the destination.
  const lead = -(at + into.byteOffset) & 3
  copyByteByByte(from, start, start + lead, into, at)
  start += lead
  at += lead
  const source = start + from.byteOffset
  const misaligned = source & 3
  // The last word is left to the byte loop when reading it would take a word beyond `end`.
  const straddling = misaligned === 0 ? 0 : 1
  const words = ((end - start) >> 2) - straddling
  const reader = viewOf(from, (source >> 2) + words + straddling)
  const writer = viewOf(into, ((at + into.byteOffset) >> 2) + words)
  let r = source >> 2
  let w = (at + into.byteOffset) >> 2
  const stop = w + words
  if (misaligned === 0) {
    for (; w + 3 < stop; w += 4, r += 4) {
      writer[w] = reader[r]!
      writer[w + 1] = reader[r + 1]!
      writer[w + 2] = reader[r + 2]!
      writer[w + 3] = reader[r + 3]!
    }
    for (; w < stop; w++, r++) writer[w] = reader[r]!
  } else {
    const down = misaligned << 3
    const up = 32 - down
    let word = reader[r]!
    for (; w < stop; w++) {
      const following = reader[++r]!
      writer[w] = (word >>> down) | (following << up)
      word = following
    }
  }
  copyByteByByte(from, start + 4 * words, end, into, at + 4 * words)
}

/** A view of the buffer under `bytes` with at least `words` words: a resizable one may have changed since. */
function viewOf(bytes: Uint8Array, words: number): Int32Array {
  const buffer = bytes.buffer
  for (let i = 0; i < 8; i++) {
    if (viewed[i] === buffer && views[i]!.length >= words) return views[i]!
  }
  const view = new Int32Array(buffer, 0, buffer.byteLength >> 2)
  views[turn] = view
  viewed[turn] = buffer
  turn = (turn + 1) & 7
  return view
}
