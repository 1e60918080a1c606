/**
 * Snapshots as bytes, so that they go through files, sockets and other runtimes: JSON with what JSON
 * lacks spelled out. Numbers that are no JSON become `{"$":"Infinity"}`, bytes `{"$bytes":"<base16>"}`.
 */
export function encodeSnapshot(snapshot: unknown): Uint8Array {
  const text = JSON.stringify(snapshot, (_name, value: unknown) => {
    if (typeof value === 'number' && !Number.isFinite(value)) return { $: String(value) }
    if (value instanceof Uint8Array) return { $bytes: toHex(value) }
    if (value === undefined) return { $: 'undefined' }
    return value
  })
  const bytes = new Uint8Array(text.length)
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code > 0x7f) throw new TypeError(`a snapshot has no text, got ${JSON.stringify(text[index])}`)
    bytes[index] = code
  }
  return bytes
}

/** What `encodeSnapshot` was given. @throws SyntaxError for bytes that are not its output. */
export function decodeSnapshot(bytes: Uint8Array): unknown {
  let text = ''
  for (let from = 0; from < bytes.length; from += 4096) text += String.fromCharCode(...bytes.subarray(from, from + 4096))
  return JSON.parse(text, (_name, value: unknown) => {
    if (typeof value !== 'object' || value === null) return value
    if ('$bytes' in value) return fromHex(String(value.$bytes))
    if ('$' in value) return value.$ === 'undefined' ? undefined : Number(value.$)
    return value
  })
}

function toHex(bytes: Uint8Array): string {
  const digits: string[] = []
  for (const byte of bytes) digits.push(byte < 16 ? `0${byte.toString(16)}` : byte.toString(16))
  return digits.join('')
}

function fromHex(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length >> 1)
  for (let index = 0; index < bytes.length; index++) bytes[index] = parseInt(text.slice(2 * index, 2 * index + 2), 16)
  return bytes
}
