import fc from 'fast-check'
import { createPacketMeta, createPath, DropReason, dropReasonNames, prefixContains } from '@layerfour/wire'
import type { IpPrefix } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import { InternetLayer, LOOPBACK_INTERFACE, LOOPBACK_MTU, MAX_ADDRESSES, MAX_INTERFACES, MAX_ROUTES } from '../src/index.ts'
import { RouteTable } from '../src/routes.ts'
import { Host, Recorder, SECRET, Wire } from './support/host.ts'
import { icmp4, icmp6, ip, ipv4, ipv6, pattern, prefix } from './support/packets.ts'

/** Two interfaces: 1 with 10.0.0.1/24, 2 with 172.16.0.1/16; default by 1. */
function twoHomed(): { host: Host, second: Wire } {
  const host = new Host()
  const second = new Wire({ mtu: 9000, offload: true })
  host.layer.addInterface(second)
  host.layer.addAddress(2, prefix('172.16.0.1/16'))
  host.layer.addRoute({ destination: prefix('0.0.0.0/0'), gateway: ip('10.0.0.254'), interfaceIndex: 1 })
  return { host, second }
}

function find(host: Host, destination: string, source = '0.0.0.0'): string {
  const path = createPath()
  const reason = host.layer.findPath(ip(destination), ip(source), path)
  return reason === DropReason.None ? `${path.source.w3 >>> 24} by ${path.interfaceIndex}` : dropReasonNames[reason]!
}

describe('routes', () => {
  test('RFC 1812 §5.2.4.3: the longest prefix that matches wins, as a naive twin says', () => {
    const anyPrefix = fc.record({ base: fc.constantFrom(0x0a000000, 0x0a010000, 0x0a010200, 0x0a010203), length: fc.nat(32) })
    const destinations = fc.constantFrom('10.0.0.1', '10.1.0.1', '10.1.2.1', '10.1.2.3', '10.255.0.1', '192.0.2.1')
    fc.assert(fc.property(fc.array(anyPrefix, { maxLength: 20 }), destinations, (list, to) => {
      const table = new RouteTable()
      const prefixes: IpPrefix[] = list.map(({ base, length }) => ({ address: { w0: 0, w1: 0, w2: 0xffff, w3: base }, length }))
      prefixes.forEach((destination, interfaceIndex) => table.add({ destination, interfaceIndex }))
      const destination = ip(to)
      let best = -1
      prefixes.forEach((candidate, index) => {
        if (prefixContains(candidate, destination) && (best < 0 || candidate.length > prefixes[best]!.length)) best = index
      })
      expect(table.lookup(destination)?.interfaceIndex ?? -1).toBe(best)
    }))
  })

  test('a prefix of one family matches no address of the other', () => {
    const table = new RouteTable()
    table.add({ destination: prefix('::/0'), interfaceIndex: 6 })
    expect(table.lookup(ip('10.0.0.1'))).toBeUndefined()
    table.add({ destination: prefix('0.0.0.0/0'), interfaceIndex: 4 })
    expect(table.lookup(ip('10.0.0.1'))!.interfaceIndex).toBe(4)
    expect(table.lookup(ip('2001:db8::1'))!.interfaceIndex).toBe(6)
  })

  test('among equal routes, the one of the source\'s interface goes first, then the one added first', () => {
    const table = new RouteTable()
    table.add({ destination: prefix('0.0.0.0/0'), interfaceIndex: 1 })
    table.add({ destination: prefix('0.0.0.0/0'), interfaceIndex: 2 })
    expect(table.lookup(ip('10.0.0.1'))!.interfaceIndex).toBe(1)
    expect(table.lookup(ip('10.0.0.1'), 2)!.interfaceIndex).toBe(2)
    expect(table.lookup(ip('10.0.0.1'), 3)!.interfaceIndex).toBe(1)
    expect(table.lookup(ip('10.0.0.1'), -1, 2)!.interfaceIndex).toBe(2)
    expect(table.lookup(ip('10.0.0.1'), -1, 3)).toBeUndefined()
    // A longer prefix beats a preferred interface.
    table.add({ destination: prefix('10.0.0.0/8'), interfaceIndex: 1 })
    expect(table.lookup(ip('10.0.0.1'), 2)!.interfaceIndex).toBe(1)
  })

  test('a route can be removed again, and added once only', () => {
    const { host } = twoHomed()
    const route = { destination: prefix('192.0.2.0/24'), gateway: ip('172.16.0.9'), interfaceIndex: 2 }
    expect(host.layer.removeRoute(route)).toBe(false)
    host.layer.addRoute(route)
    expect(() => host.layer.addRoute(route)).toThrow(RangeError)
    expect(find(host, '192.0.2.1')).toBe('172 by 2')
    expect(host.layer.removeRoute({ ...route, gateway: ip('172.16.0.8') })).toBe(false)
    expect(host.layer.removeRoute(route)).toBe(true)
    expect(find(host, '192.0.2.1')).toBe('10 by 1')
  })
})

