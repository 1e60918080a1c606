import { setTimeout } from 'node:timers/promises'

/** Time for a test: a stack's clock and a way to wait, in milliseconds. Tests have a virtual one. */
export interface Clock {
  now(): number
  /** Rejects when the signal aborts. */
  sleep(ms: number, options?: { readonly signal?: AbortSignal }): Promise<void>
}

/** The host's own timers beside a stack's clock. */
export function realClock(stack: { now(): number }): Clock {
  return {
    now: () => stack.now(),
    sleep: (ms, options = {}) => setTimeout(ms, undefined, options),
  }
}

/** How often `watch` looks, in ms. */
const TICK = 2

export interface WatchOptions {
  /** Looked at every 2 ms. */
  readonly done: (now: number) => boolean
  /** A figure that changes as long as things move. */
  readonly progress: () => number
  /** How long it may stand still, in ms. */
  readonly patience: number
}

/** Waits until `done`; false when `progress` stood still for too long before that. */
export async function watch(clock: Clock, { done, progress, patience }: WatchOptions): Promise<boolean> {
  let seen = progress()
  let movedAt = clock.now()
  for (;;) {
    const now = clock.now()
    if (done(now)) return true
    const figure = progress()
    if (figure !== seen) {
      seen = figure
      movedAt = now
    } else if (now - movedAt >= patience) {
      return false
    }
    await clock.sleep(TICK)
  }
}
