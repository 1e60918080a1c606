import { Errno } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import { State } from '../src/index.ts'
import { Script } from './harness.ts'

describe('CLOSE with a linger time (SO_LINGER)', () => {
  test('of 0 resets at once, and drops what was queued', () => {
    const script = new Script().establish({ settings: { linger: 0 } })
    script.write('never')
    script.connection.close(script.now)
    script.expect({ flags: 'RA', seq: 101, ack: 501 })
    expect([script.connection.state, script.arena.used]).toEqual([State.CLOSED, 0])
  })

  test('of 0 leaves TIME-WAIT alone: there is nothing to drop', () => {
    const script = new Script().establish({ settings: { linger: 0 } })
    script.connection.shutdownSend()
    script.expect({ flags: 'FA', seq: 101, ack: 501 })
    script.send({ flags: 'FA', seq: 501, ack: 102 })
    script.expect({ flags: 'A', seq: 102, ack: 502 })
    script.connection.close(script.now)
    script.quiet()
    expect(script.tcp.timeWaiting).toBe(1)
  })

  test('resets when not everything is acknowledged by then', () => {
    const script = new Script().establish({ settings: { linger: 150 } })
    script.write('text')
    script.connection.close(script.now)
    script.expect({ flags: 'FPA', seq: 101, ack: 501, text: 'text' })
    script.advance(149).quiet()
    script.advance(1).expect({ flags: 'RA', seq: 106, ack: 501 })
    expect([script.connection.state, script.connection.takeError()]).toEqual([State.CLOSED, Errno.ETIMEDOUT])
  })

  test('is not prolonged by an acknowledgment of a part', () => {
    const script = new Script().establish({ settings: { linger: 150 } })
    script.write('text')
    script.connection.close(script.now)
    script.expect({ flags: 'FPA', seq: 101, ack: 501, text: 'text' })
    script.advance(100)
    script.send({ flags: 'A', seq: 501, ack: 105 })
    script.quiet()
    script.advance(50).expect({ flags: 'RA', seq: 106, ack: 501 })
  })

  test('is over when our FIN is acknowledged: FIN-WAIT-2 has its own time', () => {
    const script = new Script().establish({ settings: { linger: 150 } })
    script.connection.close(script.now)
    script.expect({ flags: 'FA', seq: 101, ack: 501 })
    script.send({ flags: 'A', seq: 501, ack: 102 })
    script.advance(10_000).quiet()
    expect(script.connection.state).toBe(State['FIN-WAIT-2'])
    expect(script.connection.tcb.timers.linger).toBe(Infinity)
  })

  test('RFC 9293 §3.10.5: in LAST-ACK with text unacknowledged the peer hears of the reset', () => {
    const script = new Script().establish({ settings: { linger: 150 } }, { window: 2 })
    script.write('text')
    script.expect({ flags: 'A', seq: 101, ack: 501, text: 'te' })
    script.send({ flags: 'FA', seq: 501, ack: 103, window: 0 })
    script.connection.close(script.now)
    script.expect({ flags: 'A', seq: 103, ack: 502 })
    expect(script.connection.state).toBe(State['LAST-ACK'])
    script.advance(150).expect({ flags: 'RA', seq: 103, ack: 502 })
  })

  test('RFC 5961 §3: behind a closed window the reset goes where the peer expects it, not beyond a probe', () => {
    const script = new Script().establish({ settings: { linger: 5000 } }, { window: 2 })
    script.write('text')
    script.expect({ flags: 'A', seq: 101, ack: 501, text: 'te' })
    script.send({ flags: 'A', seq: 501, ack: 103, window: 0 })
    script.connection.close(script.now)
    script.quiet()
    script.advance(4999).expect({ flags: 'A', seq: 103, ack: 501, text: 'x' })
    script.advance(1).expect({ flags: 'RA', seq: 103, ack: 501 })
  })

  test('without one CLOSE takes as long as the user timeout allows', () => {
    const script = new Script({ userTimeout: 150_000 }).establish()
    script.write('text')
    script.connection.close(script.now)
    script.expect({ flags: 'FPA', seq: 101, ack: 501, text: 'text' })
    script.advance(149_999).expect({ flags: 'FPA', seq: 101, ack: 501, text: 'text' })
    script.advance(1).expect({ flags: 'RA', seq: 106, ack: 501 })
  })

  test('a handshake that CLOSE ends leaves no timer behind', () => {
    const script = new Script().connect({ settings: { linger: 150 } })
    script.expect({ flags: 'S', seq: 100 })
    script.connection.close(script.now)
    script.advance(150).quiet()
    expect(script.tcp.timerCount).toBe(0)
  })

  test('goes on where it stood in a snapshot', () => {
    const script = new Script().establish({ settings: { linger: 150 } })
    script.write('text')
    script.connection.close(script.now)
    script.expect({ flags: 'FPA', seq: 101, ack: 501, text: 'text' })
    script.advance(90).quiet()
    const snapshot = script.connection.snapshot(script.now)
    script.tcp.release(script.connection)
    script.advance(5000)
    script.connection = script.tcp.restore(snapshot, script.now) as typeof script.connection
    script.advance(59).quiet()
    script.advance(1).expect({ flags: 'RA', seq: 106, ack: 501 })
  })
})

describe('settings of a living connection', () => {
  test('a shorter user timeout holds for text that waits already', () => {
    const script = new Script({ userTimeout: 300_000 }).establish()
    script.write('text')
    script.expect({ flags: 'PA', seq: 101, ack: 501, text: 'text' })
    script.connection.configure({ userTimeout: 700 })
    script.advance(700).expect({ flags: 'RA', seq: 105, ack: 501 })
    expect(script.connection.takeError()).toBe(Errno.ETIMEDOUT)
  })

  test('other settings leave keepalive probes that are under way alone', () => {
    const script = new Script({ keepAlive: true, keepAliveIdle: 1000, keepAliveInterval: 100, keepAliveCount: 2 }).establish()
    script.advance(1000).expect({ flags: 'A', seq: 100, ack: 501 })
    script.connection.configure({ noDelay: true })
    script.quiet()
    script.advance(100).expect({ flags: 'A', seq: 100, ack: 501 })
    script.connection.configure({ noDelay: false })
    script.advance(100).expect({ flags: 'RA', seq: 101, ack: 501 })
  })

  test('a listener hands changed options to connections that begin later', () => {
    const script = new Script()
    const listener = script.listen({ settings: { noDelay: true } })
    listener.configure({ settings: { linger: 0 }, halfOpen: 1 })
    script.send({ flags: 'S', seq: 500, mss: 1460 })
    script.expect({ flags: 'SA', seq: 100, ack: 501 })
    script.send({ flags: 'A', seq: 501, ack: 101 })
    expect(listener.accept()!.settings).toMatchObject({ noDelay: false, linger: 0 })
    expect([listener.maxHalfOpen, listener.backlog]).toEqual([1, 128])
  })
})
