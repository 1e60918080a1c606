import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TimerQueue } from '../src/index.ts'

function drain(queue: TimerQueue, now: number): number[] {
  const ids: number[] = []
  for (let id = queue.take(now); id >= 0; id = queue.take(now)) ids.push(id)
  return ids
}

describe('TimerQueue', () => {
  test('an empty queue has no next deadline and nothing to take', () => {
    const queue = new TimerQueue(10)
    expect(queue.next).toBe(Infinity)
    expect(queue.size).toBe(0)
    expect(queue.take(Infinity)).toBe(-1)
    expect(queue.deadlineOf(3)).toBe(Infinity)
    expect(queue.clear(3)).toBe(false)
  })

  test('timers come by deadline, and are due at their deadline, not before', () => {
    const queue = new TimerQueue(10)
    queue.set(1, 30)
    queue.set(2, 10.5)
    queue.set(3, 20)
    expect(queue.next).toBe(10.5)
    expect(queue.take(10.4)).toBe(-1)
    expect(queue.take(10.5)).toBe(2)
    expect(drain(queue, 100)).toEqual([3, 1])
    expect(queue.size).toBe(0)
  })

  test('equal deadlines come by rising id, however they were set', () => {
    const queue = new TimerQueue(10)
    for (const id of [7, 2, 9, 0, 4]) queue.set(id, 50)
    queue.set(3, 80)
    queue.set(3, 50)
    expect(drain(queue, 50)).toEqual([0, 2, 3, 4, 7, 9])
  })

  test('a timer moves to a new deadline, earlier or later, and Infinity clears it', () => {
    const queue = new TimerQueue(10)
    queue.set(0, 10)
    queue.set(1, 20)
    queue.set(0, 30)
    expect(queue.next).toBe(20)
    expect(queue.deadlineOf(0)).toBe(30)
    queue.set(0, 5)
    expect(queue.next).toBe(5)
    expect(queue.size).toBe(2)
    queue.set(0, Infinity)
    expect(queue.size).toBe(1)
    expect(queue.deadlineOf(0)).toBe(Infinity)
    expect(queue.clear(1)).toBe(true)
    expect(queue.next).toBe(Infinity)
  })

  test('misuse throws', () => {
    expect(() => new TimerQueue(0)).toThrow('maxTimers is 0, expected an integer from 1 to 67108864')
    const queue = new TimerQueue(20)
    expect(() => queue.set(20, 1)).toThrow('timer id is 20, expected an integer from 0 to 19')
    expect(() => queue.set(-1, 1)).toThrow(RangeError)
    expect(() => queue.set(0.5, 1)).toThrow(RangeError)
    expect(() => queue.set(0, NaN)).toThrow(TypeError)
    expect(queue.size).toBe(0)
    expect(queue.clear(-1)).toBe(false)
    expect(queue.clear(99)).toBe(false)
    expect(queue.deadlineOf(-1)).toBe(Infinity)
    queue.set(19, 1)
    expect(queue.take(1)).toBe(19)
  })

  test('setting, moving and taking among 100,000 timers looks at no more places than the heap is deep', () => {
    const queue = new TimerQueue(100_000)
    let seed = 1
    const random = (): number => (seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff)
    for (let id = 0; id < 100_000; id++) queue.set(id, random())
    for (let round = 0; round < 10_000; round++) {
      const before = queue.steps
      if (round % 3 === 0) queue.clear(random() % 100_000)
      else if (round % 3 === 1) queue.set(random() % 100_000, random())
      else queue.take(Infinity)
      expect(queue.steps - before).toBeLessThanOrEqual(17)
    }
  })

  test('against a sorted list: any mix of operations', () => {
    const ids = fc.oneof(fc.nat(12), fc.nat(70))
    const operation = fc.oneof(
      { weight: 5, arbitrary: fc.record({ kind: fc.constant('set' as const), id: ids, time: fc.nat(30) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('clear' as const), id: ids, time: fc.constant(0) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('take' as const), id: fc.constant(0), time: fc.nat(30) }) },
    )
    fc.assert(fc.property(fc.array(operation, { maxLength: 200, size: 'max' }), (operations) => {
      const queue = new TimerQueue(71)
      const model = new Map<number, number>()
      const sorted = (): [number, number][] => [...model].sort((a, b) => a[1] - b[1] || a[0] - b[0])
      for (const { kind, id, time } of operations) {
        if (kind === 'set') {
          queue.set(id, time)
          model.set(id, time)
        } else if (kind === 'clear') {
          expect(queue.clear(id)).toBe(model.delete(id))
        } else {
          const first = sorted()[0]
          const due = first !== undefined && first[1] <= time ? first[0] : -1
          expect(queue.take(time)).toBe(due)
          model.delete(due)
        }
        expect(queue.size).toBe(model.size)
        expect(queue.next).toBe(sorted()[0]?.[1] ?? Infinity)
        expect(queue.deadlineOf(id)).toBe(model.get(id) ?? Infinity)
      }
      expect(drain(queue, Infinity)).toEqual(sorted().map(([id]) => id))
    }), { numRuns: 300 })
  })
})
