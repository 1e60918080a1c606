import type { Pollable } from '@layerfour/sim'

interface Sleeper {
  readonly time: number
  readonly order: number
  readonly resolve: () => void
  readonly cleanUp: () => void
}

/**
 * Waiting in virtual time: what `setTimeout` is in real time. Add it to the simulation, and name it to `runVirtual` among the parts.
 */
export class VirtualTimers implements Pollable {
  /** How many waits have ended. */
  activity = 0
  readonly #clock: () => number
  /** By time, then by order. */
  readonly #sleepers: Sleeper[] = []
  #order = 0

  /** @param clock virtual time in ms: `() => simulation.now`. */
  constructor(clock: () => number) {
    this.#clock = clock
  }

  /** Resolves `ms` later. Rejects with the signal's reason when that aborts first. */
  sleep(ms: number, options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    const { signal } = options
    if (!(ms >= 0 && ms < Infinity)) throw new RangeError(`sleep takes ${ms} ms, expected 0 or more`)
    if (signal?.aborted === true) return Promise.reject(signal.reason)
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#sleepers.splice(this.#sleepers.indexOf(sleeper), 1)
        reject(signal!.reason)
      }
      const sleeper: Sleeper = {
        time: this.#clock() + ms, order: this.#order++, resolve,
        cleanUp: () => signal?.removeEventListener('abort', onAbort),
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#sleepers.push(sleeper)
      this.#sleepers.sort((a, b) => a.time - b.time || a.order - b.order)
    })
  }

  get deadline(): number {
    return this.#sleepers[0]?.time ?? Infinity
  }

  poll(now: number): number {
    while (this.deadline <= now) {
      const sleeper = this.#sleepers.shift()!
      sleeper.cleanUp()
      this.activity++
      sleeper.resolve()
    }
    return this.deadline
  }
}
