import { describe, expect, test } from 'vitest'
import {
  arqAcknowledge, arqDistance, arqNumber, arqOffer, type ArqOptions, type ArqReceiver, type ArqScheme, type ArqSender, ArqVerdict,
  createRttEstimator, goBackN, MAX_ARQ_WINDOW, selectiveRepeat, stopAndWait,
} from '../src/index.ts'

const { Deliver, Buffer, Duplicate, OutOfWindow } = ArqVerdict

/** A sender of endless packets, and the conversation with it in numbers. */
function talk(scheme: ArqScheme, options: ArqOptions): {
  sender: ArqSender
  receiver: ArqReceiver
  /** Numbers of all that may be sent now. */
  send(now: number): number[]
  ack(number: number, now: number): number
  nak(number: number, now: number): void
  timer(now: number): void
  /** What the receiver says to these: verdict and the number that it acknowledges, -1 for none. */
  arrive(...numbers: number[]): [ArqVerdict, number][]
} {
  const sender = scheme.createSender(options)
  const receiver = scheme.createReceiver(options)
  arqOffer(sender, 1_000_000)
  return {
    sender, receiver,
    send(now) {
      const numbers: number[] = []
      for (;;) {
        const index = scheme.nextToSend(sender, now)
        if (index < 0) return numbers
        numbers.push(arqNumber(sender, index))
      }
    },
    ack: (number, now) => scheme.onAck(sender, number, now),
    nak: (number, now) => scheme.onNak(sender, number, now),
    timer: (now) => scheme.onTimer(sender, now),
    arrive: (...numbers) => numbers.map((number) => [scheme.onPacket(receiver, number), receiver.ackDue ? receiver.ack : -1]),
  }
}

describe('stop-and-wait', () => {
  test('the alternating bit: one packet at a time, numbered 0, 1, 0, …', () => {
    const t = talk(stopAndWait, { modulus: 2, timer: 1000 })
    expect(t.send(0)).toEqual([0])
    expect(t.send(1)).toEqual([])
    expect(t.arrive(0)).toEqual([[Deliver, 0]])
    expect(t.ack(0, 100)).toBe(1)
    expect(t.send(100)).toEqual([1])
    expect(t.arrive(1)).toEqual([[Deliver, 1]])
    expect(t.ack(1, 200)).toBe(1)
    expect(t.send(200)).toEqual([0])
    expect(t.sender.base).toBe(2)
  })

  test('a lost packet is sent again when the timer expires, and no earlier', () => {
    const t = talk(stopAndWait, { modulus: 2, timer: 1000 })
    expect(t.send(5)).toEqual([0])
    expect(t.sender.deadline).toBe(1005)
    t.timer(1004)
    expect(t.send(1004)).toEqual([])
    t.timer(1005)
    expect(t.send(1005)).toEqual([0])
    expect(t.sender.deadline).toBe(2005)
  })

  test('a lost ACK: the packet comes again, is dropped and acknowledged again', () => {
    const t = talk(stopAndWait, { modulus: 2, timer: 1000 })
    t.send(0)
    expect(t.arrive(0)).toEqual([[Deliver, 0]])
    t.timer(1000)
    expect(t.send(1000)).toEqual([0])
    expect(t.arrive(0)).toEqual([[Duplicate, 0]])
    expect(t.ack(0, 1100)).toBe(1)
    expect(t.send(1100)).toEqual([1])
    expect(t.arrive(1)).toEqual([[Deliver, 1]])
  })

  test('RFC 1123 §4.2.3.1: a duplicate ACK does not send the current packet again (Sorcerer\'s Apprentice Syndrome)', () => {
    const t = talk(stopAndWait, { modulus: 65_536, firstNumber: 1, timer: 1000 })
    expect(t.send(0)).toEqual([1])
    t.timer(1000)
    // The packet was only late: both copies arrive, both are acknowledged.
    expect(t.send(1000)).toEqual([1])
    expect(t.arrive(1, 1)).toEqual([[Deliver, 1], [Duplicate, 1]])
    expect(t.ack(1, 1100)).toBe(1)
    expect(t.send(1100)).toEqual([2])
    expect(t.ack(1, 1101)).toBe(0)
    expect(t.send(1101)).toEqual([])
    expect(t.ack(2, 1200)).toBe(1)
    expect(t.ack(2, 1201)).toBe(0)
    expect(t.send(1201)).toEqual([3])
  })

  test('an ACK that comes after the timer expired, but before the packet went out again, saves sending it', () => {
    const t = talk(stopAndWait, { modulus: 2, timer: 1000 })
    t.send(0)
    t.timer(1000)
    expect(t.sender.deadline).toBe(Infinity)
    expect(t.ack(0, 1001)).toBe(1)
    expect(t.send(1001)).toEqual([1])
  })

  test('a NAK of a damaged packet has it sent again at once, the same packet only once', () => {
    const t = talk(stopAndWait, { modulus: 2, timer: 1000 })
    // One that cannot be, as nothing was sent yet, does not use up the real one.
    t.nak(0, 0)
    t.send(0)
    t.nak(1, 10)
    expect(t.send(10)).toEqual([])
    t.nak(0, 10)
    expect(t.send(10)).toEqual([0])
    expect(t.sender.deadline).toBe(1010)
    t.nak(0, 20)
    expect(t.send(20)).toEqual([])
  })
})