describe('findPath', () => {
  test('RFC 1122 §3.3.1: on-link networks, then routes; the source is the interface\'s address', () => {
    const { host } = twoHomed()
    expect(find(host, '10.0.0.9')).toBe('10 by 1')
    expect(find(host, '172.16.9.9')).toBe('172 by 2')
    expect(find(host, '192.0.2.1')).toBe('10 by 1')
    expect(find(host, '2001:db8::1', '::')).toBe('NoRoute')
    expect(find(host, '0.0.0.0')).toBe('NoRoute')
  })

  test('RFC 1122 §3.3.4.3: among several addresses, the one on the next hop\'s network', () => {
    const host = new Host({ addresses: ['10.0.0.1/24', '10.0.1.1/24'] })
    host.layer.addRoute({ destination: prefix('0.0.0.0/0'), gateway: ip('10.0.1.254'), interfaceIndex: 1 })
    const path = createPath()
    host.layer.findPath(ip('192.0.2.1'), ip('0.0.0.0'), path)
    expect(path.source).toEqual(ip('10.0.1.1'))
    host.layer.findPath(ip('10.0.0.7'), ip('0.0.0.0'), path)
    expect(path.source).toEqual(ip('10.0.0.1'))
  })

  test('a source asked for must be ours and of the family; it does not change a more specific way', () => {
    const { host } = twoHomed()
    expect(find(host, '10.0.0.9', '172.16.0.1')).toBe('172 by 1')
    expect(find(host, '10.0.0.9', '172.16.0.2')).toBe('NoSourceAddress')
    expect(find(host, '10.0.0.9', '::1')).toBe('NoSourceAddress')
    expect(find(host, '10.0.0.9', '127.0.0.1')).toBe('NoSourceAddress')
  })

  test('it tells the MTU and whether the medium wants checksums', () => {
    const { host } = twoHomed()
    const path = createPath()
    host.layer.findPath(ip('10.0.0.9'), ip('0.0.0.0'), path)
    expect(path).toMatchObject({ mtu: 1500, checksumNeeded: true })
    host.layer.findPath(ip('172.16.0.9'), ip('0.0.0.0'), path)
    expect(path).toMatchObject({ mtu: 9000, checksumNeeded: false })
  })

  test('an interface without an address of the family has no source', () => {
    const { host } = twoHomed()
    host.layer.addInterface(new Wire())
    host.layer.addRoute({ destination: prefix('192.0.2.0/24'), interfaceIndex: 3 })
    expect(find(host, '192.0.2.1')).toBe('NoSourceAddress')
    host.layer.removeAddress(ip('172.16.0.1'))
    expect(find(host, '172.16.0.9')).toBe('10 by 1')
  })

  test('an address of ours is reached by the loopback, from itself', () => {
    const { host } = twoHomed()
    const path = createPath()
    expect(host.layer.findPath(ip('172.16.0.1'), ip('0.0.0.0'), path)).toBe(DropReason.None)
    expect(path).toEqual({ source: ip('172.16.0.1'), interfaceIndex: LOOPBACK_INTERFACE, mtu: LOOPBACK_MTU, checksumNeeded: false, segmentation: 0 })
    expect(find(host, '127.0.0.1')).toBe('127 by 0')
    expect(find(host, '127.9.9.9')).toBe('127 by 0')
    expect(find(host, '172.16.0.1', '10.0.0.1')).toBe('10 by 0')
  })
})

