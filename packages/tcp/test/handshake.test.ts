import { DropReason, Errno } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import { Readiness, State } from '../src/index.ts'
import { describe as describePacket, Script } from './harness.ts'

describe('opening a connection (RFC 9293 §3.5)', () => {
  test('active: SYN, SYN,ACK, ACK', () => {
    const script = new Script().connect()
    script.expect({ flags: 'S', seq: 100, mss: 1460 })
    expect(script.connection.state).toBe(State['SYN-SENT'])
    expect(script.send({ flags: 'SA', seq: 500, ack: 101, mss: 1000 })).toBe(DropReason.None)
    expect(script.connection.state).toBe(State.ESTABLISHED)
    script.expect({ flags: 'A', seq: 101, ack: 501 })
    expect(script.connection.info().mss).toBe(1000)
    expect(script.news()).toEqual([[script.connection, Readiness.Connected | Readiness.Writable]])
  })

  test('passive: the listener hears of the connection when the handshake is done', () => {
    const script = new Script()
    const listener = script.listen()
    script.send({ flags: 'S', seq: 500 })
    script.expect({ flags: 'SA', seq: 100, ack: 501 })
    expect(listener.accept()).toBeUndefined()
    expect(script.news()).toEqual([])
    script.send({ flags: 'A', seq: 501, ack: 101 })
    script.quiet()
    expect(script.news().map(([who, events]) => [who === listener, events])).toContainEqual([true, Readiness.Acceptable])
    expect(listener.accept()!.state).toBe(State.ESTABLISHED)
  })

  test('MUST-10: simultaneous open ends established on both sides', () => {
    const script = new Script().connect()
    script.expect({ flags: 'S', seq: 100 })
    script.send({ flags: 'S', seq: 500 })
    expect(script.connection.state).toBe(State['SYN-RECEIVED'])
    script.expect({ flags: 'SA', seq: 100, ack: 501 })
    script.send({ flags: 'SA', seq: 500, ack: 101 })
    // The peer's SYN was seen before: what counts is the ACK that answers ours.
    script.expect({ flags: 'A', seq: 101, ack: 501 })
    script.send({ flags: 'A', seq: 501, ack: 101 })
    expect(script.connection.state).toBe(State.ESTABLISHED)
  })

  test('a SYN to a port where nobody listens meets RST,ACK of all it takes (§3.10.7.1)', () => {
    const script = new Script()
    expect(script.send({ flags: 'S', seq: 500 })).toBe(DropReason.NoConnection)
    script.expect({ flags: 'RA', seq: 0, ack: 501 })
  })

  test('an ACK to a port where nobody listens meets a RST at its ACK number', () => {
    const script = new Script()
    script.send({ flags: 'A', seq: 500, ack: 4_000_000_000, text: 10 })
    script.expect({ flags: 'R', seq: 4_000_000_000 })
  })

  test('a RST to nobody meets silence', () => {
    const script = new Script()
    expect(script.send({ flags: 'R', seq: 500 })).toBe(DropReason.NoConnection)
    script.quiet()
  })

  test('a RST,ACK of our SYN refuses the connection', () => {
    const script = new Script().connect()
    script.expect({ flags: 'S', seq: 100 })
    script.send({ flags: 'RA', seq: 0, ack: 101 })
    expect(script.connection.state).toBe(State.CLOSED)
    expect(script.read()).toBe(Errno.ECONNREFUSED)
    script.quiet()
  })

  test('a blind RST without an acceptable ACK does not (§3.10.7.3)', () => {
    const script = new Script().connect()
    script.expect({ flags: 'S', seq: 100 })
    expect(script.send({ flags: 'R', seq: 0 })).toBe(DropReason.ResetUnacceptable)
    expect(script.send({ flags: 'RA', seq: 0, ack: 100 })).toBe(DropReason.AckUnacceptable)
    expect(script.connection.state).toBe(State['SYN-SENT'])
    script.quiet()
  })

  test('an ACK of something else in SYN-SENT is reset: a half-open connection is found out (§3.5.1, figure 10)', () => {
    const script = new Script().connect()
    script.expect({ flags: 'S', seq: 100 })
    script.send({ flags: 'A', seq: 300, ack: 700 })
    script.expect({ flags: 'R', seq: 700 })
    expect(script.connection.state).toBe(State['SYN-SENT'])
  })

  test('an old duplicate SYN is undone by the reset it provokes (§3.5, figure 9)', () => {
    const script = new Script()
    const listener = script.listen()
    script.send({ flags: 'S', seq: 90 })
    script.expect({ flags: 'SA', seq: 100, ack: 91 })
    script.send({ flags: 'R', seq: 91 })
    expect(script.tcp.size).toBe(0)
    expect(listener.halfOpen).toBe(0)
    script.send({ flags: 'S', seq: 500 })
    script.expect({ flags: 'SA', seq: 100, ack: 501 })
  })

  test('an ACK of something else in SYN-RECEIVED is reset (§3.10.7.4)', () => {
    const script = new Script()
    script.listen()
    script.send({ flags: 'S', seq: 500 })
    script.expect({ flags: 'SA', seq: 100, ack: 501 })
    expect(script.send({ flags: 'A', seq: 501, ack: 200 })).toBe(DropReason.AckUnacceptable)
    script.expect({ flags: 'R', seq: 200 })
  })

  test('a SYN is sent again after 1 s, 2 s, 4 s, and given up after 3 minutes (MUST-23)', () => {
    const script = new Script().connect()
    script.expect({ flags: 'S', seq: 100 })
    for (const wait of [1000, 2000, 4000, 8000]) {
      script.advance(wait - 1).quiet()
      script.advance(1).expect({ flags: 'S', seq: 100 })
    }
    while (script.connection.state !== State.CLOSED && script.now < 400_000) {
      script.advance(1000).poll()
      script.network.sent.length = 0
    }
    expect(script.now).toBe(181_000)
    expect(script.read()).toBe(Errno.ETIMEDOUT)
    expect(script.tcp.size).toBe(0)
  })

  test('a lost SYN,ACK is sent again when the SYN comes again', () => {
    const script = new Script()
    script.listen()
    script.send({ flags: 'S', seq: 500 })
    script.expect({ flags: 'SA', seq: 100, ack: 501 })
    script.send({ flags: 'S', seq: 500 })
    script.expect({ flags: 'SA', seq: 100, ack: 501 })
  })

  test('what was written before the handshake goes out after it', () => {
    const script = new Script().connect()
    expect(script.write('early')).toBe(5)
    script.expect({ flags: 'S', seq: 100 })
    script.send({ flags: 'SA', seq: 500, ack: 101 })
    script.expect({ flags: 'PA', seq: 101, ack: 501, text: 'early' })
  })

  test('text in the SYN,ACK is received', () => {
    const script = new Script().connect()
    script.expect({ flags: 'S', seq: 100 })
    script.send({ flags: 'SA', seq: 500, ack: 101, text: 'hello' })
    script.expect({ flags: 'A', seq: 101, ack: 506 })
    expect(script.read()).toBe('hello')
  })

  test('text and FIN may come with the ACK of the SYN,ACK', () => {
    const script = new Script()
    const listener = script.listen()
    script.send({ flags: 'S', seq: 500 })
    script.expect({ flags: 'SA', seq: 100, ack: 501 })
    script.send({ flags: 'FA', seq: 501, ack: 101, text: 'bye' })
    script.expect({ flags: 'A', seq: 101, ack: 505 })
    script.connection = listener.accept()!
    expect(script.connection.state).toBe(State['CLOSE-WAIT'])
    expect(script.read()).toBe('bye')
    expect(script.read()).toBe(0)
  })

  test('CLOSE in SYN-SENT tells nobody, CLOSE in SYN-RECEIVED sends SYN,ACK, then FIN', () => {
    const silent = new Script().connect()
    silent.expect({ flags: 'S', seq: 100 })
    silent.connection.close(silent.now)
    silent.quiet()
    expect(silent.tcp.size).toBe(0)

    const script = new Script().connect()
    script.expect({ flags: 'S', seq: 100 })
    script.send({ flags: 'S', seq: 500 })
    script.expect({ flags: 'SA', seq: 100, ack: 501 })
    script.connection.shutdownSend()
    expect(script.connection.state).toBe(State['FIN-WAIT-1'])
    script.quiet()
    script.send({ flags: 'A', seq: 501, ack: 101 })
    script.expect({ flags: 'FA', seq: 101, ack: 501 })
    script.send({ flags: 'A', seq: 501, ack: 102 })
    expect(script.connection.state).toBe(State['FIN-WAIT-2'])
  })
})

