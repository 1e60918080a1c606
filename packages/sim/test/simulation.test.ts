import { expect, test } from 'vitest'
import type { Pollable } from '../src/index.ts'
import { Simulation } from '../src/index.ts'

/** Is due at each of the given times, and notes when it was polled. */
class Alarm implements Pollable {
  readonly polls: number[] = []
  readonly #times: number[]
  readonly #then: (now: number) => void

  constructor(times: number[], then: (now: number) => void = () => {}) {
    this.#times = [...times]
    this.#then = then
  }

  get deadline(): number {
    return this.#times[0] ?? Infinity
  }

  wake(time: number): void {
    this.#times.unshift(time)
  }

  poll(now: number): number {
    this.#times.shift()
    this.polls.push(now)
    this.#then(now)
    return this.deadline
  }
}

test('time begins at 0 and jumps from deadline to deadline', () => {
  const simulation = new Simulation()
  const alarm = simulation.add(new Alarm([0, 0.5, 3600_000]))
  const times: number[] = []
  while (simulation.step()) times.push(simulation.now)
  expect(times).toEqual([0, 0.5, 3600_000])
  expect(alarm.polls).toEqual(times)
  expect(simulation.now).toBe(3600_000)
})

test('a deadline in the past is due now; time never runs backwards', () => {
  const simulation = new Simulation()
  const alarm = simulation.add(new Alarm([10, -5, -Infinity, 11]))
  simulation.run()
  expect(alarm.polls).toEqual([10, 10, 10, 11])
})

test('an instant is polled, in the order of adding, until nobody is due at it', () => {
  const simulation = new Simulation()
  const log: string[] = []
  const answerer: Alarm = new Alarm([], (now) => log.push(`answer at ${now}`))
  const asker = new Alarm([7, 9], (now) => {
    log.push(`ask at ${now}`)
    answerer.wake(now)
  })
  simulation.add(answerer)
  simulation.add(asker)
  expect(simulation.step()).toBe(true)
  expect(log).toEqual(['ask at 7', 'answer at 7'])
  expect(simulation.deadline).toBe(9)
})

test('work that comes from outside is done at the instant where the clock stands', () => {
  const simulation = new Simulation()
  const late = simulation.add(new Alarm([100]))
  const woken = simulation.add(new Alarm([5]))
  simulation.step()
  woken.wake(-Infinity)
  simulation.step()
  expect(woken.polls).toEqual([5, 5])
  expect(late.polls).toEqual([])
})

test('a step is false when nothing will ever be due', () => {
  const simulation = new Simulation()
  expect(simulation.step()).toBe(false)
  simulation.add(new Alarm([]))
  expect(simulation.step()).toBe(false)
  expect(simulation.now).toBe(0)
})

test('run ends when nothing is left, at a condition, at a time, or after a number of steps, and says which', () => {
  const simulation = new Simulation()
  const alarm = simulation.add(new Alarm([1, 2, 3, 4, 5, 6]))
  expect(simulation.run({ steps: 2 })).toBe('steps')
  expect(alarm.polls).toEqual([1, 2])
  expect(simulation.run({ until: () => alarm.polls.length === 3 })).toBe('until')
  expect(simulation.now).toBe(3)
  expect(simulation.run({ time: 5 })).toBe('time')
  expect(alarm.polls).toEqual([1, 2, 3, 4, 5])
  expect(simulation.run({ time: 5.5 })).toBe('time')
  expect(simulation.now).toBe(5.5)
  expect(simulation.run()).toBe('idle')
  expect(simulation.now).toBe(6)
  expect(simulation.run({ time: 10 })).toBe('time')
  expect(simulation.now).toBe(10)
  expect(simulation.run({ time: 1 })).toBe('time')
  expect(simulation.now).toBe(10)
})

test('run does no step when its condition holds already, and none when it may take none', () => {
  const simulation = new Simulation()
  const alarm = simulation.add(new Alarm([0]))
  expect(simulation.run({ until: () => true })).toBe('until')
  expect(simulation.run({ steps: 0 })).toBe('steps')
  expect(alarm.polls).toEqual([])
})

test('a part that stays due however often it is polled is named', () => {
  class Stuck implements Pollable {
    readonly deadline = 5
    polls = 0
    poll(): number {
      this.polls++
      return this.deadline
    }
  }
  const simulation = new Simulation({ maxRounds: 1000 })
  simulation.add(new Alarm([5]))
  const stuck = simulation.add(new Stuck())
  expect(() => simulation.run()).toThrow(
    new Error('Stuck (part 2) is still due after 1000 rounds of polling at 5 ms: its deadline is 5'),
  )
  expect(stuck.polls).toBe(1000)
  const named = new Simulation({ maxRounds: 1 })
  named.add(new Stuck(), 'host a')
  expect(() => named.step()).toThrow('host a is still due')
})

test('a busy instant may take many rounds, if it ends', () => {
  const simulation = new Simulation({ maxRounds: 1000 })
  const alarm = simulation.add(new Alarm(new Array<number>(1000).fill(0)))
  simulation.run()
  expect(alarm.polls.length).toBe(1000)
})

test('a deadline that is NaN is named', () => {
  const simulation = new Simulation()
  simulation.add(new Alarm([NaN]), 'host b')
  expect(() => simulation.step()).toThrow(new TypeError('the deadline of host b is NaN, expected a number of milliseconds'))
})

test('parts may be added and removed while an instant is polled', () => {
  const simulation = new Simulation()
  const added = new Alarm([0, 1])
  const removed = new Alarm([1, 1])
  simulation.add(new Alarm([1], () => {
    expect(simulation.remove(removed)).toBe(true)
    simulation.add(added)
  }))
  simulation.add(removed)
  simulation.run()
  expect(added.polls).toEqual([1, 1])
  expect(removed.polls).toEqual([])
  expect(simulation.remove(removed)).toBe(false)
})

test('a part is added once', () => {
  const simulation = new Simulation()
  const alarm = simulation.add(new Alarm([]))
  expect(() => simulation.add(alarm, 'host a')).toThrow('host a is in the simulation already')
})

test('a part that steps the simulation from its poll is told so; one that throws does not stop it for good', () => {
  const simulation = new Simulation()
  const alarm = simulation.add(new Alarm([1, 2], () => {
    simulation.step()
  }))
  expect(() => simulation.step()).toThrow('step() was called by a part that the simulation is polling')
  simulation.remove(alarm)
  const next = simulation.add(new Alarm([3]))
  simulation.run()
  expect(next.polls).toEqual([3])
})

test('wrong arguments throw, saying what was got and what was expected', () => {
  expect(() => new Simulation({ maxRounds: 0 })).toThrow('maxRounds is 0, expected an integer of at least 1')
  expect(() => new Simulation().run({ time: NaN })).toThrow('time is NaN')
})
