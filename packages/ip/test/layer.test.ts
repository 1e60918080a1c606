import { Arena } from '@layerfour/storage'
import { copyIpAddress, createPacketMeta, DropReason, dropReasonNames } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import { INTERNET_LAYER_MARGIN, InternetLayer } from '../src/index.ts'
import type { IpObserver, LinkPort } from '../src/index.ts'
import { Host, Recorder, SECRET } from './support/host.ts'
import { arp, ethernet, hex, icmp4, ip, ipv4, pattern, prefix, toHex } from './support/packets.ts'
import { sharedBytes } from './support/shared-memory.ts'

const US = '02:00:00:00:00:01'
const PEER = '02:00:00:00:00:02'

describe('poll', () => {
  test('transports are polled, and the earliest deadline of all is returned', () => {
    const host = new Host()
    host.udp.deadline = 7000
    host.tcp.deadline = 5000
    expect(host.poll(2000)).toBe(5000)
    expect(host.udp.polls).toEqual([2000])
    expect(host.tcp.polls).toEqual([2000])
    host.receive(ipv4({ moreFragments: true, protocol: 6 }, pattern(8)))
    host.tcp.deadline = Infinity
    host.udp.deadline = Infinity
    expect(host.layer.deadline).toBe(2000 + 30_000)
    host.poll(32_000)
    host.sentOne()
  })

  test('replies leave before the transports send', () => {
    const host = new Host()
    host.udp.onPoll = () => host.send({ dontFragment: true }, pattern(3))
    host.receive(ipv4({ protocol: 1 }, icmp4(8, 0, hex('00010002'), pattern(3))))
    host.poll()
    expect(host.sent().map((packet) => packet[9])).toEqual([1, 17])
    host.udp.onPoll = undefined
  })
})

describe('a device that refuses', () => {
  test('a transport is told to try again, and nothing is counted', () => {
    const host = new Host()
    host.wire.room = 0
    expect(host.send({}, pattern(8))).toBe('DeviceQueueFull')
    expect(host.drops).toEqual({})
    expect(host.layer.interfaces[1]!.traffic.packetsOut).toBe(0)
    expect(host.layer.deadline).toBe(Infinity)
  })

  test('a reply is kept and tried again, the others with it, in order', () => {
    const host = new Host()
    for (let i = 0; i < 3; i++) host.receive(ipv4({ protocol: 1 }, icmp4(8, 0, hex('00010002'), pattern(3 + i))))
    host.wire.room = 0
    const next = host.poll()
    expect(host.sent()).toEqual([])
    expect(next).toBeGreaterThan(host.now)
    expect(next).toBeLessThan(host.now + 50)
    host.wire.room = Infinity
    host.poll(next)
    expect(host.sent().map((packet) => packet.length)).toEqual([31, 32, 33])
  })

  test('a reply that came meanwhile is not held up', () => {
    const host = new Host()
    host.receive(ipv4({ protocol: 1 }, icmp4(8, 0, hex('00010002'), pattern(3))))
    host.wire.room = 0
    host.poll()
    host.wire.room = Infinity
    host.receive(ipv4({ protocol: 1 }, icmp4(8, 0, hex('00010002'), pattern(4))))
    expect(host.layer.deadline).toBeLessThanOrEqual(host.now)
    host.poll()
    expect(host.sent()).toHaveLength(2)
  })

  test('a reply is dropped after a second', () => {
    const host = new Host()
    host.receive(ipv4({ protocol: 1 }, icmp4(8, 0, hex('00010002'), pattern(3))))
    host.wire.room = 0
    for (let next = host.poll(); next < Infinity; next = host.poll(next)) expect(host.now).toBeLessThan(2001)
    expect(host.drops).toEqual({ DeviceQueueFull: 1 })
    expect(host.arena.used).toBe(0)
  })

  test('a reply without a way back is dropped', () => {
    const host = new Host()
    host.receive(ipv4({ source: '192.0.2.1', protocol: 1 }, icmp4(8, 0, hex('00010002'), pattern(3))))
    host.poll()
    expect(host.drops).toEqual({ NoRoute: 1 })
    expect(host.arena.used).toBe(0)
  })
})