describe('options of the handshake', () => {
  test('MUST-15: a peer that announces no MSS gets 536-byte segments', () => {
    const script = new Script().establish({}, { mss: undefined as never })
    expect(script.connection.info().mss).toBe(536)
  })

  test('an absurdly small MSS is taken as 48, so that options leave room for text', () => {
    const script = new Script().establish({}, { mss: 1 })
    expect(script.connection.info().mss).toBe(48)
  })

  test('timestamps cost 12 bytes of every segment (MUST-16)', () => {
    const script = new Script({ timestamps: true })
    script.connect().expect({ flags: 'S', seq: 100 })
    script.send({ flags: 'SA', seq: 500, ack: 101, mss: 1460, timestamps: [7, 1] })
    script.poll()
    expect(describeOnly(script)).toMatchObject([{ flags: 'A', timestamps: [expect.any(Number), 7] }])
    expect(script.connection.info()).toMatchObject({ mss: 1448, timestamps: true })
  })

  test('timestamps that the peer did not grant are not used', () => {
    const script = new Script({ timestamps: true }).establish()
    expect(script.connection.info()).toMatchObject({ mss: 1460, timestamps: false })
  })

  test('RFC 7323 §2: windows are scaled both ways once both SYNs said so, never in a SYN', () => {
    const script = new Script({ windowScaling: true, receiveBuffer: 1 << 20 })
    script.connect().expect({ flags: 'S', seq: 100, window: 65_535, scale: 5 })
    script.send({ flags: 'SA', seq: 500, ack: 101, window: 1000, scale: 7 })
    expect(script.connection.info().sendWindow).toBe(1000)
    script.expect({ flags: 'A', seq: 101, ack: 501, window: (1 << 20) >> 5 })
    script.send({ flags: 'A', seq: 501, ack: 101, window: 1000 })
    expect(script.connection.info().sendWindow).toBe(128_000)
  })

  test('RFC 7323 §2.3: a shift above 14 counts as 14', () => {
    const script = new Script({ windowScaling: true }).establish({}, { scale: 200 })
    expect(script.connection.info().sendScale).toBe(14)
  })

  test('a scale that the peer did not grant is not used', () => {
    const script = new Script({ windowScaling: true, receiveBuffer: 1 << 20 }).establish()
    script.send({ flags: 'A', seq: 501, ack: 101, window: 1000 })
    expect(script.connection.info()).toMatchObject({ sendWindow: 1000, sendScale: 0, receiveScale: 0 })
  })
})

