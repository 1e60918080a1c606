import { setSumKernel } from '@layerfour/wire'
import { checksumWasm } from './checksum-wasm.ts'

/**
 * What computes checksums over a stack's memory. `wasm`: 128-bit instructions of WebAssembly, whose memory the arena then is;
 * `js`: the loops of `@layerfour/wire`; `auto`: `wasm` where the host allows it, else `js`.
 */
export type KernelChoice = 'auto' | 'js' | 'wasm'

/** The memory that a stack's arena is made in, undefined for any, and which kernels work on it. */
export interface KernelMemory {
  readonly kernels: 'js' | 'wasm'
  readonly buffer: ArrayBuffer | undefined
}

const PAGE_BYTES = 65_536

let compiled: WebAssembly.Module | undefined

/**
 * Makes memory of at least `byteLength` bytes for the kernels that were asked for.
 * @throws TypeError for a choice that is none, and for `wasm` where there is no WebAssembly with 128-bit instructions, or no memory.
 */
export function createKernelMemory(choice: KernelChoice, byteLength: number): KernelMemory {
  if (choice !== 'auto' && choice !== 'js' && choice !== 'wasm') {
    throw new TypeError(`kernels is '${String(choice)}', expected 'auto', 'js' or 'wasm'`)
  }
  if (choice === 'js') return { kernels: 'js', buffer: undefined }
  try {
    return { kernels: 'wasm', buffer: createWasmMemory(byteLength) }
  } catch (error) {
    // No WebAssembly, none with such instructions, forbidden by the page's Content Security Policy, or out of address space.
    if (choice === 'auto') return { kernels: 'js', buffer: undefined }
    throw new TypeError(`kernels is 'wasm', which this host does not allow: ${String(error)}`, { cause: error })
  }
}

function createWasmMemory(byteLength: number): ArrayBuffer {
  const pages = Math.ceil(byteLength / PAGE_BYTES)
  compiled ??= new WebAssembly.Module(checksumWasm)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
  const { sum } = new WebAssembly.Instance(compiled, { arena: { memory } }).exports
  // Never grown, so the buffer stays what it is; not asked to be shared, though Deno's types leave that open.
  const { buffer } = memory
  if (!(buffer instanceof ArrayBuffer)) throw new TypeError('the memory is shared, expected one that is not')
  setSumKernel(buffer, sum as (start: number, end: number) => number)
  return buffer
}
