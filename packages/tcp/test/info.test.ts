import { describe, expect, test } from 'vitest'
import { Script } from './harness.ts'

describe('STATUS (RFC 9293 §3.9.1.6): what there is to know about a connection', () => {
  test('queues, buffers and ages', () => {
    const script = new Script().establish({ sendBuffer: 5000, receiveBuffer: 8000 }, { window: 30 })
    expect(script.connection.info()).toMatchObject({
      state: 'ESTABLISHED', sendQueue: 0, notSent: 0, sendLimit: 5000, receiveLimit: 8000, sendMemory: 0, receiveMemory: 0,
      bytesSent: 0, lastReceived: 1000, advertisedMss: 1460, keepAliveProbes: 0, timers: {},
    })
    script.advance(70)
    script.write(100)
    script.expect({ flags: 'A', seq: 101, ack: 501, text: 30 })
    script.advance(30)
    script.send({ flags: 'A', seq: 501, ack: 101, text: 'abc' })
    expect(script.connection.info()).toMatchObject({
      sendQueue: 100, notSent: 70, sendMemory: 4096, receiveQueue: 3, bytesSent: 30, bytesAcked: 0, inFlight: 30,
      lastSent: 1070, lastReceived: 1100,
    })
    expect(script.connection.info().receiveMemory).toBeGreaterThanOrEqual(3)
  })

  test('timeouts in a row, how far the RTO is backed off, and the timers', () => {
    const script = new Script().establish()
    script.write('x')
    script.expect({ flags: 'PA', seq: 101, ack: 501, text: 'x' })
    const { rto } = script.connection.info()
    for (let round = 0; round < 3; round++) {
      script.advance(script.connection.info().rto).expect({ flags: 'PA', seq: 101, ack: 501, text: 'x' })
    }
    expect(script.connection.info()).toMatchObject({ retries: 3, backoff: 3, rto: 8 * rto, timeouts: 3, bytesSent: 1 })
    script.send({ flags: 'A', seq: 501, ack: 102 })
    expect(script.connection.info()).toMatchObject({ retries: 0, timers: {} })
  })

  test('keepalive: when the next probe is due, and how many went unanswered', () => {
    const script = new Script({ keepAlive: true, keepAliveIdle: 1000, keepAliveInterval: 100 }).establish()
    expect(script.connection.info()).toMatchObject({ keepAliveProbes: 0, timers: { keepAlive: 2000 } })
    script.advance(1000).expect({ flags: 'A', seq: 100, ack: 501 })
    expect(script.connection.info()).toMatchObject({ keepAliveProbes: 1, timers: { keepAlive: 2100 } })
  })

  test('a linger time that runs', () => {
    const script = new Script().establish({ settings: { linger: 3000 } })
    script.connection.close(script.now)
    expect(script.connection.info().timers).toMatchObject({ linger: 4000 })
  })

  test('ECN and fast open: agreed or not', () => {
    expect(new Script().establish().connection.info()).toMatchObject({ ecn: 'off', fastOpen: 'off' })
    const script = new Script({ ecn: true }).connect({ fastOpen: true })
    script.expect({ flags: 'SEC', seq: 100 })
    script.send({ flags: 'SAE', seq: 500, ack: 101 })
    expect(script.connection.info()).toMatchObject({ ecn: 'classic', fastOpen: 'client' })

    const server = new Script()
    const listener = server.listen({ fastOpenQueue: 1 })
    server.send({ flags: 'S', seq: 500, fastOpen: [] })
    server.poll()
    const [packet] = server.network.sent.splice(0)
    const options = packet!.bytes.subarray(20)
    // MSS takes four bytes, then the cookie: kind 34, length 10.
    const at = options.indexOf(34)
    server.remotePort++
    server.send({ flags: 'S', seq: 500, text: 'hi', fastOpen: [...options.subarray(at + 2, at + 10)] })
    expect(listener.accept()!.info()).toMatchObject({ state: 'SYN-RECEIVED', fastOpen: 'server', receiveQueue: 2 })
  })
})