describe('the observer', () => {
  const watch = (): { seen: string[], observer: IpObserver } => {
    const seen: string[] = []
    return {
      seen,
      observer: {
        packetIn: (index, bytes, start, end, now) => seen.push(`${now} in ${index} ${toHex(bytes.subarray(start, end))}`),
        packetOut: (index, bytes, start, end, now) => seen.push(`${now} out ${index} ${toHex(bytes.subarray(start, end))}`),
        dropped: (reason, index, bytes, start, end, now) =>
          seen.push(`${now} ${dropReasonNames[reason]} ${index} ${toHex(bytes.subarray(start, end))}`),
      },
    }
  }

  test('sees whole frames in and out, and what was dropped and why', () => {
    const { seen, observer } = watch()
    const host = new Host({ medium: 'ethernet', hardwareAddress: US, observer })
    const question = ethernet(US, PEER, 0x0806, arp(1, PEER, '10.0.0.2', US, '10.0.0.1'))
    const answer = ethernet(PEER, US, 0x0806, arp(2, US, '10.0.0.1', PEER, '10.0.0.2'))
    const stray = ipv4({ destination: '10.0.0.3' }, pattern(4))
    host.receive(question)
    host.poll(1001.5)
    host.sent()
    host.receive(ethernet(US, PEER, 0x0800, stray))
    const datagram = ipv4({ source: '10.0.0.1', destination: '10.0.0.2', dontFragment: true }, pattern(4))
    host.send({ dontFragment: true }, pattern(4))
    host.sent()
    expect(seen).toEqual([
      `1000 in 1 ${toHex(question)}`,
      `1001.5 out 1 ${toHex(answer)}`,
      `1001.5 in 1 ${toHex(ethernet(US, PEER, 0x0800, stray))}`,
      `1001.5 NotForUs 1 ${toHex(stray)}`,
      `1001.5 out 1 ${toHex(ethernet(PEER, US, 0x0800, datagram))}`,
    ])
  })

  test('sees drops on the way out', () => {
    const { seen, observer } = watch()
    const host = new Host({ observer })
    host.send({ destination: '192.0.2.1' }, pattern(2))
    expect(seen).toEqual([`1000 NoRoute -1 ${toHex(pattern(2))}`])
  })

  test('every member may be absent', () => {
    const host = new Host({ observer: {} })
    expect(host.receive(ipv4({ destination: '10.0.0.3' }, pattern(4)))).toBe('NotForUs')
    expect(host.send({}, pattern(4))).toBe('None')
    host.sentOne()
  })
})

test('traffic is counted per interface, in packets and bytes with their link header', () => {
  const host = new Host()
  host.receive(ipv4({}, pattern(10)))
  host.receive(ipv4({ destination: '10.0.0.3' }, pattern(20)))
  host.send({}, pattern(100))
  host.sent()
  const { name, traffic } = host.layer.interfaces[1]!
  expect(name).toBe('test0')
  expect(traffic).toMatchObject({ packetsIn: 2, bytesIn: 70, packetsOut: 1, bytesOut: 120 })
  expect(host.layer.interfaces[0]!.name).toBe('lo')
})

test('removing the last address of a network removes its route', () => {
  const host = new Host({ addresses: ['10.0.0.1/24', '10.0.0.5/24', '10.0.0.6/25'] })
  const { layer } = host
  const routes = (): number => layer.routes.filter((route) => route.interfaceIndex === 1).length
  expect(routes()).toBe(2)
  expect(layer.removeAddress(layer.interfaces[1]!.addresses[0]!.address)).toBe(true)
  expect(routes()).toBe(2)
  expect(host.send({ source: '10.0.0.5' }, pattern(1))).toBe('None')
  host.sentOne()
  layer.removeAddress(layer.interfaces[1]!.addresses[0]!.address)
  expect(routes()).toBe(1)
  layer.removeAddress(layer.interfaces[1]!.addresses[0]!.address)
  expect(routes()).toBe(0)
  expect(host.send({ source: '10.0.0.5' }, pattern(1))).toBe('NoRoute')
  expect(layer.removeAddress(ip('::99'))).toBe(false)
  // Even that of the loopback, though 127.0.0.0/8 stays ours.
  expect(layer.removeAddress(ip('127.0.0.1'))).toBe(true)
  expect(layer.interfaces[0]!.addresses).toHaveLength(1)
  expect(layer.isLocal(ip('127.0.0.1'))).toBe(true)
})

test('without an arena, the layer has memory of its own', () => {
  const layer = new InternetLayer({ secret: SECRET })
  expect(layer.poll(0)).toBe(Infinity)
  expect(layer.transportStart % 8).toBe(0)
  expect(layer.scratch.length - layer.transportStart).toBeGreaterThanOrEqual(65_535)
  expect(layer.drops.of(DropReason.NoRoute)).toBe(0)
})

test('packet buffers are in the margin of the arena, or memory of their own where that has no room', () => {
  const roomy = new Arena(4096, INTERNET_LAYER_MARGIN)
  const inside = new InternetLayer({ secret: SECRET, arena: roomy })
  expect(inside.scratch).toBe(roomy.bytes)
  expect(inside.transportStart).toBe(4096 + 64)
  // Both fit exactly, beside the budget.
  expect([roomy.allocateFixed(1), roomy.used]).toEqual([-1, 0])
  const second = new InternetLayer({ secret: SECRET, arena: roomy })
  expect(second.scratch).not.toBe(roomy.bytes)
  expect(second.transportStart).toBe(64)
})

