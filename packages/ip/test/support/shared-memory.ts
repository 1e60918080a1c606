/** `length` bytes, 64 KiB at most, that threads share. Pages that are not isolated have no class for it, but WebAssembly has it. */
export function sharedBytes(length: number): Uint8Array {
  const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })
  return new Uint8Array(buffer, 0, length)
}
