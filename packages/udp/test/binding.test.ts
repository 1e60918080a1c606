import { DropReason, Errno, IcmpCause, formatIpAddress } from '@layerfour/wire'
import type { IpAddress, PacketMeta } from '@layerfour/wire'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { createDatagramInfo, Udp, UdpReadiness } from '../src/index.ts'
import type { EndpointOptions, UdpEndpoint } from '../src/index.ts'
import { address, BROADCAST, data, datagram, FakeNetwork, GROUP, Host, PEER, PEER6, US, US6 } from './harness.ts'

const ANY = address('0.0.0.0')
const ANY6 = address('::')
const OTHER = address('10.0.0.9')
const STRANGER = address('10.0.0.77')

let host: Host
beforeEach(() => {
  host = new Host()
})

/** Which of these endpoints have a datagram. */
function holders(...endpoints: UdpEndpoint[]): number[] {
  return endpoints.flatMap((endpoint, i) => (endpoint.nextLength >= 0 ? [i] : []))
}

describe('bind', () => {
  it('a port twice is EADDRINUSE, on overlapping addresses too', () => {
    host.bound(US, 53)
    const second = host.open()
    expect(second.bind(US, 53)).toBe(Errno.EADDRINUSE)
    expect(second.bind(ANY, 53)).toBe(Errno.EADDRINUSE)
    expect(second.bind(ANY6, 53)).toBe(Errno.EADDRINUSE)
    expect(second.bind(US, 53, { reuseAddress: true })).toBe(Errno.EADDRINUSE)
    expect(second.bind(US, 54)).toBe(0)
  })

  it('one port on two addresses, or on 0.0.0.0 and an IPv6 address, is no conflict', () => {
    host.bound(US, 53)
    expect(host.open().bind(OTHER, 53)).toBe(0)
    host.bound(ANY, 54)
    expect(host.open().bind(US6, 54)).toBe(0)
    expect(host.open().bind(ANY6, 54)).toBe(Errno.EADDRINUSE)
  })

  it('SO_REUSEADDR on both lets them share', () => {
    host.bound(US, 53, true)
    expect(host.open().bind(US, 53, { reuseAddress: true })).toBe(0)
    expect(host.open().bind(ANY, 53, { reuseAddress: true })).toBe(0)
    expect(host.open().bind(ANY, 53)).toBe(Errno.EADDRINUSE)
  })

  it('port 0 has one chosen that nobody has', () => {
    const chosen = [host.bound(ANY, 0), host.bound(US, 0), host.bound(US6, 0)]
    expect(chosen.map((endpoint) => endpoint.localPort)).toEqual([50_000, 50_001, 50_000])
    host.bound(ANY6, 50_002)
    expect(host.open().bind(ANY, 0)).toBe(Errno.EADDRINUSE)
  })

  it('without a chooser port 0 is EINVAL', () => {
    expect(new Host({ ports: undefined }).open().bind(ANY, 0)).toBe(Errno.EINVAL)
  })

  it('addresses that are not ours are EADDRNOTAVAIL; groups and broadcast addresses are allowed', () => {
    expect(host.open().bind(PEER, 53)).toBe(Errno.EADDRNOTAVAIL)
    for (const local of [GROUP, BROADCAST, address('255.255.255.255'), address('ff02::fb')]) expect(host.open().bind(local, 53)).toBe(0)
  })

  it('twice, or with a port that is none, is EINVAL', () => {
    const endpoint = host.bound(ANY, 53)
    expect(endpoint.bind(ANY, 54)).toBe(Errno.EINVAL)
    for (const port of [-1, 65_536, 1.5, NaN]) expect(host.open().bind(ANY, port)).toBe(Errno.EINVAL)
  })

  it('close() frees the port, and later calls are EBADF', () => {
    const endpoint = host.bound(ANY, 53)
    host.arrive(PEER, 1, US, 53, 'x')
    endpoint.close()
    endpoint.close()
    expect(host.ready()).toEqual([])
    expect(host.arrive(PEER, 1, US, 53, 'x')).toBe(DropReason.PortUnreachable)
    const bytes = data('x')
    expect([
      endpoint.bind(ANY, 54), endpoint.connect(PEER, 1), endpoint.disconnect(), endpoint.send(bytes, 0, 1, 0),
      endpoint.sendTo(bytes, 0, 1, PEER, 1, 0), endpoint.receiveFrom(bytes, 0, 1, createDatagramInfo()),
    ]).toEqual(Array(6).fill(Errno.EBADF))
    host.bound(ANY, 53)
    expect(host.udp.size).toBe(1)
  })

  it('there are no more endpoints than maxEndpoints', () => {
    const small = new Host({ maxEndpoints: 2 })
    const [first] = [small.open(), small.open()]
    expect(small.udp.open()).toBe(Errno.ENOBUFS)
    first.close()
    expect(small.udp.open()).not.toBe(Errno.ENOBUFS)
    expect(small.udp.size).toBe(2)
  })

  it('settings that make no sense throw', () => {
    const network = new FakeNetwork()
    const make = (settings: object) => () => new Udp(network, { arena: host.arena, secret: Int32Array.of(1, 2), ...settings })
    expect(make({ maxEndpoints: 0 })).toThrow(new RangeError('UDP setting maxEndpoints is 0; expected an integer from 1 to 1048576'))
    expect(make({ receiveBuffer: 1.5 })).toThrow(RangeError)
    const endpoint = host.open()
    expect(() => endpoint.configure({ hopLimit: 256 })).toThrow(RangeError)
    expect(() => endpoint.configure({ broadcast: 1 as unknown as boolean })).toThrow(TypeError)
    expect(() => host.udp.open({ trafficClass: -1 })).toThrow(RangeError)
    expect(host.udp.size).toBe(1)
  })
})

