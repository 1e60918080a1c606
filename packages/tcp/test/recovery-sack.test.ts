import { newReno } from '@layerfour/flow'
import { DropReason, Errno } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import type { TcpOptions } from '../src/index.ts'
import type { TestSegment } from './harness.ts'
import { Script } from './harness.ts'

const MSS = 1460
/** Sequence number of segment n. */
const seq = (n: number): number => 101 + n * MSS
const blocks = (...edges: [number, number][]): [number, number][] => edges.map(([left, right]) => [seq(left), seq(right)])

/** An established connection with SACK, and a round trip of 100 ms measured; then segments 1 to 10 are out, sent at once. */
function tenOut(options: Partial<TcpOptions> = {}, peer: Partial<TestSegment> = {}): Script {
  const script = new Script({ sack: true, sendBuffer: 1 << 20, ...options })
  script.connect().expect({ flags: 'S', seq: 100 })
  script.advance(100).send({ flags: 'SA', seq: 500, ack: 101, mss: MSS, sackPermitted: true, ...peer })
  script.poll()
  script.network.sent.length = 0
  script.connection.noDelay = true
  script.write(MSS)
  script.poll()
  script.advance(100).send({ flags: 'A', seq: 501, ack: seq(1) })
  script.write(10 * MSS)
  script.poll()
  expect(script.network.sent.splice(0).length).toBe(11)
  return script
}

const ack = (n: number, ...sack: [number, number][]): TestSegment => ({
  flags: 'A', seq: 501, ack: seq(n), ...(sack.length > 0 ? { sack: blocks(...sack) } : {}),
})

/** Sequence numbers, in segments, of the text that goes out now. */
function out(script: Script): number[] {
  script.poll()
  const sent: number[] = []
  for (const packet of script.network.sent.splice(0)) {
    const sequence = (packet.bytes[4]! << 24 | packet.bytes[5]! << 16 | packet.bytes[6]! << 8 | packet.bytes[7]!) | 0
    if (packet.bytes.length > 4 * (packet.bytes[12]! >> 4)) sent.push(((sequence - start(script)) | 0) / MSS)
  }
  return sent
}

const start = (script: Script): number => (script.connection.tcb.snd.iss + 1) | 0

