/** HalfSipHash-c-d as its paper writes it, over 32-bit words: the plain twin of the library's. */
export function halfSipHash(c: number, d: number, key0: number, key1: number, words: readonly number[]): number {
  const rotate = (x: number, by: number): number => (x << by) | (x >>> (32 - by))
  const v = [key0, key1, key0 ^ 0x6c796765, key1 ^ 0x74656462] as [number, number, number, number]
  const rounds = (count: number): void => {
    for (let i = 0; i < count; i++) {
      v[0] = (v[0] + v[1]) | 0
      v[1] = rotate(v[1], 5) ^ v[0]
      v[0] = rotate(v[0], 16)
      v[2] = (v[2] + v[3]) | 0
      v[3] = rotate(v[3], 8) ^ v[2]
      v[0] = (v[0] + v[3]) | 0
      v[3] = rotate(v[3], 7) ^ v[0]
      v[2] = (v[2] + v[1]) | 0
      v[1] = rotate(v[1], 13) ^ v[2]
      v[2] = rotate(v[2], 16)
    }
  }
  for (const word of [...words, ((words.length * 4) & 0xff) << 24]) {
    v[3] ^= word
    rounds(c)
    v[0] ^= word
  }
  v[2] ^= 0xff
  rounds(d)
  return v[1] ^ v[3]
}
