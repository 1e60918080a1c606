/** Characters of a line, and with CR LF behind them. */
const WIDTH = 72
const LINE = WIDTH + 2
/** The 95 printing ASCII characters, from the space on. */
const FIRST = 0x20
const PRINTING = 95

/** The pattern repeats after so many bytes: each of the 95 characters has begun a line. */
export const CHARGEN_PERIOD: number = LINE * PRINTING

const pattern = /* @__PURE__ */ onePeriod()

/** Fills `bytes[start, end)` with the character generator's pattern (RFC 864 §5), as it is from `offset` on in the stream. */
export function fillChargen(bytes: Uint8Array, start: number, end: number, offset: number): void {
  let from = offset % CHARGEN_PERIOD
  for (let at = start; at < end;) {
    const count = Math.min(end - at, CHARGEN_PERIOD - from)
    bytes.set(pattern.subarray(from, from + count), at)
    at += count
    from = 0
  }
}

function onePeriod(): Uint8Array {
  const bytes = new Uint8Array(CHARGEN_PERIOD)
  for (let line = 0; line < PRINTING; line++) {
    for (let column = 0; column < WIDTH; column++) bytes[line * LINE + column] = FIRST + ((line + column) % PRINTING)
    bytes[line * LINE + WIDTH] = 0x0d
    bytes[line * LINE + WIDTH + 1] = 0x0a
  }
  return bytes
}
