/** Spaces out the probes of a zero window (RFC 9293 §3.8.6.1). Plain data; times in ms. */
export interface PersistTimer {
  /** Wait before the next probe; 0 while the window is open. */
  interval: number
  /** Probes sent into this zero window. */
  probes: number
  /** Greatest interval. */
  max: number
}

/** `max`: greatest interval, 60 s by default. */
export function createPersistTimer(max = 60_000): PersistTimer {
  if (!(max > 0)) throw new RangeError(`the greatest persist interval must be above 0 ms, got ${max}`)
  const timer: PersistTimer = { interval: NaN, probes: 0, max }
  timer.interval = 0
  return timer
}

/**
 * The window closed with data waiting and nothing in flight. Returns the time until the first probe: one RTO (SHLD-29).
 * Does nothing but return the current interval when the timer is already running.
 */
export function persistStart(timer: PersistTimer, rto: number): number {
  if (timer.interval === 0) {
    timer.probes = 0
    timer.interval = rto < timer.max ? rto : timer.max
  }
  return timer.interval
}

/** A probe was sent. Returns the time until the next one: twice as long each time, up to `max` (SHLD-30). */
export function persistBackOff(timer: PersistTimer): number {
  timer.probes += 1
  const doubled = timer.interval * 2
  timer.interval = doubled < timer.max ? doubled : timer.max
  return timer.interval
}

/** The window opened. The next zero window starts at one RTO again. */
export function persistStop(timer: PersistTimer): void {
  timer.interval = 0
  timer.probes = 0
}
