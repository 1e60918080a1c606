import { keepAlive } from './_host.ts'
import { holdHostTime, releaseHostTime } from './_host-clock.ts'
import type { Runnable } from './_run-queue.ts'
import { runSoon } from './_run-queue.ts'

/** What a driver needs of a stack. */
export interface Drivable {
  /** The stack's clock, in ms. */
  now(): number
  /** Does what is due and returns the next deadline in ms. */
  poll(now?: number): number
  /** Called once when something became due outside of `poll`. */
  onWake: (() => void) | null
}

export interface RealTimeOptions {
  /** Do not keep the process alive for the stack's timers alone. Default false. */
  readonly unref?: boolean
}

/** A stack being driven by the host's clock. */
export interface RealTimeDriver {
  /** Lets go of the stack: nothing in it moves any more. Idempotent. */
  stop(): void
}

/** The longest wait that `setTimeout` knows; longer ones are taken in pieces. */
const MAX_TIMEOUT = 2 ** 31 - 1

/**
 * Drives a stack by the host's clock: polls it soon after something became due, and has one host
 * timer for the earliest of its deadlines. Wake-ups that come together cause one poll, and no poll
 * happens inside of another: stacks joined by in-process links do not recurse.
 *
 * An exception that `stack.poll` lets through (see `StackOptions.onError`) becomes the host's
 * uncaught exception; the driver carries on.
 *
 * @throws TypeError when the stack has a driver already.
 */
export function runRealTime(stack: Drivable, options: RealTimeOptions = {}): RealTimeDriver {
  if (stack.onWake !== null) throw new TypeError('stack.onWake is set already, expected a stack without a driver')
  return new Driver(stack, options.unref === true)
}

class Driver implements RealTimeDriver, Runnable {
  readonly #stack: Drivable
  readonly #unref: boolean
  #stopped = false
  #scheduled = false
  #timer: ReturnType<typeof setTimeout> | undefined
  /** The deadline that the timer is for; it may come a little later. */
  #timerAt = Infinity
  /** The process waits for the timer. */
  #kept = true
  readonly #onTimer = (): void => {
    this.#timer = undefined
    this.#timerAt = Infinity
    if (!this.#scheduled) this.run()
  }

  constructor(stack: Drivable, unref: boolean) {
    this.#stack = stack
    this.#unref = unref
    stack.onWake = () => this.#schedule()
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled || this.#stopped) return
    this.#scheduled = true
    runSoon(this)
  }

  run(): void {
    this.#scheduled = false
    if (this.#stopped) return
    // A poll that throws has run to its end; what is still due shows at the next one.
    let deadline = -Infinity
    holdHostTime()
    try {
      deadline = this.#stack.poll()
    } finally {
      this.#arm(deadline)
    }
  }

  #arm(deadline: number): void {
    const soon = deadline <= this.#stack.now()
    releaseHostTime()
    if (this.#stopped) return
    if (soon) return this.#schedule()
    // A timer that fires too early is cheaper than one that is moved for every packet; but the process need not wait for it.
    this.#keepTimer(deadline < Infinity)
    if (this.#timerAt <= deadline) return
    clearTimeout(this.#timer)
    const now = this.#stack.now()
    const wait = Math.min(Math.max(Math.ceil(deadline - now), 0), MAX_TIMEOUT)
    this.#timerAt = Math.min(deadline, now + wait)
    this.#timer = setTimeout(this.#onTimer, wait)
    this.#kept = true
    if (this.#unref) this.#keepTimer(false)
  }

  #keepTimer(keep: boolean): void {
    if (keep === this.#kept || this.#timer === undefined || (keep && this.#unref)) return
    this.#kept = keep
    keepAlive(this.#timer, keep)
  }

  stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    clearTimeout(this.#timer)
    this.#stack.onWake = null
  }
}
