import type { AckFacts, CongestionControl, CongestionState } from '@layerfour/flow'
import { newReno } from '@layerfour/flow'
import { Errno } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import { State } from '../src/index.ts'
import type { TestSegment } from './harness.ts'
import { describe as describePacket, filler, Script } from './harness.ts'

/** One rule of RFC 9293 a test: sending and sending again (§3.7.4, §3.8.1 to §3.8.3, §3.8.6, §3.9.1.2). */

/** Forgets what goes out now. */
function swallow(script: Script): TestSegment[] {
  script.poll()
  return script.network.sent.splice(0).map(describePacket)
}

/** Time passes in small steps while nobody answers; when the connection ended, undefined if it did not. */
function wait(script: Script, ms: number, step = 250): number | undefined {
  const end = script.now + ms
  while (script.now < end) {
    swallow(script)
    if (script.connection.state === State.CLOSED) return script.now
    script.advance(step)
  }
  return undefined
}

describe('RFC 9293 §3.8.1: the retransmission timeout', () => {
  test('MUST-18: RTO = SRTT + 4·RTTVAR, and what the peer may hold its ACK back (RFC 6298 §2)', () => {
    const script = new Script().connect().expect({ flags: 'S', seq: 100 })
    script.advance(100)
    script.send({ flags: 'SA', seq: 500, ack: 101, mss: 1460 })
    swallow(script)
    // First sample R = 100: SRTT = R, RTTVAR = R/2.
    expect(script.connection.info()).toMatchObject({ rtt: 100, rttVariation: 50, rto: 100 + 4 * 50 + 40 })
    script.write('x')
    swallow(script)
    script.advance(180)
    script.send({ flags: 'A', seq: 501, ack: 102 })
    // RTTVAR = 3/4·50 + 1/4·|100 - 180| = 57.5, SRTT = 7/8·100 + 1/8·180 = 110.
    expect(script.connection.info()).toMatchObject({ rtt: 110, rttVariation: 57.5, rto: 110 + 4 * 57.5 + 40 })
  })

  test('MUST-18: by Karn’s rule text that was sent again gives no sample, and the back-off stays until one comes', () => {
    const script = new Script().establish()
    script.write('x')
    swallow(script)
    const { rto, rtt } = script.connection.info()
    script.advance(rto)
    swallow(script)
    script.advance(3)
    script.send({ flags: 'A', seq: 501, ack: 102 })
    expect(script.connection.info()).toMatchObject({ rtt, rto: 2 * rto })
    script.write('y')
    swallow(script)
    script.advance(2 * rto - 1).quiet()
    script.advance(1).expect({ flags: 'PA', seq: 102, ack: 501, text: 'y' })
  })
})

describe('RFC 9293 §3.8.2: congestion control', () => {
  test('MUST-19: slow start: each ACK of new text opens the window by what it acknowledges', () => {
    const script = new Script().establish()
    const { cwnd } = script.connection.info()
    script.write(60_000)
    expect(swallow(script).length).toBe(cwnd / 1460)
    script.send({ flags: 'A', seq: 501, ack: 101 + 1460 })
    expect(swallow(script).length).toBe(2)
    expect(script.connection.info().cwnd).toBe(cwnd + 1460)
  })

  test('MUST-19: congestion avoidance: a whole window of ACKs opens it by one segment', () => {
    const script = new Script({ sendBuffer: 1 << 20, congestionControl: newReno }).establish()
    const { connection } = script
    connection.tcb.congestion.ssthresh = connection.info().cwnd
    const window = connection.info().cwnd
    script.write(200_000)
    swallow(script)
    for (let acked = 1460; acked <= window; acked += 1460) {
      script.send({ flags: 'A', seq: 501, ack: 101 + acked })
      swallow(script)
      expect(connection.info().cwnd).toBe(acked < window ? window : window + 1460)
    }
  })

  test('MUST-19: a timeout leaves one segment of window, and the RTO doubles up to 60 s', () => {
    const script = new Script({ userTimeout: 1_000_000 }).establish()
    script.write(20_000)
    swallow(script)
    let { rto } = script.connection.info()
    for (let round = 0; round < 12; round++) {
      script.advance(rto)
      const [again, ...more] = swallow(script)
      expect([again!.seq, String(again!.text).length, more.length]).toEqual([101, script.connection.info().mss, 0])
      rto = Math.min(60_000, 2 * rto)
      expect(script.connection.info()).toMatchObject({ cwnd: script.connection.info().mss, rto })
    }
    expect(rto).toBe(60_000)
  })

  test('SHLD-8: ECN: text is marked as capable, and an echoed mark shrinks the window as a loss would', () => {
    const script = new Script({ ecn: true }).connect().expect({ flags: 'SEC', seq: 100 })
    script.send({ flags: 'SAE', seq: 500, ack: 101, mss: 1460 })
    script.write(14_600)
    script.poll()
    expect(script.network.sent.splice(0).filter((packet) => (packet.trafficClass & 3) === 2).length).toBe(10)
    const { cwnd } = script.connection.info()
    script.send({ flags: 'AE', seq: 501, ack: 1561 })
    script.quiet()
    expect(script.connection.info().cwnd).toBeLessThan(cwnd * 0.75)
    script.send({ flags: 'A', seq: 501, ack: 14_701 })
    script.write('next')
    script.expect({ flags: 'PAC', seq: 14_701, ack: 501, text: 'next' })
    expect(script.connection.info().retransmissions).toBe(0)
  })

  test('MAY-18: any other algorithm can be brought along as a plain object', () => {
    const facts: number[] = []
    const constant: CongestionControl = {
      name: 'constant',
      create: (): CongestionState => ({ cwnd: 2920, ssthresh: 0, pacingRate: 0 }),
      onAck: (_state: CongestionState, { newlyAcked }: AckFacts): void => void facts.push(newlyAcked),
      onLoss: (): void => undefined,
      onTimeout: (): void => undefined,
      onIdle: (): void => undefined,
    }
    const script = new Script({ congestionControl: constant }).establish()
    script.write(10_000)
    expect(swallow(script).length).toBe(2)
    script.send({ flags: 'A', seq: 501, ack: 101 + 2920 })
    expect(swallow(script).length).toBe(2)
    expect(facts).toEqual([2920])
    expect(script.connection.info().congestionControl).toBe('constant')
  })
})

