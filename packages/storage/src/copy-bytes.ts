/** Copies `from[start, end)` to `into[at, …)`. The ranges may overlap in one array. */
export function copyBytes(from: Uint8Array, start: number, end: number, into: Uint8Array, at: number): void {
  if (from === into) into.copyWithin(at, start, end)
  else into.set(from.subarray(start, end), at)
}
