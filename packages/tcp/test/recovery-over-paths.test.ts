import type { CongestionControl } from '@layerfour/flow'
import { newReno, reno, tahoe } from '@layerfour/flow'
import { describe, expect, test } from 'vitest'
import type { PathOptions } from './path.ts'
import { Path } from './path.ts'

/** 100 Mbit/s, 50 ms: a segment takes 0.12 ms. */
const LINK = { rate: 12_500_000, delay: 25 }
const SEGMENT_TIME = 0.12
/** No more in flight than the path holds, so that no queue changes its round trip of about 50 ms. */
const WITHOUT_QUEUE = { receiveBuffer: 600_000, initialBuffer: 600_000 }

function path(options: Partial<PathOptions>): Path {
  return new Path({ ...LINK, ...options })
}

describe.each([[true], [false]])('with timestamps: %s', (timestamps) => {
  describe('RFC 8985 §6.2: reordering', () => {
    test.each([[3], [8], [16], [32], [64]])('by %i packets makes no retransmission once RACK has adapted', (packets) => {
      const bulk = path({ both: { timestamps }, fate: (_, index) => index % 97 === 50 ? packets * SEGMENT_TIME : 0 })
      bulk.write(6_000_000).run()
      const { retransmissions, timeouts } = bulk.connection.info()
      expect(bulk.received).toBe(6_000_000)
      expect(timeouts).toBe(0)
      expect(retransmissions).toBeLessThanOrEqual(packets === 3 ? 0 : 1)
      // The first false alarm is the only one, and it is taken back.
      expect(bulk.count('undo')).toBe(bulk.count('fast-retransmit'))
    })

    test('§6.2 step 4: by more than a quarter of the round trip widens the window until no retransmission is made', () => {
      const bulk = path({ delay: 5, both: { timestamps }, fate: (_, index) => index % 300 === 250 ? 64 * SEGMENT_TIME : 0 })
      bulk.write(12_000_000).run()
      expect(bulk.received).toBe(12_000_000)
      const { retransmissions, timeouts } = bulk.connection.info()
      expect(timeouts).toBe(0)
      expect(retransmissions).toBeGreaterThan(0)
      expect(retransmissions).toBeLessThan(10)
      const last = bulk.events.filter(({ event }) => event === 'fast-retransmit').at(-1)!.at
      expect(last).toBeLessThan(bulk.now / 2)
    })
  })

  test.each([['each fifth', false], ['a fifth at random', true]])(
    'RFC 6675, 8985, 6937: %s of the segments of one window lost is repaired in two round trips without a timeout', (_, random) => {
      const window = Math.floor(600_000 / 1460)
      let from = -1
      let lost = 0
      const bulk = path({
        both: { timestamps, ...WITHOUT_QUEUE },
        fate: (_segment, index, arrives) => {
          if (from < 0 && arrives > 1000) from = index
          if (from < 0 || index >= from + window) return 0
          const unlucky = random ? (Math.imul(index, 2_654_435_761) >>> 8) % 5 === 0 : index % 5 === 0
          if (!unlucky) return 0
          lost++
          return Infinity
        },
      })
      bulk.write(30_000_000).run(() => bulk.count('recovery-exit') > 0 || bulk.count('timeout') > 0)
      expect(lost).toBeGreaterThan(window / 6)
      const { retransmissions, timeouts } = bulk.connection.info()
      expect(timeouts).toBe(0)
      // Nothing that had arrived, and all that had not, once.
      expect(retransmissions).toBe(lost)
      const [enter, exit] = ['fast-retransmit', 'recovery-exit'].map((name) => bulk.events.find(({ event }) => event === name)!.at)
      expect(exit! - enter!).toBeLessThan(2 * 51.5)
    })

  test('RFC 8985 §3: a retransmission lost again and again is found without a timeout; the window is reduced twice (RFC 5681 §4.3)', () => {
    let unlucky = -1
    let times = 0
    const bulk = path({
      both: { timestamps },
      fate: (segment, index) => {
        if (index === 1500) unlucky = segment.seq
        return segment.seq === unlucky && times++ < 3 ? Infinity : 0
      },
    })
    bulk.write(9_000_000).run()
    expect(bulk.received).toBe(9_000_000)
    expect(bulk.connection.info()).toMatchObject({ timeouts: 0, retransmissions: 3 })
    expect(bulk.count('fast-retransmit')).toBe(2)
  })

  describe('RFC 8985 §7: a lost tail', () => {
    test.each([[2], [3], [5]])('of %i segments is probed for after 2·SRTT and repaired without a timeout', (segments) => {
      const all = 100
      const bulk = path({
        both: { timestamps, delayedAck: 0 }, fate: (_, index) => index >= all - segments && index < all ? Infinity : 0,
      })
      bulk.write(all * (timestamps ? 1448 : 1460)).run()
      expect(bulk.received).toBe(all * (timestamps ? 1448 : 1460))
      expect(bulk.connection.info()).toMatchObject({ timeouts: 0, retransmissions: segments })
      expect(bulk.count('loss-probe')).toBe(1)
      // The last ACK came a round trip after the last segment that arrived was sent.
      const waited = bulk.sent[all]!.at - bulk.sent[all - segments - 1]!.at - 50
      expect(waited).toBeGreaterThan(99)
      expect(waited).toBeLessThan(112)
    })

    test('of one segment is repaired by the probe itself, which waits for a delayed ACK too', () => {
      const bulk = path({ both: { timestamps, delayedAck: 0 }, fate: (_, index) => index === 99 ? Infinity : 0 })
      bulk.write(100 * (timestamps ? 1448 : 1460)).run()
      expect(bulk.connection.info()).toMatchObject({ timeouts: 0, retransmissions: 1 })
      const waited = bulk.sent[100]!.at - bulk.sent[98]!.at - 50
      expect(waited).toBeGreaterThan(139)
      expect(waited).toBeLessThan(152)
    })

    test('with the FIN is repaired the same way', () => {
      let unlucky = true
      const bulk = path({
        both: { timestamps },
        fate: ({ flags }) => {
          if (!flags.includes('F') || !unlucky) return 0
          unlucky = false
          return Infinity
        },
      })
      bulk.write(143_000).close().run(() => bulk.connection.info().state === 'FIN-WAIT-2')
      expect(bulk.connection.info()).toMatchObject({ state: 'FIN-WAIT-2', timeouts: 0, retransmissions: 1 })
    })
  })

  describe.each([[true], [false]])('a spurious timeout (RFC 5682, 3522, 4015), with SACK: %s', (sack) => {
    test('is undone: the window is what it was, and no more than the first segment was resent', () => {
      const bulk = path({
        both: { timestamps, sack, tailLossProbe: false },
        fate: (_, _index, arrives) => arrives > 300 && arrives < 700 ? 700 - arrives : 0,
      })
      bulk.write(30_000_000).run(() => bulk.count('timeout') > 0)
      const before = bulk.connection.info().maxCwnd
      expect(bulk.connection.info().cwnd).toBeLessThan(3000)
      bulk.run(() => bulk.now > 1000)
      expect(bulk.count('timeout')).toBe(1)
      expect(bulk.count('undo')).toBe(1)
      expect(bulk.connection.info().retransmissions).toBe(1)
      expect(bulk.connection.info().cwnd).toBeGreaterThanOrEqual(before)
    })

    test('but a real one is not: everything is sent again in slow start', () => {
      const bulk = path({
        both: { timestamps, sack, tailLossProbe: false, ...WITHOUT_QUEUE },
        fate: (_, _index, arrives) => arrives > 1000 && arrives < 1100 ? Infinity : 0,
      })
      bulk.write(20_000_000).run()
      expect(bulk.received).toBe(20_000_000)
      expect(bulk.count('timeout')).toBe(1)
      expect(bulk.count('undo')).toBe(0)
      expect(bulk.connection.info().ssthresh).toBeLessThan(600_000)
    })
  })

  test.each([[0.01, 0], [0.05, 0], [0.2, 1]])('random loss of %f is repaired, with SACK hardly ever by a timeout', (loss, timeouts) => {
    const bulk = path({
      both: { timestamps },
      fate: (_, index) => (Math.imul(index + 7, 2_654_435_761) >>> 8) % 1000 < loss * 1000 ? Infinity : 0,
    })
    bulk.write(400_000).run()
    expect(bulk.received).toBe(400_000)
    expect(bulk.connection.info().timeouts).toBeLessThanOrEqual(timeouts)
  })
})