describe('RFC 9293 §3.8.3: connection failures', () => {
  /** Every retransmission timeout of unanswered text until the connection ends: what was heard of it after each. */
  function unanswered(script: Script): { advice: number, softError: number, state: State }[] {
    let advice = 0
    script.network.doubtPath = () => {
      advice++
    }
    const heard: { advice: number, softError: number, state: State }[] = []
    for (let round = 0; round < 20 && script.connection.state !== State.CLOSED; round++) {
      script.advance(script.connection.info().rto)
      swallow(script)
      heard.push({ advice, softError: script.connection.takeSoftError(), state: script.connection.state })
    }
    return heard
  }

  test('MUST-20: after R1 retransmissions the internet layer hears that the path is in doubt, after R2 the connection ends', () => {
    const script = new Script().establish()
    script.write('x')
    swallow(script)
    const heard = unanswered(script)
    expect(heard.slice(0, 2).map(({ advice }) => advice)).toEqual([0, 0])
    const last = heard.at(-1)!
    expect(last.advice).toBeGreaterThan(0)
    expect(last.state).toBe(State.CLOSED)
    expect(script.connection.takeError()).toBe(Errno.ETIMEDOUT)
  })

  test('SHLD-9: the user hears of the delivery problem when R1 is reached and before R2', () => {
    const script = new Script().establish()
    script.write('x')
    swallow(script)
    const told = unanswered(script).find(({ softError }) => softError !== 0)!
    expect(told).toMatchObject({ softError: Errno.ETIMEDOUT, state: State.ESTABLISHED })
  })

  test('SHLD-10: R1 is at least three retransmissions, counted anew once text is acknowledged', () => {
    const script = new Script().establish()
    for (const text of ['a', 'b', 'c']) {
      script.write(text)
      swallow(script)
      for (let round = 0; round < 2; round++) {
        script.advance(script.connection.info().rto)
        swallow(script)
      }
      expect(script.connection.takeSoftError()).toBe(0)
      script.send({ flags: 'A', seq: 501, ack: 102 + 'abc'.indexOf(text) })
    }
  })

  test('MUST-21: the user sets R2 of a connection, before and while it lives', () => {
    const script = new Script().establish({ settings: { userTimeout: 30_000 } })
    script.write('x')
    expect(wait(script, 29_000)).toBe(undefined)
    expect(wait(script, 2000)).toBeDefined()
    expect(script.read()).toBe(Errno.ETIMEDOUT)
    const other = new Script().establish()
    other.connection.configure({ userTimeout: 10_000 })
    other.write('x')
    expect(wait(other, 9000)).toBe(undefined)
    expect(wait(other, 2000)).toBeDefined()
  })

  test('SHLD-11: R2 is at least 100 seconds when nobody says otherwise', () => {
    const script = new Script().establish()
    script.write('x')
    expect(wait(script, 100_000)).toBe(undefined)
    expect(script.connection.state).toBe(State.ESTABLISHED)
    expect(wait(script, 400_000)).toBeDefined()
  })
})

