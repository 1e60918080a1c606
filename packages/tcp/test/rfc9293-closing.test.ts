import { Errno } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import type { ListenOptions, TcpOptions } from '../src/index.ts'
import { Readiness, State } from '../src/index.ts'
import type { TestSegment } from './harness.ts'
import { describe as describePacket, Script } from './harness.ts'

/** One rule of RFC 9293 a test: how connections end and stay alive (§3.6, §3.8.4). */

/** A connection in TIME-WAIT whose peer began at 500, with a listener for the one that follows. */
function timeWait(options: Partial<TcpOptions> = {}, stamp?: number, listening: ListenOptions = {}): Script {
  const timestamps = stamp === undefined ? {} : { timestamps: [stamp, 0] as [number, number] }
  const script = new Script(options).establish({}, timestamps)
  script.tcp.listen(script.network.own, script.localPort, listening)
  script.connection.shutdownSend()
  script.expect({ flags: 'FA', seq: 101, ack: 501 })
  script.send({ flags: 'FA', seq: 501, ack: 102, ...timestamps })
  script.expect({ flags: 'A', seq: 102, ack: 502 })
  expect(script.connection.state).toBe(State['TIME-WAIT'])
  return script
}

/** What goes out now, whatever sequence numbers it has. */
function opened(script: Script): TestSegment[] {
  script.poll()
  return script.network.sent.splice(0).map(describePacket)
}

