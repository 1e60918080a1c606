// The core is typed without TextEncoder and TextDecoder, which belong to hosts; pcapng strings are short.

/** Bytes that `text` takes in UTF-8 (RFC 3629). A lone surrogate counts as U+FFFD. */
export function utf8Length(text: string): number {
  let length = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.codePointAt(i)!
    if (code > 0xffff) i++
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
  }
  return length
}

/** Writes `text` at `at`, and returns where it ends. */
export function writeUtf8(text: string, bytes: Uint8Array, at: number): number {
  for (let i = 0; i < text.length; i++) {
    let code = text.codePointAt(i)!
    if (code > 0xffff) i++
    else if (code >= 0xd800 && code < 0xe000) code = 0xfffd
    if (code < 0x80) bytes[at++] = code
    else {
      const more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3
      bytes[at++] = (0xf00 >> (more + 1)) | (code >> (6 * more))
      for (let shift = 6 * (more - 1); shift >= 0; shift -= 6) bytes[at++] = 0x80 | ((code >> shift) & 0x3f)
    }
  }
  return at
}

const SMALLEST = [0, 0x80, 0x800, 0x10000]

/** Reads text; each byte that begins no well-formed character becomes U+FFFD. */
export function readUtf8(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  for (let at = start; at < end; ) {
    const first = bytes[at++]!
    const more = first < 0x80 ? 0 : first < 0xc0 ? -1 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf8 ? 3 : -1
    let code = more < 0 ? 0xfffd : more === 0 ? first : first & (0x3f >> more)
    for (let i = 0; i < more; i++) {
      const byte = at + i < end ? bytes[at + i]! : 0
      code = (byte & 0xc0) === 0x80 ? (code << 6) | (byte & 0x3f) : -1
      if (code < 0) break
    }
    const valid = more <= 0 || (code >= SMALLEST[more]! && code <= 0x10ffff && (code < 0xd800 || code >= 0xe000))
    if (valid && more > 0) at += more
    text += String.fromCodePoint(valid ? code : 0xfffd)
  }
  return text
}
