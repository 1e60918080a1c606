/** What an attempt returns when it must wait for the socket to become ready again. */
export const WAIT: unique symbol = /* @__PURE__ */ Symbol('wait')

interface Waiter {
  readonly attempt: () => unknown
  readonly resolve: (value: never) => void
  readonly reject: (error: unknown) => void
  readonly signal: AbortSignal | undefined
  onAbort: (() => void) | undefined
  next: Waiter | undefined
}

/** What settles the promise that was made last: one function for all, where a closure would be made for each. */
const newest = { resolve: (_value: never): void => undefined, reject: (_error: unknown): void => undefined }

function takeSettlers(resolve: (value: never) => void, reject: (error: unknown) => void): void {
  newest.resolve = resolve
  newest.reject = reject
}

/**
 * Turns a non-blocking operation into a promise: the attempt is made at once, and again whenever the
 * socket becomes ready, until it returns something else than `WAIT` or throws. Attempts of one queue
 * succeed in the order in which they were made, as reads and writes of one stream must.
 */
export class WaitQueue {
  /** Those who wait are chained: an array emptied and filled for each read would be made anew each time. */
  #first: Waiter | undefined
  #last: Waiter | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  /** A signal that aborts takes the attempt off the queue and rejects with the signal's reason. */
  run<T>(attempt: () => T | typeof WAIT, signal?: AbortSignal): Promise<T> {
    if (signal?.aborted === true) return Promise.reject(signal.reason)
    if (this.#first === undefined) {
      try {
        const result = attempt()
        if (result !== WAIT) return Promise.resolve(result)
      } catch (error) {
        return Promise.reject(error)
      }
    }
    return this.wait(attempt, signal)
  }

  /** As `run` for who has made the first attempt already, in vain and with nobody in front. */
  wait<T>(attempt: () => T | typeof WAIT, signal?: AbortSignal): Promise<T> {
    const promise = new Promise<T>(takeSettlers)
    const waiter: Waiter = {
      attempt, resolve: newest.resolve, reject: newest.reject, signal, onAbort: undefined, next: undefined,
    }
    if (this.#last === undefined) this.#first = waiter
    else this.#last.next = waiter
    this.#last = waiter
    this.#size++
    if (signal !== undefined) this.#heed(waiter, signal)
    return promise
  }

  /** The socket became ready: tries again, in order, until one has to wait. */
  pump(): void {
    for (let waiter = this.#first; waiter !== undefined; waiter = this.#first) {
      let result: unknown
      try {
        result = waiter.attempt()
      } catch (error) {
        this.#takeFirst(waiter).reject(error)
        continue
      }
      if (result === WAIT) return
      this.#takeFirst(waiter).resolve(result as never)
    }
  }

  /** Nothing will ever be ready again. */
  rejectAll(error: unknown): void {
    while (this.#first !== undefined) this.#takeFirst(this.#first).reject(error)
  }

  #heed(waiter: Waiter, signal: AbortSignal): void {
    waiter.onAbort = () => {
      this.#remove(waiter)
      waiter.reject(signal.reason)
      // The ones behind may have waited for this one only.
      this.pump()
    }
    signal.addEventListener('abort', waiter.onAbort, { once: true })
  }

  #takeFirst(waiter: Waiter): Waiter {
    this.#first = waiter.next
    if (waiter.next === undefined) this.#last = undefined
    this.#size--
    if (waiter.onAbort !== undefined) waiter.signal!.removeEventListener('abort', waiter.onAbort)
    return waiter
  }

  #remove(waiter: Waiter): void {
    let before: Waiter | undefined
    for (let other = this.#first; other !== waiter; other = other!.next) before = other
    if (before === undefined) this.#first = waiter.next
    else before.next = waiter.next
    if (waiter.next === undefined) this.#last = before
    this.#size--
  }
}
