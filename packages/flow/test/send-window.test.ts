import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSendFacts, maySend, sendAllowance, type SendFacts } from '../src/index.ts'

const facts = (some: Partial<SendFacts>): SendFacts =>
  Object.assign(createSendFacts(), { mss: 1460, maxWindow: 65_535, usable: 65_535 }, some)

describe('how much may be sent', () => {
  test('sending is bounded by the smaller window: min(12 kB, 20 kB)', () => {
    expect(sendAllowance(20_000, 0, 12_000, 0)).toBe(12_000)
    expect(sendAllowance(12_000, 0, 20_000, 0)).toBe(12_000)
  })

  test('what is on its way counts against both windows', () => {
    expect(sendAllowance(20_000, 5000, 12_000, 5000)).toBe(7000)
    expect(sendAllowance(20_000, 15_000, 12_000, 4000)).toBe(5000)
  })

  test('RFC 9293 §3.8.6 MUST-34: a peer that shrinks its window makes the allowance zero, not negative', () => {
    expect(sendAllowance(3000, 5000, 12_000, 5000)).toBe(0)
    expect(sendAllowance(20_000, 5000, 4000, 5000)).toBe(0)
  })
})

describe('whether to send a segment: RFC 9293 §3.8.6.2.1 and §3.7.4', () => {
  test('rule 1: a full-sized segment goes at once, whatever is outstanding', () => {
    expect(maySend(facts({ queued: 1460, outstanding: 1 }))).toBe(true)
    expect(maySend(facts({ queued: 9000, usable: 1460, outstanding: 1 }))).toBe(true)
  })

  test('rule 2: all that is left goes when nothing is outstanding', () => {
    expect(maySend(facts({ queued: 1 }))).toBe(true)
  })

  test('§3.7.4 Nagle: a short segment waits while anything is outstanding', () => {
    expect(maySend(facts({ queued: 1459, outstanding: 1 }))).toBe(false)
  })

  test('§3.7.4 MUST-17: with Nagle off a short segment goes at once', () => {
    expect(maySend(facts({ queued: 1, outstanding: 5000, noDelay: true }))).toBe(true)
  })

  test('rule 2: a short piece that would only fill a nearly closed window waits, Nagle or not', () => {
    expect(maySend(facts({ queued: 5000, usable: 100 }))).toBe(false)
    expect(maySend(facts({ queued: 5000, usable: 100, noDelay: true }))).toBe(false)
  })

  test('rule 3: half of the largest window ever offered is worth a segment', () => {
    expect(maySend(facts({ queued: 5000, usable: 400, maxWindow: 800 }))).toBe(true)
    expect(maySend(facts({ queued: 5000, usable: 399, maxWindow: 800 }))).toBe(false)
    expect(maySend(facts({ queued: 5000, usable: 400, maxWindow: 800, outstanding: 1 }))).toBe(false)
  })

  test('rule 4: when the override timeout has passed, whatever fits goes', () => {
    expect(maySend(facts({ queued: 5000, usable: 1, overridden: true }))).toBe(true)
  })

  test('nothing queued or no window: nothing is sent, even overridden', () => {
    expect(maySend(facts({ queued: 0, overridden: true }))).toBe(false)
    expect(maySend(facts({ queued: 1, usable: 0, overridden: true, noDelay: true }))).toBe(false)
  })

  test('5,000 bytes at an MSS of 1460 become 1460 + 1460 + 1460, and 620 once those are acknowledged', () => {
    const f = facts({ queued: 5000 })
    const sizes: number[] = []
    const pump = (): void => {
      while (maySend(f)) {
        const size = Math.min(f.queued, f.usable, f.mss)
        sizes.push(size)
        f.queued -= size
        f.outstanding += size
      }
    }
    pump()
    expect(sizes).toEqual([1460, 1460, 1460])
    f.outstanding = 0
    pump()
    expect(sizes).toEqual([1460, 1460, 1460, 620])
  })

  test('any facts: the decision is the four rules of the RFC written out', () => {
    const size = fc.oneof(fc.nat(4000), fc.constantFrom(0, 1, 536, 1459, 1460, 1461))
    fc.assert(fc.property(
      fc.record({
        queued: size, usable: size, outstanding: size, mss: fc.integer({ min: 1, max: 1460 }), maxWindow: size,
        noDelay: fc.boolean(), overridden: fc.boolean(),
      }),
      (f) => {
        const D = f.queued
        const U = f.usable
        const nagle = f.noDelay || f.outstanding === 0
        const rules = Math.min(D, U) >= f.mss
          || (nagle && D <= U)
          || (nagle && Math.min(D, U) >= 1 / 2 * f.maxWindow)
          || f.overridden
        expect(maySend(f)).toBe(Math.min(D, U) > 0 && rules)
      },
    ))
  })

  test('any application and any ACKs: with Nagle at most one short segment is in the network', () => {
    const event = fc.oneof(fc.record({ write: fc.nat(3000) }), fc.record({ acked: fc.integer({ min: 1, max: 5 }) }))
    fc.assert(fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const f = facts({ mss: 1000 })
      const inNetwork: number[] = []
      for (const what of events) {
        if ('write' in what) f.queued += what.write
        else for (const size of inNetwork.splice(0, what.acked)) f.outstanding -= size
        while (maySend(f)) {
          const size = Math.min(f.queued, f.usable, f.mss)
          inNetwork.push(size)
          f.queued -= size
          f.outstanding += size
        }
        expect(inNetwork.filter((size) => size < f.mss).length).toBeLessThanOrEqual(1)
        if (inNetwork.length === 0) expect(f.queued).toBe(0)
      }
    }))
  })
})
