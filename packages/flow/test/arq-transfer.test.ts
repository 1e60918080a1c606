import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type ArqOptions, type ArqScheme, ArqVerdict, createRttEstimator, goBackN, selectiveRepeat, type SelectiveReceiver, stopAndWait,
} from '../src/index.ts'
import { type Extra, type Path, type Run, transfer } from './_lossy-path.ts'

const schemes = [stopAndWait, goBackN, selectiveRepeat] as ArqScheme[]
const count = (n: number, start = 0): number[] => Array.from({ length: n }, (_, i) => start + i)
const windowOf = (scheme: ArqScheme): number => scheme === stopAndWait ? 1 : 8
const leastModulus = (scheme: ArqScheme, window: number): number =>
  scheme === stopAndWait ? 2 : scheme === goBackN ? window + 1 : 2 * window

/** Packet indices that were sent more than once, in the order of the second and later times. */
function resent(run: Run): number[] {
  const seen = new Set<number>()
  return run.sends.flatMap(({ index }) => seen.size === seen.add(index).size ? [index] : [])
}

describe('over a path that loses, repeats and reorders', () => {
  const settings = schemes.flatMap((scheme) => [0.01, 0.1, 0.3].map((loss) => ({ name: scheme.name, scheme, loss })))

  test.each(settings)('$name: every payload once and in order at a loss of $loss, in the least number space', ({ scheme, loss }) => {
    const window = windowOf(scheme)
    for (let seed = 1; seed <= 10; seed++) {
      const options = { window, modulus: leastModulus(scheme, window), timer: 250, maxRetries: 100 }
      const run = transfer(scheme, options, 300, { seed, delay: 50, packetTime: 1, loss, duplicate: 0.1 })
      expect(run.delivered).toEqual(count(300))
    }
  })

  test.each(settings)('$name: the same with reordering, in 16 bits, with an estimator and NAKs', ({ scheme, loss }) => {
    const window = windowOf(scheme)
    for (let seed = 1; seed <= 10; seed++) {
      const timer = createRttEstimator({ maxRto: 1000 })
      const options = { window, modulus: 65_536, firstNumber: 65_500, timer, maxRetries: 100, nak: true }
      const run = transfer(scheme, options, 300, { seed, delay: 50, packetTime: 1, loss, duplicate: 0.1, jitter: 40 })
      expect(run.delivered).toEqual(count(300))
      // A packet cannot be acknowledged earlier than after a round trip: no ACK was taken for one of a later sending.
      expect(timer.min).toBeGreaterThanOrEqual(100)
      // Go-back-N goes back so often that nearly each packet is sent twice.
      expect(timer.samples).toBeGreaterThan(scheme === goBackN ? -1 : 50)
      if (timer.samples > 50) expect(timer.srtt).toBeLessThan(182)
    }
  })

  test('where packets overtake one another the least number space is not enough: the alternating bit delivers wrongly', () => {
    const right = [...count(20)].map((seed) => {
      const path = { seed, delay: 10, loss: 0.2, duplicate: 0.2, jitter: 200 }
      const options = { modulus: 2, timer: 60, maxRetries: 100 }
      // The receiver may take an old packet for a new one, or the sender an old ACK, so that the two never agree again.
      try {
        return String(transfer(stopAndWait, options, 50, path).delivered) === String(count(50))
      } catch {
        return false
      }
    })
    expect(right).not.toContain(true)
    for (const seed of count(20)) {
      const path = { seed, delay: 10, loss: 0.2, duplicate: 0.2, jitter: 200 }
      expect(transfer(stopAndWait, { timer: 60, maxRetries: 100 }, 50, path).delivered).toEqual(count(50))
    }
  })

  test.each(schemes)('$name: a number space passed through many times', (scheme) => {
    const window = windowOf(scheme)
    const options = { window, modulus: leastModulus(scheme, window), timer: 30, maxRetries: 100 }
    const run = transfer(scheme, options, 20_000, { seed: 5, delay: 10, packetTime: 1, loss: 0.02 })
    expect(run.delivered).toEqual(count(20_000))
  })

  test.each(schemes)('$name: indices beyond 2^32 and to the end of what a number can count', (scheme) => {
    for (const start of [2 ** 31 - 50, 2 ** 32 - 50, 2 ** 50, 2 ** 53 - 101]) {
      const options = { window: windowOf(scheme), modulus: 251, timer: 30, maxRetries: 100 }
      const run = transfer(scheme, options, 100, { seed: 6, delay: 10, packetTime: 1, loss: 0.1 }, { start })
      expect(run.delivered).toEqual(count(100, start))
    }
  })

  test('RFC 7440: windows of TFTP past the roll-over of block numbers, one ACK for a window', () => {
    const options = { window: 16, ackEvery: 16, modulus: 65_536, firstNumber: 1, timer: 100, maxRetries: 100 }
    const clean = transfer(goBackN, options, 70_000, { seed: 1, delay: 5, packetTime: 0.5 }, { windowed: true })
    expect(clean.delivered).toEqual(count(70_000))
    expect([clean.sends.length, clean.acks]).toEqual([70_000, 70_000 / 16])
    const lossy = transfer(goBackN, options, 70_000, { seed: 1, delay: 5, packetTime: 0.5, loss: 0.01 }, { windowed: true })
    expect(lossy.delivered).toEqual(count(70_000))
  })

  test('RFC 7440: an ACK from within the window saves waiting for the timer', () => {
    const options = { window: 16, ackEvery: 16, modulus: 65_536, firstNumber: 1, timer: 1000 }
    const path = { seed: 1, delay: 5, packetTime: 1 }
    expect(transfer(goBackN, options, 160, path, { windowed: true, lose: [20, 85] }).end).toBeLessThan(1000)
    expect(transfer(goBackN, options, 160, path, { lose: [20, 85] }).end).toBeGreaterThan(2000)
  })

  test('RFC 1123 §4.2.3.1: after a timer that was too short for one packet each other one is sent once', () => {
    // The classic fault needs no loss: one ACK delayed past the timer, and a duplicate of each packet from there on.
    const run = transfer(stopAndWait, { modulus: 65_536, firstNumber: 1, timer: 15 }, 100, { seed: 1, delay: 10 }, {
      onAcked: (sender) => { sender.timeout = 1000 },
    })
    expect(run.delivered).toEqual(count(100))
    expect(resent(run)).toEqual([0])
    expect(run.acks).toBe(101)
  })

  test.each(schemes)('$name, RFC 1123 §4.2.3.1: where every packet and every ACK comes twice, each packet is sent once', (scheme) => {
    const path = { seed: 1, delay: 10, packetTime: 1, duplicate: 1 }
    const window = windowOf(scheme)
    const run = transfer(scheme, { window, modulus: 65_536, timer: 100, nak: true }, 200, path)
    expect([run.delivered, run.sends.length]).toEqual([count(200), 200])
    if (scheme !== goBackN) return
    const windowed = transfer(scheme, { window, modulus: 65_536, timer: 100, ackEvery: window }, 200, path, { windowed: true })
    expect([windowed.delivered, windowed.sends.length]).toEqual([count(200), 200])
  })

  test.each(schemes)('$name: a path that delivers nothing ends in failure after maxRetries', (scheme) => {
    const fixed = transfer(scheme, { timer: 100, maxRetries: 4 }, 10, { seed: 1, delay: 10, loss: 1 })
    expect([fixed.sender.state, fixed.sends.length, fixed.end]).toEqual(['failed', 5, 500])
    const timer = createRttEstimator({ initialRto: 100, minRto: 100 })
    const doubling = transfer(scheme, { timer, maxRetries: 4 }, 10, { seed: 1, delay: 10, loss: 1 })
    expect([doubling.sender.state, doubling.sends.map(({ at }) => at), doubling.end]).toEqual(['failed', [0, 100, 300, 700, 1500], 3100])
  })
})

