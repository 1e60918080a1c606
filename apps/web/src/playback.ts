import type { Recording } from './transfer/recording.ts'

/** Virtual ms per real ms to choose from. */
export const speeds: readonly number[] = [
  1 / 1000, 1 / 500, 1 / 200, 1 / 100, 1 / 50, 1 / 20, 1 / 10, 1 / 5, 1 / 2, 1, 2, 5, 10, 50, 200,
]

/** A silence is played in so many real ms when it would take longer. */
const HURRIED = 900
/** Steps of the same instant may differ by the rounding of a few additions, ms. */
const SAME_INSTANT = 1e-6

/** The place in a recording, and how it moves: time that plays, stands, steps from event to event, or jumps. */
export class Playback {
  /** Virtual time, ms. */
  time = 0
  playing = false
  speed: number = 1 / 20
  /** Play long silences fast. */
  hurry = true
  #recording: Recording
  /** Wants the end, which is not recorded yet. */
  #toEnd = false

  constructor(recording: Recording) {
    this.#recording = recording
  }

  load(recording: Recording, time: number): void {
    this.#recording = recording
    this.#toEnd = false
    this.time = time
  }

  /** At the end of what will ever be recorded. */
  get ended(): boolean {
    return this.#recording.done && this.time >= this.#recording.until
  }

  /** Moves on by so many real ms. True when the place has changed. */
  advance(realTime: number): boolean {
    const { until, done } = this.#recording
    const before = this.time
    if (this.#toEnd) {
      this.time = until
      if (done) this.#toEnd = false
    } else if (this.playing) {
      this.#play(realTime)
      if (this.ended) this.playing = false
    }
    return this.time !== before
  }

  #play(realTime: number): void {
    const { until } = this.#recording
    for (let left = realTime; left > 0 && this.time < until;) {
      const silence = this.hurry ? this.#recording.silenceAt(this.time) : undefined
      const rate = silence === undefined ? this.speed : Math.max(this.speed, (silence.to - silence.from) / HURRIED)
      // Up to where the rate changes.
      const stop = silence !== undefined && this.time < silence.to ? silence.to : until
      const next = Math.min(stop, this.time + left * rate, silence === undefined ? this.#nextSilence() : Infinity)
      left -= (next - this.time) / rate
      if (next <= this.time) break
      this.time = next
    }
  }

  #nextSilence(): number {
    if (!this.hurry) return Infinity
    const { silences } = this.#recording
    let low = 0
    let high = silences.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (silences[middle]!.from > this.time) high = middle
      else low = middle + 1
    }
    return silences[low]?.from ?? Infinity
  }

  /** Plays or pauses; from the end it plays again from the start. */
  toggle(): void {
    if (!this.playing && this.ended) this.time = 0
    this.#toEnd = false
    this.playing = !this.playing
  }

  /** To the next event or back to the last one. */
  step(direction: 1 | -1): void {
    this.playing = false
    this.#toEnd = false
    if (direction < 0) this.time = Math.max(0, this.#recording.previousEvent(this.time - SAME_INSTANT))
    else {
      const next = this.#recording.nextEvent(this.time + SAME_INSTANT)
      if (next !== Infinity) this.time = next
      else if (this.#recording.done) this.time = this.#recording.until
    }
  }

  seek(time: number): void {
    this.#toEnd = false
    this.time = Math.min(this.#recording.until, Math.max(0, time))
  }

  toEnd(): void {
    this.playing = false
    this.time = this.#recording.until
    this.#toEnd = !this.#recording.done
  }

  /** The speed next to this one. */
  changeSpeed(direction: 1 | -1): void {
    const sorted = direction > 0 ? speeds : [...speeds].reverse()
    this.speed = sorted.find((speed) => direction > 0 ? speed > this.speed : speed < this.speed) ?? this.speed
  }
}

/** `1/20 ×`, `5 ×`. */
export function speedText(speed: number): string {
  return speed < 1 ? `1/${Math.round(1 / speed)} ×` : `${speed} ×`
}
