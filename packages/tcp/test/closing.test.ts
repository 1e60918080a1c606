import { DropReason, Errno } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import { State } from '../src/index.ts'
import { Script } from './harness.ts'

describe('closing a connection (RFC 9293 §3.6)', () => {
  test('the peer closes first: CLOSE-WAIT, LAST-ACK, CLOSED', () => {
    const script = new Script().establish()
    script.send({ flags: 'FA', seq: 501, ack: 101 })
    script.expect({ flags: 'A', seq: 101, ack: 502 })
    expect(script.connection.state).toBe(State['CLOSE-WAIT'])
    expect(script.read()).toBe(0)
    script.write('last words')
    script.connection.shutdownSend()
    script.expect({ flags: 'FPA', seq: 101, ack: 502, text: 'last words' })
    expect(script.connection.state).toBe(State['LAST-ACK'])
    script.send({ flags: 'A', seq: 502, ack: 112 })
    expect(script.connection.state).toBe(State.CLOSED)
    script.quiet()
    expect(script.tcp.size).toBe(0)
  })

  test('both close at once: CLOSING, TIME-WAIT', () => {
    const script = new Script().establish()
    script.connection.shutdownSend()
    script.expect({ flags: 'FA', seq: 101, ack: 501 })
    script.send({ flags: 'FA', seq: 501, ack: 101 })
    expect(script.connection.state).toBe(State.CLOSING)
    script.expect({ flags: 'A', seq: 102, ack: 502 })
    script.send({ flags: 'A', seq: 502, ack: 102 })
    expect(script.connection.state).toBe(State['TIME-WAIT'])
    script.quiet()
  })

  test('a FIN that acknowledges ours goes from FIN-WAIT-1 to TIME-WAIT', () => {
    const script = new Script().establish()
    script.connection.shutdownSend()
    script.expect({ flags: 'FA', seq: 101, ack: 501 })
    script.send({ flags: 'FA', seq: 501, ack: 102 })
    expect(script.connection.state).toBe(State['TIME-WAIT'])
    script.expect({ flags: 'A', seq: 102, ack: 502 })
  })

  test('MUST-13 and §3.10.7.4: a FIN again in TIME-WAIT is acknowledged and restarts the wait of 2MSL', () => {
    const script = new Script().establish()
    script.connection.shutdownSend()
    script.expect({ flags: 'FA', seq: 101, ack: 501 })
    script.send({ flags: 'FA', seq: 501, ack: 102 })
    script.expect({ flags: 'A', seq: 102, ack: 502 })
    script.advance(50_000)
    script.send({ flags: 'FA', seq: 501, ack: 102 })
    script.expect({ flags: 'A', seq: 102, ack: 502 })
    script.advance(59_999).quiet()
    expect(script.connection.state).toBe(State['TIME-WAIT'])
    script.advance(1).quiet()
    expect(script.tcp.size).toBe(0)
  })

  test('RFC 1337: a reset does not end TIME-WAIT', () => {
    const script = new Script().establish()
    script.connection.shutdownSend()
    script.expect({ flags: 'FA', seq: 101, ack: 501 })
    script.send({ flags: 'FA', seq: 501, ack: 102 })
    script.expect({ flags: 'A', seq: 102, ack: 502 })
    expect(script.send({ flags: 'R', seq: 502 })).toBe(DropReason.ResetIgnored)
    expect(script.connection.state).toBe(State['TIME-WAIT'])
  })

  test('RFC 6191: a newer SYN takes the port pair over from TIME-WAIT', () => {
    const script = new Script().accept()
    script.connection.shutdownSend()
    script.expect({ flags: 'FA', seq: 101, ack: 501 })
    script.send({ flags: 'FA', seq: 501, ack: 102 })
    script.expect({ flags: 'A', seq: 102, ack: 502 })
    script.send({ flags: 'S', seq: 400 })
    script.expect({ flags: 'A', seq: 102, ack: 502 })
    script.send({ flags: 'S', seq: 10_000 })
    script.expect({ flags: 'SA', seq: 100, ack: 10_001 })
    expect(script.connection.state).toBe(State.CLOSED)
  })

  test('a FIN ahead of missing text waits for it', () => {
    const script = new Script().establish()
    script.send({ flags: 'FA', seq: 504, ack: 101, text: 'def' })
    script.expect({ flags: 'A', seq: 101, ack: 501 })
    expect(script.connection.state).toBe(State.ESTABLISHED)
    expect(script.read()).toBe(Errno.EAGAIN)
    script.send({ flags: 'A', seq: 501, ack: 101, text: 'abc' })
    script.expect({ flags: 'A', seq: 101, ack: 508 })
    expect(script.connection.state).toBe(State['CLOSE-WAIT'])
    expect(script.read()).toBe('abcdef')
    expect(script.read()).toBe(0)
  })

  test('a lost FIN is sent again', () => {
    const script = new Script().establish()
    script.connection.shutdownSend()
    script.expect({ flags: 'FA', seq: 101, ack: 501 })
    script.advance(1000).expect({ flags: 'FA', seq: 101, ack: 501 })
    script.send({ flags: 'A', seq: 501, ack: 102 })
    expect(script.connection.state).toBe(State['FIN-WAIT-2'])
    script.advance(100_000).quiet()
  })

  test('half-close: text still arrives after our FIN', () => {
    const script = new Script().establish()
    script.connection.shutdownSend()
    script.expect({ flags: 'FA', seq: 101, ack: 501 })
    script.send({ flags: 'A', seq: 501, ack: 102, text: 'still here' })
    expect(script.read()).toBe('still here')
    expect(script.write('no')).toBe(Errno.EPIPE)
  })

  test('CLOSE behind a full window leaves ESTABLISHED at once and delivers everything', () => {
    const script = new Script().establish({}, { window: 10 })
    script.write('0123456789abcdef')
    script.connection.shutdownSend()
    expect(script.connection.state).toBe(State['FIN-WAIT-1'])
    script.expect({ flags: 'A', seq: 101, ack: 501, text: '0123456789' })
    script.send({ flags: 'A', seq: 501, ack: 111, window: 100 })
    script.expect({ flags: 'FPA', seq: 111, ack: 501, text: 'abcdef' })
  })

  test('RFC 1122 §4.2.2.13: close with unread text resets, and so does text that comes later', () => {
    const unread = new Script().establish()
    unread.send({ flags: 'A', seq: 501, ack: 101, text: 'unread' })
    unread.connection.close(unread.now)
    unread.expect({ flags: 'RA', seq: 101, ack: 507 })
    expect(unread.tcp.size).toBe(0)

    const late = new Script().establish()
    late.connection.close(late.now)
    late.expect({ flags: 'FA', seq: 101, ack: 501 })
    late.send({ flags: 'A', seq: 501, ack: 102, text: 'late' })
    late.expect({ flags: 'RA', seq: 102, ack: 501 })
    expect(late.tcp.size).toBe(0)
  })

  test('an orphan in FIN-WAIT-2 gives up after a minute', () => {
    const script = new Script().establish()
    script.connection.close(script.now)
    script.expect({ flags: 'FA', seq: 101, ack: 501 })
    script.send({ flags: 'A', seq: 501, ack: 102 })
    script.advance(59_999).quiet()
    expect(script.tcp.size).toBe(1)
    script.advance(1).quiet()
    expect(script.tcp.size).toBe(0)
  })

  test('ABORT sends a reset and drops what was queued (§3.10.5)', () => {
    const script = new Script().establish({}, { window: 0 })
    script.write('never')
    script.connection.abort(script.now)
    script.expect({ flags: 'RA', seq: 101, ack: 501 })
    expect(script.tcp.size).toBe(0)
    expect(script.arena.used).toBe(0)
    expect(script.write('x')).toBe(Errno.EPIPE)
  })
})