describe('what is sent again', () => {
  const path: Path = { seed: 1, delay: 50, packetTime: 1 }
  const options = { window: 8, modulus: 65_536, timer: 200 }

  test('one packet of a window of 8 is lost: go-back-N sends 8 again, selective repeat 1', () => {
    expect(resent(transfer(goBackN, options, 100, path, { lose: [20] }))).toEqual(count(8, 20))
    expect(resent(transfer(selectiveRepeat, options, 100, path, { lose: [20] }))).toEqual([20])
  })

  test('three of a window: selective repeat sends these three; go-back-N goes back to the first once, as then all arrive', () => {
    const lose = [20, 22, 23]
    expect(resent(transfer(goBackN, options, 100, path, { lose }))).toEqual(count(8, 20))
    expect(resent(transfer(selectiveRepeat, options, 100, path, { lose }))).toEqual(lose)
  })

  test('a NAK repairs a loss in a round trip, the timer after its time', () => {
    for (const scheme of [goBackN, selectiveRepeat] as ArqScheme[]) {
      const slow = { ...options, timer: 2000 }
      const whole = transfer(scheme, slow, 100, path).end
      expect(transfer(scheme, slow, 100, path, { lose: [20] }).end - whole).toBeGreaterThan(1500)
      expect(transfer(scheme, { ...slow, nak: true }, 100, path, { lose: [20] }).end - whole).toBeLessThan(110)
    }
  })

  test('a lost ACK: nothing is sent again with cumulative ACKs, the packet with individual ones', () => {
    let dropped = false
    const dropFirstAck: Extra = {
      onArrival(receiver) {
        if (!dropped) receiver.ackDue = false
        dropped = true
      },
    }
    expect(resent(transfer(goBackN, options, 100, path, dropFirstAck))).toEqual([])
    dropped = false
    expect(resent(transfer(selectiveRepeat, options, 100, path, dropFirstAck))).toEqual([0])
  })
})

