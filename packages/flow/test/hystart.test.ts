import { describe, expect, test } from 'vitest'
import {
  type CongestionControl, createHystart, cubic, type Hystart, hystartOnAck, hystartSlowStart, type HystartState, MAX_CONGESTION_WINDOW,
  newReno,
} from '../src/index.ts'
import { facts, MSS, timedOut } from './_facts.ts'
import { ackRound } from './_model.ts'

/** A round trip: `samples` ACKs with these round-trip times, of which the last ends the round. Returns whether slow start is over. */
function round(h: Hystart, rtts: readonly number[]): boolean {
  const begin = Math.max(h.windowEnd, 0)
  const size = rtts.length * MSS
  if (h.windowEnd < 0) h.windowEnd = size
  const end = h.windowEnd
  let over = false
  for (const [index, rtt] of rtts.entries()) {
    const last = index === rtts.length - 1
    over = hystartOnAck(h, facts({ ack: last ? end : Math.min(begin + index, end - 1), sent: end + size, rtt, newlyAcked: MSS })) || over
  }
  return over
}
const rtts = (rtt: number, count = 8): number[] => Array.from({ length: count }, () => rtt)
const inCss = (h: Hystart): boolean => h.cssBaselineMinRtt !== Infinity

describe('rounds', () => {
  test('RFC 9406 §4.2: a round ends when the data that was sent at its beginning is acknowledged', () => {
    const h = createHystart()
    hystartOnAck(h, facts({ ack: 1000, sent: 10_000, rtt: 50 }))
    expect(h).toMatchObject({ windowEnd: 10_000, currentRoundMinRtt: 50, lastRoundMinRtt: Infinity, rttSampleCount: 1 })
    hystartOnAck(h, facts({ ack: 9999, sent: 19_000, rtt: 40 }))
    expect(h).toMatchObject({ windowEnd: 10_000, currentRoundMinRtt: 40, rttSampleCount: 2 })
    hystartOnAck(h, facts({ ack: 10_000, sent: 20_000, rtt: 45 }))
    expect(h).toMatchObject({ windowEnd: 20_000, currentRoundMinRtt: Infinity, lastRoundMinRtt: 40, rttSampleCount: 0 })
  })

  test('an ACK without a sample counts for the round, not for its least RTT', () => {
    const h = createHystart()
    hystartOnAck(h, facts({ ack: 1000, sent: 10_000, rtt: -1 }))
    expect(h).toMatchObject({ currentRoundMinRtt: Infinity, rttSampleCount: 0 })
  })
})

describe('leaving slow start', () => {
  test.each([
    [20, 4], [32, 4], [80, 10], [128, 16], [400, 16],
  ])('RFC 9406 §4.2: after a round of %i ms, a rise of max(4, min(RTT / 8, 16)) = %i ms begins CSS, and no less', (rtt, rise) => {
    const below = createHystart()
    round(below, rtts(rtt))
    round(below, rtts(rtt + rise - 0.001))
    expect(inCss(below)).toBe(false)
    const at = createHystart()
    round(at, rtts(rtt))
    round(at, rtts(rtt + rise))
    expect(inCss(at)).toBe(true)
    expect(at.cssBaselineMinRtt).toBe(rtt + rise)
  })

  test('RFC 9406 §4.2: seven samples are too few to judge a round', () => {
    const h = createHystart()
    round(h, rtts(50))
    round(h, rtts(100, 7))
    expect(inCss(h)).toBe(false)
    expect(h.lastRoundMinRtt).toBe(100)
  })

  test('RFC 9406 §4.2: one quick ACK in the round keeps slow start going: the least RTT counts', () => {
    const h = createHystart()
    round(h, rtts(50))
    round(h, [50, ...rtts(100, 7)])
    expect(inCss(h)).toBe(false)
  })

  test('RFC 9406 §4.2: the first round has nothing to compare with', () => {
    const h = createHystart()
    round(h, rtts(500, 20))
    expect(inCss(h)).toBe(false)
  })
})

describe('conservative slow start', () => {
  const entered = (): Hystart => {
    const h = createHystart()
    round(h, rtts(50))
    round(h, rtts(60))
    return h
  }

  test('RFC 9406 §4.2: five rounds of it, the one in which it began included, and slow start is over', () => {
    const h = entered()
    expect(inCss(h)).toBe(true)
    expect([round(h, rtts(60)), round(h, rtts(65)), round(h, rtts(70)), round(h, rtts(75))]).toEqual([false, false, false, true])
  })

  test('RFC 9406 §4.2: when the RTT falls below its baseline, the exit was spurious and slow start resumes', () => {
    const h = entered()
    round(h, rtts(59.9))
    expect(inCss(h)).toBe(false)
  })

  test('RFC 9406 §4.2: fewer than eight samples below the baseline do not end it', () => {
    const h = entered()
    round(h, rtts(55, 7))
    expect(inCss(h)).toBe(true)
  })

  test('RFC 9406 §4.2: at its end ssthresh becomes cwnd', () => {
    const hystart = Object.assign(createHystart(), { windowEnd: 5000, cssBaselineMinRtt: 60, cssRoundsLeft: 1 })
    const s = { cwnd: 20_000, ssthresh: MAX_CONGESTION_WINDOW, pacingRate: 0, hystart }
    hystartSlowStart(s, facts({ ack: 4000, sent: 24_000, newlyAcked: MSS, rtt: 60 }))
    expect(s).toMatchObject({ cwnd: 20_250, ssthresh: MAX_CONGESTION_WINDOW })
    hystartSlowStart(s, facts({ ack: 5000, sent: 25_000, newlyAcked: MSS, rtt: 60 }))
    expect(s).toMatchObject({ cwnd: 20_500, ssthresh: 20_500 })
  })

  test('slow start that resumed can be left again, for five whole rounds', () => {
    const h = entered()
    round(h, rtts(50))
    round(h, rtts(70))
    expect(inCss(h)).toBe(true)
    expect(Array.from({ length: 4 }, () => round(h, rtts(70)))).toEqual([false, false, false, true])
  })
})

describe.each([newReno, cubic] as readonly CongestionControl[] as readonly CongestionControl<HystartState>[])('in $name', (control) => {
  test('RFC 9406 §4.2: CSS grows at a quarter of the pace, and after five rounds ssthresh becomes cwnd', () => {
    const s = control.create(MSS)
    const flow = { now: 0, ack: 0, sent: 0 }
    const growth: number[] = []
    for (let rtt = 50; s.ssthresh === MAX_CONGESTION_WINDOW && rtt < 400; rtt += 20) {
      const before = s.cwnd / MSS
      growth.push(ackRound(control, s, flow, rtt) / before)
    }
    expect(s.ssthresh).toBeLessThanOrEqual(s.cwnd)
    // A round of slow start; one that its eighth sample of 20 brings into CSS; and the rest of the five.
    expect(growth).toHaveLength(6)
    expect(growth[0]).toBe(2)
    expect(growth[1]).toBe((20 + 8 + 12 / 4) / 20)
    for (const factor of growth.slice(2, 5)) expect(factor).toBeCloseTo(1.25, 1)
  })

  test('RFC 9406 §4.3: after a timeout slow start goes by its threshold alone', () => {
    const s = control.create(MSS)
    control.onTimeout(s, timedOut(400_000))
    const before = structuredClone(s.hystart)
    const flow = { now: 0, ack: 0, sent: 0 }
    for (let i = 0; i < 5; i++) ackRound(control, s, flow, 50 + 50 * i)
    expect(s.cwnd).toBe(32_000)
    expect(s.hystart).toEqual(before)
  })
})