describe('RFC 9293 §3.7.4, §3.9.1.2: when text goes', () => {
  test('SHLD-7: Nagle: while text is unacknowledged, short pieces gather until a segment is full or all is acknowledged', () => {
    const script = new Script().establish()
    script.write('a')
    script.expect({ flags: 'PA', seq: 101, ack: 501, text: 'a' })
    for (let count = 0; count < 10; count++) script.write(filler(100, 100 * count))
    script.quiet()
    script.write(filler(700, 1000))
    script.expect({ flags: 'A', seq: 102, ack: 501, text: filler(1460) })
    script.send({ flags: 'A', seq: 501, ack: 102 })
    script.quiet()
    script.send({ flags: 'A', seq: 501, ack: 1562 })
    script.expect({ flags: 'PA', seq: 1562, ack: 501, text: filler(240, 1460) })
  })

  test('MUST-60: no call of the user’s is needed for queued text to leave: at once, or when the ACK comes, or after the RTO', () => {
    const script = new Script().establish()
    script.write('a')
    script.expect({ flags: 'PA', seq: 101, ack: 501, text: 'a' })
    script.write('b')
    script.quiet()
    script.advance(script.connection.info().rto)
    script.expect({ flags: 'PA', seq: 101, ack: 501, text: 'ab' })
  })

  test('MUST-61: PSH stands in the last segment of what is queued, and in no other', () => {
    const script = new Script().establish({ settings: { noDelay: true } })
    script.write(4000)
    expect(swallow(script).map(({ flags }) => flags)).toEqual(['A', 'A', 'PA'])
    script.send({ flags: 'A', seq: 501, ack: 4101 })
    script.write(2920)
    expect(swallow(script).map(({ flags }) => flags)).toEqual(['A', 'PA'])
  })

  test('SHLD-27: pieces of many SENDs go as one segment as large as it can be', () => {
    const script = new Script().establish({ settings: { noDelay: true } })
    for (let count = 0; count < 20; count++) script.write(filler(100, 100 * count))
    script.expect(
      { flags: 'A', seq: 101, ack: 501, text: filler(1460) },
      { flags: 'PA', seq: 1561, ack: 501, text: filler(540, 1460) },
    )
  })

  test('SHLD-28: whenever a maximum-sized segment can be filled, that is what goes, sent again too', () => {
    const script = new Script().establish({ settings: { noDelay: true } })
    for (const length of [1000, 1000, 1000]) {
      script.write(length)
      swallow(script)
    }
    script.advance(script.connection.info().rto)
    expect(swallow(script).map(({ text }) => String(text).length)).toEqual([1460])
  })

  test('MAY-16: corked, SENDs gather without anything being sent', () => {
    const script = new Script().establish({ settings: { cork: true } })
    for (let count = 0; count < 14; count++) {
      script.write(filler(100, 100 * count))
      script.quiet()
    }
    script.write(filler(60, 1400))
    script.expect({ flags: 'PA', seq: 101, ack: 501, text: filler(1460) })
  })
})

