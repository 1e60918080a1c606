/** 0 included, which asks for an ephemeral one. */
export function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 0 && port <= 65_535
}

/** @throws TypeError when `bytes` is none, RangeError when `[start, end)` does not lie within. */
export function checkRange(bytes: Uint8Array, start: number, end: number): void {
  if (!(bytes instanceof Uint8Array)) throw new TypeError(`bytes is ${typeof bytes}, expected a Uint8Array`)
  if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || end < start || end > bytes.length) {
    throw new RangeError(`range is [${start}, ${end}), expected one within ${bytes.length} bytes`)
  }
}