describe('go-back-N', () => {
  test('a window of 4 slides with each ACK', () => {
    const t = talk(goBackN, { window: 4, modulus: 8, timer: 1000 })
    expect(t.send(0)).toEqual([0, 1, 2, 3])
    expect(t.arrive(0, 1)).toEqual([[Deliver, 0], [Deliver, 1]])
    expect(t.ack(0, 100)).toBe(1)
    expect(t.send(100)).toEqual([4])
    expect(t.ack(1, 110)).toBe(1)
    expect(t.send(110)).toEqual([5])
    expect(t.sender.deadline).toBe(1110)
  })

  test('packet 2 of 0 to 3 is lost: the receiver drops 3, 4, 5, the timer brings 2, 3, 4, 5', () => {
    const t = talk(goBackN, { window: 4, modulus: 8, timer: 1000 })
    t.send(0)
    t.arrive(0, 1)
    t.ack(0, 100)
    t.ack(1, 110)
    t.send(110)
    expect(t.arrive(3, 4, 5)).toEqual([[OutOfWindow, 1], [OutOfWindow, 1], [OutOfWindow, 1]])
    for (let i = 0; i < 3; i++) expect(t.ack(1, 120)).toBe(0)
    expect(t.send(120)).toEqual([])
    t.timer(1110)
    expect(t.send(1110)).toEqual([2, 3, 4, 5])
    expect(t.arrive(2, 3, 4, 5)).toEqual([[Deliver, 2], [Deliver, 3], [Deliver, 4], [Deliver, 5]])
  })

  test('ACKs are cumulative: a lost one costs nothing when a later one arrives', () => {
    const t = talk(goBackN, { window: 4, modulus: 8, timer: 1000 })
    t.send(0)
    expect(t.ack(2, 100)).toBe(3)
    expect(t.sender.base).toBe(3)
    expect(t.send(100)).toEqual([4, 5, 6])
  })

  test('an ACK that arrives after going back saves sending what it acknowledges', () => {
    const t = talk(goBackN, { window: 4, modulus: 8, timer: 1000 })
    t.send(0)
    t.timer(1000)
    expect(t.ack(2, 1001)).toBe(3)
    expect(t.send(1001)).toEqual([3, 4, 5, 6])
  })

  test('the timer is the oldest packet\'s: a later one does not put it off', () => {
    const t = talk(goBackN, { window: 2, modulus: 4, timer: 1000 })
    t.sender.offered = 1
    t.send(0)
    t.sender.offered = 2
    expect(t.send(400)).toEqual([1])
    expect(t.sender.deadline).toBe(1000)
  })

  test('the timer stops when all is acknowledged', () => {
    const t = talk(goBackN, { window: 2, modulus: 4, timer: 1000 })
    t.send(0)
    expect(t.ack(1, 10)).toBe(2)
    expect(t.sender.deadline).toBe(Infinity)
  })

  test('old, early and impossible numbers acknowledge nothing', () => {
    const t = talk(goBackN, { window: 4, modulus: 16, timer: 1000 })
    t.send(0)
    t.ack(1, 1)
    for (const number of [0, 15, 6, 7, 16, 100, -1, 2.5, NaN, Infinity]) expect(t.ack(number, 2)).toBe(0)
    expect(t.arrive(16, -1, 0.5, NaN)).toEqual([[OutOfWindow, -1], [OutOfWindow, -1], [OutOfWindow, -1], [OutOfWindow, -1]])
    expect(t.sender.base).toBe(2)
    expect(t.receiver.expected).toBe(0)
  })

  test('a NAK goes back without waiting, once for a gap', () => {
    const t = talk(goBackN, { window: 4, modulus: 8, timer: 1000, nak: true })
    t.nak(0, 0)
    t.send(0)
    t.nak(0, 50)
    expect(t.send(50)).toEqual([0, 1, 2, 3])
    t.arrive(0)
    expect(t.receiver.nak).toBe(-1)
    t.arrive(2)
    expect(t.receiver.nak).toBe(1)
    t.arrive(3)
    expect(t.receiver.nak).toBe(-1)
    t.nak(1, 100)
    expect(t.sender.base).toBe(1)
    expect(t.send(100)).toEqual([1, 2, 3, 4])
    expect(t.sender.deadline).toBe(1100)
    t.nak(1, 101)
    expect(t.send(101)).toEqual([])
    t.nak(6, 101)
    expect(t.sender.base).toBe(1)
  })

  test('a window as large as the number space is refused; it would take an old packet for a new one', () => {
    expect(() => goBackN.createSender({ window: 4, modulus: 4, timer: 1000 })).toThrow(/window of 4 needs a modulus of at least 5/)
    expect(() => goBackN.createReceiver({ window: 4, modulus: 4, timer: 1000 })).toThrow(RangeError)
    const t = talk(goBackN, { window: 4, modulus: 5, timer: 1000 })
    t.sender.modulus = t.receiver.modulus = 4
    expect(t.send(0)).toEqual([0, 1, 2, 3])
    t.arrive(0, 1, 2, 3)
    // All four ACKs are lost. Packet 0 comes again and is delivered as packet 4.
    t.timer(1000)
    expect(t.send(1000)).toEqual([0, 1, 2, 3])
    expect(t.arrive(0)).toEqual([[Deliver, 0]])
    expect(t.receiver.index).toBe(4)
  })
})

