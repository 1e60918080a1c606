/** Something that has work to do at certain times: a stack, an emulated link, a driver of a test. */
export interface Pollable {
  /** Does all work that is due at `now` (ms) and returns the new deadline. */
  poll(now: number): number
  /** When it wants to be polled next, in ms; at or before now: at once. Infinity: never, unless something happens to it. */
  readonly deadline: number
}

export interface SimulationOptions {
  /** How often one instant may be polled before the simulation says that somebody is stuck; 1,000,000 by default. */
  readonly maxRounds?: number
}

export interface RunLimits {
  /** Asked before the first step and after every one; true ends the run. */
  readonly until?: () => boolean
  /** The last moment, in ms: what is due then is still done, and the clock stands there afterwards. */
  readonly time?: number
  /** The most steps. */
  readonly steps?: number
}

/** Why a run ended. `idle`: nothing will ever be due, unless something from outside happens. */
export type RunEnd = 'until' | 'time' | 'steps' | 'idle'

interface Entry {
  readonly pollable: Pollable
  readonly name: string
  removed: boolean
}

/**
 * A clock that stands still while anything has work to do and then jumps to the next deadline. One
 * instant is polled, in the order in which the parts were added, until nobody is due at it any more;
 * so what one part sends, another gets and answers, at the same virtual time. Nothing in it depends
 * on real time: the same parts and seeds give the same run.
 */
export class Simulation {
  private readonly maxRounds: number
  private time = 0
  /** Replaced, never changed in place: parts may be added and removed while a round goes on. */
  private entries: readonly Entry[] = []
  private added = 0
  private polling = false

  constructor(options: SimulationOptions = {}) {
    const { maxRounds = 1_000_000 } = options
    if (!Number.isInteger(maxRounds) || maxRounds < 1) {
      throw new RangeError(`maxRounds is ${maxRounds}, expected an integer of at least 1`)
    }
    this.maxRounds = maxRounds
  }

  /** Virtual time in ms, from 0. */
  get now(): number {
    return this.time
  }

  /** When the next step will be, in ms; at or before `now` when something is due already, Infinity when nothing ever will be. */
  get deadline(): number {
    const entries = this.entries
    let earliest = Infinity
    for (let i = 0; i < entries.length; i++) {
      const { pollable, name } = entries[i]!
      const deadline = pollable.deadline
      if (deadline !== deadline) throw new TypeError(`the deadline of ${name} is NaN, expected a number of milliseconds`)
      if (deadline < earliest) earliest = deadline
    }
    return earliest
  }

  /**
   * Adds a part and returns it. `name` is what errors call it; its class and number by default.
   * @throws Error when it was added before.
   */
  add<T extends Pollable>(pollable: T, name?: string): T {
    const number = ++this.added
    if (this.entries.some((entry) => entry.pollable === pollable)) {
      throw new Error(`${name ?? 'this pollable'} is in the simulation already`)
    }
    this.entries = [...this.entries, { pollable, name: name ?? `${pollable.constructor.name} (part ${number})`, removed: false }]
    return pollable
  }

  /** Takes a part out; it is not polled again. Whether it was in. */
  remove(pollable: Pollable): boolean {
    const entry = this.entries.find((candidate) => candidate.pollable === pollable)
    if (entry === undefined) return false
    entry.removed = true
    this.entries = this.entries.filter((candidate) => candidate !== entry)
    return true
  }

  /**
   * Does all work of one instant: this one when something is due now, else the next one at which
   * something is, to which the clock moves. False when nothing will ever be due.
   * @throws Error when a part stays due however often it is polled.
   */
  step(): boolean {
    if (this.polling) throw new Error('step() was called by a part that the simulation is polling; expected after poll() returns')
    const deadline = this.deadline
    if (deadline === Infinity) return false
    if (deadline > this.time) this.time = deadline
    this.polling = true
    try {
      this.settle()
    } finally {
      this.polling = false
    }
    return true
  }

  /** Steps until a limit is reached or nothing will ever be due. */
  run(limits: RunLimits = {}): RunEnd {
    const { until, time = Infinity, steps = Infinity } = limits
    if (time !== time || steps !== steps) throw new TypeError(`time is ${time} and steps ${steps}, expected numbers`)
    for (let taken = 0; ; taken++) {
      if (until?.() === true) return 'until'
      const deadline = this.deadline
      if (deadline === Infinity && time === Infinity) return 'idle'
      // What is due now already is done, even when the last moment is past.
      if (deadline > time && deadline > this.time) {
        if (time > this.time) this.time = time
        return 'time'
      }
      if (taken >= steps) return 'steps'
      this.step()
    }
  }

  /** Polls whoever is due, round after round, until nobody is. */
  private settle(): void {
    const now = this.time
    for (let round = 0, quiet = false; !quiet; round++) {
      const entries = this.entries
      quiet = true
      for (let i = 0; i < entries.length; i++) {
        const entry = entries[i]!
        if (entry.removed || !(entry.pollable.deadline <= now)) continue
        if (round === this.maxRounds) {
          throw new Error(`${entry.name} is still due after ${round} rounds of polling at ${now} ms: its deadline is ${entry.pollable.deadline}`)
        }
        entry.pollable.poll(now)
        quiet = false
      }
    }
  }
}