describe('the most specific match receives', () => {
  it('both ends, then the very address, then 0.0.0.0, then ::', () => {
    const endpoints = [ANY6, ANY, US, US].map((local) => host.bound(local, 53, true))
    endpoints[3]!.connect(PEER, 7)
    const arrivals: number[][] = []
    for (let left = 4; left > 0; left--) {
      host.arrive(PEER, 7, US, 53, 'x')
      arrivals.push(holders(...endpoints))
      endpoints[left - 1]!.close()
    }
    expect(arrivals).toEqual([[3], [2], [1], [0]])
    expect(host.arrive(PEER, 7, US, 53, 'x')).toBe(DropReason.PortUnreachable)
  })

  it('0.0.0.0 takes no IPv6, :: takes both', () => {
    const v4 = host.bound(ANY, 53)
    expect(host.arrive(PEER6, 1, US6, 53, 'x')).toBe(DropReason.PortUnreachable)
    v4.close()
    host.bound(ANY6, 53)
    expect(host.arrive(PEER6, 1, US6, 53, 'x')).toBe(DropReason.None)
    expect(host.arrive(PEER, 1, US, 53, 'x')).toBe(DropReason.None)
  })

  it('of several that share an address the newest receives, until it closes', () => {
    const [a, b, c] = [1, 2, 3].map(() => host.bound(US, 53, true))
    host.arrive(PEER, 1, US, 53, 'x')
    expect(holders(a!, b!, c!)).toEqual([2])
    b!.close()
    c!.close()
    host.arrive(PEER, 1, US, 53, 'x')
    expect(holders(a!)).toEqual([0])
  })

  it('RFC 1122 §3.3.6: a broadcast or group datagram goes to everyone who is bound for it', () => {
    const endpoints = [ANY, ANY, ANY6, BROADCAST, US, GROUP].map((local) => host.bound(local, 53, true))
    expect(host.arrive(PEER, 1, BROADCAST, 53, 'x')).toBe(DropReason.None)
    expect(holders(...endpoints)).toEqual([0, 1, 2, 3])
    for (const endpoint of endpoints) endpoint.receiveFrom(new Uint8Array(1), 0, 1, createDatagramInfo())
    host.arrive(PEER, 1, GROUP, 53, 'x')
    expect(holders(...endpoints)).toEqual([0, 1, 2, 5])
    expect(host.arrive(PEER, 1, BROADCAST, 54, 'x')).toBe(DropReason.PortUnreachable)
  })

  it('one full queue keeps nobody else from a broadcast', () => {
    const full = host.open({ receiveQueue: 0 })
    full.bind(ANY, 53, { reuseAddress: true })
    expect(host.arrive(PEER, 1, BROADCAST, 53, 'x')).toBe(DropReason.ReceiveQueueFull)
    const other = host.bound(ANY, 53, true)
    expect(host.arrive(PEER, 1, BROADCAST, 53, 'x')).toBe(DropReason.None)
    expect(holders(full, other)).toEqual([1])
  })

  it('any history of opening and closing: the same endpoint as a search through all of them', () => {
    const locals = [ANY, ANY6, US, OTHER, US6]
    const remotes = [PEER, STRANGER, PEER6]
    interface Model { endpoint: UdpEndpoint; local: IpAddress; port: number; remote: IpAddress | undefined; age: number }
    const rank = (model: Model, to: IpAddress, port: number, from: IpAddress): number => {
      if (model.port !== port) return 0
      if (model.remote !== undefined) return model.remote === from && model.endpoint.localAddress.w3 === to.w3 ? 4 : 0
      if (model.local === to) return 3
      if (model.local === ANY) return to === US6 ? 0 : 2
      return model.local === ANY6 ? 1 : 0
    }
    const port = fc.integer({ min: 1, max: 2 })
    const action = fc.record({ kind: fc.nat(5), local: fc.nat(4), port, remote: fc.nat(2), which: fc.nat(99) })
    fc.assert(fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
      const own = new Host()
      const models: Model[] = []
      for (const [age, { kind, local, port, remote, which }] of actions.entries()) {
        const model = models[which % Math.max(1, models.length)]
        if (kind < 3) {
          models.push({ endpoint: own.bound(locals[local]!, port, true), local: locals[local]!, port, remote: undefined, age })
        } else if (kind === 3 && model !== undefined) {
          if (model.endpoint.connect(remotes[remote]!, 9) === 0) Object.assign(model, { remote: remotes[remote], age })
        } else if (kind === 4 && model?.remote !== undefined) {
          expect(model.endpoint.disconnect()).toBe(0)
          Object.assign(model, { remote: undefined, age })
        } else if (model !== undefined) {
          model.endpoint.close()
          models.splice(models.indexOf(model), 1)
        }
      }
      const cases = [[US, PEER], [OTHER, PEER], [US, STRANGER], [US6, PEER6]] as const
      for (const [to, from] of cases) {
        const best = models
          .filter((model) => rank(model, to, 1, from) > 0)
          .sort((a, b) => rank(b, to, 1, from) - rank(a, to, 1, from) || b.age - a.age)[0]
        const before = best?.endpoint.state.datagramsIn
        const reason = own.arrive(from, 9, to, 1, 'x')
        expect(reason).toBe(best === undefined ? DropReason.PortUnreachable : DropReason.None)
        expect(best?.endpoint.state.datagramsIn).toBe(before === undefined ? undefined : before + 1)
      }
      for (const { endpoint } of models) endpoint.close()
      expect([own.udp.size, own.arena.used]).toEqual([0, 0])
      for (const local of locals) own.bound(local, 3).close()
    }), { numRuns: 300 })
  })

  it('work per datagram does not grow with the number of endpoints', () => {
    const big = new Host()
    for (let port = 1; port <= 5000; port++) big.bound(ANY6, port)
    const before = big.udp.steps
    for (let port = 1; port <= 1000; port++) big.arrive(PEER, 9, US, port, '')
    expect(big.udp.steps - before).toBeLessThan(1000 * 4 * 3)
  })
})

