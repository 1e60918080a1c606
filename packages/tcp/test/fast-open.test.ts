import { DropReason } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import { State } from '../src/index.ts'
import { describe as describePacket, Script } from './harness.ts'

const COOKIE = [1, 2, 3, 4, 5, 6, 7, 8]

/** A client that has a cookie of its peer's, ready to connect again. */
function withCookie(): Script {
  const script = new Script()
  script.connect({ fastOpen: true })
  script.expect({ flags: 'S', seq: 100, fastOpen: [] })
  script.send({ flags: 'SA', seq: 500, ack: 101, mss: 1460, fastOpen: COOKIE })
  script.poll()
  script.connection.abort(script.now)
  script.poll()
  script.network.sent.length = 0
  return script
}

/** A server and the cookie that it gives to our scripted peer. */
function server(fastOpenQueue = 1): { script: Script, listener: ReturnType<Script['listen']>, cookie: number[] } {
  const script = new Script()
  const listener = script.listen({ fastOpenQueue })
  script.send({ flags: 'S', seq: 500, mss: 1460, fastOpen: [], text: 'ignored' })
  script.poll()
  const answer = describePacket(script.network.sent.splice(0)[0]!)
  expect(answer).toMatchObject({ flags: 'SA', ack: 501 })
  expect(answer.fastOpen).toHaveLength(8)
  script.send({ flags: 'R', seq: 501 })
  script.poll()
  expect(script.tcp.size).toBe(0)
  return { script, listener, cookie: answer.fastOpen! }
}

describe('fast open, active side (RFC 7413 §4.1.3, §4.2.1)', () => {
  test('a first connection asks for a cookie, the next one sends it with text', () => {
    const script = withCookie()
    script.connect({ fastOpen: true })
    script.write('GET /')
    script.expect({ flags: 'S', seq: 100, fastOpen: COOKIE, text: 'GET /' })
    script.send({ flags: 'SA', seq: 500, ack: 106, mss: 1460 })
    script.expect({ flags: 'A', seq: 106, ack: 501 })
    expect(script.connection.info()).toMatchObject({ state: 'ESTABLISHED', sendQueue: 0, bytesAcked: 5 })
  })

  test('text that the server did not take is sent again at once', () => {
    const script = withCookie()
    script.connect({ fastOpen: true })
    script.write('GET /')
    script.expect({ flags: 'S', seq: 100, fastOpen: COOKIE, text: 'GET /' })
    script.send({ flags: 'SA', seq: 500, ack: 101, mss: 1460 })
    script.expect({ flags: 'PA', seq: 101, ack: 501, text: 'GET /' })
  })

  test('a SYN that is lost is sent again without text, and the cookie is forgotten', () => {
    const script = withCookie()
    script.connect({ fastOpen: true })
    script.write('GET /')
    script.expect({ flags: 'S', seq: 100, fastOpen: COOKIE, text: 'GET /' })
    script.advance(1000)
    script.poll()
    const again = describePacket(script.network.sent.splice(0)[0]!)
    expect(again).toMatchObject({ flags: 'S', seq: 100 })
    expect(again.text).toBeUndefined()
    expect(again.fastOpen).toBeUndefined()
    script.send({ flags: 'SA', seq: 500, ack: 101 })
    script.expect({ flags: 'PA', seq: 101, ack: 501, text: 'GET /' })
    script.connection.abort(script.now)
    script.poll()
    script.network.sent.length = 0
    script.connect({ fastOpen: true })
    script.expect({ flags: 'S', seq: 100, fastOpen: [] })
  })

  test('who does not ask for it sends no text with the SYN', () => {
    const script = withCookie()
    script.connect()
    script.write('GET /')
    script.poll()
    expect(describePacket(script.network.sent[0]!)).not.toHaveProperty('fastOpen')
  })
})

describe('fast open, passive side (RFC 7413 §4.2.2)', () => {
  test('with the right cookie text is delivered, and answered, before the handshake ends', () => {
    const { script, listener, cookie } = server()
    script.send({ flags: 'S', seq: 900, mss: 1460, fastOpen: cookie, text: 'GET /' })
    const connection = listener.accept()!
    expect(connection.state).toBe(State['SYN-RECEIVED'])
    script.connection = connection
    expect(script.read()).toBe('GET /')
    script.write('200 OK')
    script.expect({ flags: 'SA', seq: 100, ack: 906 }, { flags: 'PA', seq: 101, ack: 906, text: '200 OK' })
    script.send({ flags: 'A', seq: 906, ack: 107 })
    expect(connection.state).toBe(State.ESTABLISHED)
    expect(listener).toMatchObject({ halfOpen: 0, fastOpened: 0 })
  })

  test('a lost SYN,ACK takes the answer with it when it goes again', () => {
    const { script, listener, cookie } = server()
    script.send({ flags: 'S', seq: 900, mss: 1460, fastOpen: cookie, text: 'GET /' })
    script.connection = listener.accept()!
    script.write('200 OK')
    script.poll()
    script.network.sent.length = 0
    script.advance(1000).expect({ flags: 'SA', seq: 100, ack: 906 }, { flags: 'PA', seq: 101, ack: 906, text: '200 OK' })
  })

  test('a wrong cookie opens nothing early and brings the right one', () => {
    const { script, listener, cookie } = server()
    script.send({ flags: 'S', seq: 900, mss: 1460, fastOpen: cookie.map((byte) => byte ^ 1), text: 'GET /' })
    script.expect({ flags: 'SA', seq: 100, ack: 901, fastOpen: cookie })
    expect(listener.accept()).toBeUndefined()
  })

  test('no more such connections than the queue holds', () => {
    const { script, listener, cookie } = server(1)
    script.send({ flags: 'S', seq: 900, mss: 1460, fastOpen: cookie, text: 'one' })
    script.remotePort++
    script.send({ flags: 'S', seq: 900, mss: 1460, fastOpen: cookie, text: 'two' })
    script.expect({ flags: 'SA', seq: 100, ack: 904 }, { flags: 'SA', seq: 100, ack: 901 })
    expect(listener.waiting).toBe(1)
    script.remotePort--
    script.send({ flags: 'R', seq: 904 })
    script.quiet()
    expect(listener).toMatchObject({ halfOpen: 1, fastOpened: 0 })
  })

  test('off unless asked for', () => {
    const script = new Script()
    script.listen()
    expect(script.send({ flags: 'S', seq: 500, fastOpen: [], text: 'x' })).toBe(DropReason.None)
    script.poll()
    expect(describePacket(script.network.sent[0]!)).not.toHaveProperty('fastOpen')
  })
})
