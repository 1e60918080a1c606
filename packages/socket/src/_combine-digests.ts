import { SipHash } from '@layerfour/storage'

/** One digest, 16 hexadecimal digits, of several or of any other texts, in whatever order they come. */
export function combineDigests(digests: readonly string[]): string {
  const hash = new SipHash(Int32Array.of(0, 0, 0, 0))
  for (const text of [...digests].sort()) {
    hash.word(text.length)
    for (let i = 0; i < text.length; i++) hash.word(text.charCodeAt(i))
  }
  const low = hash.finish()
  return [hash.high, low].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
}