describe('send', () => {
  test('a packet leaves by its route, or by the interface that its meta names', () => {
    const { host, second } = twoHomed()
    expect(host.send({ destination: '172.16.0.9', dontFragment: true }, pattern(8))).toBe('None')
    expect(second.sent).toEqual([ipv4({ source: '10.0.0.1', destination: '172.16.0.9', dontFragment: true }, pattern(8))])
    expect(host.send({ destination: '172.16.0.9', interfaceIndex: 1 }, pattern(8))).toBe('None')
    host.sentOne()
    expect(host.send({ destination: '10.0.0.9', interfaceIndex: 2 }, pattern(8))).toBe('NoRoute')
    expect(host.send({ destination: '10.0.0.9', interfaceIndex: 9 }, pattern(8))).toBe('NoRoute')
    expect(host.drops).toEqual({ NoRoute: 2 })
  })

  test('limited broadcasts and multicasts need no route: they leave by the source\'s interface, or the default', () => {
    const { host, second } = twoHomed()
    for (const destination of ['255.255.255.255', '224.1.2.3']) {
      expect(host.send({ source: '172.16.0.1', destination }, pattern(8))).toBe('None')
      expect(second.sent.splice(0)).toHaveLength(1)
      expect(host.send({ destination, interfaceIndex: 2 }, pattern(8))).toBe('None')
      expect(second.sent.splice(0)).toHaveLength(1)
      expect(host.send({ destination }, pattern(8))).toBe('None')
      host.sentOne()
    }
    const bare = new Host()
    expect(bare.send({ destination: '255.255.255.255' }, pattern(8))).toBe('None')
    bare.sentOne()
    expect(find(bare, '255.255.255.255')).toBe('10 by 1')
    const none = new Host({ addresses: [] })
    expect(none.send({ source: '0.0.0.0', destination: '255.255.255.255' }, pattern(8))).toBe('NoRoute')
    // A host that has no address yet asks on the interface that it names (DHCP).
    expect(none.send({ source: '0.0.0.0', destination: '255.255.255.255', interfaceIndex: 1 }, pattern(8))).toBe('None')
    none.sentOne()
  })

  test.each([
    ['IPv4', '0.0.0.0/0', '10.0.0.1/32', '172.16.0.1/32', '192.0.2.9', icmp4(8, 0, new Uint8Array(4), pattern(4)), ipv4, 1],
    ['IPv6', '::/0', '2001:db8::1/128', '2001:db8:2::1/128', '2001:db8:9::9',
      icmp6(128, 0, new Uint8Array(4), pattern(4), '2001:db8:9::9', '2001:db8:2::1'), ipv6, 58],
  ])('%s: among equal routes, a reply leaves by the interface of the address that was asked', (
    _family, everything, first, second, asker, echo, wrap, protocol,
  ) => {
    const host = new Host({ addresses: [first] })
    const other = new Wire()
    host.layer.addAddress(host.layer.addInterface(other), prefix(second))
    host.layer.addRoute({ destination: prefix(everything), interfaceIndex: 1 })
    host.layer.addRoute({ destination: prefix(everything), interfaceIndex: 2 })
    expect(host.receive(wrap({ source: asker, destination: second.replace(/\/.*/, ''), protocol }, echo))).toBe('None')
    host.poll()
    expect(other.sent).toHaveLength(1)
  })

  test('RFC 1122 §3.2.1.3: 0.0.0.0 and loopback addresses do not leave the host', () => {
    const host = new Host()
    expect(host.send({ source: '0.0.0.0' }, pattern(8))).toBe('NoSourceAddress')
    expect(host.send({ source: '127.0.0.1' }, pattern(8))).toBe('NoSourceAddress')
    expect(host.send({ source: '::1' }, pattern(8))).toBe('NoSourceAddress')
    expect(host.drops).toEqual({ NoSourceAddress: 3 })
  })

  test('the hop limit is the transport\'s, or the layer\'s', () => {
    const layer = new InternetLayer({ secret: SECRET, hopLimit: 7 })
    const wire = new Wire()
    layer.addAddress(layer.addInterface(wire), prefix('10.0.0.1/24'))
    const meta = { ...createPacketMeta(), source: { ...ip('10.0.0.1') }, destination: { ...ip('10.0.0.2') } }
    expect(layer.send({ ...meta, hopLimit: 0 }, 8, 0)).toBe(DropReason.None)
    expect(layer.send({ ...meta, hopLimit: 200 }, 8, 0)).toBe(DropReason.None)
    expect(wire.sent.map((packet) => packet[8])).toEqual([7, 200])
  })
})

