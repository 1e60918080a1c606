/** Characters of a line, and with CR LF behind them. */
const WIDTH = 72
const LINE = WIDTH + 2
/** The 95 printing ASCII characters, from the space on. */
const FIRST = 0x20
const PRINTING = 95
/** After so many bytes each character has begun a line and the pattern repeats. */
const PERIOD = LINE * PRINTING

const pattern = Uint8Array.from({ length: PERIOD }, (_, at) => {
  const line = Math.floor(at / LINE)
  const column = at % LINE
  if (column === WIDTH) return 0x0d
  if (column === WIDTH + 1) return 0x0a
  return FIRST + ((line + column) % PRINTING)
})

/** Fills `bytes[0, count)` with the character generator's pattern (RFC 864) as it is from `offset` on in the stream. */
export function fillChargen(bytes: Uint8Array, count: number, offset: number): void {
  let from = offset % PERIOD
  for (let at = 0; at < count;) {
    const part = Math.min(count - at, PERIOD - from)
    bytes.set(pattern.subarray(from, from + part), at)
    at += part
    from = 0
  }
}
