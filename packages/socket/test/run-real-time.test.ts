import { expect, test, vi } from 'vitest'
import { hostTurn } from '../src/_host.ts'
import type { Drivable } from '../src/run-real-time.ts'
import { runRealTime } from '../src/run-real-time.ts'

/** A stack with nothing in it but a deadline and something to do at each poll. */
class FakeStack implements Drivable {
  onWake: (() => void) | null = null
  time = 0
  polls = 0
  deadline = Infinity
  work: () => void = () => undefined

  now(): number {
    return this.time
  }

  poll(): number {
    this.polls++
    this.deadline = Infinity
    this.work()
    return this.deadline
  }
}

test('wake-ups that come together cause one poll', async () => {
  const stack = new FakeStack()
  const driver = runRealTime(stack)
  await hostTurn()
  expect(stack.polls).toBe(1)
  stack.onWake!()
  stack.onWake!()
  expect(stack.polls).toBe(1)
  await hostTurn()
  expect(stack.polls).toBe(2)
  driver.stop()
})

test('a stack has one driver; stop() lets go of it', async () => {
  const stack = new FakeStack()
  const driver = runRealTime(stack)
  expect(() => runRealTime(stack)).toThrow(TypeError)
  driver.stop()
  driver.stop()
  expect(stack.onWake).toBe(null)
  await hostTurn()
  expect(stack.polls).toBe(0)
  runRealTime(stack).stop()
})

test('two stacks that wake each other without end neither recurse nor keep the host from its turn', async () => {
  const a = new FakeStack()
  const b = new FakeStack()
  let depth = 0
  let deepest = 0
  const wake = (other: FakeStack) => (): void => {
    depth++
    deepest = Math.max(deepest, depth)
    other.onWake?.()
    depth--
  }
  a.work = wake(b)
  b.work = wake(a)
  const drivers = [runRealTime(a), runRealTime(b)]
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 0))
  expect(deepest).toBe(1)
  expect(a.polls).toBeGreaterThan(64)
  for (const driver of drivers) driver.stop()
  const { polls } = a
  await hostTurn()
  expect(a.polls).toBe(polls)
})

test('work that is due at once is polled again, future work by one timer', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const stack = new FakeStack()
    let rounds = 0
    stack.work = () => {
      rounds++
      stack.deadline = rounds < 5 ? stack.time : rounds === 5 ? stack.time + 2.5 : Infinity
    }
    const driver = runRealTime(stack)
    await hostTurn()
    expect(rounds).toBe(5)
    expect(vi.getTimerCount()).toBe(1)
    stack.time = 3
    vi.advanceTimersByTime(2)
    expect(rounds).toBe(5)
    vi.advanceTimersByTime(1)
    expect(rounds).toBe(6)
    expect(vi.getTimerCount()).toBe(0)
    driver.stop()
  } finally {
    vi.useRealTimers()
  }
})

test('an earlier deadline moves the timer, a later one leaves it, and none drops a far one', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const stack = new FakeStack()
    const deadlines = [60_000, 100, 500, 60_000, Infinity]
    stack.work = () => { stack.deadline = deadlines.shift() ?? Infinity }
    const driver = runRealTime(stack)
    await hostTurn()
    stack.onWake!()
    await hostTurn()
    stack.onWake!()
    await hostTurn()
    expect(vi.getTimerCount()).toBe(1)
    stack.time = 100
    vi.advanceTimersByTime(100)
    expect(stack.polls).toBe(4)
    expect(vi.getTimerCount()).toBe(1)
    stack.onWake!()
    await hostTurn()
    expect(vi.getTimerCount()).toBe(0)
    driver.stop()
  } finally {
    vi.useRealTimers()
  }
})

test('stop() drops the timer', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const stack = new FakeStack()
    stack.work = () => { stack.deadline = 5000 }
    const driver = runRealTime(stack)
    await hostTurn()
    expect(vi.getTimerCount()).toBe(1)
    driver.stop()
    expect(vi.getTimerCount()).toBe(0)
  } finally {
    vi.useRealTimers()
  }
})

test('unref lets the process end although a timer is pending', async () => {
  const unref = vi.fn()
  const setTimeout = vi.spyOn(globalThis, 'setTimeout').mockReturnValue({ unref } as unknown as ReturnType<typeof globalThis.setTimeout>)
  try {
    for (const [options, calls] of [[{}, 0], [{ unref: true }, 1]] as const) {
      const stack = new FakeStack()
      stack.work = () => { stack.deadline = 5000 }
      const driver = runRealTime(stack, options)
      await hostTurn()
      expect(unref).toHaveBeenCalledTimes(calls)
      driver.stop()
    }
  } finally {
    setTimeout.mockRestore()
  }
})

test('a poll that throws is the host’s uncaught exception, and the driver carries on', async () => {
  const stack = new FakeStack()
  const scheduled: (() => void)[] = []
  const queue = vi.spyOn(globalThis, 'queueMicrotask').mockImplementation((callback) => scheduled.push(callback))
  try {
    const driver = runRealTime(stack)
    stack.work = () => { throw new Error('callback') }
    expect(() => scheduled.shift()!()).toThrow('callback')
    // What was still due shows at the next poll, which is scheduled already.
    stack.work = () => undefined
    scheduled.shift()!()
    expect([stack.polls, scheduled.length]).toEqual([2, 0])
    driver.stop()
  } finally {
    queue.mockRestore()
  }
  await hostTurn()
})