describe('styles of recovery, with a peer that has SACK', () => {
  const holes = new Set([160, 162, 164])
  const run = (congestionControl: CongestionControl, sack: boolean): Path => {
    const bulk = path({
      both: { sack }, sender: { congestionControl },
      fate: (_, index) => holes.has(index) ? Infinity : 0,
    })
    return bulk.write(400_000).run()
  }

  test('Tahoe sends everything again in slow start after three duplicate ACKs', () => {
    const bulk = run(tahoe, true)
    expect(bulk.received).toBe(400_000)
    const again = bulk.sent.findIndex(({ segment }, index) => index > 164 && segment.seq === bulk.sent[160]!.segment.seq)
    // One segment, then what its ACK lets go: no burst.
    expect(bulk.sent[again + 1]!.at - bulk.sent[again]!.at).toBeGreaterThan(49)
    expect(bulk.connection.info()).toMatchObject({ timeouts: 0, fastRetransmits: 1 })
  })

  test('RFC 6582: NewReno repairs three holes in three round trips, as every algorithm does without SACK', () => {
    const bulk = run(newReno, false)
    expect(bulk.received).toBe(400_000)
    expect(bulk.connection.info()).toMatchObject({ timeouts: 0, retransmissions: 3, fastRetransmits: 1 })
    expect(bulk.count('partial-ack')).toBe(2)
  })

  test('RFC 2581: Reno takes the first new ACK for the end; the other holes cost more recoveries or a timeout', () => {
    const bulk = run(reno, true)
    expect(bulk.received).toBe(400_000)
    const { fastRetransmits, timeouts } = bulk.connection.info()
    expect(fastRetransmits + timeouts).toBeGreaterThan(1)
  })

  test('SACK repairs them in one round trip', () => {
    const bulk = run(newReno, true)
    expect(bulk.received).toBe(400_000)
    expect(bulk.connection.info()).toMatchObject({ timeouts: 0, retransmissions: 3, fastRetransmits: 1 })
    const [enter, exit] = ['fast-retransmit', 'recovery-exit'].map((name) => bulk.events.find(({ event }) => event === name)!.at)
    expect(exit! - enter!).toBeLessThan(56)
  })
})
