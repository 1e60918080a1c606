import { createKernelMemory } from '../../../packages/socket/src/kernels/kernels.ts'

/** Memory as a stack has it, over which `onesComplementSum` of `@layerfour/wire` runs these kernels. */
export function kernelMemory(kernels: 'js' | 'wasm', byteLength: number): Uint8Array {
  return new Uint8Array(createKernelMemory(kernels, byteLength).buffer ?? new ArrayBuffer(byteLength))
}