describe('how well a path is used', () => {
  /** Packets sent per packet time, without loss, from the first packet to packet `n`. */
  const utilisation = (scheme: ArqScheme, window: number, delay: number, packetTime: number, n: number): number => {
    const run = transfer(scheme, { window, timer: 10_000 }, n + 1, { seed: 1, delay, packetTime })
    expect(run.sends).toHaveLength(n + 1)
    return n * packetTime / run.sends[n]!.at
  }

  test('stop-and-wait with packets of 1,000 bytes over a round trip of 100 ms moves 10 packets, 10,000 bytes, a second', () => {
    const run = transfer(stopAndWait, { timer: 1000 }, 50, { seed: 1, delay: 50 })
    expect(run.end).toBe(5000)
    expect(run.sends.map(({ at }) => at)).toEqual(count(50).map((i) => 100 * i))
  })

  test.each([0, 0.5, 1, 5, 50])('stop-and-wait uses 1/(1 + 2a) of the path, a = delay / packet time = %d', (a) => {
    expect(utilisation(stopAndWait, 1, 4 * a, 4, 100)).toBeCloseTo(1 / (1 + 2 * a), 10)
  })

  test.each([goBackN, selectiveRepeat] as ArqScheme[])('$name uses window/(1 + 2a), and all of the path from a window of 1 + 2a on', (scheme) => {
    for (const a of [0.5, 2, 10]) {
      const fills = 1 + 2 * a
      for (const window of [1, 2, fills - 1, fills, fills + 1, 3 * fills]) {
        expect(utilisation(scheme, window, 4 * a, 4, 60 * window)).toBeCloseTo(Math.min(1, window / fills), 10)
      }
    }
  })

  test.each([goBackN, selectiveRepeat] as ArqScheme[])('$name: 100 Mbit/s, 50 ms: a window of 2·bandwidth·delay, 10 Mbit, fills the pipe', (scheme) => {
    const packetTime = 8000 / 100_000
    const window = 10_000_000 / 8000
    expect(window).toBe(1250)
    // One packet more, as the first must have been sent in full before it can be acknowledged.
    expect(utilisation(scheme, window, 50, packetTime, 4 * window)).toBeCloseTo(1250 / 1251, 4)
    expect(utilisation(scheme, window + 1, 50, packetTime, 4 * window)).toBeCloseTo(1, 6)
    expect(utilisation(scheme, window / 10, 50, packetTime, 4 * window)).toBeCloseTo(125 / 1251, 4)
    expect(utilisation(stopAndWait, 1, 50, packetTime, 20)).toBeCloseTo(1 / 1251, 6)
  })

  test('with a window that fills the path, each loss costs go-back-N a window and selective repeat a packet', () => {
    const path = { seed: 3, delay: 20, packetTime: 1, loss: 0.02 }
    const options = { window: 64, timer: 60, maxRetries: 100 }
    const packets = 5000
    const perPacket = (scheme: ArqScheme): number => transfer(scheme, options, packets, path).sends.length / packets
    // Lost packets and lost ACKs: 1/0.98² sendings each.
    expect(perPacket(selectiveRepeat)).toBeCloseTo(1 / 0.98 ** 2, 1)
    expect(perPacket(selectiveRepeat)).toBeLessThan(1.06)
    // 1 + (window - 1)·p sendings at the least.
    expect(perPacket(goBackN)).toBeGreaterThan(1 + 63 * 0.02 * 0.8)
  })
})

