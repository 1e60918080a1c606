/** What an attempt returns when it must wait for the socket to become ready again. */
export const WAIT: unique symbol = Symbol('wait')

interface Waiter {
  readonly attempt: () => unknown
  readonly resolve: (value: never) => void
  readonly reject: (error: unknown) => void
  readonly signal: AbortSignal | undefined
  readonly onAbort: (() => void) | undefined
}

/**
 * Turns a non-blocking operation into a promise: the attempt is made at once, and again whenever the
 * socket becomes ready, until it returns something else than `WAIT` or throws. Attempts of one queue
 * succeed in the order in which they were made, as reads and writes of one stream must.
 */
export class WaitQueue {
  readonly #waiters: Waiter[] = []

  get size(): number {
    return this.#waiters.length
  }

  /** A signal that aborts takes the attempt off the queue and rejects with the signal's reason. */
  run<T>(attempt: () => T | typeof WAIT, signal?: AbortSignal): Promise<T> {
    if (signal?.aborted === true) return Promise.reject(signal.reason)
    if (this.#waiters.length === 0) {
      try {
        const result = attempt()
        if (result !== WAIT) return Promise.resolve(result)
      } catch (error) {
        return Promise.reject(error)
      }
    }
    return new Promise<T>((resolve, reject) => {
      const onAbort = signal === undefined ? undefined : (): void => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1)
        reject(signal.reason)
        // The ones behind may have waited for this one only.
        this.pump()
      }
      const waiter: Waiter = { attempt, resolve, reject, signal, onAbort }
      this.#waiters.push(waiter)
      if (onAbort !== undefined) signal!.addEventListener('abort', onAbort, { once: true })
    })
  }

  /** The socket became ready: tries again, in order, until one has to wait. */
  pump(): void {
    while (this.#waiters.length > 0) {
      const waiter = this.#waiters[0]!
      let result: unknown
      try {
        result = waiter.attempt()
      } catch (error) {
        this.#takeFirst().reject(error)
        continue
      }
      if (result === WAIT) return
      this.#takeFirst().resolve(result as never)
    }
  }

  /** Nothing will ever be ready again. */
  rejectAll(error: unknown): void {
    while (this.#waiters.length > 0) this.#takeFirst().reject(error)
  }

  #takeFirst(): Waiter {
    const waiter = this.#waiters.shift()!
    if (waiter.onAbort !== undefined) waiter.signal!.removeEventListener('abort', waiter.onAbort)
    return waiter
  }
}