describe('resets (RFC 9293 §3.10.7.4, RFC 5961 §3)', () => {
  test('exactly at RCV.NXT ends the connection', () => {
    const script = new Script().establish()
    expect(script.send({ flags: 'R', seq: 501 })).toBe(DropReason.None)
    expect(script.connection.state).toBe(State.CLOSED)
    expect(script.read()).toBe(Errno.ECONNRESET)
    expect(script.read()).toBe(0)
    script.quiet()
  })

  test('elsewhere in the window is challenged', () => {
    const script = new Script().establish()
    expect(script.send({ flags: 'R', seq: 502 })).toBe(DropReason.ResetUnacceptable)
    script.expect({ flags: 'A', seq: 101, ack: 501 })
    expect(script.connection.state).toBe(State.ESTABLISHED)
  })

  test('outside of the window meets silence', () => {
    const script = new Script().establish()
    expect(script.send({ flags: 'R', seq: 400 })).toBe(DropReason.SequenceUnacceptable)
    script.quiet()
  })

  test('a SYN in the window is challenged (RFC 5961 §4), at most ten times a second', () => {
    const script = new Script().establish()
    for (let count = 0; count < 10; count++) {
      expect(script.send({ flags: 'S', seq: 600 })).toBe(DropReason.SynUnacceptable)
      script.expect({ flags: 'A', seq: 101, ack: 501 })
    }
    script.send({ flags: 'S', seq: 600 })
    script.quiet()
    script.advance(1000)
    script.send({ flags: 'S', seq: 600 })
    script.expect({ flags: 'A', seq: 101, ack: 501 })
  })

  test('text that arrived before a reset can still be read', () => {
    const script = new Script().establish()
    script.send({ flags: 'A', seq: 501, ack: 101, text: 'before' })
    script.send({ flags: 'R', seq: 507 })
    expect(script.read()).toBe('before')
    expect(script.read()).toBe(Errno.ECONNRESET)
    script.poll()
    expect(script.arena.used).toBe(0)
  })
})