describe('loss recovery with SACK (RFC 2018, 6675, 8985, 6937)', () => {
  test('a hole is repaired in a round trip, and nothing else is sent again', () => {
    const script = tenOut()
    script.advance(100).send(ack(1, [2, 3]))
    script.quiet()
    script.send(ack(1, [2, 4]))
    script.quiet()
    script.send(ack(1, [2, 5]))
    expect(out(script)).toEqual([1])
    script.send(ack(1, [2, 11]))
    script.quiet()
    script.advance(100).send(ack(11))
    script.quiet()
    expect(script.connection.info()).toMatchObject({ retransmissions: 1, timeouts: 0, fastRetransmits: 1, sendQueue: 0 })
  })

  test('three holes are repaired within the quota of PRR, lowest first', () => {
    const script = tenOut()
    script.advance(100).send(ack(1, [2, 3]))
    script.send(ack(1, [2, 3], [4, 5]))
    script.send(ack(1, [6, 7], [2, 3], [4, 5]))
    expect(out(script)).toEqual([1])
    const later: number[] = []
    for (let n = 8; n <= 11; n++) {
      script.send(ack(1, [6, n], [2, 3], [4, 5]))
      later.push(...out(script))
    }
    expect(later).toEqual([3, 5])
    script.advance(100).send(ack(11))
    expect(script.connection.info()).toMatchObject({ retransmissions: 3, timeouts: 0, fastRetransmits: 1 })
  })

  test('RFC 8985 §6.2: one SACK behind a gap: not sent again before a quarter of the round trip has passed', () => {
    const script = tenOut()
    script.advance(100).send(ack(1, [2, 3]))
    script.advance(24.9).quiet()
    script.advance(0.2)
    expect(out(script)).toEqual([1])
    script.advance(50).send(ack(3))
    script.quiet()
  })

  test('an ACK that another one overtook still brings its SACK blocks, and is no D-SACK', () => {
    const script = tenOut()
    script.advance(100).send(ack(3))
    script.send(ack(1, [5, 8]))
    expect(script.connection.tcb.recovery.sent.sackedCount).toBe(3)
    expect(script.connection.tcb.recovery.rack.windowMultiplier).toBe(1)
    expect(out(script)).toEqual([3, 4])
  })

  test('RFC 7323 §5.3: so does one that PAWS finds older than the newest, if that is all that is old about it', () => {
    const script = new Script({ sack: true, timestamps: true, sendBuffer: 1 << 20 })
    script.connect().poll()
    script.network.sent.length = 0
    script.advance(100).send({ flags: 'SA', seq: 500, ack: 101, mss: MSS, sackPermitted: true, timestamps: [1000, 1] })
    script.poll()
    script.write(10 * 1448)
    script.poll()
    script.network.sent.length = 0
    const late = (more: Partial<TestSegment>): DropReason => script.send({
      flags: 'A', seq: 501, ack: 101, timestamps: [1099, 1], sack: [[101 + 1448, 101 + 2 * 1448]], ...more,
    })
    script.advance(100).send({ flags: 'A', seq: 501, ack: 101, timestamps: [1100, 1], sack: [[101 + 2 * 1448, 101 + 3 * 1448]] })
    expect(late({})).toBe(DropReason.None)
    expect(script.connection.tcb.recovery.sent.sackedCount).toBe(2)
    const rejected: Partial<TestSegment>[] = [
      { sack: [] }, { text: 'x' }, { flags: 'AF' }, { seq: 502 }, { ack: 101 + 1448 }, { window: 70 }, { timestamps: [100, 1] },
    ]
    for (const more of rejected) expect(late(more)).toBe(DropReason.PawsRejected)
  })

  test('blocks that were not negotiated count for nothing', () => {
    const script = tenOut({}, { sackPermitted: false })
    script.advance(100).send(ack(1, [2, 11]))
    script.advance(26).quiet()
    expect(script.connection.info().sack).toBe(false)
  })

  test('RFC 2018 §8: who SACKs and then forgets gets all of it again', () => {
    const script = tenOut()
    script.advance(100).send(ack(1, [2, 11]))
    expect(out(script)).toEqual([1])
    script.advance(100).send(ack(2))
    script.quiet()
    script.advance(script.connection.info().rto)
    expect(out(script)).toEqual([2])
    script.advance(100).send(ack(3))
    expect(out(script)).toEqual([3, 4])
  })

  test('RFC 8985 §7: an unanswered segment is probed for once, then the retransmission timer runs', () => {
    const script = tenOut()
    const { rtt, rto } = script.connection.info()
    script.advance(2 * rtt + 1.9).quiet()
    script.advance(0.2)
    expect(out(script)).toEqual([10])
    script.advance(rto - 0.1).quiet()
    script.advance(0.2)
    expect(out(script)).toEqual([1])
  })

  test('RFC 8985 §7.3: the probe is new text if there is any, whatever the congestion window says', () => {
    const script = tenOut()
    script.write(5 * MSS)
    script.poll()
    const before = script.network.sent.splice(0).length
    const { rtt } = script.connection.info()
    script.advance(2 * rtt + 2.1)
    expect(out(script)).toEqual([11 + before])
    expect(script.connection.info().retransmissions).toBe(0)
  })

  test('RFC 8985 §7.2: text that cannot be sent, and text that comes in, do not put the probe off', () => {
    const script = tenOut()
    const { rtt } = script.connection.info()
    for (let ms = 0; ms < 2 * rtt; ms += 10) {
      script.write(MSS)
      script.send({ flags: 'A', seq: 501 + ms / 10, ack: seq(1), text: 'x' })
      script.advance(10).poll()
    }
    const { sent } = script.network
    script.advance(3).poll()
    expect(script.connection.tcb.recovery.probe.end).toBeGreaterThan(0)
    expect(sent.length).toBeGreaterThan(0)
  })
})

