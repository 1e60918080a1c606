import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AckFacts, type CongestionControl, newReno, type NewRenoState, RecoveryAction } from '../src/index.ts'
import { ack, allowance, createSender, MSS, pump, type Sender, timeout } from './_sender.ts'

/**
 * A path in rounds of one round trip: what is sent in a round arrives (or is lost, or overtakes its neighbour) and each
 * arrival sends an ACK back, which arrives within the same round. Loss is decided by a list that the test draws.
 */
interface Path {
  /** Transmissions to lose, by their count since the start. */
  lose: ReadonlySet<number>
  /** Transmissions that arrive after the next one. */
  delay: ReadonlySet<number>
  sent: number
}

interface LossEvent {
  ack: number
  sent: number
  kind: 'loss' | 'timeout'
}

/** newReno that writes down when it reduces. */
function watched(events: LossEvent[]): CongestionControl<NewRenoState> {
  const note = (kind: LossEvent['kind'], facts: AckFacts): void => { events.push({ kind, ack: facts.ack, sent: facts.sent }) }
  return {
    ...newReno,
    onLoss(state, facts) {
      note('loss', facts)
      newReno.onLoss(state, facts)
    },
    onTimeout(state, facts) {
      note('timeout', facts)
      newReno.onTimeout(state, facts)
    },
  }
}

/** Moves `segments` segments over the path; checks the invariants at each step. Returns rounds and reductions. */
function transfer(path: Path, segments: number, start = 0): { rounds: number; events: LossEvent[]; sender: Sender<NewRenoState> } {
  const events: LossEvent[] = []
  const sender = createSender(watched(events), start)
  const end = start + segments * MSS
  const received = new Set<number>()
  let next = start
  let rounds = 0
  let wire: number[] = []

  const transmit = (offset: number): void => {
    wire.push(offset)
  }
  const check = (): void => {
    const { congestion, recovery } = sender
    expect(congestion.cwnd).toBeGreaterThanOrEqual(MSS)
    expect(congestion.cwnd + recovery.inflation).toBeGreaterThanOrEqual(MSS)
    expect(congestion.ssthresh).toBeGreaterThanOrEqual(2 * MSS)
    if (!recovery.inRecovery) expect(recovery.inflation).toBeLessThanOrEqual(2 * MSS)
  }
  const send = (): void => {
    const room = allowance(sender)
    let sent = 0
    while (sender.nxt < end && allowance(sender) >= MSS) {
      transmit(sender.nxt)
      sender.nxt += MSS
      sender.max = Math.max(sender.max, sender.nxt)
      sent += MSS
    }
    expect(sent).toBeLessThanOrEqual(room)
  }

  send()
  while (sender.una < end) {
    rounds += 1
    if (rounds > 20 * segments + 100) throw new Error(`no progress after ${rounds} rounds, SND.UNA ${sender.una}`)
    if (wire.length === 0) {
      // Nothing is under way and nothing may be sent: the retransmission timer is what is left.
      timeout(sender)
      check()
      send()
      continue
    }
    const arriving: number[] = []
    let late = -1
    for (const offset of wire) {
      const count = path.sent++
      if (path.lose.has(count)) continue
      if (path.delay.has(count) && late < 0) {
        late = offset
        continue
      }
      arriving.push(offset)
      if (late >= 0) arriving.push(late)
      late = -1
    }
    if (late >= 0) arriving.push(late)
    wire = []
    for (const offset of arriving) {
      received.add(offset)
      while (received.has(next)) next += MSS
      const action = ack(sender, next)
      if (action === RecoveryAction.EnterRecovery || action === RecoveryAction.RetransmitHead) transmit(sender.una)
      check()
      send()
    }
  }
  return { rounds, events, sender }
}

const clean = (lose: readonly number[] = [], delay: readonly number[] = []): Path =>
  ({ lose: new Set(lose), delay: new Set(delay), sent: 0 })

describe('a sender made of these parts', () => {
  test('without loss slow start moves 10 + 20 + 40 + … segments a round trip', () => {
    expect(transfer(clean(), 10).rounds).toBe(1)
    expect(transfer(clean(), 70).rounds).toBe(3)
    expect(transfer(clean(), 1270).rounds).toBe(7)
  })

  test('a single loss costs one reduction and no timeout', () => {
    const { events, sender } = transfer(clean([12]), 100)
    expect(events).toEqual([{ kind: 'loss', ack: 12 * MSS, sent: expect.any(Number) as number }])
    expect(sender.timeouts).toBe(0)
  })

  test('four losses in one window cost one reduction and no timeout', () => {
    const { events } = transfer(clean([30, 33, 34, 41]), 200)
    expect(events.map((e) => e.kind)).toEqual(['loss'])
  })

  test('segments that change places with a neighbour cost nothing', () => {
    expect(transfer(clean([], [3, 12, 15, 40]), 200).events).toEqual([])
  })

  test('a lost tail is repaired by the timeout', () => {
    expect(transfer(clean([9]), 10).events.map((e) => e.kind)).toEqual(['timeout'])
  })

  const holes = fc.uniqueArray(fc.nat(150), { maxLength: 30 })

  test('any losses and swaps: everything arrives, and a window of data is answered by one reduction, unless the timer expires', () => {
    const start = fc.constantFrom(0, 2 ** 31 - 7000, 2 ** 40)
    fc.assert(fc.property(holes, holes, fc.integer({ min: 1, max: 120 }), start, (lose, delay, segments, start) => {
      const { events, sender } = transfer(clean(lose, delay), segments, start)
      expect(sender.una).toBe(start + segments * MSS)
      expect(sender.recovery.inRecovery).toBe(false)
      let recover = start - 1
      for (const event of events) {
        // Everything that was in the network at the last reduction is acknowledged before the next one.
        if (event.kind === 'loss') expect(event.ack).toBeGreaterThan(recover)
        recover = event.sent
      }
    }), { numRuns: 300 })
  })

  test('any receiver, honest or not: what is in flight never exceeds the allowance when a segment is sent, and no call fails', () => {
    const word = fc.oneof(
      fc.record({ ackBy: fc.integer({ min: 1, max: 5000 }) }),
      fc.record({ duplicates: fc.integer({ min: 1, max: 30 }) }),
      fc.constant('timeout' as const),
    )
    fc.assert(fc.property(fc.array(word, { maxLength: 60 }), fc.integer({ min: 0, max: 30_000 }), (words, sendWindow) => {
      const s = createSender(newReno)
      s.sendWindow = sendWindow
      for (const what of words) {
        if (what === 'timeout') {
          if (s.max > s.una) timeout(s)
        } else if ('ackBy' in what) ack(s, Math.min(s.max, s.una + what.ackBy))
        else for (let i = 0; i < what.duplicates; i++) ack(s, s.una)
        const before = s.nxt
        pump(s)
        if (s.nxt > before) {
          expect(s.nxt - s.una).toBeLessThanOrEqual(sendWindow)
          expect(s.nxt - s.una).toBeLessThanOrEqual(s.congestion.cwnd + s.recovery.inflation)
        }
        expect(s.congestion.cwnd).toBeGreaterThanOrEqual(MSS)
        expect(s.congestion.cwnd + s.recovery.inflation).toBeGreaterThanOrEqual(MSS)
        expect(Object.values(s.recovery).some((v) => Number.isNaN(v))).toBe(false)
      }
    }))
  })
})
