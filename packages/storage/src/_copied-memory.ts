/** Arrays remembered; a power of two. */
const PLACES = 8

interface CopiedMemory {
  readonly buffer: ArrayBufferLike
  /** All of the array, in words. */
  readonly words: DataView
}

/** Arrays that were copied from or to of late, the next one to be replaced at `turn`; and what was made of those that came again. */
const arrays: (Uint8Array | undefined)[] = /* @__PURE__ */ new Array<Uint8Array | undefined>(PLACES).fill(undefined)
const memories: (CopiedMemory | undefined)[] = /* @__PURE__ */ new Array<CopiedMemory | undefined>(PLACES).fill(undefined)
let turn = 0

/**
 * `array` by words, by the array itself: to ask for its buffer takes longer than to copy a short packet. Undefined when it comes for the
 * first time, and when its buffer may change its size.
 */
export function memoryOf(array: Uint8Array): CopiedMemory | undefined {
  for (let i = 0; i < PLACES; i++) if (arrays[i] === array) return memories[i] ?? make(i, array)
  arrays[turn] = array
  memories[turn] = undefined
  turn = (turn + 1) & (PLACES - 1)
  return undefined
}

function make(place: number, array: Uint8Array): CopiedMemory | undefined {
  const { buffer, byteOffset, length } = array
  // ES2024, which the libraries that these sources are checked with do not know yet.
  const { resizable, growable } = buffer as { resizable?: boolean, growable?: boolean }
  if (resizable === true || growable === true) return undefined
  const memory = { buffer, words: new DataView(buffer, byteOffset, length) }
  memories[place] = memory
  return memory
}
