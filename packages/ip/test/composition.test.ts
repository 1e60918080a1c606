import { Arena } from '@layerfour/storage'
import { copyIpAddress, createPacketMeta, createPath, DropReason, dropReasonNames } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import type { InternetPart } from '../src/index.ts'
import { ethernet, fragmentation, icmp, INTERNET_LAYER_MARGIN, InternetCore, ipv6, loopback } from '../src/index.ts'
import { Recorder, SECRET, Wire } from './support/host.ts'
import { icmp4, ip, ipv4, ipv6 as ipv6Packet, pattern, prefix } from './support/packets.ts'

const ALL: Readonly<Record<string, InternetPart>> = { ethernet, fragmentation, icmp, ipv6, loopback }

class Host {
  readonly wire: Wire = new Wire()
  readonly udp: Recorder = new Recorder(17)
  readonly layer: InternetCore

  constructor(parts: readonly InternetPart[]) {
    this.layer = new InternetCore({ secret: SECRET, arena: new Arena(2 ** 18, INTERNET_LAYER_MARGIN), parts })
    this.layer.addInterface(this.wire)
    this.layer.addAddress(1, prefix('10.0.0.1/24'))
    this.layer.register(this.udp)
  }

  receive(packet: Uint8Array): string {
    const reason = this.layer.receive(1, packet, 0, packet.length, 0)
    this.layer.poll(0)
    return dropReasonNames[reason]!
  }

  send(destination: string, length: number): string {
    const meta = { ...createPacketMeta(), protocol: 17 }
    copyIpAddress(ip('10.0.0.1'), meta.source)
    copyIpAddress(ip(destination), meta.destination)
    return dropReasonNames[this.layer.send(meta, length, 0)]!
  }
}

const PEER = { source: '10.0.0.2', destination: '10.0.0.1' }
const ping = ipv4({ ...PEER, protocol: 1 }, icmp4(8, 0, new Uint8Array(4), pattern(8)))
const firstFragment = ipv4({ ...PEER, protocol: 17, moreFragments: true }, pattern(16))

describe('an internet layer of some parts', () => {
  test('without any it takes and sends IPv4 packets, and drops the rest for a reason', () => {
    const host = new Host([])
    expect(host.receive(ipv4({ ...PEER, protocol: 17 }, pattern(20)))).toBe('None')
    expect(host.udp.received.length).toBe(1)
    expect(host.send('10.0.0.2', 20)).toBe('None')
    expect(host.wire.sent.length).toBe(1)

    host.udp.verdict = DropReason.PortUnreachable
    expect(host.receive(ipv4({ ...PEER, protocol: 17 }, pattern(20)))).toBe('PortUnreachable')
    expect(host.receive(ping)).toBe('UnknownProtocol')
    expect(host.receive(firstFragment)).toBe('FragmentLimit')
    expect(host.receive(ipv6Packet({}, pattern(8)))).toBe('BadVersion')
    expect(host.send('10.0.0.2', 2000)).toBe('PacketTooBig')
    expect(host.send('10.0.0.1', 20)).toBe('NoRoute')
    expect(host.send('127.0.0.1', 20)).toBe('NoRoute')
    expect(host.send('::1', 20)).toBe('NoRoute')
    expect(host.wire.sent.length).toBe(1)
    expect(host.layer.deadline).toBe(Infinity)
  })

  test('what needs a part says which one', () => {
    const { layer } = new Host([])
    expect(() => layer.addInterface(new Wire({ medium: 'ethernet' }))).toThrow(/no part ethernet/)
    expect(() => layer.addAddress(1, prefix('2001:db8::1/64'))).toThrow(/no part ipv6/)
    expect(() => layer.addRoute({ destination: prefix('::/0'), interfaceIndex: 1 })).toThrow(/no part ipv6/)
  })

  test('with icmp it answers pings and reports ports that nobody has', () => {
    const host = new Host([icmp])
    expect(host.receive(ping)).toBe('None')
    host.udp.verdict = DropReason.PortUnreachable
    host.receive(ipv4({ ...PEER, protocol: 17 }, pattern(20)))
    expect(host.wire.sent.map((packet) => packet.slice(20, 22).join())).toEqual(['0,0', '3,3'])
  })

  test('with fragmentation it sends fragments, and takes them; without icmp it gives up in silence', () => {
    const host = new Host([fragmentation])
    expect(host.send('10.0.0.2', 2000)).toBe('None')
    expect(host.wire.sent.length).toBe(2)
    expect(host.receive(firstFragment)).toBe('None')
    host.layer.poll(30_000)
    expect(host.layer.drops.of(DropReason.FragmentTimeout)).toBe(1)
    expect(host.wire.sent.length).toBe(2)
  })

  test('with loopback, and no IPv6, packets to ourselves come back, but not those to ::1', () => {
    const host = new Host([loopback])
    expect(host.send('10.0.0.1', 20)).toBe('None')
    host.layer.poll(0)
    expect(host.udp.received.length).toBe(1)
    expect(host.layer.findPath(ip('::1'), ip('::'), createPath())).toBe(DropReason.NoRoute)
  })

  test('any parts in any order make a layer that works', () => {
    const names = Object.keys(ALL)
    for (let set = 0; set < 2 ** names.length; set++) {
      const chosen = names.filter((_, place) => (set >> place & 1) === 1)
      for (const order of [chosen, chosen.toReversed()]) {
        const host = new Host(order.map((name) => ALL[name]!))
        expect(host.receive(ipv4({ ...PEER, protocol: 17 }, pattern(20)))).toBe('None')
        expect(host.receive(ping)).toBe(chosen.includes('icmp') ? 'None' : 'UnknownProtocol')
        expect(host.receive(firstFragment)).toBe(chosen.includes('fragmentation') ? 'None' : 'FragmentLimit')
        expect(host.send('10.0.0.2', 2000)).toBe(chosen.includes('fragmentation') ? 'None' : 'PacketTooBig')
        expect(host.send('10.0.0.1', 20)).toBe(chosen.includes('loopback') ? 'None' : 'NoRoute')
        host.layer.poll(30_000)
      }
    }
  })
})
