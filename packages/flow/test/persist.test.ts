import { describe, expect, test } from 'vitest'
import { createPersistTimer, persistBackOff, persistStart, persistStop } from '../src/index.ts'

describe('persist timer', () => {
  test('RFC 9293 §3.8.6.1 SHLD-29: the first probe goes after one retransmission timeout', () => {
    expect(persistStart(createPersistTimer(), 300)).toBe(300)
  })

  test('RFC 9293 §3.8.6.1 SHLD-30: the interval doubles with each probe, up to 60 s', () => {
    const timer = createPersistTimer()
    const intervals = [persistStart(timer, 1000)]
    for (let i = 0; i < 8; i++) intervals.push(persistBackOff(timer))
    expect(intervals).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000])
    expect(timer.probes).toBe(8)
  })

  test('starting a running timer does not set its interval back', () => {
    const timer = createPersistTimer()
    persistStart(timer, 300)
    persistBackOff(timer)
    expect(persistStart(timer, 300)).toBe(600)
    expect(timer.probes).toBe(1)
  })

  test('an open window ends the back-off: the next zero window starts at one RTO', () => {
    const timer = createPersistTimer()
    persistStart(timer, 300)
    persistBackOff(timer)
    persistStop(timer)
    expect(timer).toMatchObject({ interval: 0, probes: 0 })
    expect(persistStart(timer, 250)).toBe(250)
  })

  test('an RTO above the greatest interval is cut to it', () => {
    expect(persistStart(createPersistTimer(5000), 8000)).toBe(5000)
  })

  test('a greatest interval of 0 or less is refused', () => {
    expect(() => createPersistTimer(0)).toThrow('got 0')
  })
})
