import { describe, expect, test } from 'vitest'
import {
  type AckFacts, applyAck, type CongestionControl, type CongestionState, createAckFacts, createFastRecovery, newReno, RecoveryAction,
} from '../src/index.ts'
import { ack, allowance, createSender, duplicates, MSS, pump, type Sender, timeout } from './_sender.ts'

const { None, EnterRecovery, RetransmitHead, Exit } = RecoveryAction

/** Ten segments in flight, 0 to 9,999, in congestion avoidance. */
function tenInFlight(start = 0): Sender {
  const s = createSender(newReno, start)
  s.congestion.ssthresh = 10_000
  expect(pump(s)).toHaveLength(10)
  return s
}

describe('fast retransmit', () => {
  test('RFC 5681 §3.2: the third duplicate ACK resends the segment at SND.UNA; the first two do not', () => {
    expect(duplicates(tenInFlight(), 3)).toEqual([None, None, EnterRecovery])
  })

  test('RFC 5681 §3.2: new data acknowledged in between starts the count again', () => {
    const s = tenInFlight()
    duplicates(s, 2)
    expect(ack(s, MSS)).toBe(None)
    expect(duplicates(s, 3)).toEqual([None, None, EnterRecovery])
  })

  test('RFC 5681 §2: an ACK that repeats the number but is no duplicate (window update, data) does not count', () => {
    const s = tenInFlight()
    duplicates(s, 2)
    s.facts.newlyAcked = 0
    s.facts.duplicate = false
    expect(applyAck(newReno, newReno.create(MSS), s.recovery, s.facts)).toBe(None)
    expect(s.recovery.duplicates).toBe(2)
    expect(duplicates(s, 1)).toEqual([EnterRecovery])
  })

  test('RFC 3042: each of the first two duplicates lets one new segment out, and cwnd stays', () => {
    const s = tenInFlight()
    const sent: number[][] = []
    for (let i = 0; i < 2; i++) {
      duplicates(s, 1)
      sent.push(pump(s))
    }
    expect(sent).toEqual([[10_000], [11_000]])
    expect(s.congestion.cwnd).toBe(10_000)
    ack(s, 1000)
    expect(s.recovery.inflation).toBe(0)
  })

  test('RFC 3042: not beyond the receiver\'s window', () => {
    const s = tenInFlight()
    s.sendWindow = 10_000
    duplicates(s, 2)
    expect(pump(s)).toEqual([])
  })

  test('RFC 5681 §3.2 step 2: Limited Transmit\'s segments do not count when the flight is halved', () => {
    const s = tenInFlight()
    duplicates(s, 1)
    pump(s)
    duplicates(s, 1)
    pump(s)
    expect(s.nxt - s.una).toBe(12_000)
    duplicates(s, 1)
    expect(s.congestion.ssthresh).toBe(5000)
  })
})