describe('RFC 9293 §3.6: closing', () => {
  test('MUST-12: the user hears whether the peer closed or aborted: the end of the text, or ECONNRESET', () => {
    const closed = new Script().establish()
    closed.send({ flags: 'A', seq: 501, ack: 101, text: 'bye' })
    closed.send({ flags: 'FA', seq: 504, ack: 101 })
    expect([closed.read(), closed.read()]).toEqual(['bye', 0])
    expect(closed.connection.takeError()).toBe(0)
    expect(closed.connection.takeEvents() & Readiness.Error).toBe(0)

    const aborted = new Script().establish()
    aborted.send({ flags: 'A', seq: 501, ack: 101, text: 'bye' })
    aborted.send({ flags: 'R', seq: 504 })
    expect(aborted.connection.takeEvents() & (Readiness.Error | Readiness.Closed)).toBe(Readiness.Error | Readiness.Closed)
    expect([aborted.read(), aborted.read()]).toEqual(['bye', Errno.ECONNRESET])
  })

  test('MUST-13: who closes first waits for two maximum segment lifetimes', () => {
    const script = timeWait({ msl: 15_000 })
    script.advance(29_999).quiet()
    expect(script.connection.state).toBe(State['TIME-WAIT'])
    expect(script.tcp.isConnected(script.network.own, script.localPort, script.connection.tcb.remoteAddress, script.remotePort)).toBe(true)
    script.advance(1).quiet()
    expect(script.connection.state).toBe(State.CLOSED)
    expect(script.tcp.size).toBe(0)
  })

  test('SHLD-3: CLOSE with text that nobody has read resets, and so does text that comes after CLOSE', () => {
    const pending = new Script().establish()
    pending.send({ flags: 'A', seq: 501, ack: 101, text: 'unread' })
    pending.connection.close(pending.now)
    pending.expect({ flags: 'RA', seq: 101, ack: 507 })
    const later = new Script().establish()
    later.connection.close(later.now)
    later.expect({ flags: 'FA', seq: 101, ack: 501 })
    later.send({ flags: 'A', seq: 501, ack: 101, text: 'lost' })
    later.expect({ flags: 'RA', seq: 102, ack: 501 })
    expect(later.connection.state).toBe(State.CLOSED)
  })

  test('MAY-1: after CLOSE of both directions nothing can be read any more, while the FIN still goes and is acknowledged', () => {
    const script = new Script().establish()
    script.write('last words')
    script.connection.close(script.now)
    script.expect({ flags: 'FPA', seq: 101, ack: 501, text: 'last words' })
    script.send({ flags: 'FA', seq: 501, ack: 112 })
    script.expect({ flags: 'A', seq: 112, ack: 502 })
    expect(script.read()).toBe(0)
    expect(script.write('x')).toBe(Errno.EPIPE)
  })

  test('MAY-2: a SYN beyond the old sequence numbers opens a connection from TIME-WAIT, with an ISN beyond ours', () => {
    const script = timeWait()
    script.send({ flags: 'S', seq: 400 })
    script.expect({ flags: 'A', seq: 102, ack: 502 })
    script.send({ flags: 'S', seq: 503 })
    const [answer] = opened(script)
    expect(answer).toMatchObject({ flags: 'SA', ack: 504 })
    expect((answer!.seq - 102) | 0).toBeGreaterThan(0)
    script.send({ flags: 'A', seq: 504, ack: (answer!.seq + 1) >>> 0 })
    script.quiet()
    expect(script.tcp.size).toBe(1)
  })

  test('MAY-2: a newer SYN that nobody takes leaves TIME-WAIT as it is: no listener, a FIN in it, no room', () => {
    const alone = timeWait()
    alone.tcp.forEachListener((listener) => listener.close(alone.now))
    alone.send({ flags: 'S', seq: 10_000 })
    alone.expect({ flags: 'A', seq: 102, ack: 502 })
    const withFin = timeWait()
    withFin.send({ flags: 'SF', seq: 10_000 })
    const full = timeWait({}, undefined, { backlog: 0 })
    full.send({ flags: 'S', seq: 10_000 })
    for (const { connection } of [alone, withFin, full]) expect(connection.state).toBe(State['TIME-WAIT'])
  })

  test('SHLD-4: RFC 6191: a SYN with timestamps after a connection without them is taken whatever its sequence number', () => {
    const script = timeWait({ timestamps: true })
    script.send({ flags: 'S', seq: 400, timestamps: [1, 0] })
    expect(opened(script)).toMatchObject([{ flags: 'SA', ack: 401 }])
  })

  test('§3.10.5: ABORT after a reset gives the memory of unread text back', () => {
    const script = new Script().establish()
    script.send({ flags: 'A', seq: 501, ack: 101, text: 'unread' })
    script.send({ flags: 'R', seq: 507 })
    script.connection.abort(script.now)
    script.quiet()
    expect(script.arena.used).toBe(0)
  })

  test('SHLD-4: RFC 6191: with timestamps a newer SYN ends TIME-WAIT whatever its sequence number, an older one does not', () => {
    const script = timeWait({ timestamps: true }, 5000)
    script.send({ flags: 'S', seq: 10_000, timestamps: [4999, 0] })
    script.expect({ flags: 'A', seq: 102, ack: 502 })
    script.send({ flags: 'S', seq: 400, timestamps: [5000, 0] })
    script.expect({ flags: 'A', seq: 102, ack: 502 })
    expect(script.connection.state).toBe(State['TIME-WAIT'])
    script.send({ flags: 'S', seq: 400, timestamps: [5001, 0] })
    expect(opened(script)).toMatchObject([{ flags: 'SA', ack: 401 }])
  })
})

describe('RFC 9293 §3.8.4: keep-alives', () => {
  test('MAY-5, SHLD-12: an idle connection is probed with a segment that has no text and lies before the window', () => {
    const script = new Script().establish({ settings: { keepAlive: true } })
    script.advance(7_200_000).expect({ flags: 'A', seq: 100, ack: 501 })
  })

  test('MUST-27: how long a connection must be idle is the user’s to say', () => {
    const script = new Script().establish({ settings: { keepAlive: true, keepAliveIdle: 10_000, keepAliveInterval: 1000 } })
    script.advance(9999).quiet()
    script.advance(1).expect({ flags: 'A', seq: 100, ack: 501 })
    script.send({ flags: 'A', seq: 501, ack: 101 })
    script.connection.configure({ keepAliveIdle: 500 })
    script.advance(499).quiet()
    script.advance(1).expect({ flags: 'A', seq: 100, ack: 501 })
  })
})
