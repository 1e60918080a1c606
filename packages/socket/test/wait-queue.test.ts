import { expect, test } from 'vitest'
import { WAIT, WaitQueue } from '../src/_wait-queue.ts'

/** An operation that succeeds with `value` once `gate.open`. */
const gated = <T>(gate: { open: boolean }, value: T) => (): T | typeof WAIT => (gate.open ? value : WAIT)

async function outcome(promise: Promise<unknown>): Promise<unknown> {
  return promise.then((value) => ({ value }), (error: unknown) => ({ error }))
}

test('an attempt that succeeds or throws at once settles without waiting', async () => {
  const queue = new WaitQueue()
  expect(await queue.run(() => 7)).toBe(7)
  expect(await outcome(queue.run(() => { throw new Error('no') }))).toEqual({ error: new Error('no') })
  expect(queue.size).toBe(0)
})

test('attempts succeed in the order of the calls', async () => {
  const queue = new WaitQueue()
  const first = { open: false }
  const second = { open: true }
  const order: string[] = []
  const one = queue.run(gated(first, 'one')).then((name) => order.push(name))
  const two = queue.run(gated(second, 'two')).then((name) => order.push(name))
  queue.pump()
  expect(queue.size).toBe(2)
  first.open = true
  queue.pump()
  await Promise.all([one, two])
  expect(order).toEqual(['one', 'two'])
})

test('an attempt that throws later rejects its own promise only', async () => {
  const queue = new WaitQueue()
  const gate = { open: false }
  const bad = outcome(queue.run(() => {
    if (gate.open) throw new RangeError('late')
    return WAIT
  }))
  const good = outcome(queue.run(gated(gate, 1)))
  gate.open = true
  queue.pump()
  expect(await bad).toEqual({ error: new RangeError('late') })
  expect(await good).toEqual({ value: 1 })
})

test('an aborted signal rejects with its reason, before and during the wait, and lets the others go on', async () => {
  const queue = new WaitQueue()
  expect(await outcome(queue.run(() => 1, AbortSignal.abort('early')))).toEqual({ error: 'early' })
  const abort = new AbortController()
  const gate = { open: true }
  const aborted = outcome(queue.run(gated({ open: false }, 1), abort.signal))
  const behind = outcome(queue.run(gated(gate, 2)))
  abort.abort('reason')
  expect(await aborted).toEqual({ error: 'reason' })
  expect(await behind).toEqual({ value: 2 })
  expect(queue.size).toBe(0)
})

test('an abort after success does nothing', async () => {
  const queue = new WaitQueue()
  const abort = new AbortController()
  const gate = { open: false }
  const done = queue.run(gated(gate, 1), abort.signal)
  const other = queue.run(gated({ open: false }, 2))
  gate.open = true
  queue.pump()
  abort.abort()
  expect(await done).toBe(1)
  expect(queue.size).toBe(1)
  queue.rejectAll('end')
  expect(await outcome(other)).toEqual({ error: 'end' })
})
