import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AckFacts, cubic, type CubicState, MAX_CONGESTION_WINDOW } from '../src/index.ts'
import { algorithms } from './_algorithms.ts'
import { acked, facts, MSS } from './_facts.ts'

const offset = fc.integer({ min: 0, max: 2 ** 50 })
const bytes = fc.oneof(fc.nat(2 ** 30), fc.nat(100_000))
const ms = fc.oneof(fc.constant(0), fc.double({ min: 1e-6, max: 1e9, noNaN: true }), fc.nat(1000))
const event = fc.record({
  what: fc.constantFrom('onAck', 'onAck', 'onAck', 'onLoss', 'onTimeout', 'onIdle', 'onRecoveryEnd', 'onUndo', 'onSegmentLost', 'shiftTime'),
  now: ms, ack: offset, sent: offset, newlyAcked: bytes, newlyDelivered: bytes, inFlight: bytes, priorInFlight: bytes,
  delivered: offset, lost: bytes, rtt: fc.oneof(fc.constant(-1), ms), srtt: ms, duplicate: fc.boolean(), inRecovery: fc.boolean(),
  ece: fc.boolean(), appLimited: fc.boolean(), timeouts: fc.nat(20), idle: ms, deliveryRate: ms, rateAppLimited: fc.boolean(),
  priorDelivered: offset, sentInFlight: bytes, lostSinceSent: bytes,
})

/** Every number in a state, those of nested objects included. */
function numbers(state: object): number[] {
  return Object.values(state).flatMap((value: unknown) => {
    if (typeof value === 'number') return [value]
    return typeof value === 'object' && value !== null ? numbers(value) : []
  })
}

describe.each(algorithms.map((control) => [control.name, control] as const))('%s, whatever happens', (_, control) => {
  test('the window stays between one segment and the greatest TCP window, in whole bytes; nothing becomes NaN', () => {
    fc.assert(fc.property(fc.array(event, { maxLength: 60 }), fc.integer({ min: 1, max: 65_495 }), (events, mss) => {
      const state = control.create(mss)
      const check = (what: string): void => {
        const { cwnd, ssthresh, pacingRate } = state
        const sound = Number.isInteger(cwnd) && cwnd >= mss && cwnd <= MAX_CONGESTION_WINDOW
          && Number.isInteger(ssthresh) && ssthresh >= 1 && ssthresh <= MAX_CONGESTION_WINDOW
          && pacingRate >= 0 && pacingRate < Infinity && !numbers(state).some(Number.isNaN)
        if (!sound) expect.fail(`after ${what}: ${JSON.stringify(state)}`)
      }
      check('create')
      for (const { what, ...some } of events) {
        const told = facts({ ...some, mss })
        if (what === 'shiftTime') control.shiftTime?.(state, some.now - some.srtt)
        else control[what as 'onUndo']?.(state, told)
        check(what)
      }
    }), { numRuns: 300 })
  })

  test('plain data: a structured clone goes on in the same way', () => {
    fc.assert(fc.property(fc.array(event, { maxLength: 20 }), (events) => {
      const state = control.create(MSS)
      let copy = structuredClone(state)
      for (const { what, ...some } of events.filter((each) => each.what === 'onAck' || each.what === 'onLoss')) {
        control[what as 'onAck'](state, facts(some))
        control[what as 'onAck'](copy, facts(some))
        copy = structuredClone(copy)
      }
      expect(copy).toEqual(state)
    }), { numRuns: 50 })
  })

  test('ACK division gains nothing: segments acknowledged in pieces grow the window no more than whole ones', () => {
    fc.assert(fc.property(
      fc.integer({ min: 2, max: 12 }), fc.integer({ min: 1, max: 150 }), fc.boolean(), fc.nat(300),
      (pieces, segments, reduced, rtt) => {
        const final = [1, pieces].map((parts) => {
          const state = control.create(MSS)
          if (reduced) control.onLoss(state, facts({ inFlight: 30_000 }))
          for (let i = 0; i < segments; i++) {
            for (let part = 0; part < parts; part++) {
              const size = Math.floor(MSS * (part + 1) / parts) - Math.floor(MSS * part / parts)
              const ack = i * MSS + Math.floor(MSS * (part + 1) / parts)
              control.onAck(state, acked(size, {
                ack, sent: (i + 20) * MSS, delivered: ack, priorDelivered: Math.max(0, ack - 20 * MSS), now: i * 5, rtt, srtt: rtt,
                priorInFlight: 20_000,
              }))
            }
          }
          return state.cwnd
        })
        // Where slow start ends within a segment, congestion avoidance may begin up to a segment earlier.
        expect(final[1]).toBeLessThanOrEqual(final[0]! + MSS)
      },
    ), { numRuns: 50 })
  })

  // BBR's window follows its model of the path, which such ACKs inform too.
  if (control.name === 'bbr') return
  test('nothing grows while the application does not fill the window (RFC 7661 §4.1)', () => {
    const state = control.create(MSS)
    const before = state.cwnd
    for (let i = 1; i < 100; i++) {
      control.onAck(state, acked(MSS, {
        ack: i * MSS, sent: i * MSS + 3000, delivered: i * MSS, now: i, rtt: 50, srtt: 50, appLimited: true, rateAppLimited: true,
      }))
    }
    expect(state.cwnd).toBeLessThanOrEqual(before)
  })
})

