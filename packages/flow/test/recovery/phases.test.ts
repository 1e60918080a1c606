import { describe, expect, test } from 'vitest'
import {
  bytesInFlight, type CongestionControl, createRateReduction, createTailLossProbe, createUndo, FrtoStep, frtoOnAck, newReno, probeOnAck,
  probeSent, probeTimeout, ProbeVerdict, RecoveryEvent, RecoveryPhase, reductionOnAck, reductionSent, reductionStart, setSelective,
  undoByTimestamp, undoDuplicate, undoPrepare, undoResent,
} from '../../src/index.ts'
import { Flow, SIZE } from './_flow.ts'

/** PRR alone: segments sent on each ACK of one delivered segment, for as many ACKs as there are; `pipe` and all in segments. */
function prr(flight: number, ssthresh: number, lost: number, acks: number): number[] {
  const reduction = createRateReduction()
  reductionStart(reduction, flight * SIZE)
  let pipe = flight - lost
  const sent: number[] = []
  for (let n = 0; n < acks; n++) {
    pipe--
    reductionOnAck(reduction, SIZE, pipe * SIZE, ssthresh * SIZE, SIZE, false)
    const count = Math.max(0, Math.floor(reduction.quota / SIZE))
    for (let k = 0; k < count; k++) reductionSent(reduction, SIZE)
    pipe += count
    sent.push(count)
  }
  return sent
}

describe('proportional rate reduction (RFC 6937, RFC 9937)', () => {
  test('RFC 6937 §4, figure 1: of 20 segments the first is lost, the window is halved: one is sent on every other ACK', () => {
    const sent = prr(20, 10, 1, 19)
    expect(sent[0]).toBe(1)
    expect(sent.reduce((a, b) => a + b)).toBe(10)
    // Until the flight is at ssthresh; then as much goes as arrives.
    expect(sent.join('')).toBe('1010101010101010011')
  })

  test('RFC 6937 §4, figure 2: of 20, 15 are lost, 4 ACKs come: what arrives lets as much go, and no more', () => {
    const sent = prr(20, 10, 16, 4)
    expect(sent).toEqual([1, 1, 1, 1])
  })

  test('the safe mode: an ACK that makes progress, with no more losses, lets one more go, up to ssthresh', () => {
    const reduction = createRateReduction()
    reductionStart(reduction, 20 * SIZE)
    reductionSent(reduction, SIZE)
    reductionOnAck(reduction, SIZE, 4 * SIZE, 10 * SIZE, SIZE, true)
    expect(reduction.quota).toBe(2 * SIZE)
    reductionOnAck(reduction, SIZE, 9.5 * SIZE, 10 * SIZE, SIZE, true)
    expect(reduction.quota).toBe(SIZE / 2)
  })

  test('RFC 3465 §1: an ACK in a hundred pieces lets no more go than a whole one', () => {
    const whole = createRateReduction()
    const pieces = createRateReduction()
    for (const reduction of [whole, pieces]) {
      reductionStart(reduction, 20 * SIZE)
      reductionSent(reduction, SIZE)
    }
    reductionOnAck(whole, SIZE, 2 * SIZE, 10 * SIZE, SIZE, true)
    let sent = 0
    for (let n = 0; n < 100; n++) {
      reductionOnAck(pieces, SIZE / 100, 2 * SIZE, 10 * SIZE, SIZE, true)
      if (pieces.quota >= SIZE) {
        reductionSent(pieces, SIZE)
        sent++
      }
    }
    expect(sent * SIZE).toBeLessThanOrEqual(whole.quota)
  })

  test('the fast retransmit does not wait, whatever the quota is', () => {
    const reduction = createRateReduction()
    reductionStart(reduction, 20 * SIZE)
    reductionOnAck(reduction, 0, 19 * SIZE, 10 * SIZE, SIZE, false)
    expect(reduction.quota).toBe(SIZE)
  })

  test('the whole recovery: three holes go within the quota, and the flight ends at ssthresh', () => {
    const flow = new Flow(undefined, 20)
    flow.send().at(100).ack(1)
    flow.send(20)
    const sent: number[] = []
    for (let n = 0; n < 17; n++) {
      flow.at(200 + n).ack(1, [[2, 3], [4, 5], [6, 7 + n]].slice(0, n + 1) as [number, number][])
      sent.push(...flow.resend())
    }
    expect(sent).toEqual([1, 3, 5])
    expect(flow.recovery.phase).toBe(RecoveryPhase.Recovery)
    expect(flow.at(320).ack(21)).toBe(RecoveryEvent.Exit)
    expect(flow.recovery.phase).toBe(RecoveryPhase.Open)
  })

  test('nothing in flight: one segment may go, as no ACK would ever let it', () => {
    const flow = new Flow(undefined, 20)
    flow.send().at(100).ack(1)
    flow.send(5)
    flow.at(200).ack(1, [[5, 6]])
    flow.reorder()
    expect(flow.lost()).toEqual([1, 2, 3, 4])
    expect(flow.resend(1)).toEqual([1])
    flow.at(300).ack(2)
    flow.recovery.reduction.quota = 0
    expect(bytesInFlight(flow.recovery.sent)).toBe(0)
    expect(flow.allowance()).toBe(1)
  })
})

