import type { Pollable } from '@layerfour/sim'

/** How often a slow application reads, ms. */
const INTERVAL = 50

/** When and how much an application reads: at once and all there is, or later and little by little. */
export class Reader implements Pollable {
  /** Reads up to so many bytes; undefined when there is nothing for now. The application sets it. */
  read: (most: number) => number | undefined = () => undefined
  deadline: number = Infinity
  readonly #clock: () => number
  readonly #pause: number
  readonly #perInterval: number
  /** Not before this time. */
  #next: number | undefined

  /** @param pause ms from the first bytes on. @param rate bytes per ms; 0 is all there is. */
  constructor(clock: () => number, pause: number, rate: number) {
    this.#clock = clock
    this.#pause = pause
    this.#perInterval = rate === 0 ? Infinity : Math.max(1, Math.round(rate * INTERVAL))
  }

  /** There is something to be read. */
  wanted(): void {
    const now = this.#clock()
    this.#next ??= now + this.#pause
    if (this.#next <= now) this.#take(now)
    else this.deadline = this.#next
  }

  poll(now: number): number {
    if (this.deadline <= now) this.#take(now)
    return this.deadline
  }

  #take(now: number): void {
    this.deadline = Infinity
    for (let left = this.#perInterval; left > 0;) {
      const count = this.read(left)
      if (count === undefined) break
      left -= count
      if (left === 0) this.deadline = now + INTERVAL
    }
    if (this.#perInterval !== Infinity) this.#next = now + INTERVAL
  }
}
