import { expect, test, vi } from 'vitest'
import { hostTurn } from '../src/_host.ts'
import { hostTime } from '../src/_host-clock.ts'
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

test('an earlier deadline moves the timer, a later one leaves it; the process waits for it only while there is one', async () => {
  const timers: { ms: number, alive: boolean, cleared: boolean, fire: () => void }[] = []
  const setTimeout = vi.spyOn(globalThis, 'setTimeout').mockImplementation(((fire: () => void, ms: number) => {
    const timer = { ms, alive: true, cleared: false, fire, ref: () => (timer.alive = true), unref: () => (timer.alive = false) }
    timers.push(timer)
    return timer
  }) as unknown as typeof globalThis.setTimeout)
  const clearTimeout = vi.spyOn(globalThis, 'clearTimeout').mockImplementation((timer) => {
    if (timer !== undefined) (timer as unknown as { cleared: boolean }).cleared = true
  })
  try {
    for (const unref of [false, true]) {
      timers.length = 0
      const stack = new FakeStack()
      const driver = runRealTime(stack, { unref })
      const state = async (deadline: number): Promise<unknown[]> => {
        stack.work = () => { stack.deadline = deadline }
        stack.onWake!()
        await hostTurn()
        return timers.map(({ ms, alive, cleared }) => (cleared ? 'cleared' : alive ? ms : `${ms} idle`))
      }
      const pending = (ms: number): unknown => (unref ? `${ms} idle` : ms)
      expect(await state(60_000)).toEqual([pending(60_000)])
      expect(await state(100)).toEqual(['cleared', pending(100)])
      expect(await state(500)).toEqual(['cleared', pending(100)])
      expect(await state(Infinity)).toEqual(['cleared', '100 idle'])
      expect(await state(400)).toEqual(['cleared', pending(100)])
      stack.time = 100
      timers[1]!.fire()
      expect(await state(400)).toEqual(['cleared', pending(100), pending(300)])
      expect(await state(2 ** 40)).toEqual(['cleared', pending(100), pending(300)])
      driver.stop()
      expect(timers.at(-1)!.cleared).toBe(true)
    }
  } finally {
    setTimeout.mockRestore()
    clearTimeout.mockRestore()
  }
})

test('a deadline between two milliseconds has one timer, however often the stack is polled meanwhile', async () => {
  const setTimeout = vi.spyOn(globalThis, 'setTimeout')
  try {
    const stack = new FakeStack()
    stack.work = () => { stack.deadline = 5000.25 }
    const driver = runRealTime(stack)
    await hostTurn()
    stack.onWake!()
    await hostTurn()
    expect([stack.polls, setTimeout.mock.calls.length]).toEqual([2, 1])
    driver.stop()
  } finally {
    setTimeout.mockRestore()
  }
})

test('a stack that wakes itself is polled many times in a turn, but for no longer than the host can wait', async () => {
  const stack = new FakeStack()
  let polls = 0
  stack.work = () => {
    const end = performance.now() + 0.1
    while (performance.now() < end);
    polls++
    stack.deadline = stack.time
  }
  const driver = runRealTime(stack)
  await hostTurn()
  // It may have begun in the middle of a turn.
  const before = polls
  await hostTurn()
  expect(polls - before).toBeGreaterThan(0)
  expect(polls - before).toBeLessThanOrEqual(64)
  driver.stop()
})

test('what a stack’s poll causes in another one happens at the same time; between polls the host’s time goes on', async () => {
  const times: number[] = []
  const stack = new FakeStack()
  stack.work = () => {
    times.push(hostTime())
    const end = performance.now() + 1
    while (performance.now() < end);
    times.push(hostTime())
  }
  const driver = runRealTime(stack)
  await hostTurn()
  expect(times).toHaveLength(2)
  expect(times[1]).toBe(times[0])
  expect(hostTime()).toBeGreaterThanOrEqual(times[0]! + 1)
  driver.stop()
})

test('in a loop that sends, one reading of the clock does for 16 calls, until the stacks are polled', async () => {
  const read = vi.spyOn(performance, 'now')
  try {
    const stack = new FakeStack()
    const driver = runRealTime(stack)
    await hostTurn()
    stack.onWake!()
    read.mockClear()
    for (let i = 0; i < 64; i++) hostTime()
    expect(read).toHaveBeenCalledTimes(4)
    await hostTurn()
    expect(stack.polls).toBe(2)
    read.mockClear()
    // Nobody waits for a poll that would end a burst.
    hostTime()
    hostTime()
    expect(read).toHaveBeenCalledTimes(2)
    driver.stop()
  } finally {
    read.mockRestore()
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