describe('selective repeat', () => {
  test('packet 2 of 0 to 3 is lost: 3, 4, 5 are kept, the timer brings 2 alone, and 2 to 5 are delivered', () => {
    const t = talk(selectiveRepeat, { window: 4, modulus: 8, timer: 1000 })
    expect(t.send(0)).toEqual([0, 1, 2, 3])
    expect(t.arrive(0, 1, 3)).toEqual([[Deliver, 0], [Deliver, 1], [Buffer, 3]])
    t.ack(0, 100)
    t.ack(1, 100)
    t.ack(3, 100)
    expect(t.send(100)).toEqual([4, 5])
    expect(t.arrive(4, 5)).toEqual([[Buffer, 4], [Buffer, 5]])
    t.ack(4, 200)
    t.ack(5, 200)
    expect(t.send(200)).toEqual([])
    expect(t.sender.deadline).toBe(1000)
    t.timer(1000)
    expect(t.send(1000)).toEqual([2])
    expect(t.arrive(2)).toEqual([[Deliver, 2]])
    expect([t.receiver.index, t.receiver.expected]).toEqual([2, 6])
    expect(t.ack(2, 1100)).toBe(1)
    expect(t.sender.base).toBe(6)
    expect(t.send(1100)).toEqual([6, 7, 0, 1])
  })

  test('each packet has a timer of its own', () => {
    const t = talk(selectiveRepeat, { window: 2, modulus: 4, timer: 1000 })
    t.sender.offered = 1
    expect(t.send(0)).toEqual([0])
    t.sender.offered = 2
    expect(t.send(400)).toEqual([1])
    t.timer(1000)
    expect(t.send(1000)).toEqual([0])
    expect(t.sender.deadline).toBe(1400)
    t.timer(1400)
    expect(t.send(1400)).toEqual([1])
    expect(t.sender.deadline).toBe(2000)
  })

  test('the deadline is that of the packet whose timer expires first', () => {
    const t = talk(selectiveRepeat, { window: 3, modulus: 6, timer: 1000 })
    for (const now of [0, 100, 200]) {
      t.sender.offered = now / 100 + 1
      t.send(now)
    }
    t.timer(1000)
    expect(t.sender.deadline).toBe(1100)
    expect(t.send(1000)).toEqual([0])
    t.timer(1100)
    expect(t.sender.deadline).toBe(1200)
  })

  test('packets lost together double the time once', () => {
    const estimator = createRttEstimator()
    const t = talk(selectiveRepeat, { window: 3, modulus: 6, timer: estimator })
    t.send(0)
    t.timer(1000)
    expect([estimator.rto, t.sender.retries]).toEqual([2000, 1])
    expect(t.send(1000)).toEqual([0, 1, 2])
  })

  test('no number acknowledges a packet that is not under way', () => {
    const t = talk(selectiveRepeat, { window: 4, modulus: 8, timer: 1000 })
    t.sender.offered = 2
    t.send(0)
    expect(t.ack(3, 1)).toBe(0)
    t.sender.offered = 10
    t.send(2)
    expect(t.ack(0, 3)).toBe(1)
    expect(t.send(3)).toEqual([4])
    for (const number of [NaN, -1, 8, 0]) expect(t.ack(number, 4)).toBe(0)
    expect(t.ack(4, 5)).toBe(1)
  })

  test('a lost ACK: what is behind the window is acknowledged again; a repeated ACK counts once', () => {
    const t = talk(selectiveRepeat, { window: 3, modulus: 6, timer: 1000 })
    t.send(0)
    t.arrive(0, 1, 2)
    expect(t.arrive(0, 2)).toEqual([[Duplicate, 0], [Duplicate, 2]])
    expect(t.ack(2, 10)).toBe(1)
    expect(t.ack(2, 11)).toBe(0)
    expect(t.sender.base).toBe(0)
    for (const number of [4, 6, -1, 1.5, NaN]) expect(t.ack(number, 12)).toBe(0)
  })

  test('a packet kept already is a duplicate; one beyond the window on either side is neither kept nor acknowledged', () => {
    const t = talk(selectiveRepeat, { window: 3, modulus: 16, timer: 1000 })
    expect(t.arrive(1, 1, 3, 12, 16, NaN)).toEqual([
      [Buffer, 1], [Duplicate, 1], [OutOfWindow, -1], [OutOfWindow, -1], [OutOfWindow, -1], [OutOfWindow, -1],
    ])
    // 13, 14 and 15 are the window before packet 0.
    expect(t.arrive(13)).toEqual([[Duplicate, 13]])
  })

  test('an ACK between the timer and the resending saves it', () => {
    const t = talk(selectiveRepeat, { window: 3, modulus: 6, timer: 1000 })
    t.send(0)
    t.timer(1000)
    expect(t.ack(1, 1001)).toBe(1)
    expect(t.send(1001)).toEqual([0, 2])
  })

  test('a NAK brings the missing packet alone, once', () => {
    const t = talk(selectiveRepeat, { window: 4, modulus: 8, timer: 1000, nak: true })
    t.send(0)
    t.arrive(0, 2)
    expect(t.receiver.nak).toBe(1)
    t.arrive(3)
    expect(t.receiver.nak).toBe(-1)
    t.nak(1, 100)
    t.nak(1, 100)
    expect(t.send(100)).toEqual([1])
    t.nak(1, 101)
    expect(t.send(101)).toEqual([])
    for (const number of [4, 8, -1, NaN]) t.nak(number, 102)
    expect(t.send(102)).toEqual([])
  })

  test('a sender that has failed does not even send what it was to send again', () => {
    const t = talk(selectiveRepeat, { window: 2, modulus: 4, timer: 1000, maxRetries: 0 })
    t.send(0)
    t.nak(1, 500)
    t.timer(1000)
    expect(t.sender.state).toBe('failed')
    expect(t.send(1000)).toEqual([])
  })

  test('a window above half of the number space is refused; it would take an old packet for a new one', () => {
    expect(() => selectiveRepeat.createSender({ window: 3, modulus: 4, timer: 1000 })).toThrow(/window of 3 needs a modulus of at least 6/)
    expect(() => selectiveRepeat.createReceiver({ window: 3, modulus: 5, timer: 1000 })).toThrow(RangeError)
    const t = talk(selectiveRepeat, { window: 3, modulus: 6, timer: 1000 })
    t.sender.modulus = t.receiver.modulus = 4
    expect(t.send(0)).toEqual([0, 1, 2])
    t.arrive(0, 1, 2)
    // All three ACKs are lost; the receiver now takes 3, 0 and 1. Packet 0 comes again and is kept as packet 4.
    t.timer(1000)
    expect(t.send(1000)).toEqual([0, 1, 2])
    expect(t.arrive(0)).toEqual([[Buffer, 0]])
    expect(t.receiver.index).toBe(4)
  })
})

