import { expect, test } from 'vitest'
import { AddressTable } from '../src/_address-table.ts'
import { bridge, LearningSwitch, pair } from '../src/index.ts'
import { collect, frame, send } from './support.ts'

/** A switch with `count` ports and what arrives at each. */
function lan(count: number, options: ConstructorParameters<typeof LearningSwitch>[0] = {}) {
  const hub = new LearningSwitch(options)
  const ports = Array.from({ length: count }, () => hub.addPort())
  const inboxes = ports.map(collect)
  /** How many frames each port got since the last call. */
  const arrivals = (): number[] => inboxes.map((inbox) => inbox.splice(0).length)
  return { hub, ports, arrivals }
}

test('a frame to an unknown host goes to every port but its own', () => {
  const { hub, ports, arrivals } = lan(4)
  send(ports[1]!, frame(9, 2))
  expect(arrivals()).toEqual([1, 0, 1, 1])
  expect(hub.counters.flooded).toBe(1)
})

test('once a host has spoken, frames to it go to its port alone', () => {
  const { hub, ports, arrivals } = lan(4)
  send(ports[2]!, frame(255, 3))
  arrivals()
  send(ports[0]!, frame(3, 1))
  expect(arrivals()).toEqual([0, 0, 1, 0])
  expect(hub.counters.forwarded).toBe(1)
  expect(hub.addressCount).toBe(2)
})

test('broadcast and multicast always go to every other port', () => {
  const { ports, arrivals } = lan(3)
  send(ports[0]!, frame(255, 1))
  expect(arrivals()).toEqual([0, 1, 1])
  const multicast = frame(0, 1)
  multicast.set([0x01, 0x00, 0x5e, 0x00, 0x00, 0xfb])
  send(ports[0]!, multicast)
  expect(arrivals()).toEqual([0, 1, 1])
})

test('a frame to a host on the port it came from is not sent back', () => {
  const { hub, ports, arrivals } = lan(3)
  send(ports[0]!, frame(255, 1))
  send(ports[0]!, frame(255, 7))
  arrivals()
  send(ports[0]!, frame(7, 1))
  expect(arrivals()).toEqual([0, 0, 0])
  expect(hub.counters.filtered).toBe(1)
})

test('a host that moves is found at its new port with its first frame from there', () => {
  const { hub, ports, arrivals } = lan(3)
  send(ports[1]!, frame(255, 5))
  send(ports[2]!, frame(255, 5))
  arrivals()
  send(ports[0]!, frame(5, 1))
  expect(arrivals()).toEqual([0, 0, 1])
  expect(hub.addressCount).toBe(2)
})

test('a group or zero source is dropped and not learnt', () => {
  const { hub, ports, arrivals } = lan(2)
  send(ports[0]!, frame(1, 255).fill(255, 6, 12))
  send(ports[0]!, frame(1, 0).fill(0, 6, 12))
  expect(arrivals()).toEqual([0, 0])
  expect(hub.counters.badSource).toBe(2)
  expect(hub.addressCount).toBe(0)
})

test('IEEE 802.1Q §8.6.3: frames to 01:80:c2:00:00:0x stay with the bridge, those to 01:80:c2:00:00:10 do not', () => {
  const { hub, ports, arrivals } = lan(2)
  const reserved = frame(0, 1)
  reserved.set([0x01, 0x80, 0xc2, 0, 0, 0x0e])
  send(ports[0]!, reserved)
  expect(arrivals()).toEqual([0, 0])
  expect(hub.counters.reserved).toBe(1)
  reserved[5] = 0x10
  send(ports[0]!, reserved)
  expect(arrivals()).toEqual([0, 1])
})

test('an address unheard of for the aging time is forgotten, one heard of in time is kept', () => {
  const { hub, ports, arrivals } = lan(3, { agingTime: 1000 })
  send(ports[1]!, frame(255, 2))
  send(ports[2]!, frame(255, 3))
  hub.age(600)
  send(ports[2]!, frame(255, 3))
  hub.age(1000)
  expect(hub.addressCount).toBe(2)
  hub.age(1001)
  expect(hub.addressCount).toBe(1)
  arrivals()
  send(ports[0]!, frame(2, 1))
  expect(arrivals()).toEqual([0, 1, 1])
  send(ports[0]!, frame(3, 1))
  expect(arrivals()).toEqual([0, 0, 1])
})

