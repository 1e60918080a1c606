import { keepAlive, nextTurn } from './_host.ts'

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

/**
 * So many polls may follow each other in microtasks, which cost next to nothing; then the host gets
 * a turn, or two busy stacks joined in one process would keep its timers and I/O waiting for ever.
 */
const MICROTASK_POLLS = 64
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
  let stopped = false
  let scheduled = false
  let microtasks = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let timerAt = Infinity
  /** The process waits for the timer. */
  let kept = true

  const schedule = (): void => {
    if (scheduled || stopped) return
    scheduled = true
    if (microtasks++ < MICROTASK_POLLS) {
      queueMicrotask(run)
    } else {
      nextTurn(() => {
        microtasks = 0
        run()
      })
    }
  }

  const run = (): void => {
    scheduled = false
    if (stopped) return
    // A poll that throws has run to its end; what is still due shows at the next one.
    let deadline = -Infinity
    try {
      deadline = stack.poll()
    } finally {
      arm(deadline)
    }
  }

  const arm = (deadline: number): void => {
    if (stopped) return
    const now = stack.now()
    if (deadline <= now) return schedule()
    // A timer that fires too early is cheaper than one that is moved for every packet; but the process need not wait for it.
    keepTimer(deadline < Infinity)
    if (timerAt <= deadline) return
    clearTimeout(timer)
    const wait = Math.min(Math.ceil(deadline - now), MAX_TIMEOUT)
    timerAt = now + wait
    timer = setTimeout(onTimer, wait)
    kept = true
    if (options.unref === true) keepTimer(false)
  }

  const keepTimer = (keep: boolean): void => {
    if (keep === kept || timer === undefined || (keep && options.unref === true)) return
    kept = keep
    keepAlive(timer, keep)
  }

  const onTimer = (): void => {
    timer = undefined
    timerAt = Infinity
    if (!scheduled) run()
  }

  stack.onWake = schedule
  schedule()
  return {
    stop(): void {
      if (stopped) return
      stopped = true
      clearTimeout(timer)
      stack.onWake = null
    },
  }
}
