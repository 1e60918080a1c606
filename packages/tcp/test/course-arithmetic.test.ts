import { describe, expect, test } from 'vitest'
import { mssFor, State } from '../src/index.ts'
import { filler, Script } from './harness.ts'

describe('the arithmetic of a course on TCP', () => {
  test('a 5,000-byte stream at MSS 1460 becomes 1460 + 1460 + 1460 + 620', () => {
    const script = new Script().establish()
    script.write(5000)
    const text = filler(5000)
    script.expect(
      { flags: 'A', seq: 101, ack: 501, text: text.slice(0, 1460) },
      { flags: 'A', seq: 1561, ack: 501, text: text.slice(1460, 2920) },
      { flags: 'A', seq: 3021, ack: 501, text: text.slice(2920, 4380) },
    )
    // Nagle holds the short last segment until all before it is acknowledged (RFC 9293 §3.7.4).
    script.send({ flags: 'A', seq: 501, ack: 4481 })
    script.expect({ flags: 'PA', seq: 4481, ack: 501, text: text.slice(4380) })
    expect(text.length - 4380).toBe(620)
  })

  test('with ISNs 100 and 500: 1000 bytes are acknowledged 1101, 400 back 901, 1000 more 2101', () => {
    const script = new Script().establish()
    script.write(1000)
    script.expect({ flags: 'PA', seq: 101, ack: 501, text: 1000 })
    script.send({ flags: 'PA', seq: 501, ack: 1101, text: 400 })
    script.write(1000)
    script.expect({ flags: 'PA', seq: 1101, ack: 901, text: 1000 })
    script.send({ flags: 'A', seq: 901, ack: 2101 })
    script.quiet()
    expect(script.connection.info()).toMatchObject({ sendQueue: 0, bytesAcked: 2000, bytesReceived: 400 })
  })

  test('MTU 1500 gives MSS 1460, PPPoE with 1492 gives 1452, and IPv6 takes 20 more', () => {
    expect(mssFor(1500, true)).toBe(1460)
    expect(mssFor(1492, true)).toBe(1452)
    expect(mssFor(1500, false)).toBe(1440)
    const script = new Script()
    script.network.mtu = 1492
    script.connect().expect({ flags: 'S', seq: 100, mss: 1452 })
  })

  test('four segments close a connection, and 2MSL later it is gone', () => {
    const script = new Script().establish()
    script.connection.shutdownSend()
    script.expect({ flags: 'FA', seq: 101, ack: 501 })
    expect(script.connection.state).toBe(State['FIN-WAIT-1'])
    script.send({ flags: 'A', seq: 501, ack: 102 })
    expect(script.connection.state).toBe(State['FIN-WAIT-2'])
    script.send({ flags: 'FA', seq: 501, ack: 102 })
    expect(script.connection.state).toBe(State['TIME-WAIT'])
    script.expect({ flags: 'A', seq: 102, ack: 502 })
    script.advance(59_999).quiet()
    expect(script.connection.state).toBe(State['TIME-WAIT'])
    script.advance(1).quiet()
    expect(script.connection.state).toBe(State.CLOSED)
    expect(script.tcp.size).toBe(0)
    expect(script.arena.used).toBe(0)
  })
})
