/** Work that goes on in callbacks, and a promise for the moment when enough of it is done. */
export class Goal {
  /** Units done so far. */
  done = 0
  /** Units to be done. */
  wanted = 0
  #reached: (() => void) | undefined
  #failed: ((error: Error) => void) | undefined

  /** Asks for `amount` more units. */
  raise(amount: number): Promise<void> {
    this.wanted = this.done + amount
    return new Promise((resolve, reject) => {
      this.#reached = resolve
      this.#failed = reject
    })
  }

  add(units: number): void {
    this.done += units
    if (this.done >= this.wanted) this.#reached?.()
  }

  /** Something broke: the run fails instead of waiting for ever. */
  fail(error: Error): void {
    this.#failed?.(error)
  }
}