describe('the listener', () => {
  test('takes no more handshakes than it may', () => {
    const script = new Script({ synCookies: false })
    const listener = script.listen({ halfOpen: 2 })
    for (const [port, reason] of [[1000, DropReason.None], [1001, DropReason.None], [1002, DropReason.BacklogFull]] as const) {
      script.remotePort = port
      expect(script.send({ flags: 'S', seq: 500 })).toBe(reason)
    }
    expect(listener.halfOpen).toBe(2)
  })

  test('a full backlog makes the peer try again, and loses nothing', () => {
    const script = new Script()
    const listener = script.listen({ backlog: 1 })
    for (const port of [1000, 1001]) {
      script.remotePort = port
      script.send({ flags: 'S', seq: 500 })
      script.expect({ flags: 'SA', seq: 100, ack: 501 })
    }
    script.remotePort = 1000
    script.send({ flags: 'A', seq: 501, ack: 101 })
    script.remotePort = 1001
    expect(script.send({ flags: 'A', seq: 501, ack: 101 })).toBe(DropReason.BacklogFull)
    expect(listener.waiting).toBe(1)
    listener.accept()
    script.send({ flags: 'A', seq: 501, ack: 101 })
    expect(listener.waiting).toBe(1)
  })

  test('closing it resets handshakes and connections that nobody accepted', () => {
    const script = new Script()
    const listener = script.listen()
    for (const port of [1000, 1001]) {
      script.remotePort = port
      script.send({ flags: 'S', seq: 500 })
      script.expect({ flags: 'SA', seq: 100, ack: 501 })
    }
    script.send({ flags: 'A', seq: 501, ack: 101 })
    script.quiet()
    listener.close(script.now)
    script.expect({ flags: 'RA', seq: 101, ack: 501 }, { flags: 'RA', seq: 101, ack: 501 })
    expect(script.tcp.size).toBe(0)
    script.send({ flags: 'S', seq: 900 })
    script.expect({ flags: 'RA', seq: 0, ack: 901 })
  })

  test('an address and port has one listener; a port may have one for each address', () => {
    const script = new Script()
    script.listen()
    expect(script.tcp.listen(script.network.own, 80)).toBe(Errno.EADDRINUSE)
    expect(typeof script.tcp.listen({ w0: 0, w1: 0, w2: 0xffff, w3: 0 }, 80)).toBe('object')
    expect(script.tcp.listen(script.network.own, 0)).toBe(Errno.EINVAL)
  })
})

function describeOnly(script: Script): unknown[] {
  return script.network.sent.splice(0).map(describePacket)
}
