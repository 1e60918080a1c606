import { createPath, DropReason } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import { MAX_PATH_MTUS, PATH_MTU_FLOOR_IPV4, PATH_MTU_LIFETIME } from '../src/index.ts'
import { PathMtuCache } from '../src/path-mtu.ts'
import { plateauBelow } from '../src/plateaus.ts'
import { Host, SECRET } from './support/host.ts'
import { icmp4, icmp6, ip, ipv4, ipv6, pattern, prefix } from './support/packets.ts'

const REMOTE = '192.0.2.9'
const REMOTE6 = '2001:db8:9::9'

function newHost(): Host {
  const host = new Host({ addresses: ['10.0.0.1/24', '2001:db8::1/64'] })
  host.layer.addRoute({ destination: prefix('0.0.0.0/0'), gateway: ip('10.0.0.254'), interfaceIndex: 1 })
  host.layer.addRoute({ destination: prefix('::/0'), interfaceIndex: 1 })
  return host
}

function pathMtu(host: Host, destination: string): number {
  const path = createPath()
  expect(host.layer.findPath(ip(destination), ip(destination.includes(':') ? '::' : '0.0.0.0'), path)).toBe(DropReason.None)
  return path.mtu
}

const mtuField = (mtu: number): Uint8Array => Uint8Array.of(0, 0, mtu >> 8, mtu)

function needFragment(host: Host, mtu: number, size = 1500): string {
  const quoted = ipv4({ source: '10.0.0.1', destination: REMOTE, protocol: 6, dontFragment: true }, pattern(size - 20)).subarray(0, 28)
  return host.receive(ipv4({ protocol: 1, source: '10.0.0.254' }, icmp4(3, 4, mtuField(mtu), quoted)))
}

function tooBig(host: Host, mtu: number): string {
  const quoted = ipv6({ source: '2001:db8::1', destination: REMOTE6, protocol: 6 }, pattern(1300))
  return host.receive(ipv6({ protocol: 58, source: '2001:db8::fe' }, icmp6(2, 0, mtuField(mtu), quoted.subarray(0, 1200), '2001:db8::fe')))
}

describe('IPv4', () => {
  test('RFC 1191 §4: fragmentation needed tells the transport and lowers the path MTU of that destination', () => {
    const host = newHost()
    expect(pathMtu(host, REMOTE)).toBe(1500)
    expect(needFragment(host, 1400)).toBe('None')
    expect(host.tcp.news).toMatchObject([{ mtu: 1400 }])
    expect(pathMtu(host, REMOTE)).toBe(1400)
    expect(pathMtu(host, '192.0.2.10')).toBe(1500)
    expect(host.send({ destination: REMOTE, protocol: 6, dontFragment: true }, pattern(1381))).toBe('PacketTooBig')
    expect(host.send({ destination: REMOTE, protocol: 6, dontFragment: true }, pattern(1380))).toBe('None')
    expect(host.sentOne()).toHaveLength(1400)
    // What may be fragmented is, here already.
    expect(host.send({ destination: REMOTE }, pattern(1480))).toBe('None')
    expect(host.sent()).toHaveLength(2)
  })

  test('RFC 1191 §3: the path MTU only falls', () => {
    const host = newHost()
    needFragment(host, 1200)
    needFragment(host, 1400)
    expect(pathMtu(host, REMOTE)).toBe(1200)
    needFragment(host, 9000)
    expect(pathMtu(host, REMOTE)).toBe(1200)
  })

  test('RFC 5927 §7: a message about a packet that the transport does not know changes nothing', () => {
    const host = newHost()
    host.tcp.icmpVerdict = DropReason.IcmpUnmatched
    expect(needFragment(host, 600)).toBe('IcmpUnmatched')
    expect(pathMtu(host, REMOTE)).toBe(1500)
  })

  test('RFC 1191 §5: a router that names no MTU gets the next plateau below the packet', () => {
    const host = newHost()
    needFragment(host, 0)
    expect(host.tcp.news).toMatchObject([{ mtu: 1492 }])
    expect(pathMtu(host, REMOTE)).toBe(1492)
    needFragment(host, 0, 1492)
    expect(pathMtu(host, REMOTE)).toBe(1006)
    expect([65_535, 1500, 1006, 69, 68, 1].map(plateauBelow)).toEqual([32_000, 1492, 508, 68, 68, 68])
  })

  test('RFC 1191 §6.3: the path MTU is forgotten after ten minutes', () => {
    const host = newHost()
    needFragment(host, 1400)
    host.poll(host.now + PATH_MTU_LIFETIME - 1)
    expect(pathMtu(host, REMOTE)).toBe(1400)
    expect(host.layer.deadline).toBe(Infinity)
    host.poll(host.now + 1)
    expect(pathMtu(host, REMOTE)).toBe(1500)
  })

  test('below 552 bytes we do not go: routers may fragment instead', () => {
    const host = newHost()
    needFragment(host, 296)
    expect(pathMtu(host, REMOTE)).toBe(PATH_MTU_FLOOR_IPV4)
    host.send({ destination: REMOTE, protocol: 6, dontFragment: true }, pattern(500))
    const packet = host.sentOne()
    expect(packet[6]! & 0x40).toBe(0)
    host.send({ destination: '192.0.2.10', protocol: 6, dontFragment: true }, pattern(500))
    expect(host.sentOne()[6]! & 0x40).toBe(0x40)
  })
})

describe('IPv6', () => {
  test('RFC 8201 §4: packet too big tells the transport and lowers the path MTU', () => {
    const host = newHost()
    expect(tooBig(host, 1400)).toBe('None')
    expect(host.tcp.news).toMatchObject([{ mtu: 1400 }])
    expect(pathMtu(host, REMOTE6)).toBe(1400)
    expect(pathMtu(host, '2001:db8:9::8')).toBe(1500)
  })

  test('RFC 8201 §4: the path MTU does not fall below 1280', () => {
    const host = newHost()
    tooBig(host, 600)
    expect(pathMtu(host, REMOTE6)).toBe(1280)
  })
})

describe('the cache', () => {
  const host = (i: number): ReturnType<typeof ip> => ip(`10.1.${i >> 8}.${i & 255}`)
  const newCache = (): { cache: PathMtuCache, clock: Float64Array } => {
    const clock = new Float64Array(1)
    return { cache: new PathMtuCache(SECRET, clock), clock }
  }

  test('the entry changed longest ago makes room for a new one', () => {
    const { cache, clock } = newCache()
    for (let i = 0; i < MAX_PATH_MTUS; i++) {
      clock[0] = i
      cache.lower(host(i), 1000)
    }
    clock[0] = 1000
    cache.lower(host(0), 900)
    cache.lower(host(999), 800)
    expect(cache.size).toBe(MAX_PATH_MTUS)
    expect([0, 1, 2, 999].map((i) => cache.mtu(host(i)))).toEqual([900, 65_535, 1000, 800])
  })

  test('it says whether a message was news', () => {
    const { cache, clock } = newCache()
    expect(cache.lower(host(1), 1000)).toBe(true)
    expect(cache.lower(host(1), 1000)).toBe(false)
    expect(cache.lower(host(1), 1200)).toBe(false)
    clock[0] = PATH_MTU_LIFETIME
    expect(cache.lower(host(1), 1200)).toBe(true)
  })
})