describe('tail loss probe (RFC 8985 §7)', () => {
  test('§7.2: PTO is two round trips and 2 ms, with no more than one segment out the delay of its ACK more, 1 s at first', () => {
    const { rtt } = new Flow()
    expect(probeTimeout(rtt, SIZE, SIZE)).toBe(1000)
    rtt.samples = 1
    rtt.srtt = 50
    rtt.maxAckDelay = 40
    expect(probeTimeout(rtt, 2 * SIZE, SIZE)).toBe(102)
    expect(probeTimeout(rtt, SIZE, SIZE)).toBe(142)
    expect(probeTimeout(rtt, SIZE / 2, SIZE)).toBe(142)
  })

  const cases: [string, boolean, number, boolean, boolean, ProbeVerdict][] = [
    ['new data: its ACK says that all arrived', false, 10, false, false, ProbeVerdict.NoLoss],
    ['old data: an ACK up to it says nothing yet', true, 10, false, false, ProbeVerdict.None],
    ['old data: a D-SACK says that both arrived', true, 10, true, false, ProbeVerdict.NoLoss],
    ['old data: a duplicate ACK without SACK says so too', true, 10, false, true, ProbeVerdict.NoLoss],
    ['old data: an ACK of newer data says that the probe repaired a loss', true, 11, false, false, ProbeVerdict.Repaired],
    ['an ACK below the probe says nothing', true, 9, true, true, ProbeVerdict.None],
  ]
  test.each(cases)('§7.4.2: %s', (_, resent, ack, duplicate, plain, verdict) => {
    const probe = createTailLossProbe()
    probeSent(probe, 10, resent)
    expect(probeOnAck(probe, ack, duplicate, plain)).toBe(verdict)
    expect(probe.end).toBe(verdict === ProbeVerdict.None ? 10 : -1)
  })

  test('§7.4: a loss that a probe repaired reduces the window once', () => {
    const flow = new Flow(undefined, 20)
    flow.send().at(100).ack(1)
    flow.send(2)
    probeSent(flow.recovery.probe, 3 * SIZE, true)
    flow.at(300).ack(3)
    const { cwnd } = flow.congestion
    flow.send(4)
    expect(flow.at(400).ack(5)).toBe(RecoveryEvent.ProbeRepaired)
    expect(flow.congestion.cwnd).toBeLessThan(cwnd)
    expect(flow.recovery.phase).toBe(RecoveryPhase.Open)
  })
})

describe('F-RTO (RFC 5682)', () => {
  const { Off, First, Second, Third, Spurious } = FrtoStep
  const table: [string, FrtoStep, boolean, boolean, boolean, FrtoStep][] = [
    ['§2.1 step 2a: a duplicate ACK first: the loss is real', First, false, false, false, Off],
    ['§2.1 step 2b: progress: send new data', First, true, false, false, Second],
    ['§2.1 step 2: all acknowledged at once decides nothing', First, true, false, true, Off],
    ['§2.1 step 3a: a duplicate ACK second: the loss is real', Third, false, false, false, Off],
    ['§2.1 step 3b: progress by what was not resent: spurious', Third, true, true, false, Spurious],
    ['§3.1 step 3b: as much by SACKs', Third, false, true, false, Spurious],
    ['off stays off', Off, true, true, true, Off],
  ]
  test.each(table)('%s', (_, before, progress, original, complete, after) => {
    expect(frtoOnAck(before, progress, original, complete)).toBe(after)
  })

  /** Ten segments out, a timeout, the first of them resent. */
  function timedOut(selective: boolean): Flow {
    const flow = new Flow(undefined, 10, selective)
    flow.send(10).at(1000).timeout()
    expect(flow.resend()).toEqual([0])
    expect(flow.congestion.cwnd).toBe(SIZE)
    return flow
  }

  test.each([[true], [false]])('appendix A, a sudden delay, SACK: %s: two new segments, then the window as it was', (selective) => {
    const flow = timedOut(selective)
    flow.at(1100).ack(2)
    expect(flow.recovery.frto).toBe(Second)
    expect(flow.resend()).toEqual([])
    expect(flow.allowance()).toBe(2)
    flow.send(2)
    expect(flow.recovery.frto).toBe(Third)
    expect(flow.at(1101).ack(4)).toBe(RecoveryEvent.Undo)
    expect(flow.congestion.cwnd).toBeGreaterThanOrEqual(10 * SIZE)
    expect(flow.resend()).toEqual([])
    expect(bytesInFlight(flow.recovery.sent)).toBe(8 * SIZE)
  })

  test.each([[true], [false]])('appendix A, a real loss, SACK: %s: duplicate ACKs by the new segments, and the repair goes on at once', (selective) => {
    const flow = timedOut(selective)
    flow.at(1100).ack(1)
    flow.send(2)
    flow.at(1200).ack(1, selective ? [[10, 11]] : [])
    expect(flow.recovery).toMatchObject({ frto: Off, phase: RecoveryPhase.Loss })
    expect(flow.resend(1)).toEqual([1])
  })

  test('§2.1 step 1: not for a timeout within recovery', () => {
    const flow = new Flow(undefined, 10)
    flow.send(10).at(100).ack(0, [[1, 5]])
    expect(flow.recovery.phase).toBe(RecoveryPhase.Recovery)
    flow.at(1000).timeout()
    expect(flow.recovery.frto).toBe(Off)
  })
})

