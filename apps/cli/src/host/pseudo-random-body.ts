import { Prng } from '@layerfour/sim'

/** `/bytes/N`: the first N bytes of xoshiro128** seeded with 0, as little-endian words. No two stretches of it look alike. */
export class PseudoRandomBody {
  readonly length: number
  readonly #random = new Prng(0)
  #word = 0
  #left = 0

  constructor(length: number) {
    this.length = length
  }

  /** The next bytes of the body, as many as `into` holds. */
  fill(into: Uint8Array): void {
    let at = 0
    while (at < into.length) {
      if (this.#left === 0) {
        this.#word = this.#random.next()
        this.#left = 4
      }
      into[at++] = this.#word
      this.#word >>>= 8
      this.#left--
    }
  }
}