describe('the peer\'s window in recovery', () => {
  test('SHLD-16: the window shrinks: what begins beyond it is not sent again, and the connection lives', () => {
    const script = tenOut()
    script.advance(100).send({ ...ack(1, [5, 11]), window: 2 * MSS })
    expect(out(script)).toEqual([1, 2])
    script.advance(100).send({ ...ack(2, [5, 11]), window: MSS })
    script.quiet()
    script.advance(100).send({ ...ack(3, [5, 11]), window: 65_535 })
    expect(out(script)).toEqual([3, 4])
  })

  test('MUST-36: the window closes while text is lost: it is probed, and the repair goes on when it opens', () => {
    const script = tenOut()
    script.advance(100).send({ ...ack(1, [5, 11]), window: 0 })
    script.quiet()
    let probes = 0
    for (let ms = 0; ms < 4000; ms += 10) {
      script.advance(10).poll()
      for (const packet of script.network.sent.splice(0)) {
        probes++
        expect(packet.bytes.length).toBe(21)
        script.send({ ...ack(1, [5, 11]), window: 0 })
      }
    }
    expect(probes).toBeGreaterThan(2)
    expect(script.connection.info().timeouts).toBe(0)
    script.send({ ...ack(1, [5, 11]), window: 65_535 })
    expect(out(script)).toContain(1)
    script.advance(100).send(ack(11))
    expect(script.connection.info().sendQueue).toBe(0)
  })
})

describe('ECN and recovery (RFC 3168 §6.1.2)', () => {
  test('a window reduced for a loss is told by CWR, and marks of the same window reduce it no more', () => {
    const script = new Script({ sack: true, ecn: true, sendBuffer: 1 << 20 })
    script.connect().expect({ flags: 'SEC', seq: 100 })
    script.send({ flags: 'SAE', seq: 500, ack: 101, mss: MSS, sackPermitted: true })
    script.poll()
    script.write(10 * MSS)
    script.poll()
    script.network.sent.length = 0
    script.advance(100).send({ ...ack(0, [1, 9]), flags: 'AE' })
    script.poll()
    script.network.sent.length = 0
    const { cwnd, ssthresh } = script.connection.info()
    script.advance(100).send({ ...ack(10), flags: 'AE' })
    expect(script.connection.info()).toMatchObject({ cwnd, ssthresh })
    script.write('new')
    script.expect({ flags: 'PAC', seq: seq(10), ack: 501, text: 'new' })
  })
})

describe('attacks', () => {
  test('everything but the head is SACKed for ever: the head is sent again and again, ever more rarely, until the user timeout', () => {
    const script = tenOut({ userTimeout: 100_000 })
    let resent = 0
    for (let ms = 0; ms < 120_000 && script.connection.state !== 0; ms += 50) {
      script.advance(50)
      script.send(ack(1, [2, 11]))
      const sent = out(script)
      expect(sent.every((n) => n === 1)).toBe(true)
      resent += sent.length
    }
    expect(script.connection.takeError()).toBe(Errno.ETIMEDOUT)
    expect(resent).toBeGreaterThan(5)
    expect(resent).toBeLessThan(20)
  })

  test('ACK division: a segment acknowledged byte by byte lets no more go than one acknowledged whole', () => {
    const sent = [MSS, 10].map((piece) => {
      const script = tenOut()
      script.write(60 * MSS)
      out(script)
      let count = 0
      for (let bytes = piece; bytes <= 2 * MSS; bytes += piece) {
        script.send({ flags: 'A', seq: 501, ack: seq(1) + bytes })
        count += out(script).length
      }
      return count
    })
    expect(sent[1]).toBeLessThanOrEqual(sent[0]!)
  })

  test('a thousand duplicate ACKs let nothing go when they bring nothing new', () => {
    const script = tenOut()
    script.write(60 * MSS)
    out(script)
    let count = 0
    for (let n = 0; n < 1000; n++) {
      script.send(ack(1, [2, 5]))
      count += out(script).length
    }
    expect(count).toBeLessThanOrEqual(3)
  })

  test('optimistic ACKs of what was not sent are dropped, blocks beyond SND.NXT ignored', () => {
    const script = tenOut()
    expect(script.send(ack(40))).toBe(DropReason.AckUnacceptable)
    script.send(ack(1, [5, 40], [30, 40], [-5, 0]))
    expect(script.connection.tcb.recovery.sent.sackedCount).toBe(0)
  })

  test('forged D-SACKs neither give a window back nor blind loss detection', () => {
    const script = tenOut()
    script.advance(100).send(ack(1, [2, 11]))
    out(script)
    const { ssthresh } = script.connection.info()
    // Far more than was resent, and what was never resent.
    for (let n = 0; n < 100; n++) script.send({ ...ack(1), sack: [[seq(-40), seq(1)], ...blocks([2, 11])] })
    expect(script.connection.info().ssthresh).toBe(ssthresh)
    expect(script.connection.tcb.recovery.rack.windowMultiplier).toBeLessThan(3)
  })

  test('thousands of tiny blocks with shifting edges cost a bounded number of steps', () => {
    const script = tenOut()
    script.connection.tcb.recovery.sent.steps = 0
    for (let n = 0; n < 5000; n++) {
      const left = seq(2) + n % 1000
      script.send({ flags: 'A', seq: 501, ack: seq(1), sack: [[left, left + 1], [left + 2, left + 3], [left + 4, left + 5], [left + 6, left + 7]] })
    }
    expect(script.connection.tcb.recovery.sent.steps).toBeLessThan(5000 * 8)
    expect(script.connection.tcb.recovery.sent.sackedCount).toBe(0)
  })
})