describe('RFC 9293 §3.8.6: the peer’s window', () => {
  test('SHLD-16: text that was sent before the window shrank is sent again up to the new edge', () => {
    const script = new Script().establish({}, { window: 8000 })
    script.write(5840)
    expect(swallow(script).length).toBe(4)
    script.send({ flags: 'A', seq: 501, ack: 101, window: 2920 })
    script.quiet()
    script.advance(script.connection.info().rto)
    script.expect({ flags: 'A', seq: 101, ack: 501, text: filler(1460) })
    script.send({ flags: 'A', seq: 501, ack: 1561, window: 1460 })
    script.expect({ flags: 'A', seq: 1561, ack: 501, text: filler(1460, 1460) })
  })

  test('SHLD-17: text beyond a right edge that moved left does not time the connection out while the peer answers', () => {
    const script = new Script({ userTimeout: 100_000 }).establish({}, { window: 3000 })
    script.write(2920)
    swallow(script)
    script.send({ flags: 'A', seq: 501, ack: 1561, window: 0 })
    for (let second = 0; second < 300; second++) {
      if (swallow(script).length > 0) script.send({ flags: 'A', seq: 501, ack: 1561, window: 0 })
      script.advance(1000)
    }
    expect(script.connection.state).toBe(State.ESTABLISHED)
    script.send({ flags: 'A', seq: 501, ack: 1561, window: 3000 })
    expect(swallow(script).map(({ seq }) => seq)).toContain(1561)
  })

  test('MAY-7: a probe sends old text beyond the right edge', () => {
    const script = new Script().establish({}, { window: 1000 })
    script.write(1000)
    swallow(script)
    script.send({ flags: 'A', seq: 501, ack: 601, window: 0 })
    script.advance(script.connection.info().rto).quiet()
    script.advance(script.connection.info().rto)
    const [probe] = swallow(script)
    expect([probe!.seq, String(probe!.text).length]).toEqual([601, 1])
  })

  test('MUST-35: a window that shrinks to nothing while text is in flight is probed', () => {
    const script = new Script().establish({}, { window: 5000 })
    script.write(4000)
    expect(swallow(script).length).toBe(2)
    script.send({ flags: 'A', seq: 501, ack: 1561, window: 0 })
    const asked: number[] = []
    for (let second = 0; second < 20; second++) {
      script.advance(1000)
      for (const { seq } of swallow(script)) {
        asked.push(seq)
        script.send({ flags: 'A', seq: 501, ack: 1561, window: 0 })
      }
    }
    expect(asked.length).toBeGreaterThan(2)
    expect(new Set(asked)).toEqual(new Set([1561]))
  })

  test('MUST-37: while the peer acknowledges probes the connection stays open, however long the window is closed', () => {
    const script = new Script({ userTimeout: 100_000 }).establish({}, { window: 0 })
    script.write('waiting')
    let probes = 0
    for (let second = 0; second < 7200; second++) {
      if (swallow(script).length > 0) {
        probes++
        script.send({ flags: 'A', seq: 501, ack: 101, window: 0 })
      }
      script.advance(1000)
    }
    expect(probes).toBeGreaterThan(100)
    expect(script.connection.state).toBe(State.ESTABLISHED)
  })

  test('MUST-37: even when the user timeout is shorter than the wait between probes', () => {
    const script = new Script({ userTimeout: 20_000 }).establish({}, { window: 0 })
    script.write('waiting')
    for (let second = 0; second < 600; second++) {
      if (swallow(script).length > 0) script.send({ flags: 'A', seq: 501, ack: 101, window: 0 })
      script.advance(1000)
    }
    expect(script.connection.state).toBe(State.ESTABLISHED)
  })

  test('SHLD-29, SHLD-30: the first probe goes one RTO after the window closed, the next ones after ever longer waits', () => {
    const script = new Script().establish({}, { window: 0 })
    script.write('x')
    script.quiet()
    const { rto } = script.connection.info()
    for (const pause of [rto, 2 * rto, 4 * rto, 8 * rto]) {
      script.advance(pause - 1).quiet()
      script.advance(1).expect({ flags: 'A', seq: 101, ack: 501, text: 'x' })
      script.send({ flags: 'A', seq: 501, ack: 101, window: 0 })
    }
  })

  test('MUST-38: a window that opens by less than a segment, and less than half of what it ever was, is left alone', () => {
    const script = new Script().establish({}, { window: 2920 })
    script.write(10_000)
    expect(swallow(script).length).toBe(2)
    script.send({ flags: 'A', seq: 501, ack: 101 + 2920, window: 100 })
    script.quiet()
    script.send({ flags: 'A', seq: 501, ack: 101 + 2920, window: 1459 })
    script.quiet()
    script.send({ flags: 'A', seq: 501, ack: 101 + 2920, window: 1460 })
    script.expect({ flags: 'A', seq: 101 + 2920, ack: 501, text: filler(1460, 2920) })
  })

  test('MUST-38: half of the greatest window ever offered is enough of a peer with a small buffer', () => {
    const script = new Script().establish({}, { window: 800 })
    script.write(2000)
    script.expect({ flags: 'A', seq: 101, ack: 501, text: filler(800) })
    script.send({ flags: 'A', seq: 501, ack: 901, window: 399 })
    script.quiet()
    script.send({ flags: 'A', seq: 501, ack: 901, window: 400 })
    script.expect({ flags: 'A', seq: 901, ack: 501, text: filler(400, 800) })
  })

  test('SHLD-15: nothing new goes into a window that has shrunk below what is in flight', () => {
    const script = new Script().establish({}, { window: 4000 })
    script.write(10_000)
    expect(swallow(script).length).toBe(2)
    script.send({ flags: 'A', seq: 501, ack: 1561, window: 1000 })
    script.quiet()
    script.send({ flags: 'A', seq: 501, ack: 101 + 2920, window: 1000 })
    script.quiet()
    expect(script.connection.info().inFlight).toBe(0)
  })
})
