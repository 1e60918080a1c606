import { expect, test } from 'vitest'
import { allocationOfRequests, allocationOfTransfer } from '../src/benchmarks/allocation.ts'
import { sampleAllocations } from '../src/heap-sampler.ts'

test('law 3: in steady state a TCP segment through two whole stacks allocates nothing', async () => {
  const { value, parts } = await allocationOfTransfer()
  // What a poll costs, shared by its segments, is all that may be left; an object for each segment would be 16 bytes or more.
  const found = parts.slice(0, 5).map((part) => `${part.name}: ${part.value.toFixed(2)}`).join('\n')
  expect(value, `bytes per segment:\n${found}`).toBeLessThan(1)
}, 60_000)

test('a request or a response, each in a segment and a poll of its own, makes less than one number', async () => {
  const { value, parts } = await allocationOfRequests()
  // Times and deadlines between two milliseconds are what is left; each is an object of 16 bytes where it is handed on.
  const found = parts.slice(0, 5).map((part) => `${part.name}: ${part.value.toFixed(2)}`).join('\n')
  expect(value, `bytes per segment:\n${found}`).toBeLessThan(16)
}, 60_000)

test('the sampler sees every small object, also those that are collected meanwhile, and names the function', async () => {
  let kept: unknown
  const makeObjects = (): void => {
    for (let i = 0; i < 100_000; i++) kept = { i, j: i }
  }
  const sites = await sampleAllocations(makeObjects)
  expect(kept).toBeDefined()
  const bytes = sites.find(({ name }) => name.startsWith('makeObjects allocation.node.test.ts:'))!.bytes / 100_000
  // Five words: map, properties, elements, i, j.
  expect(bytes).toBeGreaterThan(35)
  expect(bytes).toBeLessThan(45)
})
