import {
  copyIpAddress, createPacketMeta, createTcpHeader, DropReason, Errno, IcmpCause, TcpFlags, writeTcp, writeTransportChecksum, writeUint16,
  writeUint32,
} from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import type { Connection } from '../src/index.ts'
import { Readiness, State } from '../src/index.ts'
import { address, PEER, Script, US, wireSequence } from './harness.ts'

/** One rule of RFC 9293 a test: what the internet layer says (§3.9.2). */

/** An ICMP error that quotes a segment of ours. */
function icmp(script: Script, cause: IcmpCause, sequence: number, localPort = script.localPort): DropReason {
  const bytes = new Uint8Array(8)
  writeUint16(bytes, 0, localPort)
  writeUint16(bytes, 2, script.remotePort)
  writeUint32(bytes, 4, wireSequence(sequence))
  const meta = createPacketMeta()
  copyIpAddress(script.network.own, meta.source)
  copyIpAddress(address(PEER), meta.destination)
  return script.tcp.icmp(cause, 0, meta, bytes, 0, 8, script.now)
}

const soft = [
  IcmpCause.NetworkUnreachable, IcmpCause.HostUnreachable, IcmpCause.HopLimitExceeded, IcmpCause.ReassemblyTimeExceeded,
  IcmpCause.ParameterProblem,
]
const hard = [IcmpCause.ProtocolUnreachable, IcmpCause.PortUnreachable]

describe('RFC 9293 §3.9.2.2: ICMP messages', () => {
  test('MUST-54: an error goes to the connection whose segment it quotes, and to no other', () => {
    const script = new Script().connect().expect({ flags: 'S', seq: 100 })
    const first = script.connection
    script.localPort++
    script.connect().expect({ flags: 'S', seq: 100 })
    const second: Connection = script.connection
    expect(icmp(script, IcmpCause.PortUnreachable, 100)).toBe(DropReason.None)
    expect([first.state, second.state]).toEqual([State['SYN-SENT'], State.CLOSED])
    expect([first.takeError(), second.takeError()]).toEqual([0, Errno.ECONNREFUSED])
    expect(icmp(script, IcmpCause.PortUnreachable, 100, 1)).toBe(DropReason.IcmpUnmatched)
  })

  test('MUST-56: unreachable network and host, time exceeded and parameter problem abort no connection', () => {
    for (const cause of soft) {
      const opening = new Script().connect().expect({ flags: 'S', seq: 100 })
      icmp(opening, cause, 100)
      opening.quiet()
      expect(opening.connection.state).toBe(State['SYN-SENT'])
      const open = new Script().establish()
      open.write('x')
      open.poll()
      icmp(open, cause, 101)
      expect(open.connection.state).toBe(State.ESTABLISHED)
    }
  })

  test('MUST-47, SHLD-25: they are reported to a user who asks', () => {
    const script = new Script().connect().expect({ flags: 'S', seq: 100 })
    icmp(script, IcmpCause.HostUnreachable, 100)
    expect(script.connection.takeEvents() & Readiness.SoftError).toBe(Readiness.SoftError)
    expect(script.connection.takeSoftError()).toBe(Errno.EHOSTUNREACH)
    expect(script.connection.takeSoftError()).toBe(0)
  })

  test('SHLD-20: a user who does not ask is not bothered: the next calls are as before', () => {
    const script = new Script().connect().expect({ flags: 'S', seq: 100 })
    icmp(script, IcmpCause.HostUnreachable, 100)
    script.send({ flags: 'SA', seq: 500, ack: 101 })
    expect(script.write('x')).toBe(1)
    expect(script.read()).toBe(Errno.EAGAIN)
    expect(script.connection.takeError()).toBe(0)
    expect(script.connection.takeEvents() & (Readiness.Error | Readiness.Closed)).toBe(0)
  })

  test('SHLD-26: a hard error aborts a connection that is being opened', () => {
    for (const cause of hard) {
      const script = new Script().connect().expect({ flags: 'S', seq: 100 })
      icmp(script, cause, 100)
      script.quiet()
      expect(script.connection.state).toBe(State.CLOSED)
      expect(script.read()).toBe(Errno.ECONNREFUSED)
    }
  })
})

describe('RFC 9293 §3.9.2.3: source addresses', () => {
  test('MUST-63: a SYN from a source that no host can have is ignored', () => {
    for (const source of ['224.0.0.1', '255.255.255.255', '0.0.0.0']) {
      const script = new Script()
      const listener = script.listen()
      const header = createTcpHeader()
      header.sourcePort = 40_000
      header.destinationPort = 80
      header.flags = TcpFlags.SYN
      const bytes = new Uint8Array(60)
      const length = writeTcp(header, bytes, 0)
      const meta = createPacketMeta()
      copyIpAddress(address(source), meta.source)
      copyIpAddress(address(US), meta.destination)
      writeTransportChecksum(meta.source, meta.destination, 6, bytes, 0, length)
      expect(script.tcp.receive(meta, bytes, 0, length, script.now)).toBe(DropReason.MartianSource)
      script.quiet()
      expect(listener.halfOpen).toBe(0)
    }
  })
})