describe('fast recovery', () => {
  test('RFC 5681 §3.2 step 3: the window is ssthresh plus three segments', () => {
    const s = tenInFlight()
    duplicates(s, 3)
    expect(s.congestion).toMatchObject({ ssthresh: 5000, cwnd: 5000 })
    expect(s.recovery).toMatchObject({ inRecovery: true, inflation: 3000, recover: 10_000, partialAcks: 0 })
  })

  test('RFC 5681 §3.2 steps 4 and 5: each further duplicate adds a segment; new data flows once the half-window is passed', () => {
    const s = tenInFlight()
    duplicates(s, 3)
    const newData = Array.from({ length: 6 }, () => {
      duplicates(s, 1)
      return pump(s).length
    })
    expect(newData).toEqual([0, 0, 1, 1, 1, 1])
    expect(s.recovery.inflation).toBe(9000)
  })

  test('RFC 6582 §3.2 step 3, full ACK: recovery ends, the window deflates to ssthresh', () => {
    const s = tenInFlight()
    duplicates(s, 9)
    pump(s)
    expect(ack(s, 10_000)).toBe(Exit)
    expect(s.recovery).toMatchObject({ inRecovery: false, inflation: 0, duplicates: 0 })
    expect(s.nxt - s.una).toBe(4000)
    expect(s.congestion.cwnd).toBe(5000)
  })

  test('RFC 6582 §3.2 step 3, full ACK with nothing left in flight: two segments, no burst of half a window', () => {
    const s = tenInFlight()
    duplicates(s, 3)
    expect(ack(s, 10_000)).toBe(Exit)
    expect(s.congestion.cwnd).toBe(2000)
    expect(pump(s)).toHaveLength(2)
  })

  test('RFC 6582 §3.2 step 3, partial ACK: the next hole is resent, the window loses what was acknowledged and regains a segment', () => {
    const s = tenInFlight()
    duplicates(s, 8)
    pump(s)
    const before = allowance(s)
    expect(s.recovery.inflation).toBe(8000)
    expect(ack(s, 4000)).toBe(RetransmitHead)
    expect(s.recovery).toMatchObject({ inRecovery: true, inflation: 5000, partialAcks: 1 })
    expect(s.congestion.cwnd).toBe(5000)
    expect(allowance(s) - before).toBe(MSS)
  })

  test('RFC 6582 §3.2 step 3: a partial ACK of less than a segment adds none back', () => {
    const s = tenInFlight()
    duplicates(s, 8)
    ack(s, 999)
    expect(s.recovery.inflation).toBe(8000 - 999)
  })

  test('RFC 6582 §3.2 step 3: cwnd with its inflation stays at one segment or more, though duplicates were lost on the way', () => {
    const s = tenInFlight()
    duplicates(s, 3)
    ack(s, 9000)
    expect(s.congestion.cwnd + s.recovery.inflation).toBe(MSS)
  })

  test('RFC 6582 §3.2: the retransmission timer restarts at the first partial ACK only: they are counted', () => {
    const s = tenInFlight()
    duplicates(s, 3)
    const seen = [2000, 4000, 6000].map((offset) => {
      ack(s, offset)
      return s.recovery.partialAcks
    })
    expect(seen).toEqual([1, 2, 3])
    ack(s, 10_000)
    expect(s.recovery.partialAcks).toBe(0)
  })

  test('RFC 6582 §3: three losses in one window are repaired one per round trip, with one reduction', () => {
    const s = tenInFlight()
    const lost = new Set([0, 3000, 6000])
    const actions: RecoveryAction[] = []
    const resent: number[] = []
    const act = (action: RecoveryAction): void => {
      if (action !== None) actions.push(action)
      if (action === EnterRecovery || action === RetransmitHead) resent.push(s.una)
    }
    for (let offset = 0; offset < 10_000; offset += MSS) if (!lost.has(offset)) act(ack(s, 0))
    act(ack(s, 3000))
    act(ack(s, 6000))
    act(ack(s, 10_000))
    expect(actions).toEqual([EnterRecovery, RetransmitHead, RetransmitHead, Exit])
    expect(resent).toEqual([0, 3000, 6000])
    expect(s.congestion.ssthresh).toBe(5000)
  })

  test('RFC 6582 §3.2 step 2: duplicates of an ACK that covers no more than `recover` start no second recovery', () => {
    const s = tenInFlight()
    duplicates(s, 9)
    pump(s)
    ack(s, 10_000)
    const { cwnd, ssthresh } = s.congestion
    expect(duplicates(s, 5)).toEqual([None, None, None, None, None])
    expect(s.congestion).toMatchObject({ cwnd, ssthresh })
    expect(s.recovery.inflation).toBe(0)
  })

  test('RFC 6582 §3.2 step 2: an ACK that covers more is a new loss event, with a reduction of its own', () => {
    const s = tenInFlight()
    duplicates(s, 9)
    pump(s)
    ack(s, 10_000)
    pump(s)
    ack(s, 11_000)
    expect(duplicates(s, 3)).toEqual([None, None, EnterRecovery])
    expect(s.recovery.recover).toBe(s.max)
  })

  test('RFC 6582 §3.2 step 4: a timeout ends recovery, and duplicates of what was sent before start none', () => {
    const s = tenInFlight()
    duplicates(s, 5)
    timeout(s)
    expect(s.recovery).toMatchObject({ inRecovery: false, inflation: 0, duplicates: 0, recover: 10_000 })
    expect(s.congestion.cwnd).toBe(MSS)
    expect(pump(s)).toEqual([0])
    expect(ack(s, 4000)).toBe(None)
    expect(duplicates(s, 4)).toEqual([None, None, None, None])
  })

  test('RFC 5681 §3.2, after step 6: forged duplicates inflate the window no further than what was in flight', () => {
    const s = tenInFlight()
    for (let i = 0; i < 1000; i++) {
      duplicates(s, 1)
      pump(s)
    }
    expect(s.recovery.inflation).toBe(10_000)
    expect(s.nxt - s.una).toBe(15_000)
  })

  test('a long recovery inflates by duplicates of new data too: the bound follows the flight at each partial ACK', () => {
    const s = tenInFlight()
    duplicates(s, 8)
    expect(pump(s)).toHaveLength(3)
    ack(s, 2000)
    expect(pump(s)).toHaveLength(1)
    // Eleven segments were in flight at the partial ACK
    duplicates(s, 20)
    expect(s.recovery.inflation).toBe(11_000)
  })

  test('segments far smaller than the MSS: the three-segment inflation of RFC 5681 is kept, and grows no more', () => {
    const recovery = createFastRecovery()
    const facts = Object.assign(createAckFacts(), { mss: MSS, duplicate: true, inFlight: 400, sent: 400 })
    const congestion = newReno.create(MSS)
    const seen = Array.from({ length: 5 }, () => {
      applyAck(newReno, congestion, recovery, facts)
      return recovery.inflation
    })
    expect(seen).toEqual([1000, 2000, 3000, 3000, 3000])
  })

  test('offsets beyond 2^31 and 2^32 make no difference', () => {
    const story = (start: number): unknown[] => {
      const s = tenInFlight(start)
      return [duplicates(s, 6), pump(s).length, ack(s, start + 3000), allowance(s), ack(s, start + 10_000), { ...s.congestion }]
    }
    expect(story(2 ** 31 - 2000)).toEqual(story(0))
    expect(story(2 ** 32 - 2000)).toEqual(story(0))
    expect(story(2 ** 45)).toEqual(story(0))
  })
})