describe('memory that packets come in', () => {
  const deliver = (host: Host, bytes: Uint8Array, packet: Uint8Array): string => {
    bytes.set(packet, 7)
    return dropReasonNames[host.layer.receive(1, bytes, 7, 7 + packet.length, host.now)]!
  }

  test('law 3: what is shared may be changed by others in the midst of it, and nobody notices', () => {
    const bytes = sharedBytes(200)
    let intruder = (): unknown => undefined
    const host = new Host({ observer: { packetIn: () => intruder() } })
    const receive = host.udp.receive.bind(host.udp)
    host.udp.receive = (...packet) => (intruder(), receive(...packet))
    intruder = () => bytes.fill(0xff)
    for (let seed = 0; seed < 5; seed++) {
      expect(deliver(host, bytes, ipv4({}, pattern(100, seed)))).toBe('None')
      expect(host.udp.received.map(({ data }) => data)).toEqual([pattern(100, seed)])
      host.udp.received = []
    }
  })

  test('what is not shared is read where it is', () => {
    const bytes = new Uint8Array(200)
    const host = new Host()
    const seen: Uint8Array[] = []
    host.udp.receive = (_meta, where, start, end) => {
      seen.push(where)
      expect(where.slice(start, end)).toEqual(pattern(100))
      return DropReason.None
    }
    for (let i = 0; i < 3; i++) expect(deliver(host, bytes, ipv4({}, pattern(100)))).toBe('None')
    expect(seen.slice(1).map((where) => where === bytes)).toEqual([true, true])
  })

  test('what the layer keeps of a packet is its own: fragments, what waits to be answered', () => {
    const bytes = new Uint8Array(200)
    const host = new Host()
    const scribble = (): Uint8Array => bytes.fill(0xff)
    for (let seed = 0; seed < 3; seed++) {
      const data = pattern(48, seed)
      expect(deliver(host, bytes, ipv4({ moreFragments: true, identification: seed }, data.subarray(0, 24)))).toBe('None')
      scribble()
      expect(deliver(host, bytes, ipv4({ fragmentOffset: 24, identification: seed }, data.subarray(24)))).toBe('None')
      scribble()
      expect(host.udp.received.pop()!.data).toEqual(data)
      expect(deliver(host, bytes, ipv4({ protocol: 1 }, icmp4(8, 0, hex('00010002'), data)))).toBe('None')
      scribble()
      host.poll()
      expect(host.sentOne().subarray(28)).toEqual(data)
      host.udp.verdict = DropReason.PortUnreachable
      const unwanted = ipv4({}, data)
      expect(deliver(host, bytes, unwanted)).toBe('PortUnreachable')
      scribble()
      host.poll()
      expect(host.sentOne().subarray(28)).toEqual(unwanted)
      host.udp.received = []
      host.udp.verdict = DropReason.None
    }
  })
})

test('the longest packet goes out of the margin and comes in to it, and leaves the other buffer and the blocks as they were', () => {
  const arenas = [new Arena(4096, INTERNET_LAYER_MARGIN), new Arena(4096, INTERNET_LAYER_MARGIN)]
  const [a, b] = arenas.map((arena, i) => {
    arena.bytes.fill(0x77)
    const layer = new InternetLayer({ secret: SECRET, arena })
    const port: LinkPort & { peer?: InternetLayer } = {
      medium: 'ip', mtu: 65_535, hardwareAddress: undefined, offload: { transmit: false, receive: false },
      transmit: (bytes, start, end) => port.peer!.receive(1, bytes, start, end, 0) === DropReason.None,
    }
    layer.addAddress(layer.addInterface(port), prefix(`10.0.0.${i + 1}/24`))
    const udp = new Recorder(17)
    layer.register(udp)
    return { layer, port, udp }
  })
  a!.port.peer = b!.layer
  const data = pattern(65_515)
  a!.layer.scratch.set(data, a!.layer.transportStart)
  const meta = { ...createPacketMeta(), protocol: 17 }
  copyIpAddress(ip('10.0.0.1'), meta.source)
  copyIpAddress(ip('10.0.0.2'), meta.destination)
  expect(a!.layer.send(meta, data.length, 0)).toBe(DropReason.None)
  expect(b!.udp.received.map(({ data: got }) => got)).toEqual([data])
  // Of the receiver nothing but its buffer for incoming packets changed, of the sender nothing but the other one.
  const changed = arenas.map(({ bytes }) => [bytes.findIndex((byte) => byte !== 0x77), bytes.findLastIndex((byte) => byte !== 0x77)])
  const buffer = INTERNET_LAYER_MARGIN / 2
  expect(changed[0]![0]).toBeGreaterThanOrEqual(4096)
  expect(changed[0]![1]).toBeLessThan(4096 + buffer)
  expect(changed[1]![0]).toBeGreaterThanOrEqual(4096 + buffer)
})
