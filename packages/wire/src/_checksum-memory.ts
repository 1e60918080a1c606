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

/** Weakly, by buffer. */
const memories = /* @__PURE__ */ new WeakMap<ArrayBufferLike, ChecksumMemory>()
/**
 * And at hand the last two, since two stacks that talk to each other in one process use two in turn: by array, for to ask an array
 * for its buffer takes as long as to sum 64 bytes.
 */
let lastArray: Uint8Array | undefined
let last: ChecksumMemory | undefined
let otherArray: Uint8Array | undefined
let other: ChecksumMemory | undefined

/**
 * Has checksums over `buffer` computed by `sum`, such as a function of WebAssembly whose memory the buffer is. A buffer that
 * has one must keep its length.
 */
export function setSumKernel(buffer: ArrayBufferLike, sum: SumKernel): void {
  find(buffer).sum = sum
}

/** Whether `setSumKernel` was called for `buffer`. */
export function hasSumKernel(buffer: ArrayBufferLike): boolean {
  return memories.get(buffer)?.sum !== undefined
}

/** The memory under an array, with a view of at least `count` words of it. */
export function memoryOf(bytes: Uint8Array, count: number): ChecksumMemory {
  const memory = bytes === lastArray ? last! : bytes === otherArray ? other! : recall(bytes)
  // A resizable buffer may have outgrown its view.
  if (count > memory.words.length) memory.words = viewOf(memory.buffer)
  return memory
}

function recall(bytes: Uint8Array): ChecksumMemory {
  otherArray = lastArray
  other = last
  lastArray = bytes
  last = find(bytes.buffer)
  return last
}

function find(buffer: ArrayBufferLike): ChecksumMemory {
  const known = memories.get(buffer)
  if (known !== undefined) return known
  const made: ChecksumMemory = { buffer, words: viewOf(buffer), sum: undefined }
  memories.set(buffer, made)
  return made
}

function viewOf(buffer: ArrayBufferLike): Int32Array {
  return new Int32Array(buffer, 0, buffer.byteLength >>> 2)
}