describe('all schemes', () => {
  const schemes = [stopAndWait, goBackN, selectiveRepeat] as ArqScheme[]

  test.each(schemes)('$name fails when the timer expires once more than maxRetries in a row for one packet', (scheme) => {
    const t = talk(scheme, { modulus: 8, timer: 100, maxRetries: 2 })
    let now = 0
    const expire = (): void => {
      now += 100
      t.timer(now)
    }
    expect(t.send(now)).toEqual([0])
    expire()
    expect(t.send(now)).toEqual([0])
    // An acknowledged packet gives the next one its own count.
    expect(t.ack(0, now)).toBe(1)
    for (let i = 0; i < 3; i++) {
      expect(t.send(now)).toEqual([1])
      expect(t.sender.state).toBe('active')
      expire()
    }
    expect(t.sender.state).toBe('failed')
    expect(t.sender.deadline).toBe(Infinity)
    expect(t.send(now)).toEqual([])
    expect(t.ack(1, now)).toBe(0)
    t.nak(1, now)
    t.nak(2, now)
    t.timer(now + 1000)
    expect(t.send(now + 1000)).toEqual([])
    expect(t.sender.base).toBe(1)
  })

  test.each(schemes)('$name, Karn: a packet sent twice gives no sample, and the doubled timer stays until one that was sent once does', (scheme) => {
    const estimator = createRttEstimator({ initialRto: 1000 })
    const t = talk(scheme, { modulus: 8, timer: estimator })
    t.send(0)
    t.ack(0, 80)
    expect([estimator.samples, estimator.srtt, estimator.rto]).toEqual([1, 80, 240])
    t.send(80)
    expect(t.sender.deadline).toBe(320)
    t.timer(320)
    expect(estimator.rto).toBe(480)
    t.send(320)
    expect(t.sender.deadline).toBe(800)
    t.ack(1, 330)
    expect([estimator.samples, estimator.rto]).toEqual([1, 480])
    t.send(330)
    expect(t.sender.deadline).toBe(810)
    t.ack(2, 410)
    expect([estimator.samples, estimator.rto, estimator.backoff]).toEqual([2, 200, 0])
  })

  test.each(schemes)('$name: the state is plain data that can be copied in the middle of a transfer', (scheme) => {
    const t = talk(scheme, { modulus: 8, timer: 100 })
    t.send(0)
    const copy = structuredClone(t.sender)
    t.timer(100)
    t.send(100)
    expect(scheme.onAck(copy, 0, 50)).toBe(1)
    expect([copy.base, t.sender.base, copy.retries, t.sender.retries]).toEqual([1, 0, 0, 1])
    expect(scheme.nextToSend(copy, 50)).toBe(1)
  })

  test.each(schemes)('$name refuses parameters that make no sense, and says which', (scheme) => {
    const good: ArqOptions = { timer: 100 }
    const bad: [Partial<ArqOptions>, RegExp][] = [
      [{ window: 0 }, /window .* got 0/],
      [{ window: 1.5 }, /window .* got 1.5/],
      [{ window: MAX_ARQ_WINDOW + 1 }, /window .* got/],
      [{ modulus: 1 }, /modulus .* got 1/],
      [{ modulus: 2 ** 32 + 1 }, /modulus/],
      [{ modulus: 8, firstNumber: 8 }, /firstNumber .* from 0 to 7, got 8/],
      [{ firstNumber: -1 }, /firstNumber/],
      [{ ackEvery: 0 }, /ackEvery/],
      [{ ackEvery: 2 }, /ackEvery .* from 1 to 1, got 2/],
    ]
    for (const [options, message] of bad) {
      expect(() => scheme.createSender({ ...good, ...options })).toThrow(message)
      expect(() => scheme.createReceiver({ ...good, ...options })).toThrow(message)
    }
    for (const timer of [0, -1, NaN, Infinity]) expect(() => scheme.createSender({ timer })).toThrow(/timer .* got/)
    for (const maxRetries of [-1, 0.5, 65_536]) expect(() => scheme.createSender({ timer: 1, maxRetries })).toThrow(/maxRetries/)
    const sender = scheme.createSender(good)
    for (const packets of [-1, 0.5, NaN, 2 ** 53]) expect(() => arqOffer(sender, packets)).toThrow(RangeError)
    arqOffer(sender, 2 ** 53 - 1)
    expect(() => arqOffer(sender, 1)).toThrow(RangeError)
    expect(() => selectiveRepeat.createReceiver({ window: 4, timer: 1, ackEvery: 2 })).toThrow(/ackEvery .* from 1 to 1/)
    expect(scheme.createReceiver({ modulus: 8, timer: 1 }).ack).toBe(7)
  })

  test('the least number space: 2 for stop-and-wait, window + 1 for go-back-N, 2·window for selective repeat', () => {
    expect(() => stopAndWait.createSender({ timer: 1, window: 2 })).toThrow(/window/)
    for (const window of [1, 2, 7, 1000]) {
      expect(goBackN.createSender({ timer: 1, window, modulus: window + 1 }).window).toBe(window)
      expect(selectiveRepeat.createSender({ timer: 1, window, modulus: 2 * window }).window).toBe(window)
      if (window > 1) expect(() => goBackN.createSender({ timer: 1, window, modulus: window })).toThrow(RangeError)
      if (window > 1) expect(() => selectiveRepeat.createSender({ timer: 1, window, modulus: 2 * window - 1 })).toThrow(RangeError)
      if (window > 1) expect(() => goBackN.createSender({ timer: 1, window, modulus: 2 * window - 1, nak: true })).toThrow(/NAK/)
    }
  })

  test('numbers wrap, indices do not', () => {
    const side = goBackN.createReceiver({ modulus: 65_536, firstNumber: 1, timer: 1 })
    expect([-1, 0, 65_534, 65_535, 65_536].map((index) => arqNumber(side, index))).toEqual([0, 1, 65_535, 0, 1])
    expect(arqNumber(side, 2 ** 45)).toBe(1)
    expect(arqDistance(side, 65_534, 2)).toBe(3)
    expect(arqDistance(side, 65_536, 0)).toBe(65_535)
    expect(arqDistance(side, 0, 65_536)).toBe(-1)
    const wide = goBackN.createReceiver({ timer: 1 })
    expect(arqNumber(wide, -1)).toBe(2 ** 32 - 1)
    expect(arqDistance(wide, 2 ** 32 - 1, 0)).toBe(1)
  })
})

