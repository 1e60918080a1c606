import { DropReason, IcmpCause, IpProtocol } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import { LOOPBACK_INTERFACE, LOOPBACK_MTU, LOOPBACK_QUEUE_PACKETS } from '../src/index.ts'
import { Host, Recorder } from './support/host.ts'
import { expectBytes, hex, icmp4, ip, pattern } from './support/packets.ts'

const self = { source: '127.0.0.1', destination: '127.0.0.1' }

test.each([
  ['127.0.0.1', '127.0.0.1'], ['127.0.0.1', '127.1.2.3'], ['10.0.0.1', '10.0.0.1'], ['10.0.0.1', '127.0.0.1'], ['::1', '::1'],
  ['2001:db8::1', '2001:db8::1'],
])('RFC 1122 §3.2.1.3 (g): from %s to %s, a packet never leaves the host and comes in at the next poll', (source, destination) => {
  const host = new Host({ addresses: ['10.0.0.1/24', '2001:db8::1/64'] })
  expect(host.send({ source, destination }, pattern(100))).toBe('None')
  expect(host.udp.received).toEqual([])
  expect(host.layer.deadline).toBeLessThanOrEqual(host.now)
  host.poll()
  expect(host.udp.received).toMatchObject([{ data: pattern(100) }])
  expect(host.udp.received[0]!.meta).toMatchObject({
    source: ip(source), destination: ip(destination), interfaceIndex: LOOPBACK_INTERFACE, checksumVerified: true,
  })
  expect(host.layer.deadline).toBe(Infinity)
  expect(host.arena.used).toBe(0)
})

test('a talk with ourselves goes on from poll to poll and leaves other work its turn', () => {
  const host = new Host()
  let left = 5
  host.udp.onPoll = () => {
    if (host.udp.received.length > 0 && left-- > 0) {
      host.udp.received = []
      host.send(self, pattern(1))
    }
  }
  host.send(self, pattern(1))
  for (let i = 0; i < 5; i++) {
    host.poll()
    expect(host.layer.deadline).toBeLessThanOrEqual(host.now)
  }
  host.poll()
  expect(host.layer.deadline).toBe(Infinity)
  expect(host.udp.received).toHaveLength(1)
})

test('the loopback carries its MTU in one piece, and more in fragments', () => {
  const host = new Host()
  host.send(self, pattern(LOOPBACK_MTU - 20))
  expect(host.arena.used).toBe(65_536)
  host.poll()
  host.send(self, pattern(65_515))
  host.poll()
  expect(host.udp.received.map((received) => received.data.length)).toEqual([LOOPBACK_MTU - 20, 65_515])
  expectBytes(host.udp.received[1]!.data, pattern(65_515))
  expect(host.arena.used).toBe(0)
  expect(host.layer.interfaces[LOOPBACK_INTERFACE]!.traffic).toMatchObject({ packetsIn: 3, packetsOut: 3 })
})

test('a full loopback refuses like a full device, and nothing is lost', () => {
  const host = new Host()
  for (let i = 0; i < LOOPBACK_QUEUE_PACKETS; i++) expect(host.send(self, pattern(1))).toBe('None')
  expect(host.send(self, pattern(1))).toBe('DeviceQueueFull')
  expect(host.drops).toEqual({})
  host.poll()
  expect(host.udp.received).toHaveLength(LOOPBACK_QUEUE_PACKETS)
  expect(host.send(self, pattern(1))).toBe('None')
})

describe('ICMP with ourselves', () => {
  test('we answer our own pings', () => {
    const host = new Host()
    const ping = new Recorder(1)
    host.layer.register(ping)
    host.send({ ...self, protocol: IpProtocol.Icmp }, icmp4(8, 0, hex('00010002'), pattern(30)))
    // Out, in, the answer out, and in.
    host.poll()
    host.poll()
    expect(ping.received).toMatchObject([{ data: icmp4(0, 0, hex('00010002'), pattern(30)) }])
    expect(host.layer.deadline).toBe(Infinity)
  })

  test('a port of our own without a socket is unreachable', () => {
    const host = new Host()
    host.udp.verdict = DropReason.PortUnreachable
    host.send({ source: '10.0.0.1', destination: '10.0.0.1' }, pattern(12))
    host.poll()
    host.poll()
    expect(host.udp.news).toMatchObject([{ cause: IcmpCause.PortUnreachable, data: pattern(12) }])
    expect(host.udp.news[0]!.meta).toMatchObject({ source: ip('10.0.0.1'), destination: ip('10.0.0.1') })
  })
})
