/**
 * HalfSipHash-2-4 of a message of 32-bit words: a short keyed hash (J.-P. Aumasson, D. J. Bernstein).
 * Who does not know the secret cannot make messages collide. Its key has 64 bits: made for hash
 * tables. Values that a peer gets to see want `SipHash`, which has the same methods.
 *
 * One object serves any number of messages: `word` for each word, then `finish`. Nothing is allocated.
 */
export class KeyedHash {
  private readonly key0: number
  private readonly key1: number
  /** v0 to v3 and the count of words; in an array because int32 values do not fit small-integer fields everywhere. */
  private readonly state: Int32Array = new Int32Array(5)

  /** @param secret random words from the host; the first two are the key. */
  constructor(secret: Int32Array) {
    if (secret.length < 2) throw new RangeError(`secret has ${secret.length} words, expected at least 2`)
    this.key0 = secret[0]!
    this.key1 = secret[1]!
    this.reset()
  }

  /** Begins a new message, forgetting an unfinished one. */
  reset(): void {
    const state = this.state
    state[0] = this.key0
    state[1] = this.key1
    state[2] = this.key0 ^ 0x6c796765
    state[3] = this.key1 ^ 0x74656462
    state[4] = 0
  }

  /** Appends the low 32 bits of `value`; in bytes, the lowest comes first. */
  word(value: number): void {
    this.compress(value, 2)
    this.state[4]!++
  }

  /** Ends the message, returns its hash as an int32, and begins a new one. */
  finish(): number {
    const state = this.state
    // The last block carries the length in bytes modulo 256.
    this.compress(state[4]! << 26, 2)
    state[2]! ^= 0xff
    this.compress(0, 4)
    const hash = state[1]! ^ state[3]!
    this.reset()
    return hash
  }

  private compress(value: number, rounds: number): void {
    const state = this.state
    let v0 = state[0]!
    let v1 = state[1]!
    let v2 = state[2]!
    let v3 = state[3]! ^ value
    for (let round = 0; round < rounds; round++) {
      v0 = (v0 + v1) | 0
      v1 = (v1 << 5) | (v1 >>> 27)
      v1 ^= v0
      v0 = (v0 << 16) | (v0 >>> 16)
      v2 = (v2 + v3) | 0
      v3 = (v3 << 8) | (v3 >>> 24)
      v3 ^= v2
      v0 = (v0 + v3) | 0
      v3 = (v3 << 7) | (v3 >>> 25)
      v3 ^= v0
      v2 = (v2 + v1) | 0
      v1 = (v1 << 13) | (v1 >>> 19)
      v1 ^= v2
      v2 = (v2 << 16) | (v2 >>> 16)
    }
    state[0] = v0 ^ value
    state[1] = v1
    state[2] = v2
    state[3] = v3
  }
}
