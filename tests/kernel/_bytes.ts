import { Prng } from '@layerfour/sim'

/** Bytes of which no two stretches look alike, always the same: xoshiro128** seeded with 0, as little-endian words. */
export function pseudoRandomBytes(length: number): Uint8Array<ArrayBuffer> {
  const random = new Prng(0)
  const words = new DataView(new ArrayBuffer(Math.ceil(length / 4) * 4))
  for (let at = 0; at < words.byteLength; at += 4) words.setUint32(at, random.next(), true)
  return new Uint8Array(words.buffer, 0, length)
}