/** 200 events from a linear congruential generator. */
function history(control: (typeof algorithms)[number]): object {
  const state = control.create(1460)
  let seed = 42
  const next = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff
    return (seed >>> 8) % below
  }
  let ack = 0
  for (let i = 0; i < 200; i++) {
    const size = 1 + next(2920)
    ack += size
    const rtt = 40 + next(30) + next(7) / 7
    const some: Partial<AckFacts> = {
      now: i * 10 + next(10) / 3, ack, sent: ack + state.cwnd, newlyAcked: size, newlyDelivered: size,
      inFlight: state.cwnd, priorInFlight: state.cwnd,
      delivered: ack, rtt, srtt: rtt, mss: 1460, idle: 250, timeouts: 1, ece: next(9) === 0, priorDelivered: Math.max(0, ack - state.cwnd),
      deliveryRate: state.cwnd * 1000 / rtt,
    }
    const dice = next(100)
    control[dice === 0 ? 'onTimeout' : dice < 3 ? 'onLoss' : dice === 3 ? 'onIdle' : 'onAck'](state, facts(some))
  }
  return state
}

/** CUBIC on a long path: a loss at a thousand segments, and forty round trips after it. */
function longPath(): CubicState {
  const state = cubic.create(1460)
  state.cwnd = 1_460_000
  cubic.onLoss(state, facts({ inFlight: state.cwnd, mss: 1460 }))
  for (let i = 0; i < 4000; i++) cubic.onAck(state, acked(14_600, { now: i / 3, srtt: 100 / 3, mss: 1460 }))
  return state
}

describe('every engine computes the same numbers, to the last bit of the doubles', () => {
  test.each([
    ['fixed', { cwnd: 11_680 }],
    ['tahoe', { cwnd: 18_561, ssthresh: 3864, bytesAcked: 6782 }],
    ['reno', { cwnd: 18_561, ssthresh: 3864, bytesAcked: 6782 }],
    ['newreno', { cwnd: 21_609, ssthresh: 8542, bytesAcked: 4468 }],
    ['cubic', { cwnd: 21_890, ssthresh: 11_473, epoch: {
      start: 796.6666666666667, wMax: 13_932.35, k: 1.6148635455420417, wEst: 21890.101188318196, cwndPrior: 16_391,
    } }],
    ['dctcp', { cwnd: 15_255, ssthresh: 12_335, bytesAcked: 4945, alpha: 0.24927068030564933 }],
    ['vegas', { cwnd: 13_214, ssthresh: 7721, baseRtt: 40, rttSum: 417.1428571428571 }],
  ])('%s', (name, state) => {
    expect(history(algorithms.find((each) => each.name === name)!)).toMatchObject(state)
  })

  test('cubic on a long path', () => {
    const { cwnd, credit, epoch } = longPath()
    expect({ cwnd, credit, wEst: epoch.wEst, k: epoch.k }).toEqual({
      cwnd: 1_188_567, credit: 0.7583928266915763, wEst: 1062731.6479787875, k: 9.085602964160698,
    })
  })
})
