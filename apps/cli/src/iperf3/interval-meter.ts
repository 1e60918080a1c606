import type { DataStream } from './data-stream.ts'
import { totalBytes } from './data-stream.ts'

const INTERVAL = 1000

/** A second of a test, from our side. Milliseconds since its start, bytes. */
export interface Interval {
  readonly from: number
  readonly to: number
  readonly sent: number
  readonly received: number
}

/** Cuts a test into seconds. */
export class IntervalMeter {
  readonly intervals: Interval[] = []
  readonly #startedAt: number
  readonly #sending: readonly DataStream[]
  readonly #receiving: readonly DataStream[]
  readonly #onInterval: ((interval: Interval) => void) | undefined
  #from = 0
  #sent = 0
  #received = 0

  constructor(
    startedAt: number, sending: readonly DataStream[], receiving: readonly DataStream[],
    onInterval: ((interval: Interval) => void) | undefined,
  ) {
    this.#startedAt = startedAt
    this.#sending = sending
    this.#receiving = receiving
    this.#onInterval = onInterval
  }

  /** To be called often. */
  look(now: number): void {
    if (now - this.#startedAt - this.#from >= INTERVAL) this.#cut(now)
  }

  /** The test is over: what is left of a second is an interval too, if something moved in it. */
  end(now: number): void {
    const moved = totalBytes(this.#sending) > this.#sent || totalBytes(this.#receiving) > this.#received
    if (moved && now - this.#startedAt > this.#from) this.#cut(now)
  }

  #cut(now: number): void {
    const sent = totalBytes(this.#sending)
    const received = totalBytes(this.#receiving)
    const interval = { from: this.#from, to: now - this.#startedAt, sent: sent - this.#sent, received: received - this.#received }
    this.intervals.push(interval)
    this.#from = interval.to
    this.#sent = sent
    this.#received = received
    this.#onInterval?.(interval)
  }
}
