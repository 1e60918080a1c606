import { Errno } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import { State } from '../src/index.ts'
import { filler, Script } from './harness.ts'

describe('keepalive (RFC 9293 §3.8.4)', () => {
  test('MUST-25: off by default', () => {
    const script = new Script().establish()
    script.advance(100_000_000).quiet()
    expect(script.connection.state).toBe(State.ESTABLISHED)
  })

  test('MUST-24, MUST-28: two hours idle, then probes every 75 s; the ninth without an answer ends it', () => {
    const script = new Script({ keepAlive: true }).establish()
    script.advance(7_199_999).quiet()
    script.advance(1).expect({ flags: 'A', seq: 100, ack: 501 })
    for (let probe = 2; probe <= 9; probe++) script.advance(75_000).expect({ flags: 'A', seq: 100, ack: 501 })
    expect(script.connection.state).toBe(State.ESTABLISHED)
    script.advance(75_000).expect({ flags: 'RA', seq: 101, ack: 501 })
    expect(script.connection.takeError()).toBe(Errno.ETIMEDOUT)
  })

  test('MUST-29: an answer to a probe keeps the connection', () => {
    const script = new Script({ keepAlive: true, keepAliveIdle: 1000, keepAliveInterval: 100, keepAliveCount: 2 }).establish()
    for (let round = 0; round < 20; round++) {
      script.advance(1000).expect({ flags: 'A', seq: 100, ack: 501 })
      script.send({ flags: 'A', seq: 501, ack: 101 })
      script.quiet()
    }
    expect(script.connection.state).toBe(State.ESTABLISHED)
  })

  test('MUST-26: no probe while text or its ACK is on the way', () => {
    const script = new Script({ keepAlive: true, keepAliveIdle: 1000, keepAliveInterval: 100 }).establish()
    script.advance(900)
    script.send({ flags: 'A', seq: 501, ack: 101, text: 'x' })
    script.advance(40).expect({ flags: 'A', seq: 101, ack: 502 })
    script.advance(959).quiet()
    script.advance(1).expect({ flags: 'A', seq: 100, ack: 502 })
  })

  test('it can be turned on and off while the connection lives', () => {
    const script = new Script().establish()
    script.connection.configure({ keepAlive: true, keepAliveIdle: 5000 })
    script.advance(5000).expect({ flags: 'A', seq: 100, ack: 501 })
    script.connection.configure({ keepAlive: false })
    script.advance(10_000_000).quiet()
  })

  test('a probe of the peer’s is answered', () => {
    const script = new Script().establish()
    script.send({ flags: 'A', seq: 500, ack: 101 })
    script.expect({ flags: 'A', seq: 101, ack: 501 })
  })
})

describe('cork', () => {
  test('holds short segments until it is pulled, and the FIN pulls it', () => {
    const script = new Script().establish({ settings: { cork: true } })
    script.write(2000)
    script.expect({ flags: 'A', seq: 101, ack: 501, text: filler(1460) })
    script.send({ flags: 'A', seq: 501, ack: 1561 })
    script.quiet()
    script.connection.configure({ cork: false })
    script.expect({ flags: 'PA', seq: 1561, ack: 501, text: filler(540, 1460) })
    script.connection.configure({ cork: true })
    script.write('end')
    script.send({ flags: 'A', seq: 501, ack: 2101 })
    script.quiet()
    script.connection.shutdownSend()
    script.expect({ flags: 'FPA', seq: 2101, ack: 501, text: 'end' })
  })
})

describe('user timeout of one connection (TCP_USER_TIMEOUT)', () => {
  test('ends it when text stays unacknowledged so long', () => {
    const script = new Script().establish({ settings: { userTimeout: 3000 } })
    script.write('x')
    script.poll()
    script.network.sent.length = 0
    script.advance(3000).poll()
    expect(script.connection.takeError()).toBe(Errno.ETIMEDOUT)
  })
})

describe('user timeout option (RFC 5482)', () => {
  test('is told in the SYN when asked for, and the longer of both holds', () => {
    const script = new Script()
    script.connect({ settings: { userTimeoutOption: true, userTimeout: 200_000 } })
    script.expect({ flags: 'S', seq: 100, userTimeout: 200 })
    script.send({ flags: 'SA', seq: 500, ack: 101, userTimeout: 900 })
    expect(script.connection.settings.userTimeout).toBe(900_000)
    script.send({ flags: 'A', seq: 501, ack: 101, userTimeout: 30_000 })
    expect(script.connection.settings.userTimeout).toBe(3_600_000)
  })

  test('is not heeded otherwise', () => {
    const script = new Script().establish({}, { userTimeout: 900 })
    expect(script.connection.settings.userTimeout).toBe(300_000)
  })
})

describe('deferred accept', () => {
  test('the connection is there with its first text', () => {
    const script = new Script()
    const listener = script.listen({ deferAccept: 5000 })
    script.send({ flags: 'S', seq: 500 })
    script.expect({ flags: 'SA', seq: 100, ack: 501 })
    script.send({ flags: 'A', seq: 501, ack: 101 })
    script.quiet()
    expect(listener.waiting).toBe(0)
    script.send({ flags: 'A', seq: 501, ack: 101, text: 'GET' })
    expect(listener.waiting).toBe(1)
  })

  test('a peer that says nothing is accepted once it answers a SYN,ACK after the wait', () => {
    const script = new Script()
    const listener = script.listen({ deferAccept: 5000 })
    script.send({ flags: 'S', seq: 500 })
    script.expect({ flags: 'SA', seq: 100, ack: 501 })
    for (const wait of [1000, 2000]) {
      script.send({ flags: 'A', seq: 501, ack: 101 })
      script.advance(wait).expect({ flags: 'SA', seq: 100, ack: 501 })
    }
    script.advance(4000).expect({ flags: 'SA', seq: 100, ack: 501 })
    script.send({ flags: 'A', seq: 501, ack: 101 })
    expect(listener.waiting).toBe(1)
  })

  test('a wait longer than SYN,ACKs are sent gets one more of them, and that is the last one', () => {
    for (const answered of [true, false]) {
      const script = new Script({ synAckRetries: 2 })
      const listener = script.listen({ deferAccept: 10_000 })
      script.send({ flags: 'S', seq: 500 })
      script.expect({ flags: 'SA', seq: 100, ack: 501 })
      for (const wait of [1000, 2000, 4000, 8000]) {
        script.send({ flags: 'A', seq: 501, ack: 101 })
        script.advance(wait).expect({ flags: 'SA', seq: 100, ack: 501 })
      }
      if (answered) script.send({ flags: 'A', seq: 501, ack: 101 })
      script.advance(16_000).quiet()
      expect(listener.waiting).toBe(answered ? 1 : 0)
      expect(listener.halfOpen).toBe(0)
    }
  })
})