describe('what loss recovery tells, and who hears of it', () => {
  test('RFC 5681 §3.1 equation 4: ssthresh is half of FlightSize, what SACKs reported included', () => {
    const script = tenOut({ congestionControl: newReno })
    script.advance(100).send(ack(1, [2, 3]))
    script.send(ack(1, [2, 4]))
    script.send(ack(1, [2, 5]))
    expect(out(script)).toEqual([1])
    // Ten segments are out; that three of them have arrived makes the flight at the loss no smaller.
    expect(script.connection.info().ssthresh).toBe(5 * MSS)
  })

  test('RFC 8985 §7.3: after a probe with new text the retransmission timer runs its time, and no other probe puts it off', () => {
    const script = tenOut({}, { window: 11 * MSS })
    script.write(MSS)
    script.advance(100).send({ ...ack(1), window: 11 * MSS })
    // The new segment had to wait for the window: it goes now, and a probe is armed for it.
    script.poll()
    script.network.sent.length = 0
    const { lossProbe } = script.connection.info().timers
    expect(lossProbe).toBeDefined()
    script.write(MSS)
    script.poll()
    script.advance(lossProbe! - script.now).poll()
    const sent = script.network.sent.splice(0).length
    expect(sent).toBe(1)
    const { timers, rto } = script.connection.info()
    expect(timers.lossProbe).toBeUndefined()
    expect(timers.retransmission).toBe(script.now + rto)
  })

  test('text that waits for the peer’s window leaves the network idle: the delivery rate is the application’s', () => {
    const script = new Script({ sack: true, sendBuffer: 1 << 20 }).connect().expect({ flags: 'S', seq: 100 })
    script.advance(100).send({ flags: 'SA', seq: 500, ack: 101, mss: MSS, sackPermitted: true, window: 4 * MSS })
    script.write(9 * MSS)
    expect(out(script)).toEqual([0, 1, 2, 3])
    expect(script.connection.tcb.recovery.rate.appLimitedUntil).toBe(4 * MSS)
  })

  test('RFC 2861 §3.1: what an algorithm hears after idle time is about this connection', () => {
    const heard: number[] = []
    const listening: typeof newReno = {
      ...newReno, onIdle: (state, facts) => {
        heard.push(facts.idle, facts.srtt, facts.sent, facts.mss)
        newReno.onIdle(state, facts)
      },
    }
    const script = tenOut({ congestionControl: listening })
    script.advance(100).send(ack(11))
    const { srtt } = script.connection.tcb.rtt
    script.tcp.context.facts.srtt = 9999
    script.tcp.context.facts.sent = 9999
    script.advance(5000).poll()
    script.write(MSS)
    script.poll()
    expect(heard).toEqual([5100, srtt, 11 * MSS, MSS])
  })

  test('RFC 6298 §3: who only receives has the handshake’s round trip', () => {
    const script = new Script({ sack: true })
    const listener = script.listen()
    script.send({ flags: 'S', seq: 500 })
    script.poll()
    script.network.sent.length = 0
    script.advance(80).send({ flags: 'A', seq: 501, ack: 101 })
    expect(listener.accept()!.info().rtt).toBe(80)
  })
})
