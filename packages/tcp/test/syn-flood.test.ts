import { DropReason } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import { State } from '../src/index.ts'
import { describe as describePacket, Script } from './harness.ts'

/** A script whose listener has its only half-open place taken. */
function flooded(options = {}): { script: Script, listener: ReturnType<Script['listen']> } {
  const script = new Script(options)
  const listener = script.listen({ halfOpen: 1, iss: undefined })
  script.remotePort = 1
  script.send({ flags: 'S', seq: 1 })
  script.poll()
  script.network.sent.length = 0
  script.remotePort = 40_000
  return { script, listener }
}

describe('SYN cookies (RFC 4987 §3.6)', () => {
  test('a SYN beyond the half-open cap is answered and nothing is kept; the right ACK makes the connection', () => {
    const { script, listener } = flooded()
    const before = script.tcp.size
    expect(script.send({ flags: 'S', seq: 500, mss: 1400 })).toBe(DropReason.None)
    expect(script.tcp.size).toBe(before)
    script.poll()
    const [answer] = script.network.sent.splice(0).map(describePacket)
    expect(answer).toMatchObject({ flags: 'SA', ack: 501, mss: 1460 })
    expect(script.send({ flags: 'A', seq: 501, ack: (answer!.seq + 1) >>> 0, text: 'hello' })).toBe(DropReason.None)
    const connection = listener.accept()!
    expect(connection.state).toBe(State.ESTABLISHED)
    expect(connection.info().mss).toBe(1360)
    script.connection = connection
    expect(script.read()).toBe('hello')
    expect(listener.halfOpen).toBe(1)
  })

  test('an ACK without a cookie of ours opens nothing, and meets silence', () => {
    const { script } = flooded()
    script.send({ flags: 'S', seq: 500 })
    script.poll()
    const cookie = describePacket(script.network.sent.splice(0)[0]!).seq
    for (const forged of [cookie, cookie + 2, cookie ^ 0x1000, cookie ^ 0x0800_0000]) {
      expect(script.send({ flags: 'A', seq: 501, ack: forged >>> 0 })).toBe(DropReason.NoConnection)
      script.quiet()
    }
    expect(script.send({ flags: 'A', seq: 502, ack: (cookie + 1) >>> 0 })).toBe(DropReason.NoConnection)
  })

  test('text that overtook the segment with which the cookie opens is not reset but waited for', () => {
    const { script, listener } = flooded()
    script.send({ flags: 'S', seq: 500 })
    script.poll()
    const cookie = describePacket(script.network.sent.splice(0)[0]!).seq
    const ack = (cookie + 1) >>> 0
    expect(script.send({ flags: 'A', seq: 506, ack, text: 'world' })).toBe(DropReason.NoConnection)
    script.quiet()
    expect(script.send({ flags: 'A', seq: 501, ack, text: 'hello' })).toBe(DropReason.None)
    expect(listener.waiting).toBe(1)
  })

  test('a SYN that came twice may be answered by a cookie and a half-open connection: the ACK of either opens', () => {
    const { script, listener } = flooded()
    script.send({ flags: 'S', seq: 500 })
    script.poll()
    const cookie = describePacket(script.network.sent.splice(0)[0]!).seq
    script.remotePort = 1
    script.send({ flags: 'R', seq: 2 })
    script.remotePort = 40_000
    script.send({ flags: 'S', seq: 500 })
    script.poll()
    expect(describePacket(script.network.sent.splice(0)[0]!).seq).not.toBe(cookie)
    expect(script.send({ flags: 'A', seq: 501, ack: (cookie + 1) >>> 0, text: 'hello' })).toBe(DropReason.None)
    script.connection = listener.accept()!
    expect(script.read()).toBe('hello')
    expect(listener.halfOpen).toBe(0)
    expect(script.tcp.size).toBe(1)
  })

  test('a cookie is good for two ticks of 64 s, not more', () => {
    const { script } = flooded()
    script.send({ flags: 'S', seq: 500 })
    script.poll()
    const cookie = describePacket(script.network.sent.splice(0)[0]!).seq
    script.advance(127_000)
    script.send({ flags: 'S', seq: 600 })
    script.advance(2_000)
    expect(script.send({ flags: 'A', seq: 501, ack: (cookie + 1) >>> 0 })).toBe(DropReason.NoConnection)
  })

  test('window scale, SACK and timestamps survive in the timestamp', () => {
    const { script, listener } = flooded({ timestamps: true, windowScaling: true, sack: true, receiveBuffer: 1 << 20 })
    script.send({ flags: 'S', seq: 500, mss: 1460, scale: 9, sackPermitted: true, timestamps: [77, 0] })
    script.poll()
    const answer = describePacket(script.network.sent.splice(0)[0]!)
    expect(answer).toMatchObject({ flags: 'SA', scale: 5, sackPermitted: true, timestamps: [expect.any(Number), 77] })
    script.advance(30)
    script.send({ flags: 'A', seq: 501, ack: (answer.seq + 1) >>> 0, window: 100, timestamps: [107, answer.timestamps![0]] })
    const info = listener.accept()!.info()
    expect(info).toMatchObject({ timestamps: true, sack: true, sendScale: 9, receiveScale: 5, sendWindow: 100 << 9, mss: 1448 })
  })

  test('without a flood an ACK is not searched for cookies', () => {
    const script = new Script()
    script.listen()
    expect(script.send({ flags: 'A', seq: 501, ack: 101 })).toBe(DropReason.NoConnection)
  })
})
