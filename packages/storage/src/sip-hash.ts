/**
 * SipHash-2-4 of a message of 32-bit words: a keyed pseudo-random function with a 128-bit key (J.-P. Aumasson,
 * D. J. Bernstein, 2012), in int32 arithmetic. For values that peers get to see and must not predict:
 * initial sequence numbers (RFC 6528), ephemeral ports (RFC 6056), SYN and fast-open cookies.
 * About four times the work of `KeyedHash`; used the same way. Nothing is allocated.
 */
export class SipHash {
  private readonly key: Int32Array
  /** v0 to v3, each as low word and high word. */
  private readonly state: Int32Array = new Int32Array(8)
  /** A first word that waits for the second of its pair; the count of words; the high half of the last hash. */
  private readonly extra: Int32Array = new Int32Array(3)

  /** @param secret random words from the host; the first four are the key. */
  constructor(secret: Int32Array) {
    if (secret.length < 4) throw new RangeError(`secret has ${secret.length} words, expected at least 4`)
    this.key = secret.slice(0, 4)
    this.reset()
  }

  /** The upper 32 bits, as an int32, of the hash whose lower ones `finish` returned last. */
  get high(): number {
    return this.extra[2]!
  }

  /** Begins a new message, forgetting an unfinished one. */
  reset(): void {
    const state = this.state
    const key = this.key
    state[0] = key[0]! ^ 0x70736575
    state[1] = key[1]! ^ 0x736f6d65
    state[2] = key[2]! ^ 0x6e646f6d
    state[3] = key[3]! ^ 0x646f7261
    state[4] = key[0]! ^ 0x6e657261
    state[5] = key[1]! ^ 0x6c796765
    state[6] = key[2]! ^ 0x79746573
    state[7] = key[3]! ^ 0x74656462
    this.extra[1] = 0
  }

  /** Appends the low 32 bits of `value`; in bytes, the lowest comes first. */
  word(value: number): void {
    const extra = this.extra
    if ((extra[1]! & 1) === 0) extra[0] = value
    else this.compress(extra[0]!, value | 0, 2)
    extra[1]!++
  }

  /** Ends the message, returns the lower 32 bits of its hash as an int32, and begins a new one. */
  finish(): number {
    const state = this.state
    const count = this.extra[1]!
    // The last block carries the length in bytes modulo 256 in its highest byte.
    this.compress((count & 1) === 0 ? 0 : this.extra[0]!, count << 26, 2)
    state[4]! ^= 0xff
    this.compress(0, 0, 4)
    const low = state[0]! ^ state[2]! ^ state[4]! ^ state[6]!
    this.extra[2] = state[1]! ^ state[3]! ^ state[5]! ^ state[7]!
    this.reset()
    return low
  }

  private compress(low: number, high: number, rounds: number): void {
    const state = this.state
    let a = state[0]!
    let aHigh = state[1]!
    let b = state[2]!
    let bHigh = state[3]!
    let c = state[4]!
    let cHigh = state[5]!
    let d = state[6]! ^ low
    let dHigh = state[7]! ^ high
    let t: number
    for (let round = 0; round < rounds; round++) {
      // a += b; b = rotate(b, 13) ^ a; a = rotate(a, 32). A sum smaller than a term carried.
      a = (a + b) | 0
      aHigh = (aHigh + bHigh + (a >>> 0 < b >>> 0 ? 1 : 0)) | 0
      t = (b << 13) | (bHigh >>> 19)
      bHigh = ((bHigh << 13) | (b >>> 19)) ^ aHigh
      b = t ^ a
      t = a
      a = aHigh
      aHigh = t
      // c += d; d = rotate(d, 16) ^ c
      c = (c + d) | 0
      cHigh = (cHigh + dHigh + (c >>> 0 < d >>> 0 ? 1 : 0)) | 0
      t = (d << 16) | (dHigh >>> 16)
      dHigh = ((dHigh << 16) | (d >>> 16)) ^ cHigh
      d = t ^ c
      // a += d; d = rotate(d, 21) ^ a
      a = (a + d) | 0
      aHigh = (aHigh + dHigh + (a >>> 0 < d >>> 0 ? 1 : 0)) | 0
      t = (d << 21) | (dHigh >>> 11)
      dHigh = ((dHigh << 21) | (d >>> 11)) ^ aHigh
      d = t ^ a
      // c += b; b = rotate(b, 17) ^ c; c = rotate(c, 32)
      c = (c + b) | 0
      cHigh = (cHigh + bHigh + (c >>> 0 < b >>> 0 ? 1 : 0)) | 0
      t = (b << 17) | (bHigh >>> 15)
      bHigh = ((bHigh << 17) | (b >>> 15)) ^ cHigh
      b = t ^ c
      t = c
      c = cHigh
      cHigh = t
    }
    state[0] = a ^ low
    state[1] = aHigh ^ high
    state[2] = b
    state[3] = bHigh
    state[4] = c
    state[5] = cHigh
    state[6] = d
    state[7] = dHigh
  }
}
