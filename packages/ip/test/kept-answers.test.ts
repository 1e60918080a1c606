import { createPath, DropReason, formatIpAddress } from '@layerfour/wire'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { InterfaceTable } from '../src/interfaces.ts'
import { Ipv4Admission } from '../src/ipv4-admission.ts'
import { PathMtuCache } from '../src/path-mtu.ts'
import { createReceivedPacket } from '../src/received-packet.ts'
import { RouteCache } from '../src/route-cache.ts'
import { Router } from '../src/router.ts'
import { RouteTable } from '../src/routes.ts'
import { Host, SECRET, Wire } from './support/host.ts'
import { ip, ipv4, pattern, prefix } from './support/packets.ts'

const ADDRESSES = ['10.0.0.1', '10.0.0.2', '10.0.0.255', '10.0.1.1', '127.0.0.1', '0.0.0.0', '255.255.255.255', '224.0.0.1', '2001:db8::1', '::1', '::']
const NETWORKS = ['10.0.0.1/24', '10.0.0.2/24', '10.0.0.2/30', '10.0.1.1/24', '10.0.0.255/16', '2001:db8::1/64']
const ROUTES = ['0.0.0.0/0', '10.0.0.0/24', '10.0.0.2/32', '2001:db8::/32']

const address = fc.constantFrom(...ADDRESSES)
const change = fc.oneof(
  fc.record({ do: fc.constant('add interface' as const) }),
  fc.record({ do: fc.constant('add address' as const), network: fc.constantFrom(...NETWORKS), on: fc.nat(3) }),
  fc.record({ do: fc.constant('remove address' as const), address }),
  fc.record({ do: fc.constantFrom('add route' as const, 'remove route' as const), network: fc.constantFrom(...ROUTES), on: fc.nat(3), far: fc.boolean() }),
)
const question = fc.record({ do: fc.constant('ask' as const), source: address, destination: address, on: fc.integer({ min: -1, max: 3 }), group: fc.boolean() })
// The same question comes again and again, as packets do.
const story = fc.array(fc.oneof({ weight: 1, arbitrary: change }, { weight: 2, arbitrary: question }), { minLength: 2, maxLength: 40 })

type Change = typeof change extends fc.Arbitrary<infer T> ? T : never

interface Question {
  readonly source: string
  readonly destination: string
  readonly on: number
  readonly group: boolean
}

/** A question, and those that differ from it in little. */
function variations(event: Change | (Question & { do: 'ask' })): Question[] {
  if (event.do !== 'ask') return []
  const { source, destination } = event
  const reversed = { ...event, source: destination, destination: source }
  return [event, event, { ...event, group: !event.group }, { ...event, on: 1 - event.on }, event, reversed]
}

class World {
  readonly interfaces: InterfaceTable = new InterfaceTable()
  readonly routes: RouteTable = new RouteTable()
  readonly router: Router = new Router(this.interfaces, this.routes, new PathMtuCache(SECRET, new Float64Array(1)))

  constructor() {
    this.interfaces.add(new Wire(), 'lo')
    this.interfaces.add(new Wire(), 'if1')
  }

  /** What cannot be changed so, stays. */
  change(what: Change): void {
    const { interfaces, routes } = this
    try {
      if (what.do === 'add interface') interfaces.add(new Wire(), 'more')
      else if (what.do === 'add address') interfaces.addAddress(what.on, prefix(what.network))
      else if (what.do === 'remove address') interfaces.removeAddress(ip(what.address))
      else {
        const gateway = what.far ? { gateway: ip(what.network.includes(':') ? '2001:db8::9' : '10.0.0.9') } : {}
        routes[what.do === 'add route' ? 'add' : 'remove']({ destination: prefix(what.network), interfaceIndex: what.on, ...gateway })
      }
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError)
    }
  }
}

