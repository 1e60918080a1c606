import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  advertisedWindow, advertiseWindow, createReceiveWindow, receiveWindowSize, setWindowScale, windowUpdateOwed,
} from '../src/index.ts'

const MSS = 1000
const BUFFER = 10_000

describe('receive window', () => {
  test('at first the whole buffer is offered', () => {
    const window = createReceiveWindow(0)
    expect(advertiseWindow(window, 0, BUFFER, BUFFER, MSS)).toBe(BUFFER)
    expect(window.rightEdge).toBe(BUFFER)
  })

  test('arriving data closes the window from the left; the right edge stays', () => {
    const window = createReceiveWindow(0)
    advertiseWindow(window, 0, BUFFER, BUFFER, MSS)
    expect(advertiseWindow(window, 3000, BUFFER - 3000, BUFFER, MSS)).toBe(7000)
    expect(advertiseWindow(window, BUFFER, 0, BUFFER, MSS)).toBe(0)
    expect(window.rightEdge).toBe(BUFFER)
  })

  test('RFC 9293 §3.8.6.2.2: the right edge moves by no less than a full-sized segment', () => {
    const window = createReceiveWindow(0)
    advertiseWindow(window, 0, BUFFER, BUFFER, MSS)
    expect(advertiseWindow(window, BUFFER, MSS - 1, BUFFER, MSS)).toBe(0)
    expect(advertiseWindow(window, BUFFER, MSS, BUFFER, MSS)).toBe(MSS)
  })

  test('RFC 9293 §3.8.6.2.2: or by half of a buffer that is smaller than two segments', () => {
    const window = createReceiveWindow(0)
    advertiseWindow(window, 0, 1200, 1200, MSS)
    expect(advertiseWindow(window, 1200, 599, 1200, MSS)).toBe(0)
    expect(advertiseWindow(window, 1200, 600, 1200, MSS)).toBe(600)
  })

  test('RFC 9293 §3.8.6 SHLD-14: the window does not shrink when memory does', () => {
    const window = createReceiveWindow(0)
    advertiseWindow(window, 0, BUFFER, BUFFER, MSS)
    expect(advertiseWindow(window, 1000, 2000, 3000, MSS)).toBe(9000)
  })

  test('RFC 7323 §2.2: at most 65,535 units are offered', () => {
    const window = createReceiveWindow(0)
    expect(advertiseWindow(window, 0, 1_000_000, 1_000_000, MSS)).toBe(65_535)
    setWindowScale(window, 3)
    expect(advertiseWindow(window, 0, 1_000_000, 1_000_000, MSS)).toBe(65_535 * 8)
    const widest = createReceiveWindow(0, 14)
    expect(advertiseWindow(widest, 0, 2 ** 40, 2 ** 40, MSS)).toBe(65_535 * 16_384)
  })

  test('RFC 7323 §2.4: with scaling the field may fall short by part of a unit, and the promised edge is still honoured', () => {
    const window = createReceiveWindow(0, 7)
    expect(advertiseWindow(window, 0, 1280, 1280, MSS)).toBe(1280)
    // 1,279 bytes are left: nine units of 128
    expect(advertiseWindow(window, 1, 1279, 1280, MSS)).toBe(1152)
    expect(receiveWindowSize(window, 1)).toBe(1279)
    expect(window.rightEdge).toBe(1280)
  })

  test('no more is promised than there is room for, though one-byte segments arrive under scaling', () => {
    const window = createReceiveWindow(0, 7)
    advertiseWindow(window, 0, 1280, 1280, MSS)
    for (let next = 1; next <= 1280; next++) advertiseWindow(window, next, 1280 - next, 1280, MSS)
    expect(window.rightEdge).toBe(1280)
  })

  test('a FIN may take the offset after a closed window: the window is zero, not negative', () => {
    const window = createReceiveWindow(0)
    advertiseWindow(window, 0, BUFFER, BUFFER, MSS)
    expect(receiveWindowSize(window, BUFFER + 1)).toBe(0)
    expect(advertisedWindow(window, BUFFER + 1)).toBe(0)
  })

  test('a window update is owed after reads of two segments or half the buffer, not after each read', () => {
    const window = createReceiveWindow(0)
    advertiseWindow(window, 0, BUFFER, BUFFER, MSS)
    // 4,000 bytes came, the application reads them bit by bit
    expect(windowUpdateOwed(window, 4000, BUFFER - 4000 + 1999, BUFFER, MSS)).toBe(false)
    expect(windowUpdateOwed(window, 4000, BUFFER - 4000 + 2000, BUFFER, MSS)).toBe(true)
    const small = createReceiveWindow(0)
    advertiseWindow(small, 0, 3000, 3000, MSS)
    expect(windowUpdateOwed(small, 1600, 3000 - 1600 + 1500, 3000, MSS)).toBe(true)
  })

  test('a window update is owed as soon as one segment fits when the sender is stuck', () => {
    const window = createReceiveWindow(0)
    advertiseWindow(window, 0, BUFFER, BUFFER, MSS)
    expect(windowUpdateOwed(window, BUFFER, MSS - 1, BUFFER, MSS)).toBe(false)
    expect(windowUpdateOwed(window, BUFFER, MSS, BUFFER, MSS)).toBe(true)
  })

  test('RFC 7323 §2.3: a window scale is an integer from 0 to 14', () => {
    for (const bad of [-1, 15, 1.5, NaN]) expect(() => createReceiveWindow(0, bad)).toThrow(`got ${bad}`)
  })

  test('any traffic: the edge never moves left, never promises missing memory, fields are whole units, and updates are not silly', () => {
    const step = fc.record({ receive: fc.nat(4000), read: fc.nat(4000), polite: fc.boolean() })
    fc.assert(fc.property(
      fc.array(step, { maxLength: 80 }), fc.integer({ min: 1, max: 20_000 }), fc.integer({ min: 1, max: 3000 }),
      fc.nat(14), fc.constantFrom(0, 2 ** 31 - 500, 2 ** 40),
      (steps, buffer, mss, scale, start) => {
        const window = createReceiveWindow(start, scale)
        let next = start
        let unread = 0
        for (const { receive, read, polite } of steps) {
          const space = buffer - unread
          const before = window.rightEdge
          const owed = windowUpdateOwed(window, next, space, buffer, mss)
          const stuck = advertisedWindow(window, next) < mss
          const offered = advertiseWindow(window, next, space, buffer, mss)
          expect(window.rightEdge).toBeGreaterThanOrEqual(before)
          expect(window.rightEdge).toBeLessThanOrEqual(next + space)
          expect(offered % window.unit).toBe(0)
          expect(offered / window.unit).toBeLessThanOrEqual(65_535)
          expect(receiveWindowSize(window, next) - offered).toBeGreaterThanOrEqual(0)
          const moved = window.rightEdge - before
          if (moved > 0) expect(moved).toBeGreaterThanOrEqual(Math.min(mss, buffer / 2))
          if (owed) expect(moved).toBeGreaterThanOrEqual(Math.min(stuck ? mss : 2 * mss, buffer / 2))
          // A sender may use the whole promise or what the last field said.
          const arriving = Math.min(receive, polite ? offered : receiveWindowSize(window, next))
          next += arriving
          unread += arriving
          unread -= Math.min(read, unread)
        }
      },
    ))
  })

  test('any reader and a greedy sender: the sender never gets stuck while the buffer empties', () => {
    fc.assert(fc.property(
      fc.integer({ min: 200, max: 20_000 }), fc.integer({ min: 1, max: 3000 }), fc.nat(6), fc.integer({ min: 1, max: 500 }),
      (buffer, mss, scale, bite) => {
        fc.pre(1 << scale <= buffer / 2)
        const window = createReceiveWindow(0, scale)
        let next = advertiseWindow(window, 0, buffer, buffer, mss)
        let unread = next
        let updates = 0
        for (let i = 0; i < 200; i++) {
          unread -= Math.min(bite, unread)
          if (windowUpdateOwed(window, next, buffer - unread, buffer, mss)) {
            const offered = advertiseWindow(window, next, buffer - unread, buffer, mss)
            expect(offered).toBeGreaterThan(0)
            next += offered
            unread += offered
            updates += 1
          }
          if (unread === 0) expect(advertisedWindow(window, next)).toBeGreaterThan(0)
        }
        if (bite * 200 >= buffer) expect(updates).toBeGreaterThan(0)
      },
    ))
  })
})
