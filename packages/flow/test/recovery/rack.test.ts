import { describe, expect, test } from 'vitest'
import { probeSent, RecoveryEvent, RecoveryPhase } from '../../src/index.ts'
import { Flow } from './_flow.ts'

/** A flow of 10 segments sent 1 ms apart, after a first one that took 100 ms. */
function tenOut(count = 10): Flow {
  const flow = new Flow(undefined, 20)
  flow.send().at(100).ack(1)
  for (let n = 0; n < count; n++) flow.at(200 + n).send()
  return flow
}

describe('RACK (RFC 8985 §6)', () => {
  test('§6.2 step 4, no reordering seen: three SACKed segments behind a gap make it lost at once', () => {
    const flow = tenOut()
    flow.at(301).ack(1, [[2, 3]])
    flow.at(302).ack(1, [[2, 4]])
    expect(flow.lost()).toEqual([])
    expect(flow.at(303).ack(1, [[2, 5]])).toBe(RecoveryEvent.Enter)
    expect(flow.lost()).toEqual([1])
  })

  test('§6.2 step 4: fewer make it lost a quarter of the least round trip later, by a timer', () => {
    const flow = tenOut(2)
    flow.at(301).ack(1, [[2, 3]])
    // Sent at 200, 100 ms of round trip, a quarter more.
    expect(flow.recovery.reorderDeadline).toBe(325)
    expect(flow.reorder()).toBe(RecoveryEvent.Enter)
    expect(flow.lost()).toEqual([1])
    expect(flow.resend()).toEqual([1])
  })

  test('§6.2 step 3: a segment that arrives late and was not resent shows reordering: three do not suffice any more', () => {
    const flow = tenOut()
    flow.at(301).ack(1, [[2, 3]])
    flow.at(302).ack(3)
    expect(flow.recovery.rack.reordering).toBe(true)
    flow.at(304).ack(3, [[4, 5]])
    flow.at(305).ack(3, [[4, 6]])
    flow.at(306).ack(3, [[4, 9]])
    expect(flow.lost()).toEqual([])
    // Segment 3, sent at 202, arrived behind the others but within the window: nothing was lost.
    flow.at(320).ack(9)
    expect(flow.recovery.phase).toBe(RecoveryPhase.Open)
  })

  test('§6.2 step 3: the ACK of a retransmission shows none', () => {
    const flow = tenOut()
    flow.at(303).ack(1, [[2, 5]])
    flow.resend()
    flow.at(404).ack(5)
    expect(flow.recovery.rack.reordering).toBe(false)
  })

  test('§3.2: a lost retransmission is found by what was sent after it', () => {
    const flow = tenOut()
    flow.at(303).ack(1, [[2, 5]])
    expect(flow.resend()).toEqual([1])
    flow.at(305).send().ack(1, [[2, 10]])
    expect(flow.lost()).toEqual([])
    // Segment 11 was sent 2 ms after the retransmission.
    expect(flow.at(405).ack(1, [[2, 12]])).toBe(RecoveryEvent.Enter)
    expect(flow.lost()).toEqual([1])
  })

  test('RFC 5681 §4.3: the loss of a retransmission is a second indication of congestion', () => {
    const flow = tenOut()
    flow.at(303).ack(1, [[2, 5]])
    flow.resend()
    const once = flow.congestion.ssthresh
    flow.at(305).send(3).ack(1, [[2, 10]])
    flow.at(405).ack(1, [[2, 12]])
    expect(flow.congestion.ssthresh).toBeLessThan(once)
    expect(flow.resend(1)).toEqual([1])
    // But no third one, however often it is lost.
    const twice = flow.congestion.ssthresh
    flow.at(406).send(3).ack(1, [[2, 14]])
    expect(flow.at(507).ack(1, [[2, 17]])).toBe(RecoveryEvent.MoreLost)
    expect(flow.lost()).toEqual([1])
    expect(flow.congestion.ssthresh).toBe(twice)
  })

  test('§6.2 step 2: an ACK sooner than the least round trip after a retransmission is for the original', () => {
    const flow = tenOut()
    flow.at(303).ack(1, [[2, 5]])
    flow.resend()
    const { sentAt } = flow.recovery.rack
    flow.at(350).ack(5)
    expect(flow.recovery.rack.sentAt).toBe(sentAt)
  })

  test('§6.2 step 2: so is one that echoes an earlier timestamp; a SACKed one echoes that of another segment and is taken', () => {
    for (const sacked of [false, true]) {
      const flow = tenOut()
      flow.at(304).ack(1, [[2, 3], [4, 6]])
      flow.at(305).ack(1, [[2, 3], [4, 7]])
      expect(flow.resend()).toEqual([1])
      flow.at(306).ack(1, [[2, 3], [4, 8]])
      expect(flow.resend()).toEqual([3])
      flow.at(420).ack(sacked ? 1 : 4, sacked ? [[2, 8]] : [], 200)
      // Segment 7 was sent at 206.
      expect(flow.recovery.rack.sentAt).toBe(sacked ? 306 : 206)
    }
  })

  describe('§6.2 step 4: a report of text that arrived twice', () => {
    /** A false alarm about segment 1, told by a D-SACK. */
    function falseAlarm(): Flow {
      const flow = tenOut()
      flow.at(303).ack(1, [[2, 5]])
      flow.resend()
      flow.at(304).ack(5)
      flow.at(404).ack(5, [[1, 2]])
      return flow
    }

    test('widens the window by a quarter of the least round trip, for sixteen recoveries', () => {
      const { recovery } = falseAlarm()
      expect(recovery.rack).toMatchObject({ windowMultiplier: 2, persistence: 16, reordering: true })
    })

    test('once a round trip', () => {
      const flow = falseAlarm()
      flow.recovery.rack.unreported = 5
      flow.at(405).ack(5, [[1, 2]])
      expect(flow.recovery.rack.windowMultiplier).toBe(2)
      flow.at(406).ack(11)
      flow.send().at(506).ack(12, [[1, 2]])
      expect(flow.recovery.rack.windowMultiplier).toBe(3)
    })

    test('counts no oftener than something was resent: forged ones and duplicates of the network do not widen it', () => {
      const flow = falseAlarm()
      for (let n = 0; n < 100; n++) {
        flow.at(410 + 100 * n).send().ack(flow.nxt - 1, [[1, 2]])
      }
      expect(flow.recovery.rack.windowMultiplier).toBe(2)
    })

    test('is one too when the text ends where the ACK stands; of a tail loss probe it is none (§7.4)', () => {
      for (const [probed, multiplier] of [[false, 2], [true, 1]] as const) {
        const flow = tenOut(3)
        flow.at(301).ack(4)
        flow.recovery.rack.unreported = 1
        if (probed) probeSent(flow.recovery.probe, 4000, true)
        flow.at(302).ack(4, [[3, 4]])
        expect(flow.recovery.duplicateReported).toBe(true)
        expect(flow.recovery.rack.windowMultiplier).toBe(multiplier)
      }
    })

    test('forgets it after sixteen recoveries without another', () => {
      const flow = falseAlarm()
      flow.at(500).ack(11)
      for (let n = 0; n < 16; n++) {
        expect(flow.recovery.rack.windowMultiplier).toBe(2)
        const start = 1000 * (n + 1)
        for (let k = 0; k < 6; k++) flow.at(start + k).send()
        flow.at(start + 110).ack(flow.una, [[flow.una + 1, flow.una + 6]])
        flow.reorder()
        flow.resend()
        flow.at(start + 300).ack(flow.nxt)
      }
      expect(flow.recovery.rack).toMatchObject({ windowMultiplier: 1, persistence: 16 })
    })

    test('never makes it wider than SRTT', () => {
      const flow = falseAlarm()
      flow.recovery.rack.windowMultiplier = 255
      flow.at(404).send(5)
      flow.at(504).ack(5, [[12, 13]])
      const { rack, reorderDeadline } = flow.recovery
      expect(reorderDeadline).toBe(404 + rack.rtt + flow.rtt.srtt)
    })
  })

  test('§6.2 step 5: of one burst, the segments before the one that arrived are lost, those behind it are not', () => {
    const flow = new Flow(undefined, 20)
    flow.send().at(100).ack(1)
    flow.send(8)
    flow.at(200).ack(1, [[4, 7]])
    expect(flow.lost()).toEqual([1, 2, 3])
  })

  test('RFC 4821 §7.6: a lost MTU probe is no congestion, and is told', () => {
    const flow = tenOut(2)
    const { recovery } = flow
    recovery.sent.columns.flags[recovery.sent.head]! |= 16
    for (let n = 0; n < 4; n++) flow.at(205 + n).send()
    const { cwnd } = flow.congestion
    flow.at(306).ack(1, [[2, 5]])
    expect(recovery).toMatchObject({ mtuProbeLost: true, phase: RecoveryPhase.Open })
    expect(flow.congestion.cwnd).toBeGreaterThanOrEqual(cwnd)
    expect(flow.resend()).toEqual([1])
  })
})

test('RFC 2883: a SACK block of an ACK that was overtaken is no report of duplicate text', () => {
  const flow = tenOut()
  flow.at(301).ack(6)
  // Acknowledges 1 and SACKs [2, 4), which was news when it was sent.
  flow.at(302).ack(1, [[2, 4]])
  expect(flow.recovery.duplicateReported).toBe(false)
  flow.at(303).ack(1, [[2, 4], [8, 9]])
  expect(flow.recovery.sent.sackedCount).toBe(1)
})

test('RFC 2018 §8: SACKed text that is not acknowledged though it is the first is sent again after a timeout', () => {
  const flow = tenOut()
  flow.at(301).ack(1, [[2, 11]])
  flow.timeout()
  expect(flow.lost()).toEqual([1])
  flow.resend()
  // The hole is filled, and the peer remembers nothing of what it had SACKed.
  flow.at(400).ack(2)
  flow.timeout()
  expect(flow.lost()).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10])
  expect(flow.recovery.sent.sackedCount).toBe(0)
})