describe('against one who knows the indices', () => {
  /** Runs a transfer and compares each step with sets of indices; the modelled network tells which packet is which. */
  function compare(scheme: ArqScheme, options: ArqOptions, packets: number, path: Path, extra: Extra): void {
    const { start = 0 } = extra
    const window = options.window ?? 1
    const arrived = new Set<number>()
    const acked = new Set<number>()
    let expected = start
    let base = start
    const run = transfer(scheme, options, packets, path, {
      ...extra,
      onArrival(receiver, payload, verdict) {
        const keeps = scheme === selectiveRepeat ? window : 1
        const was = expected
        const takes = payload < expected + keeps && payload >= expected && !arrived.has(payload)
        if (takes) arrived.add(payload)
        while (arrived.has(expected)) expected += 1
        expect(receiver.expected).toBe(expected)
        expect(verdict === ArqVerdict.Deliver).toBe(expected > was)
        expect(verdict === ArqVerdict.Buffer).toBe(takes && expected === was)
        const kept = 'arrived' in receiver ? (receiver as SelectiveReceiver).arrived.filter((slot) => slot === 1).length : 0
        expect(kept).toBe([...arrived].filter((index) => index >= expected).length)
      },
      onAcked(sender, payload) {
        if (scheme === selectiveRepeat) acked.add(payload)
        else for (let index = base; index <= payload; index++) acked.add(index)
        while (acked.has(base)) base += 1
        // A NAK of go-back-N acknowledges too, and may have come first.
        if (options.nak === true && scheme === goBackN) base = Math.max(base, sender.base)
        expect(sender.base).toBe(base)
        expect(sender.next).toBeGreaterThanOrEqual(sender.base)
        expect(sender.sent - sender.base).toBeLessThanOrEqual(window)
      },
    })
    expect(run.sender.state).toBe('active')
    expect(run.delivered).toEqual(count(packets, start))
  }

  test('any window, number space, loss, repetition and reordering: the same verdicts, bases and deliveries', () => {
    fc.assert(fc.property(
      fc.constantFrom(...schemes),
      fc.record({
        window: fc.integer({ min: 1, max: 20 }), spare: fc.nat(5), reorder: fc.boolean(), nak: fc.boolean(), ackEvery: fc.nat(20),
        windowed: fc.boolean(), estimate: fc.boolean(), start: fc.constantFrom(0, 1000, 2 ** 32 - 20, 2 ** 40),
        packets: fc.integer({ min: 1, max: 80 }), seed: fc.integer(), loss: fc.double({ min: 0, max: 0.3, noNaN: true }),
        duplicate: fc.constantFrom(0, 0.1, 0.5), packetTime: fc.constantFrom(0, 1, 7), first: fc.nat(10_000),
      }),
      (scheme, c) => {
        const window = scheme === stopAndWait ? 1 : c.window
        // First in, first out: the least number space will do. Otherwise more than can be under way in the lifetime of a packet.
        const least = c.nak ? Math.max(2 * window, leastModulus(scheme, window)) : leastModulus(scheme, window)
        const modulus = c.reorder ? 4096 : least + c.spare
        const cumulative = scheme !== selectiveRepeat
        const ackEvery = cumulative ? Math.min(1 + c.ackEvery, window) : 1
        compare(scheme, {
          window, modulus, firstNumber: c.first % modulus, maxRetries: 1000,
          timer: c.estimate ? createRttEstimator({ minRto: 1, initialRto: 50 }) : 45 + ackEvery * c.packetTime,
          nak: c.nak, ackEvery,
        }, c.packets, {
          seed: c.seed, delay: 20, packetTime: c.packetTime, loss: c.loss, duplicate: c.duplicate, jitter: c.reorder ? 60 : 0,
        }, { start: c.start, windowed: c.windowed && cumulative && window > 1 && !c.nak })
      },
    ), { numRuns: 400 })
  })

  test('any numbers from the network at any time: nothing throws, the window holds and only acknowledged packets leave it', () => {
    const word = fc.oneof(
      fc.record({ ack: fc.integer({ min: -2, max: 20 }) }), fc.record({ nak: fc.integer({ min: -2, max: 20 }) }),
      fc.record({ packet: fc.integer({ min: -2, max: 20 }) }), fc.record({ wait: fc.nat(300) }), fc.constant({ send: true }),
    )
    fc.assert(fc.property(fc.constantFrom(...schemes), fc.array(word, { maxLength: 200 }), fc.boolean(), (scheme, words, nak) => {
      const options = { window: scheme === stopAndWait ? 1 : 5, modulus: 16, timer: 100, nak }
      const sender = scheme.createSender(options)
      const receiver = scheme.createReceiver(options)
      sender.offered = 1000
      let now = 0
      for (const w of words) {
        const { base } = sender
        const { expected } = receiver
        if ('ack' in w) expect(scheme.onAck(sender, w.ack, now)).toBeLessThanOrEqual(5)
        else if ('nak' in w) scheme.onNak(sender, w.nak, now)
        else if ('packet' in w) {
          scheme.onPacket(receiver, w.packet)
          expect(receiver.expected - expected).toBeLessThanOrEqual(5)
        } else if ('wait' in w) {
          now += w.wait
          scheme.onTimer(sender, now)
          expect(sender.deadline).toBeGreaterThan(now)
        } else {
          let sent = 0
          for (let index = scheme.nextToSend(sender, now); index >= 0; index = scheme.nextToSend(sender, now)) {
            expect(index - sender.base).toBeLessThan(5)
            sent += 1
          }
          expect(sent).toBeLessThanOrEqual(5)
          expect(sender.state === 'failed' || sender.deadline < Infinity).toBe(true)
        }
        expect(sender.base).toBeLessThanOrEqual(sender.sent)
        expect(sender.sent).toBeLessThanOrEqual(base + 5 + (sender.base - base))
      }
    }))
  })
})
