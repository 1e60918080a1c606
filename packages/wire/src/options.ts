/**
 * Walks options of the shape that IPv4 (RFC 791 §3.1) and TCP (RFC 9293 §3.1) share: kind 0 ends
 * the list, kind 1 is one byte of padding, any other is kind, length of the whole option, data.
 *
 * Returns where the next option with a length begins, at or after `at`; `end` when there is none;
 * -1 when a length is below 2 or passes `end`. An option that is returned lies wholly before
 * `end`, its kind at the offset returned and its length one further, so a walk is
 * `for (let at = nextOption(b, start, end); at >= 0 && at !== end; at = nextOption(b, at + b[at + 1], end))`.
 */
export function nextOption(bytes: Uint8Array, at: number, end: number): number {
  for (; at < end; at++) {
    const kind = bytes[at]!
    if (kind === 0) return end
    if (kind === 1) continue
    if (at + 1 >= end) return -1
    const length = bytes[at + 1]!
    return length < 2 || at + length > end ? -1 : at
  }
  return end
}
