import { DropReason, Errno } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import { State } from '../src/index.ts'
import { describe as describePacket, filler, Script } from './harness.ts'

/** One rule of RFC 9293 a test: receiving and acknowledging (§3.5.3, §3.8.6, §3.10.7.4). */

describe('RFC 9293 §3.10.7.4: segments that arrive', () => {
  test('MUST-58: one ACK for a burst: segments that arrive before the next poll are acknowledged together', () => {
    const script = new Script().establish()
    for (let index = 0; index < 10; index++) script.send({ flags: 'A', seq: 501 + 1460 * index, ack: 101, text: 1460 })
    script.expect({ flags: 'A', seq: 101, ack: 15_101 })
  })

  test('MUST-59: queued segments are all processed before an ACK leaves: even the first one’s ACK says it of all', () => {
    const script = new Script().establish()
    script.write('answer')
    script.send({ flags: 'A', seq: 501, ack: 101, text: 1460 })
    script.send({ flags: 'A', seq: 1961, ack: 101, text: 1460 })
    script.send({ flags: 'FA', seq: 3421, ack: 101 })
    script.expect({ flags: 'PA', seq: 101, ack: 3422, text: 'answer' })
  })

  test('SHLD-31: segments with higher beginning sequence numbers are held for later', () => {
    const script = new Script().establish()
    const pieces = [4, 2, 3, 1].map((index) => ({ flags: 'A', seq: 501 + 100 * index, ack: 101, text: filler(100, 100 * index) }))
    for (const piece of pieces) expect(script.send(piece)).toBe(DropReason.None)
    expect(script.read()).toBe(Errno.EAGAIN)
    script.send({ flags: 'A', seq: 501, ack: 101, text: 100 })
    expect(script.read()).toBe(filler(500))
  })

  test('MAY-13: a segment in the window but not at its left edge is answered with an ACK of RCV.NXT at once', () => {
    const script = new Script().establish()
    script.send({ flags: 'A', seq: 601, ack: 101, text: 'ahead' })
    script.expect({ flags: 'A', seq: 101, ack: 501 })
  })

  test('MAY-12: RFC 5961 §5: text with an ACK older than the peer’s greatest window, or newer than all we sent, is not taken', () => {
    const script = new Script().establish({}, { window: 1000 })
    for (const ack of [101 - 1001, 102, 101 + 2 ** 31 - 1]) {
      expect(script.send({ flags: 'A', seq: 501, ack, text: 'forged', window: 1000 })).toBe(DropReason.AckUnacceptable)
      script.expect({ flags: 'A', seq: 101, ack: 501 })
    }
    expect(script.read()).toBe(Errno.EAGAIN)
    expect(script.send({ flags: 'A', seq: 501, ack: 101 - 1000, text: 'true', window: 1000 })).toBe(DropReason.None)
    expect(script.read()).toBe('true')
  })

  test('SHLD-2: a reset may bring data, which says why and is not delivered', () => {
    const script = new Script().establish()
    expect(script.send({ flags: 'R', seq: 501, text: 'no such service' })).toBe(DropReason.None)
    expect(script.connection.state).toBe(State.CLOSED)
    expect(script.read()).toBe(Errno.ECONNRESET)
    expect(script.read()).toBe(0)
    script.quiet()
  })

  test('MUST-66: a reset counts while the receive window is closed', () => {
    const script = new Script({ receiveBuffer: 300 }).establish()
    script.send({ flags: 'A', seq: 501, ack: 101, text: 300 })
    script.advance(40).expect({ flags: 'A', seq: 101, ack: 801, window: 0 })
    script.send({ flags: 'R', seq: 801 })
    expect(script.connection.state).toBe(State.CLOSED)
  })
})