describe('answers that are kept are those that would be given now', () => {
  test('the way of a packet', () => {
    fc.assert(fc.property(story, fc.nat(39), (events, again) => {
      const world = new World()
      const cache = new RouteCache(world.interfaces, world.routes, world.router)
      const told = (asked: RouteCache, { source, destination, on }: Question): unknown => {
        const reason = asked.find(ip(destination), ip(source), on)
        return reason === DropReason.None ? [reason, asked.iface?.index, formatIpAddress(asked.nextHop)] : [reason, asked.iface?.index]
      }
      const repeated = events[again % events.length]!
      for (const event of events) {
        if (event.do !== 'ask') world.change(event)
        for (const asked of [event, repeated, repeated].flatMap(variations)) {
          const fresh = new RouteCache(world.interfaces, world.routes, world.router)
          const expected = told(fresh, asked)
          // Whoever else asks the router does not change what is kept.
          world.router.choose(ip('10.0.0.7'), ip('0.0.0.0'), -1)
          expect(told(cache, asked)).toEqual(expected)
        }
      }
    }), { numRuns: 500 })
  })

  test('the way of a packet, when one more interface makes the source matter', () => {
    const { interfaces, routes, router } = new World()
    interfaces.addAddress(0, prefix('10.0.0.1/24'))
    for (const interfaceIndex of [1, 0]) routes.add({ destination: prefix('10.0.0.0/24'), interfaceIndex })
    const cache = new RouteCache(interfaces, routes, router)
    const chosen = (): number | undefined => (cache.find(ip('10.0.0.9'), ip('10.0.0.1'), -1), cache.iface?.index)
    expect(chosen()).toBe(1)
    interfaces.add(new Wire(), 'if2')
    expect(chosen()).toBe(0)
  })

  test('the path to a destination, and whether that is a broadcast address', () => {
    fc.assert(fc.property(story, fc.nat(39), (events, again) => {
      const world = new World()
      const told = (router: Router, { source, destination }: Question): unknown => {
        const path = createPath()
        const reason = router.findPath(ip(destination), ip(source), path)
        return reason === DropReason.None ? [reason, path.interfaceIndex, formatIpAddress(path.source), path.mtu] : [reason]
      }
      const repeated = events[again % events.length]!
      let last: Question[] = []
      for (const event of events) {
        if (event.do !== 'ask') world.change(event)
        // What was asked last before a change is asked first after it.
        for (const asked of [...last, ...[event, repeated, repeated].flatMap(variations)]) {
          last = [asked]
          const { interfaces, routes } = world
          const fresh = new Router(interfaces, routes, new PathMtuCache(SECRET, new Float64Array(1)))
          world.router.choose(ip('10.0.0.7'), ip('0.0.0.0'), -1)
          expect(told(world.router, asked)).toEqual(told(fresh, asked))
          const destination = ip(asked.destination)
          const everyone = interfaces.list.some((iface) => interfaces.isBroadcast(iface, destination))
          expect(interfaces.isBroadcastAnywhere(destination)).toBe(everyone)
        }
      }
    }), { numRuns: 300 })
  })

  test('whether a packet is let in', () => {
    fc.assert(fc.property(story, fc.nat(39), (events, again) => {
      const world = new World()
      const admission = new Ipv4Admission(world.interfaces)
      const told = (asked: Ipv4Admission, { source, destination, on, group }: Question): unknown => {
        const packet = createReceivedPacket(world.interfaces.list[on]!)
        packet.linkGroup = group
        packet.broadcast = on === 1
        const reason = asked.check(ip(source), ip(destination), packet)
        return reason === DropReason.None ? [reason, packet.broadcast] : [reason]
      }
      const repeated = events[again % events.length]!
      for (const event of events) {
        if (event.do !== 'ask') world.change(event)
        for (const asked of [event, repeated, repeated].flatMap(variations)) {
          if (world.interfaces.list[asked.on] === undefined || asked.source.includes(':') || asked.destination.includes(':')) continue
          expect(told(admission, asked)).toEqual(told(new Ipv4Admission(world.interfaces), asked))
        }
      }
    }), { numRuns: 500 })
  })
})

describe('in the midst of a train of packets', () => {
  test('a route that comes or goes changes the way of the next one', () => {
    const host = new Host()
    const other = new Wire()
    const index = host.layer.addInterface(other)
    const sent = (): number[] => [host.sent().length, other.sent.length]
    for (let i = 0; i < 3; i++) host.send({}, pattern(8))
    expect(sent()).toEqual([3, 0])
    const detour = { destination: prefix('10.0.0.2/32'), interfaceIndex: index }
    host.layer.addRoute(detour)
    host.send({}, pattern(8))
    expect(sent()).toEqual([0, 1])
    host.layer.removeRoute(detour)
    host.send({}, pattern(8))
    expect(sent()).toEqual([1, 1])
  })

  test('a destination that becomes ours is reached by the loopback, and one that is ours no more is not', () => {
    const host = new Host()
    host.send({}, pattern(8))
    host.layer.addAddress(1, prefix('10.0.0.2/24'))
    host.send({}, pattern(8))
    expect([host.sent().length, host.udp.received.length]).toEqual([1, 0])
    host.poll()
    expect(host.udp.received.length).toBe(1)
    host.layer.removeAddress(ip('10.0.0.2'))
    host.send({}, pattern(8))
    expect(host.sent().length).toBe(1)
  })

  test('a packet to an address that we gave up is for us no more', () => {
    const host = new Host()
    host.layer.addAddress(1, prefix('10.0.0.7/24'))
    const packet = ipv4({ destination: '10.0.0.7' }, pattern(8))
    expect([host.receive(packet), host.receive(packet)]).toEqual(['None', 'None'])
    host.layer.removeAddress(ip('10.0.0.7'))
    expect(host.receive(packet)).toBe('NotForUs')
  })

  test('RFC 1122 §3.2.1.3: a source that becomes ours, or a broadcast address, is martian from then on', () => {
    const host = new Host()
    const packets = ['10.0.0.2', '10.0.9.255'].map((source) => ipv4({ source }, pattern(8)))
    for (const packet of packets) expect([host.receive(packet), host.receive(packet)]).toEqual(['None', 'None'])
    host.layer.addAddress(1, prefix('10.0.0.2/24'))
    host.layer.addAddress(1, prefix('10.0.9.1/24'))
    expect(packets.map((packet) => host.receive(packet))).toEqual(['MartianSource', 'MartianSource'])
  })

  test('an answer of the layer itself in between does not lead the next one astray', () => {
    const host = new Host({ addresses: ['10.0.0.1/24'] })
    host.send({}, pattern(8))
    host.udp.verdict = DropReason.PortUnreachable
    host.receive(ipv4({ source: '10.0.0.3' }, pattern(8)))
    host.poll()
    host.send({}, pattern(8))
    expect(host.sent().map((packet) => packet[19])).toEqual([2, 3, 2])
  })
})