describe('windows of TFTP (RFC 7440)', () => {
  const tftp = { modulus: 65_536, firstNumber: 1, window: 4, ackEvery: 4, timer: 1000 }

  /** What a TFTP sender does with an ACK. */
  const acknowledged = (t: ReturnType<typeof talk>, number: number, now: number): number[] => {
    if (t.ack(number, now) > 0 && t.sender.next > t.sender.base) t.nak((number + 1) % 65_536, now)
    return t.send(now)
  }

  test('one ACK for a window; block 7 lost: the ACK of 6 has the window begin anew at 7', () => {
    const t = talk(goBackN, tftp)
    expect(t.send(0)).toEqual([1, 2, 3, 4])
    expect(t.arrive(1, 2, 3, 4)).toEqual([[Deliver, -1], [Deliver, -1], [Deliver, -1], [Deliver, 4]])
    expect(acknowledged(t, 4, 10)).toEqual([5, 6, 7, 8])
    expect(t.arrive(5, 6, 8)).toEqual([[Deliver, -1], [Deliver, -1], [OutOfWindow, 6]])
    expect(acknowledged(t, 6, 20)).toEqual([7, 8, 9, 10])
    expect(t.arrive(7, 8, 9, 10)).toEqual([[Deliver, -1], [Deliver, -1], [Deliver, -1], [Deliver, 10]])
    expect(acknowledged(t, 10, 30)).toEqual([11, 12, 13, 14])
  })

  test('RFC 1123 §4.2.3.1: an ACK that comes twice sends nothing twice', () => {
    const t = talk(goBackN, tftp)
    t.send(0)
    expect(acknowledged(t, 4, 10)).toEqual([5, 6, 7, 8])
    expect(acknowledged(t, 4, 11)).toEqual([])
    expect(acknowledged(t, 6, 20)).toEqual([7, 8, 9, 10])
    expect(acknowledged(t, 6, 21)).toEqual([])
    expect(acknowledged(t, 4, 22)).toEqual([])
  })

  test('the ACK of a last, short window is there for the taking; what was acknowledged is acknowledged again when it comes again', () => {
    const t = talk(goBackN, tftp)
    expect(t.arrive(1, 2)).toEqual([[Deliver, -1], [Deliver, -1]])
    expect(arqAcknowledge(t.receiver)).toBe(2)
    expect(t.arrive(1, 2)).toEqual([[Duplicate, 2], [Duplicate, 2]])
    expect(t.arrive(3, 4, 5, 6)).toEqual([[Deliver, -1], [Deliver, -1], [Deliver, -1], [Deliver, 6]])
    expect(t.arrive(7)).toEqual([[Deliver, -1]])
    expect(t.arrive(4, 6, 7)).toEqual([[Duplicate, 6], [Duplicate, 6], [Duplicate, -1]])
  })

  test('within a window a block that comes twice is no gap: no ACK for it', () => {
    const t = talk(goBackN, tftp)
    expect(t.arrive(1, 2, 2, 1)).toEqual([[Deliver, -1], [Deliver, -1], [Duplicate, -1], [Duplicate, -1]])
    expect(t.arrive(65_530)).toEqual([[OutOfWindow, 0]])
    expect(t.arrive(3, 4)).toEqual([[Deliver, -1], [Deliver, 4]])
  })

  test('where a number may be that of an old packet or of one ahead, it shows no gap', () => {
    const t = talk(goBackN, { ...tftp, modulus: 5, firstNumber: 0 })
    expect(t.arrive(0, 1, 0)).toEqual([[Deliver, -1], [Deliver, -1], [Duplicate, -1]])
  })

  test('block numbers roll over from 65,535 to 0; to 1 in a space of 65,535 numbers with 1 added', () => {
    const sender = goBackN.createSender(tftp)
    expect([65_533, 65_534, 65_535, 65_536].map((index) => arqNumber(sender, index))).toEqual([65_534, 65_535, 0, 1])
    const toOne = goBackN.createSender({ ...tftp, modulus: 65_535, firstNumber: 0 })
    expect([65_533, 65_534, 65_535, 65_536].map((index) => 1 + arqNumber(toOne, index))).toEqual([65_534, 65_535, 1, 2])
  })
})
