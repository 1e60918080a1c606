import { Errno } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import { Readiness } from '../src/index.ts'
import { address, Script } from './harness.ts'

describe('urgent data, delivered in line (RFC 9293 §3.8.5, RFC 6093)', () => {
  test('MUST-30, MUST-62: the pointer that is sent names the byte after the urgent text', () => {
    const script = new Script().establish()
    const bytes = new TextEncoder().encode('stop')
    script.write('abc')
    script.connection.sendUrgent(bytes, 0, 4)
    script.expect({ flags: 'PUA', seq: 101, ack: 501, text: 'abcstop', urgent: 7 })
    script.connection.noDelay = true
    script.write('later')
    script.expect({ flags: 'PA', seq: 108, ack: 501, text: 'later' })
  })

  test('MUST-31: urgent text may be longer than a segment', () => {
    const script = new Script().establish()
    const bytes = new Uint8Array(3000)
    script.connection.sendUrgent(bytes, 0, 3000)
    script.poll()
    const pointers = script.network.sent.splice(0).map((packet) => (packet.bytes[18]! << 8) | packet.bytes[19]!)
    expect(pointers).toEqual([3000, 1540])
  })

  test('MUST-32, MUST-33: the reader hears of it and of how much is left, and reads it in line', () => {
    const script = new Script().establish()
    script.news()
    script.send({ flags: 'UA', seq: 501, ack: 101, text: 'abcdef', urgent: 4 })
    expect(script.news()).toEqual([[script.connection, Readiness.Readable | Readiness.Urgent]])
    expect(script.connection.urgent).toBe(4)
    expect(script.read(3)).toBe('abc')
    expect(script.connection.urgent).toBe(1)
    expect(script.read()).toBe('def')
    expect(script.connection.urgent).toBe(0)
  })

  test('MUST-66: URG counts even while the window is closed', () => {
    const script = new Script({ receiveBuffer: 300 }).establish()
    script.send({ flags: 'A', seq: 501, ack: 101, text: 300 })
    script.poll()
    script.news()
    script.send({ flags: 'UA', seq: 801, ack: 101, text: 'x', urgent: 10 })
    expect(script.news()).toEqual([[script.connection, Readiness.Urgent]])
    expect(script.connection.urgent).toBe(310)
  })
})

describe('what goes into the IP header (RFC 9293 §3.9)', () => {
  test('MUST-48, MUST-49, SHLD-21, SHLD-22: differentiated services field and hop limit as the user says, at any time', () => {
    const script = new Script().establish({ settings: { trafficClass: 0xb8, hopLimit: 7 } })
    script.write('a')
    script.poll()
    expect(script.network.sent.splice(0)).toMatchObject([{ trafficClass: 0xb8, hopLimit: 7 }])
    script.connection.configure({ trafficClass: 0x20, noDelay: true })
    script.write('b')
    script.poll()
    expect(script.network.sent.splice(0)).toMatchObject([{ trafficClass: 0x20, hopLimit: 7 }])
  })

  test('MUST-46: multicast, broadcast and unspecified destinations are refused', () => {
    const script = new Script()
    for (const text of ['224.0.0.1', '255.255.255.255', '0.0.0.0', '::', 'ff02::1']) {
      const remote = address(text)
      expect(script.tcp.connect(script.network.own, 1000, remote, 80, {}, 0)).toBe(Errno.ENETUNREACH)
    }
    script.quiet()
  })
})