test('a flood of addresses fills the table to its cap and no further; frames still arrive', () => {
  const { hub, ports, arrivals } = lan(2, { maxAddresses: 64 })
  const flood = frame(255, 0)
  for (let n = 0; n < 20_000; n++) {
    flood.set([n >> 8, n & 255], 10)
    send(ports[0]!, flood)
  }
  // The address zero in its last bytes is a fine one: 02:00:00:00:00:00.
  expect(hub.addressCount).toBe(64)
  expect(arrivals()).toEqual([0, 20_000])
  send(ports[1]!, frame(9, 8))
  expect(arrivals()[0]).toBe(1)
})

test('when all places for an address are taken, the one unheard of for longest makes room', () => {
  const table = new AddressTable(4)
  for (let host = 1; host <= 4; host++) table.learn(2, host, host, host * 10)
  table.learn(2, 1, 1, 50)
  table.learn(2, 5, 5, 60)
  expect([1, 2, 3, 4, 5, 6].map((host) => table.find(2, host))).toEqual([1, -1, 3, 4, 5, -1])
  expect(table.find(3, 1)).toBe(-1)
  expect(table.size).toBe(4)
})

test('closing a port forgets its hosts, and the next new port takes its place', () => {
  const { hub, ports, arrivals } = lan(3)
  send(ports[2]!, frame(255, 3))
  arrivals()
  ports[2]!.close()
  expect(hub.addressCount).toBe(0)
  send(ports[0]!, frame(3, 1))
  expect(arrivals()).toEqual([0, 1, 0])
  const again = collect(hub.addPort())
  send(ports[0]!, frame(3, 1))
  expect(again.length).toBe(1)
})

test('there are no more ports than the cap', () => {
  const { hub, ports } = lan(2, { maxPorts: 2 })
  expect(() => hub.addPort()).toThrow(new RangeError('all 2 ports of the switch are in use'))
  ports[0]!.close()
  hub.addPort()
})

test('each port has an address of its own, or the one given', () => {
  const hub = new LearningSwitch()
  expect([...hub.addPort().hardwareAddress!]).toEqual([2, 0, 0, 0, 0, 1])
  expect([...hub.addPort().hardwareAddress!]).toEqual([2, 0, 0, 0, 0, 2])
  expect([...hub.addPort(Uint8Array.of(2, 7, 7, 7, 7, 7)).hardwareAddress!]).toEqual([2, 7, 7, 7, 7, 7])
})

test('two switches joined by a bridge are one network', () => {
  const left = lan(2)
  const right = lan(2)
  bridge(left.hub.addPort(), right.hub.addPort())
  send(left.ports[0]!, frame(255, 1))
  expect([left.arrivals(), right.arrivals()]).toEqual([[0, 1], [1, 1]])
  send(right.ports[1]!, frame(1, 9))
  expect([left.arrivals(), right.arrivals()]).toEqual([[1, 0], [0, 0]])
})

test('two switches joined by two ways do not recurse: the frame that comes back is dropped and counted', () => {
  const left = lan(1)
  const right = lan(1)
  bridge(left.hub.addPort(), right.hub.addPort())
  bridge(left.hub.addPort(), right.hub.addPort())
  send(left.ports[0]!, frame(255, 1))
  expect(right.arrivals()).toEqual([2])
  expect(left.hub.counters.looped).toBe(2)
  send(left.ports[0]!, frame(255, 1))
  expect(right.arrivals()).toEqual([2])
})

test('a receiver that throws does not leave the switch stuck', () => {
  const { hub, ports, arrivals } = lan(2)
  const failing = hub.addPort()
  failing.attach(() => {
    throw new Error('mine')
  })
  expect(() => send(ports[0]!, frame(255, 1))).toThrow('mine')
  failing.close()
  arrivals()
  send(ports[0]!, frame(255, 1))
  expect(arrivals()).toEqual([0, 1])
})

test('wrong options throw, saying what was got and what was expected', () => {
  expect(() => new LearningSwitch({ maxAddresses: 100 })).toThrow('maxAddresses is 100, expected a power of two from 4 to 1048576')
  expect(() => new LearningSwitch({ maxPorts: 0 })).toThrow('maxPorts is 0, expected an integer from 1 to 65536')
  expect(() => new LearningSwitch({ agingTime: NaN })).toThrow('agingTime is NaN, expected more than 0 ms')
  expect(() => new LearningSwitch().age(NaN)).toThrow(TypeError)
})

test('a bridge joins devices of one medium only', () => {
  const [a] = pair()
  expect(() => bridge(a, new LearningSwitch().addPort())).toThrow("medium is 'ip' and the other's 'ethernet'")
})