describe('applyAck', () => {
  /** Writes down what it is told. */
  function recorder(): { control: CongestionControl; calls: string[] } {
    const calls: string[] = []
    const note = (name: string) => (_: CongestionState, facts: AckFacts): void => {
      calls.push(`${name} newlyAcked=${facts.newlyAcked} inFlight=${facts.inFlight} inRecovery=${facts.inRecovery}`)
    }
    const control: CongestionControl = {
      name: 'recorder',
      create: (mss) => ({ cwnd: 10 * mss, ssthresh: 10 * mss, pacingRate: 0 }),
      onAck: note('ack'), onLoss: note('loss'), onTimeout: note('timeout'), onIdle: note('idle'), onRecoveryEnd: note('end'),
    }
    return { control, calls }
  }

  test('congestion control hears of each new ACK, of each loss event once, and of its end', () => {
    const { control, calls } = recorder()
    const s = createSender(control)
    pump(s)
    ack(s, 1000)
    pump(s)
    duplicates(s, 5)
    ack(s, 5000)
    ack(s, 11_000)
    timeout(s)
    expect(calls).toEqual([
      'ack newlyAcked=1000 inFlight=9000 inRecovery=false',
      'loss newlyAcked=0 inFlight=10000 inRecovery=true',
      'ack newlyAcked=4000 inFlight=6000 inRecovery=true',
      'ack newlyAcked=6000 inFlight=0 inRecovery=true',
      'end newlyAcked=6000 inFlight=0 inRecovery=true',
      'timeout newlyAcked=0 inFlight=0 inRecovery=false',
    ])
  })

  test('an algorithm without onRecoveryEnd is complete', () => {
    const fixed: CongestionControl = {
      name: 'fixed', create: () => ({ cwnd: 8000, ssthresh: 8000, pacingRate: 0 }), onAck() {}, onLoss() {}, onTimeout() {}, onIdle() {},
    }
    const s = createSender(fixed)
    pump(s)
    duplicates(s, 3)
    expect(ack(s, 8000)).toBe(Exit)
    expect(s.congestion.cwnd).toBe(8000)
  })
})