describe('what is taken back (RFC 3522, 3708, 4015)', () => {
  test('RFC 3522 §3.2: a retransmission is acknowledged with a timestamp from before it; a tie decides nothing', () => {
    for (const [echoedAt, needless] of [[99, true], [100, false], [101, false], [Infinity, false]] as const) {
      const undo = createUndo()
      undoPrepare(undo, 10 * SIZE, 99 * SIZE, 0)
      undoResent(undo, SIZE, 100.7)
      expect(undoByTimestamp(undo, 100.7, echoedAt, SIZE, SIZE)).toBe(needless)
    }
  })

  test('RFC 3708: all that was resent was reported twice; reports from before the event do not count', () => {
    const undo = createUndo()
    undoPrepare(undo, 10 * SIZE, 99 * SIZE, 5 * SIZE)
    undoResent(undo, SIZE, 1)
    undoResent(undo, SIZE, 2)
    expect(undoDuplicate(undo, 3 * SIZE, 5 * SIZE)).toBe(false)
    // Forged: more than lies above the marker.
    expect(undoDuplicate(undo, 0, 50 * SIZE)).toBe(false)
    expect(undoDuplicate(undo, 5 * SIZE, 6 * SIZE)).toBe(false)
    expect(undoDuplicate(undo, 6 * SIZE, 7 * SIZE)).toBe(true)
  })

  test('RFC 4015 §3.2: a recovery that was a false alarm gives the window back, and what was taken for lost is in flight', () => {
    const flow = new Flow(undefined, 10)
    flow.send(10).at(100).ack(0, [[1, 5]])
    expect(flow.resend(1)).toEqual([0])
    const reduced = flow.congestion.cwnd
    expect(flow.at(101).ack(5, [], 0)).toBe(RecoveryEvent.Undo)
    expect(flow.congestion.cwnd).toBeGreaterThan(reduced)
    expect(flow.recovery.phase).toBe(RecoveryPhase.Open)
    expect(flow.recovery.sent.lostCount).toBe(0)
  })
})

test('RFC 3042: without SACK the first two duplicate ACKs let one new segment go each, the third one resends', () => {
  const flow = new Flow(undefined, 10, false)
  flow.send(10)
  for (const n of [1, 2]) {
    flow.at(100 + n).ack(0)
    expect(flow.allowance()).toBe(1)
    flow.send()
  }
  expect(flow.at(103).ack(0)).toBe(RecoveryEvent.Enter)
  expect(flow.resend()).toEqual([0])
})

test('RFC 6582 §3.2: without SACK a partial ACK resends the next hole', () => {
  const flow = new Flow(undefined, 10, false)
  flow.send(10)
  for (let n = 0; n < 6; n++) flow.at(100 + n).ack(0)
  expect(flow.resend()).toEqual([0])
  expect(flow.at(200).ack(4)).toBe(RecoveryEvent.MoreLost)
  expect(flow.resend()).toEqual([4])
  expect(flow.at(300).ack(10)).toBe(RecoveryEvent.Exit)
})

test('what an algorithm hears: its own rate sample, not that of the segments that were lost meanwhile', () => {
  const heard: number[][] = []
  const control: CongestionControl = {
    ...newReno as unknown as CongestionControl,
    onAck: (_, facts) => heard.push([facts.lost, facts.priorDelivered, facts.sentInFlight, facts.lostSinceSent]),
  }
  const flow = new Flow(control, 20)
  flow.send(2).at(100).ack(2)
  flow.send(8)
  flow.at(200).ack(2, [[3, 8]])
  // Segments 2 lost; the newest delivered, 7, was the sixth of its burst, with 6 in flight, and 1 of 8 is lost since.
  expect(heard.at(-1)).toEqual([SIZE, 2 * SIZE, 6 * SIZE, SIZE])
})

test('another way to find losses in mid-recovery: what is lost is sent again as after a timeout', () => {
  const flow = new Flow(undefined, 10)
  flow.send(10).at(100).ack(0, [[1, 5]])
  setSelective(flow.recovery, false)
  expect(flow.recovery).toMatchObject({ phase: RecoveryPhase.Loss, reorderDeadline: Infinity })
  expect(flow.resend()).toEqual([0])
  expect(flow.at(200).ack(10)).toBe(RecoveryEvent.Exit)
})
