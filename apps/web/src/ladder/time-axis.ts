import type { Silence } from '../transfer/recording.ts'

/** A silence that is drawn shorter than it was. */
export interface Break {
  readonly silence: Silence
  /** Where it begins, px. */
  readonly y: number
}

/**
 * Turns virtual time into places on the screen and back. Time runs evenly, but a silence longer than
 * `breakLength` on the screen takes only that: nothing is to be seen in it.
 */
export class TimeAxis {
  /** Pixels per ms. */
  readonly scale: number
  readonly breakLength: number
  readonly breaks: readonly Break[]
  /** How much shorter everything behind the i-th break is. */
  readonly #saved: readonly number[]

  constructor(silences: readonly Silence[], scale: number, breakLength: number) {
    this.scale = scale
    this.breakLength = breakLength
    const breaks: Break[] = []
    const saved: number[] = []
    let total = 0
    for (const silence of silences) {
      const length = (silence.to - silence.from) * scale
      if (length <= breakLength) continue
      breaks.push({ silence, y: silence.from * scale - total })
      total += length - breakLength
      saved.push(total)
    }
    this.breaks = breaks
    this.#saved = saved
  }

  toY(time: number): number {
    const index = this.#breakBefore((at) => at.silence.from, time)
    if (index < 0) return time * this.scale
    const { silence, y } = this.breaks[index]!
    if (time >= silence.to) return time * this.scale - this.#saved[index]!
    return y + (time - silence.from) * (this.breakLength / (silence.to - silence.from))
  }

  toTime(y: number): number {
    const index = this.#breakBefore((at) => at.y, y)
    if (index < 0) return y / this.scale
    const { silence, y: top } = this.breaks[index]!
    if (y >= top + this.breakLength) return (y + this.#saved[index]!) / this.scale
    return silence.from + (y - top) * ((silence.to - silence.from) / this.breakLength)
  }

  /** The last break that begins before `value`, -1 when none does. */
  #breakBefore(start: (at: Break) => number, value: number): number {
    let low = 0
    let high = this.breaks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (start(this.breaks[middle]!) < value) low = middle + 1
      else high = middle
    }
    return low - 1
  }
}

/** An axis on which the time up to `until` takes `length` px, with breaks of at most `breakLength`. */
export function fittedAxis(silences: readonly Silence[], until: number, length: number, breakLength: number): TimeAxis {
  // More pixels per ms make more silences into breaks: the length grows with the scale, so halve towards it.
  let low = 0
  let high = (length / Math.max(1e-6, until)) * 1e6
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (new TimeAxis(silences, middle, breakLength).toY(until) < length) low = middle
    else high = middle
  }
  return new TimeAxis(silences, low, breakLength)
}
