/** The most that a `SumKernel` is asked for at a time, in bytes: any packet. */
export const KERNEL_BYTES = 65_536

/**
 * Sums the little-endian 16-bit words of the bytes [start, end) of one buffer, at most 65,536 bytes at a time; an odd last byte
 * counts as a low octet. The sum may be carried into fewer bits (2¹⁶ counts as 1), but not to 0 unless all bytes are 0; less than 2³¹.
 */
export type SumKernel = (start: number, end: number) => number

/** What is known of a buffer that checksums are computed over. */
interface ChecksumMemory {
  readonly buffer: ArrayBufferLike
  /** All of it in words, so that no view is made per packet. */
  words: Int32Array
  sum: SumKernel | undefined
}

/** Weakly, by buffer; and at hand the last two, since two stacks that talk to each other in one process use two in turn. */
const memories = /* @__PURE__ */ new WeakMap<ArrayBufferLike, ChecksumMemory>()
let last: ChecksumMemory | undefined
let lastButOne: ChecksumMemory | undefined

/**
 * Has checksums over `buffer` computed by `sum`, such as a function of WebAssembly whose memory the buffer is. A buffer that
 * has one must keep its length.
 */
export function setSumKernel(buffer: ArrayBufferLike, sum: SumKernel): void {
  memoryOf(buffer, 0).sum = sum
}

/** Whether `setSumKernel` was called for `buffer`. */
export function hasSumKernel(buffer: ArrayBufferLike): boolean {
  return memories.get(buffer)?.sum !== undefined
}

/** The memory under a buffer, with a view of at least `count` words of it. */
export function memoryOf(buffer: ArrayBufferLike, count: number): ChecksumMemory {
  let memory = last
  if (memory === undefined || memory.buffer !== buffer) {
    memory = lastButOne
    if (memory === undefined || memory.buffer !== buffer) memory = find(buffer)
    lastButOne = last
    last = memory
  }
  // A resizable buffer may have outgrown its view.
  if (count > memory.words.length) memory.words = new Int32Array(buffer, 0, buffer.byteLength >>> 2)
  return memory
}

function find(buffer: ArrayBufferLike): ChecksumMemory {
  const known = memories.get(buffer)
  if (known !== undefined) return known
  const made: ChecksumMemory = { buffer, words: new Int32Array(buffer, 0, buffer.byteLength >>> 2), sum: undefined }
  memories.set(buffer, made)
  return made
}