describe('connect', () => {
  it('filters: datagrams of others are not for this endpoint', () => {
    const endpoint = host.bound(ANY, 53)
    expect(endpoint.connect(PEER, 7)).toBe(0)
    expect(formatIpAddress(endpoint.localAddress)).toBe('10.0.0.1')
    expect([endpoint.localPort, endpoint.remotePort]).toEqual([53, 7])
    expect(host.arrive(PEER, 8, US, 53, 'x')).toBe(DropReason.PortUnreachable)
    expect(host.arrive(STRANGER, 7, US, 53, 'x')).toBe(DropReason.PortUnreachable)
    expect(host.arrive(PEER, 7, OTHER, 53, 'x')).toBe(DropReason.PortUnreachable)
    expect(host.arrive(PEER, 7, US, 53, 'x')).toBe(DropReason.None)
  })

  it('may be repeated, and undone', () => {
    const endpoint = host.bound(ANY, 53)
    endpoint.connect(PEER, 7)
    expect(endpoint.connect(STRANGER, 8)).toBe(0)
    expect(host.arrive(PEER, 7, US, 53, 'x')).toBe(DropReason.PortUnreachable)
    expect(host.arrive(STRANGER, 8, US, 53, 'x')).toBe(DropReason.None)
    expect(endpoint.disconnect()).toBe(0)
    expect(formatIpAddress(endpoint.localAddress)).toBe('0.0.0.0')
    expect(host.arrive(PEER, 7, OTHER, 53, 'x')).toBe(DropReason.None)
    expect(endpoint.disconnect()).toBe(Errno.ENOTCONN)
  })

  it('keeps the port on all addresses that it was bound to', () => {
    host.bound(ANY, 53).connect(PEER, 7)
    expect(host.open().bind(OTHER, 53)).toBe(Errno.EADDRINUSE)
  })

  it('one that fails changes nothing', () => {
    const endpoint = host.bound(ANY, 53)
    endpoint.connect(PEER, 7)
    host.network.routeAnswer = DropReason.NoRoute
    expect(endpoint.connect(STRANGER, 8)).toBe(Errno.ENETUNREACH)
    expect(endpoint.connect(STRANGER, 0)).toBe(Errno.EINVAL)
    expect(host.arrive(PEER, 7, US, 53, 'x')).toBe(DropReason.None)
  })

  it('binds to a port of the chooser, who learns both ends', () => {
    const asked: unknown[] = []
    const own = new Host({
      ports: {
        choose(_local, remote, remotePort, isFree) {
          asked.push([formatIpAddress(remote), remotePort, isFree(60_000)])
          return 60_000
        },
      },
    })
    const endpoint = own.open()
    expect(endpoint.connect(PEER6, 7)).toBe(0)
    expect(asked).toEqual([['fd00::2', 7, true]])
    expect([formatIpAddress(endpoint.localAddress), endpoint.localPort]).toEqual(['fd00::1', 60_000])
    expect(own.arrive(PEER6, 7, US6, 60_000, 'x')).toBe(DropReason.None)
  })

  it('the other family than the one it is bound to is EAFNOSUPPORT', () => {
    expect(host.bound(US, 1).connect(PEER6, 7)).toBe(Errno.EAFNOSUPPORT)
    expect(host.bound(ANY, 2).connect(PEER6, 7)).toBe(Errno.EAFNOSUPPORT)
    expect(host.bound(US6, 3).connect(PEER, 7)).toBe(Errno.EAFNOSUPPORT)
    expect(host.bound(ANY6, 4).connect(PEER, 7)).toBe(0)
  })

  it('a broadcast address wants the option broadcast', () => {
    const endpoint = host.open()
    expect(endpoint.connect(BROADCAST, 7)).toBe(Errno.EACCES)
    endpoint.configure({ broadcast: true })
    expect(endpoint.connect(BROADCAST, 7)).toBe(0)
  })
})