describe('RFC 7323 §5: timestamps', () => {
  test('RFC 5961: a segment that is dropped leaves TS.Recent alone: nobody can lock an honest peer out by forging one', () => {
    const script = new Script({ timestamps: true }).establish({}, { timestamps: [5000, 0] })
    const far: [number, number] = [2_000_000_000, 0]
    script.send({ flags: 'S', seq: 501, timestamps: far })
    script.send({ flags: 'P', seq: 501, text: 'x', timestamps: far })
    script.send({ flags: 'A', seq: 501, ack: 3_000_000_000, timestamps: far })
    script.poll()
    expect(script.send({ flags: 'A', seq: 501, ack: 101, text: 'honest', timestamps: [5001, 0] })).toBe(DropReason.None)
  })
})

describe('RFC 9293 §3.8.6: our window', () => {
  test('MUST-39: after a full buffer the window opens again only by a segment, or half of the buffer', () => {
    const script = new Script({ receiveBuffer: 4000 }).establish()
    for (let at = 0; at < 4000; at += 1000) script.send({ flags: 'A', seq: 501 + at, ack: 101, text: filler(1000, at) })
    script.advance(40).expect({ flags: 'A', seq: 101, ack: 4501, window: 0 })
    for (let read = 100; read < 1460; read += 100) {
      script.read(100)
      script.quiet()
      // The peer asks: it hears of no crumbs.
      script.send({ flags: 'A', seq: 4501, ack: 101, text: 'x' })
      script.expect({ flags: 'A', seq: 101, ack: 4501, window: 0 })
    }
    script.read(100)
    script.expect({ flags: 'A', seq: 101, ack: 4501, window: 1500 })
  })

  test('SHLD-14: the right edge stays where it was promised, while text is read late and memory shrinks', () => {
    const script = new Script({ receiveBuffer: 20_000 }).establish()
    let edge = 0
    let seq = 501
    for (let round = 0; round < 60; round++) {
      const length = 1 + (round * 377) % 1400
      script.send({ flags: 'A', seq, ack: 101, text: length })
      seq += length
      if (round % 7 === 6) script.read(3000)
      script.advance(40).poll()
      for (const packet of script.network.sent.splice(0)) {
        const { ack, window } = describePacket(packet)
        expect(ack! + window!).toBeGreaterThanOrEqual(edge)
        edge = ack! + window!
      }
    }
    expect(edge).toBeGreaterThan(20_000)
  })

  test('MAY-8: the window stays closed for as long as nobody reads, and probes are answered all the while', () => {
    const script = new Script({ receiveBuffer: 1000 }).establish()
    script.send({ flags: 'A', seq: 501, ack: 101, text: 1000 })
    script.advance(40).expect({ flags: 'A', seq: 101, ack: 1501, window: 0 })
    for (let minute = 0; minute < 300; minute++) {
      script.advance(60_000)
      script.send({ flags: 'A', seq: 1501, ack: 101, text: 'p' })
      script.expect({ flags: 'A', seq: 101, ack: 1501, window: 0 })
    }
    expect(script.connection.state).toBe(State.ESTABLISHED)
  })

  test('SHLD-18, SHLD-19, MUST-40: ACKs are delayed, yet by less than 0.5 s, and one comes for every second full segment', () => {
    const script = new Script({ delayedAck: 499 }).establish()
    script.send({ flags: 'A', seq: 501, ack: 101, text: 'short' })
    script.advance(498).quiet()
    script.advance(1).expect({ flags: 'A', seq: 101, ack: 506 })
    script.send({ flags: 'A', seq: 506, ack: 101, text: 1460 })
    script.quiet()
    script.send({ flags: 'A', seq: 1966, ack: 101, text: 1460 })
    script.expect({ flags: 'A', seq: 101, ack: 3426 })
    expect(() => new Script({ delayedAck: 500 })).toThrow(RangeError)
  })

  test('SHLD-19: one comes for every 2·RMSS bytes too, when the peer’s segments are smaller than ours', () => {
    const script = new Script().establish()
    for (const at of [0, 1000, 2000]) script.send({ flags: 'A', seq: 501 + at, ack: 101, text: filler(1000, at) })
    script.expect({ flags: 'A', seq: 101, ack: 3501 })
  })
})
