const BLOCK = 64
/** Where the message length goes in the last block. */
const LENGTH_AT = 56

/** The first 32 bits of the fractional parts of the square and cube roots of primes (FIPS 180-4 §4.2.2, §5.3.3). */
const { initial, constants } = rootsOfPrimes()

/**
 * SHA-256 (FIPS 180-4) of bytes that come bit by bit. The page's own `crypto.subtle` wants all bytes
 * at once, answers later, and is missing where the page does not come from localhost or over TLS.
 */
export class Sha256 {
  readonly #state: Int32Array = initial.slice()
  readonly #schedule: Int32Array = new Int32Array(64)
  readonly #block: Uint8Array = new Uint8Array(BLOCK)
  #length = 0

  /** Takes `bytes[start, end)`. */
  update(bytes: Uint8Array, start: number, end: number): void {
    let at = start
    let filled = this.#length % BLOCK
    this.#length += end - start
    if (filled > 0) {
      const part = Math.min(BLOCK - filled, end - at)
      this.#block.set(bytes.subarray(at, at + part), filled)
      at += part
      filled += part
      if (filled < BLOCK) return
      this.#compress(this.#block, 0)
    }
    for (; end - at >= BLOCK; at += BLOCK) this.#compress(bytes, at)
    this.#block.set(bytes.subarray(at, end))
  }

  /** The digest of all that was taken, hexadecimal; nothing can be taken afterwards. */
  digest(): string {
    const length = this.#length
    const filled = length % BLOCK
    this.#block.fill(0, filled)
    this.#block[filled] = 0x80
    if (filled >= LENGTH_AT) {
      this.#compress(this.#block, 0)
      this.#block.fill(0)
    }
    const view = new DataView(this.#block.buffer)
    view.setUint32(LENGTH_AT, Math.floor(length / 2 ** 29))
    view.setUint32(LENGTH_AT + 4, (length * 8) >>> 0)
    this.#compress(this.#block, 0)
    return Array.from(this.#state, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
  }

  #compress(bytes: Uint8Array, start: number): void {
    const w = this.#schedule
    for (let i = 0, at = start; i < 16; i++, at += 4) {
      w[i] = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
    }
    for (let i = 16; i < 64; i++) {
      const x = w[i - 15]!
      const y = w[i - 2]!
      const small0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3)
      const small1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10)
      w[i] = (w[i - 16]! + small0 + w[i - 7]! + small1) | 0
    }
    const state = this.#state
    let a = state[0]!, b = state[1]!, c = state[2]!, d = state[3]!
    let e = state[4]!, f = state[5]!, g = state[6]!, h = state[7]!
    for (let i = 0; i < 64; i++) {
      const big1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
      const first = (h + big1 + ((e & f) ^ (~e & g)) + constants[i]! + w[i]!) | 0
      const big0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
      const second = (big0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
      h = g
      g = f
      f = e
      e = (d + first) | 0
      d = c
      c = b
      b = a
      a = (first + second) | 0
    }
    state[0] = state[0]! + a
    state[1] = state[1]! + b
    state[2] = state[2]! + c
    state[3] = state[3]! + d
    state[4] = state[4]! + e
    state[5] = state[5]! + f
    state[6] = state[6]! + g
    state[7] = state[7]! + h
  }
}

function rotate(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits))
}

/** Exact in double precision: a fraction of 32 bits behind at most 7 bits before the point. */
function rootsOfPrimes(): { initial: Int32Array, constants: Int32Array } {
  const primes: number[] = []
  for (let candidate = 2; primes.length < 64; candidate++) {
    if (primes.every((prime) => candidate % prime !== 0)) primes.push(candidate)
  }
  const fraction = (root: number): number => ((root - Math.floor(root)) * 2 ** 32) | 0
  return {
    initial: Int32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime))),
    constants: Int32Array.from(primes, (prime) => fraction(Math.cbrt(prime))),
  }
}
