/**
 * Seeded pseudo-random numbers: xoshiro128** of Blackman and Vigna, period 2^128 - 1. Integer
 * operations only, so a seed gives the same numbers in every engine. Not for secrets.
 */
export class Prng {
  /** The whole state: copy it to save a place in the sequence, set it to return there. */
  readonly state: Int32Array = new Int32Array(4)
  /** The last draw. Kept here, as a number above 2^30 that is returned may cost an allocation. */
  private readonly drawn: Int32Array = new Int32Array(1)

  /**
   * @param seed an integer from 0 to 2^53 - 1.
   * @param stream an integer from 0 to 2^32 - 1; the streams of one seed are independent of each other.
   */
  constructor(seed: number, stream = 0) {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new RangeError(`seed is ${seed}, expected an integer from 0 to ${Number.MAX_SAFE_INTEGER}`)
    }
    if (!Number.isInteger(stream) || stream < 0 || stream > 0xffffffff) {
      throw new RangeError(`stream is ${stream}, expected an integer from 0 to 4294967295`)
    }
    const high = Math.floor(seed / 0x100000000)
    for (let i = 0; i < 4; i++) {
      this.state[i] = scramble(scramble(scramble((seed | 0) + Math.imul(i + 1, GOLDEN_RATIO)) + high) + stream)
    }
    // All zeros is the one state that it never leaves.
    if ((this.state[0]! | this.state[1]! | this.state[2]! | this.state[3]!) === 0) this.state[0] = 1
  }

  /** The next integer from 0 to 2^32 - 1. */
  next(): number {
    this.draw()
    return this.drawn[0]! >>> 0
  }

  /** The next number from 0 up to, but not, 1; a multiple of 2^-32. */
  float(): number {
    this.draw()
    return (this.drawn[0]! >>> 0) / 0x100000000
  }

  /** The next integer from 0 to `bound` - 1; `bound` is from 1 to 2^32. */
  below(bound: number): number {
    this.draw()
    return Math.floor((this.drawn[0]! >>> 0) / 0x100000000 * bound)
  }

  /** True with the given probability: never for 0, always for 1. Takes one number from the sequence. */
  chance(probability: number): boolean {
    this.draw()
    return (this.drawn[0]! >>> 0) / 0x100000000 < probability
  }

  private draw(): void {
    const state = this.state
    const second = state[1]!
    this.drawn[0] = Math.imul(rotateLeft(Math.imul(second, 5), 7), 9)
    state[2] = state[2]! ^ state[0]!
    state[3] = state[3]! ^ second
    state[1] = second ^ state[2]
    state[0] = state[0]! ^ state[3]
    state[2] = state[2] ^ (second << 9)
    state[3] = rotateLeft(state[3], 11)
  }
}

/** 2^32 divided by the golden ratio: makes neighbouring seeds differ in about half their bits. */
const GOLDEN_RATIO = 0x9e3779b9

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits))
}

/** A bijection of 32-bit words in which each bit of the input changes each bit of the output half of the time. */
function scramble(word: number): number {
  word = Math.imul(word ^ (word >>> 16), 0x21f0aaad)
  word = Math.imul(word ^ (word >>> 15), 0x735a2d97)
  return word ^ (word >>> 15)
}
