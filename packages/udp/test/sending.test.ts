import { ANY_IPV4, ANY_IPV6, DropReason, Errno, formatIpAddress } from '@layerfour/wire'
import { beforeEach, describe, expect, it } from 'vitest'
import { UdpReadiness } from '../src/index.ts'
import { address, BROADCAST, data, GROUP, Host, parse, PEER, PEER6, US, US6 } from './harness.ts'

let host: Host
beforeEach(() => {
  host = new Host()
})

const hello = data('--hello--')

describe('sendTo', () => {
  it('sends at once, with the checksum of RFC 768', () => {
    const endpoint = host.bound(US, 53)
    expect(endpoint.sendTo(hello, 2, 7, PEER, 5353, 0)).toBe(5)
    expect(host.network.sent.length).toBe(1)
    expect(parse(host.network.sent[0])).toMatchObject({ ports: [53, 5353], text: 'hello', checksumGood: true })
    const { meta } = host.network.sent[0]!
    expect([formatIpAddress(meta.source), formatIpAddress(meta.destination)]).toEqual(['10.0.0.1', '10.0.0.2'])
    expect(meta).toMatchObject({ protocol: 17, hopLimit: 0, trafficClass: 0, interfaceIndex: -1, dontFragment: false })
    expect(host.udp.counters.datagramsOut).toBe(1)
  })

  it('over IPv6, and empty', () => {
    expect(host.bound(US6, 53).sendTo(hello, 0, 0, PEER6, 7, 0)).toBe(0)
    expect(parse(host.network.sent[0])).toMatchObject({ text: '', checksumGood: true })
  })

  it('an endpoint that is not bound gets a port, and keeps it', () => {
    const endpoint = host.open()
    endpoint.sendTo(hello, 0, 1, PEER, 7, 0)
    endpoint.sendTo(hello, 0, 1, PEER6, 7, 0)
    expect(host.network.sent.map((sent) => parse(sent).ports[0])).toEqual([50_000, 50_000])
    expect(host.arrive(PEER, 7, US, 50_000, 'answer')).toBe(DropReason.None)
    expect(endpoint.nextLength).toBe(6)
  })

  it('no free port is EADDRINUSE', () => {
    for (let i = 0; i < 3; i++) host.bound(ANY_IPV6, 0)
    expect(host.open().sendTo(hello, 0, 1, PEER, 7, 0)).toBe(Errno.EADDRINUSE)
  })

  it('RFC 768: a computed checksum of 0 is sent as ffff', () => {
    const endpoint = host.bound(US, 53)
    // With this word the sum of all words is ffff.
    endpoint.sendTo(Uint8Array.of(0, 0), 0, 2, PEER, 7, 0)
    const word = parse(host.network.sent[0]).checksum
    endpoint.sendTo(Uint8Array.of(word >> 8, word & 0xff), 0, 2, PEER, 7, 0)
    expect(parse(host.network.sent[1])).toMatchObject({ checksum: 0xffff, checksumGood: true })
  })

  it('without a checksum where the medium needs none', () => {
    host.network.checksumNeeded = false
    host.bound(US, 53).sendTo(hello, 0, 5, PEER, 7, 0)
    expect(parse(host.network.sent[0]).checksum).toBe(0)
  })

  it('but always with one where it leaves in fragments: nobody on the way can fill that in', () => {
    host.network.checksumNeeded = false
    const endpoint = host.bound(ANY_IPV6, 53)
    const bytes = new Uint8Array(1473)
    for (const [to, longest] of [[PEER, 1472], [PEER6, 1452]] as const) {
      endpoint.sendTo(bytes, 0, longest, to, 7, 0)
      endpoint.sendTo(bytes, 0, longest + 1, to, 7, 0)
    }
    expect(host.network.sent.map((sent) => parse(sent).checksum !== 0)).toEqual([false, true, false, true])
    expect(parse(host.network.sent[1]).checksumGood).toBe(true)
  })

  it('more than 65,507 bytes over IPv4 is EMSGSIZE: 65,535 - 20 - 8', () => {
    const endpoint = host.bound(ANY_IPV6, 53)
    const bytes = new Uint8Array(65_528)
    expect(endpoint.sendTo(bytes, 0, 65_507, PEER, 7, 0)).toBe(65_507)
    expect(endpoint.sendTo(bytes, 0, 65_508, PEER, 7, 0)).toBe(Errno.EMSGSIZE)
    expect(host.network.sent.length).toBe(1)
  })

  it('more than 65,527 bytes over IPv6 is EMSGSIZE: 65,535 - 8', () => {
    const endpoint = host.bound(ANY_IPV6, 53)
    const bytes = new Uint8Array(65_528)
    expect(endpoint.sendTo(bytes, 0, 65_527, PEER6, 7, 0)).toBe(65_527)
    expect(endpoint.sendTo(bytes, 0, 65_528, PEER6, 7, 0)).toBe(Errno.EMSGSIZE)
  })

  it('to a port that is none is EINVAL', () => {
    const endpoint = host.bound(US, 53)
    for (const port of [0, -1, 65_536, 1.5]) expect(endpoint.sendTo(hello, 0, 1, PEER, port, 0)).toBe(Errno.EINVAL)
  })

  it('to the other family than the one it is bound to is EAFNOSUPPORT', () => {
    expect(host.bound(ANY_IPV4, 1).sendTo(hello, 0, 1, PEER6, 7, 0)).toBe(Errno.EAFNOSUPPORT)
    expect(host.bound(US6, 2).sendTo(hello, 0, 1, PEER, 7, 0)).toBe(Errno.EAFNOSUPPORT)
    expect(host.network.sent).toEqual([])
  })

  it('from an endpoint bound to a group or broadcast address goes out with an address of ours', () => {
    for (const local of [GROUP, BROADCAST]) expect(host.bound(local, 5353).sendTo(hello, 0, 1, PEER, 7, 0)).toBe(1)
    expect(host.network.sent.map(({ meta }) => formatIpAddress(meta.source))).toEqual(['10.0.0.1', '10.0.0.1'])
  })

  it('from an address that is no longer ours is EADDRNOTAVAIL', () => {
    const endpoint = host.bound(US, 53)
    host.network.own.shift()
    expect(endpoint.sendTo(hello, 0, 1, PEER, 7, 0)).toBe(Errno.EADDRNOTAVAIL)
  })

  it('RFC 1122 §3.3.6: to a broadcast address is EACCES without the option', () => {
    const endpoint = host.bound(US, 53)
    for (const to of [BROADCAST, address('255.255.255.255')]) {
      endpoint.configure({ broadcast: false })
      expect(endpoint.sendTo(hello, 0, 1, to, 7, 0)).toBe(Errno.EACCES)
      endpoint.configure({ broadcast: true })
      expect(endpoint.sendTo(hello, 0, 1, to, 7, 0)).toBe(1)
    }
  })

  it('options travel beside the datagram; to groups the hop limit is 1 unless set (RFC 1112 §6.1)', () => {
    const endpoint = host.bound(ANY_IPV6, 53)
    endpoint.sendTo(hello, 0, 1, GROUP, 7, 0)
    endpoint.configure({ hopLimit: 9, trafficClass: 0xb8, dontFragment: true })
    endpoint.sendTo(hello, 0, 1, GROUP, 7, 0)
    endpoint.configure({ hopLimit: 0 })
    endpoint.sendTo(hello, 0, 1, PEER, 7, 0)
    expect(host.network.sent.map(({ meta }) => [meta.hopLimit, meta.trafficClass, meta.dontFragment])).toEqual([
      [1, 0, false], [9, 0xb8, true], [0, 0xb8, true],
    ])
  })

  it.each([
    [DropReason.PacketTooBig, Errno.EMSGSIZE],
    [DropReason.NeighbourUnreachable, Errno.EHOSTUNREACH],
    [DropReason.NoRoute, Errno.ENETUNREACH],
    [DropReason.NoSourceAddress, Errno.EADDRNOTAVAIL],
    [DropReason.OutOfMemory, Errno.ENOBUFS],
  ])('what the internet layer does not take for reason %i is error %i', (reason, errno) => {
    host.network.sendAnswer = reason
    const endpoint = host.bound(US, 53)
    expect(endpoint.sendTo(hello, 0, 1, PEER, 7, 0)).toBe(errno)
    expect(host.udp.deadline).toBe(Infinity)
    expect(host.udp.counters.datagramsOut).toBe(0)
  })

  it('a full device is EAGAIN, and a moment later Writable is announced', () => {
    const [endpoint, closed] = [host.bound(US, 53), host.bound(US, 54)]
    host.network.sendAnswer = DropReason.DeviceQueueFull
    expect(host.udp.deadline).toBe(Infinity)
    expect(endpoint.sendTo(hello, 0, 1, PEER, 7, 1000)).toBe(Errno.EAGAIN)
    expect(endpoint.sendTo(hello, 0, 1, PEER, 7, 1000.5)).toBe(Errno.EAGAIN)
    expect(closed.sendTo(hello, 0, 1, PEER, 7, 1000.5)).toBe(Errno.EAGAIN)
    closed.close()
    expect(endpoint.readiness & UdpReadiness.Writable).toBe(0)
    expect(host.udp.deadline).toBe(1001)
    expect(host.udp.poll(1000.9)).toBe(1001)
    expect(host.ready()).toEqual([])
    expect(host.udp.poll(1001)).toBe(Infinity)
    expect(host.ready()).toEqual([endpoint])
    expect(endpoint.readiness).toBe(UdpReadiness.Writable)
    host.network.sendAnswer = DropReason.None
    expect(endpoint.sendTo(hello, 0, 1, PEER, 7, 1001)).toBe(1)
  })

  it('closing the only one that waits for a device leaves no deadline', () => {
    const endpoint = host.bound(US, 53)
    host.network.sendAnswer = DropReason.DeviceQueueFull
    endpoint.sendTo(hello, 0, 1, PEER, 7, 0)
    endpoint.close()
    expect(host.udp.deadline).toBe(Infinity)
  })
})

describe('send', () => {
  it('goes to the peer of connect; without one it is EDESTADDRREQ', () => {
    const endpoint = host.open()
    expect(endpoint.send(hello, 0, 1, 0)).toBe(Errno.EDESTADDRREQ)
    endpoint.connect(PEER, 7)
    expect(endpoint.send(hello, 2, 7, 0)).toBe(5)
    expect(parse(host.network.sent[0])).toMatchObject({ ports: [50_000, 7], text: 'hello' })
  })

  it('sendTo somebody else leaves the connection as it is', () => {
    const endpoint = host.open()
    endpoint.connect(PEER, 7)
    expect(endpoint.sendTo(hello, 0, 1, address('10.0.0.3'), 8, 0)).toBe(1)
    expect([formatIpAddress(endpoint.remoteAddress), endpoint.remotePort]).toEqual(['10.0.0.2', 7])
  })
})