describe('ICMP errors', () => {
  const meta = (): PacketMeta => ({
    source: { ...US }, destination: { ...PEER }, protocol: 17, hopLimit: 0, trafficClass: 0, interfaceIndex: 0,
    checksumVerified: false, dontFragment: false, segmentSize: 0,
  })
  /** An error about a datagram from our port 53 to the peer's port 7, of which routers quote at least the header. */
  const icmp = (cause: IcmpCause, from = 53, to = 7): DropReason =>
    host.udp.icmp(cause, 0, meta(), datagram(US, from, PEER, to, 'long ago'), 0, 8, 0)
  const connected = (options: Partial<EndpointOptions> = {}): UdpEndpoint => {
    const endpoint = host.open(options)
    endpoint.bind(ANY, 53)
    endpoint.connect(PEER, 7)
    return endpoint
  }
  const bytes = data('x')
  const info = createDatagramInfo()

  it('RFC 1122 §4.1.3.3: port unreachable is ECONNREFUSED, once, at the next call', () => {
    const endpoint = connected()
    expect(icmp(IcmpCause.PortUnreachable)).toBe(DropReason.None)
    expect(host.ready()).toEqual([endpoint])
    expect(endpoint.readiness).toBe(UdpReadiness.Error | UdpReadiness.Writable)
    expect(endpoint.receiveFrom(bytes, 0, 1, info)).toBe(Errno.ECONNREFUSED)
    expect(endpoint.receiveFrom(bytes, 0, 1, info)).toBe(Errno.EAGAIN)
    icmp(IcmpCause.PortUnreachable)
    expect(endpoint.send(bytes, 0, 1, 0)).toBe(Errno.ECONNREFUSED)
    expect(host.network.sent).toEqual([])
    expect(endpoint.send(bytes, 0, 1, 0)).toBe(1)
    icmp(IcmpCause.PortUnreachable)
    expect([endpoint.takeError(), endpoint.takeError()]).toEqual([Errno.ECONNREFUSED, 0])
  })

  it('the others have errors of their own', () => {
    const endpoint = connected()
    const errors = [
      IcmpCause.NetworkUnreachable, IcmpCause.HostUnreachable, IcmpCause.ProtocolUnreachable, IcmpCause.AdministrativelyProhibited,
      IcmpCause.HopLimitExceeded, IcmpCause.ReassemblyTimeExceeded, IcmpCause.ParameterProblem,
    ].map((cause) => {
      icmp(cause)
      return endpoint.takeError()
    })
    expect(errors).toEqual([
      Errno.ENETUNREACH, Errno.EHOSTUNREACH, Errno.ENOPROTOOPT, Errno.EHOSTUNREACH, Errno.EHOSTUNREACH, Errno.EHOSTUNREACH, Errno.EPROTO,
    ])
  })

  it('packet too big is EMSGSIZE for who forbids fragments, and no news for others', () => {
    const endpoint = connected()
    expect(icmp(IcmpCause.PacketTooBig)).toBe(DropReason.None)
    expect(endpoint.takeError()).toBe(0)
    endpoint.configure({ dontFragment: true })
    icmp(IcmpCause.PacketTooBig)
    expect(endpoint.takeError()).toBe(Errno.EMSGSIZE)
  })

  it('about what we cannot have sent they are unmatched', () => {
    connected()
    expect(icmp(IcmpCause.PortUnreachable, 54, 7)).toBe(DropReason.IcmpUnmatched)
    expect(icmp(IcmpCause.PortUnreachable, 53, 8)).toBe(DropReason.IcmpUnmatched)
    expect(host.udp.icmp(IcmpCause.PortUnreachable, 0, meta(), new Uint8Array(7), 0, 7, 0)).toBe(DropReason.IcmpUnmatched)
    expect(host.ready()).toEqual([])
  })

  it('RFC 5927 §7: packet too big is believed only about the peer of a connected endpoint, as a bound port is easily guessed', () => {
    host.bound(ANY, 54)
    expect(icmp(IcmpCause.PacketTooBig, 54, 7)).toBe(DropReason.IcmpUnmatched)
    connected()
    expect(icmp(IcmpCause.PacketTooBig, 53, 8)).toBe(DropReason.IcmpUnmatched)
    expect(icmp(IcmpCause.PacketTooBig, 53, 7)).toBe(DropReason.None)
  })

  it('an endpoint that is not connected hears nothing', () => {
    const endpoint = host.bound(ANY, 53)
    expect(icmp(IcmpCause.PortUnreachable)).toBe(DropReason.None)
    expect(endpoint.takeError()).toBe(0)
  })
})
