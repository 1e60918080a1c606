import { expect, test } from 'vitest'
import { Prng } from '../src/index.ts'

const draws = (prng: Prng, count: number): number[] => Array.from({ length: count }, () => prng.next())

test('from state 1, 2, 3, 4 come the first numbers of xoshiro128** as published', () => {
  const prng = new Prng(0)
  prng.state.set([1, 2, 3, 4])
  expect(draws(prng, 10)).toEqual([
    11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
  ])
})

test('a seed gives the same numbers in every engine', () => {
  expect(draws(new Prng(1), 4)).toEqual([2592778940, 2320488809, 3419427759, 3859180784])
  expect(draws(new Prng(Number.MAX_SAFE_INTEGER, 7), 4)).toEqual([2614752830, 1298320523, 2997042592, 3170705882])
})

test('seeds and streams that differ anywhere, also above bit 31, give different numbers', () => {
  const starts = [new Prng(0), new Prng(1), new Prng(2 ** 32), new Prng(2 ** 52), new Prng(0, 1), new Prng(1, 1), new Prng(0, 2 ** 31)]
  expect(new Set(starts.map((prng) => draws(prng, 2).join())).size).toBe(starts.length)
})

test('the state is plain data: copied, it repeats the sequence from there', () => {
  const prng = new Prng(5)
  draws(prng, 3)
  const place = prng.state.slice()
  const expected = draws(prng, 5)
  prng.state.set(place)
  expect(draws(prng, 5)).toEqual(expected)
})

test('float is at least 0 and below 1, and its mean is near a half', () => {
  const prng = new Prng(3)
  const floats = Array.from({ length: 100_000 }, () => prng.float())
  expect(floats.every((value) => value >= 0 && value < 1)).toBe(true)
  // The standard deviation of the mean is sqrt(1/12/n), here 0.0009; four of them.
  expect(Math.abs(floats.reduce((a, b) => a + b) / floats.length - 0.5)).toBeLessThan(0.0037)
})

test('below gives each integer under the bound about equally often', () => {
  const prng = new Prng(4)
  const counts = [0, 0, 0, 0, 0, 0, 0]
  for (let i = 0; i < 70_000; i++) counts[prng.below(7)]!++
  // Binomial: 10,000 with a standard deviation of 93; four of them.
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(372)
})

test('chance 0 never happens, chance 1 always', () => {
  const prng = new Prng(6)
  for (let i = 0; i < 1000; i++) {
    expect(prng.chance(0)).toBe(false)
    expect(prng.chance(1)).toBe(true)
  }
})

test('seeds and streams that are no such integers throw', () => {
  expect(() => new Prng(-1)).toThrow(new RangeError('seed is -1, expected an integer from 0 to 9007199254740991'))
  expect(() => new Prng(1.5)).toThrow(RangeError)
  expect(() => new Prng(2 ** 53)).toThrow(RangeError)
  expect(() => new Prng(1, -1)).toThrow(new RangeError('stream is -1, expected an integer from 0 to 4294967295'))
})