describe('misuse throws, saying what was got and what was expected', () => {
  test.each([
    ['a short secret', () => new InternetLayer({ secret: new Int32Array(3) }), /secret has 3 words/],
    ['hop limit', () => new InternetLayer({ secret: SECRET, hopLimit: 256 }), /hopLimit is 256/],
    ['MTU', () => new Host({ mtu: 67 }), /MTU 67, expected 68/],
    ['large MTU', () => new Host({ mtu: 65_536 }), /MTU 65536/],
    ['hardware address', () => new Host().layer.addInterface({ ...new Wire(), medium: 'ethernet' } as Wire), /expected 6/],
    ['interface', () => new Host().layer.addAddress(5, prefix('10.0.0.9/24')), /interface index is 5/],
    ['multicast address', () => new Host({ addresses: ['224.0.0.1/24'] }), /expected a unicast/],
    ['unspecified address', () => new Host({ addresses: ['0.0.0.0/24'] }), /expected a unicast/],
    ['broadcast address', () => new Host({ addresses: ['255.255.255.255/32'] }), /expected a unicast/],
    ['address twice', () => new Host({ addresses: ['10.0.0.1/24', '10.0.0.1/8'] }), /ours already/],
    ['prefix length', () => new Host().layer.addAddress(1, { address: ip('10.0.0.9'), length: 33 }), /length is 33/],
    ['route length', () => new RouteTable().add({ destination: { address: ip('::'), length: -1 }, interfaceIndex: 0 }), /length is -1/],
    ['gateway', () => new RouteTable().add({ destination: prefix('::/0'), gateway: ip('10.0.0.1'), interfaceIndex: 0 }), /families/],
    ['route interface', () => new Host().layer.addRoute({ destination: prefix('0.0.0.0/0'), interfaceIndex: 4 }), /index is 4/],
    ['protocol', () => new Host().layer.register(new Recorder(256)), /number is 256/],
    ['protocol twice', () => new Host().layer.register(new Recorder(17)), /17 is registered already/],
    ['received range', () => new Host().layer.receive(1, new Uint8Array(9), 4, 10, 0), /range \[4, 10\)/],
    ['received interface', () => new Host().layer.receive(7, new Uint8Array(9), 0, 9, 0), /index is 7/],
    ['segment length', () => new Host().layer.send(createPacketMeta(), 65_536, 0), /length is 65536/],
  ])('%s', (_name, misuse, message) => {
    let caught: unknown
    try {
      misuse()
    } catch (error) {
      caught = error
    }
    expect(caught instanceof RangeError || caught instanceof TypeError).toBe(true)
    expect((caught as Error).message).toMatch(message)
  })

  test('the least and the largest MTU are taken', () => {
    expect(() => new Host({ mtu: 68 })).not.toThrow()
    expect(() => new Host({ mtu: 65_535 })).not.toThrow()
  })

  test('every protocol number from 0 to 255 is taken', () => {
    const host = new Host()
    host.layer.register(new Recorder(0))
    host.layer.register(new Recorder(255))
    expect(host.receive(ipv4({ protocol: 255 }, pattern(1)))).toBe('None')
  })

  test('tables are full some time', () => {
    const host = new Host()
    for (let i = 2; i < MAX_INTERFACES; i++) host.layer.addInterface(new Wire())
    expect(() => host.layer.addInterface(new Wire())).toThrow(/64 interfaces already/)
    for (let i = 3; i < MAX_ADDRESSES; i++) host.layer.addAddress(2, prefix(`10.9.${i >> 8}.${i & 255}/32`))
    expect(() => host.layer.addAddress(2, prefix('10.8.0.1/32'))).toThrow(/256 addresses already/)
    const table = new RouteTable()
    for (let i = 0; i < MAX_ROUTES; i++) table.add({ destination: prefix(`10.0.${i}.0/24`), interfaceIndex: 0 })
    expect(() => table.add({ destination: prefix('11.0.0.0/24'), interfaceIndex: 0 })).toThrow(/256 routes already/)
  })
})
