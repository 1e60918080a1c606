import { IcmpCause } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import {
  MAX_NEIGHBOURS, NEIGHBOUR_PROBES, NEIGHBOUR_REACHABLE_TIME, NEIGHBOUR_RETRY_INTERVAL, NEIGHBOUR_TRIES,
} from '../src/index.ts'
import { Host, Wire } from './support/host.ts'
import { arp, concat, ethernet, icmp4, ip, ipv4, macBytes, pattern, prefix } from './support/packets.ts'

const US = '02:00:00:00:00:01'
const PEER = '02:00:00:00:00:02'
const OTHER = '02:00:00:00:00:03'
const ALL = 'ff:ff:ff:ff:ff:ff'
const NONE = '00:00:00:00:00:00'

const request = ethernet(ALL, US, 0x0806, arp(1, US, '10.0.0.1', NONE, '10.0.0.2'))
const poll = ethernet(PEER, US, 0x0806, arp(1, US, '10.0.0.1', NONE, '10.0.0.2'))
const reply = ethernet(US, PEER, 0x0806, arp(2, PEER, '10.0.0.2', US, '10.0.0.1'))

/** The frame in which a datagram of ours with this data goes to the peer. */
const toPeer = (data: Uint8Array, destination = PEER): Uint8Array =>
  ethernet(destination, US, 0x0800, ipv4({ source: '10.0.0.1', destination: '10.0.0.2', dontFragment: true }, data))

const newHost = (): Host => new Host({ medium: 'ethernet', hardwareAddress: US })
const send = (host: Host, data: Uint8Array, destination = '10.0.0.2'): string => host.send({ destination, dontFragment: true }, data)

/** A host that knows the peer. */
function acquainted(): Host {
  const host = newHost()
  send(host, pattern(1))
  host.receive(reply)
  host.poll()
  expect(host.sent()).toHaveLength(2)
  return host
}

describe('doubt', () => {
  test('RFC 1122 §3.3.1.4: negative advice about a path has the next packet ask its first hop again', () => {
    const host = acquainted()
    expect(send(host, pattern(2))).toBe('None')
    expect(host.sent()).toEqual([toPeer(pattern(2))])
    host.layer.doubtPath(ip('10.0.0.2'), ip('10.0.0.1'))
    send(host, pattern(3))
    expect(host.sent()).toEqual(expect.arrayContaining([toPeer(pattern(3)), poll]))
    host.layer.doubtPath(ip('10.0.0.77'), ip('10.0.0.1'))
    expect(host.sent()).toEqual([])
  })
})

describe('asking', () => {
  test('RFC 826: the first packet asks everyone for the hardware address, and goes when it is known', () => {
    const host = newHost()
    expect(send(host, pattern(10))).toBe('None')
    expect(host.sent()).toEqual([request])
    expect(host.receive(reply)).toBe('None')
    expect(host.wire.sent).toEqual([])
    expect(host.layer.deadline).toBeLessThanOrEqual(host.now)
    host.expectSent(toPeer(pattern(10)))
    expect(host.arena.used).toBe(0)
    expect(send(host, pattern(11))).toBe('None')
    expect(host.sent()).toEqual([toPeer(pattern(11))])
  })

  test('RFC 1122 §2.3.2.2: the latest packet is kept while the address is looked for, the one before it dropped', () => {
    const host = newHost()
    send(host, pattern(10))
    send(host, pattern(11))
    send(host, pattern(12))
    expect(host.sent()).toEqual([request])
    expect(host.drops).toEqual({ NeighbourPending: 2 })
    host.receive(reply)
    host.expectSent(toPeer(pattern(12)))
  })

  test('RFC 1122 §2.3.2.1: requests go out once a second, however many packets wait', () => {
    const host = newHost()
    const start = host.now
    send(host, pattern(10))
    expect(host.sent()).toEqual([request])
    for (let asked = 1; asked < NEIGHBOUR_TRIES; asked++) {
      send(host, pattern(10))
      expect(host.layer.deadline).toBe(start + asked * NEIGHBOUR_RETRY_INTERVAL)
      host.poll(start + asked * NEIGHBOUR_RETRY_INTERVAL - 0.5)
      expect(host.sent()).toEqual([])
      host.poll(start + asked * NEIGHBOUR_RETRY_INTERVAL)
      expect(host.sent()).toEqual([request])
    }
    host.receive(reply)
    host.expectSent(toPeer(pattern(10)))
  })

  test('RFC 1122 §2.4: when nobody answers, the packet is dropped and its transport hears of an unreachable host', () => {
    const host = newHost()
    const start = host.now
    send(host, pattern(100))
    for (let second = 1; second < NEIGHBOUR_TRIES; second++) host.poll(start + second * 1000)
    expect(host.sent()).toHaveLength(NEIGHBOUR_TRIES)
    expect(host.udp.news).toEqual([])
    host.poll(start + NEIGHBOUR_TRIES * 1000)
    expect(host.udp.news).toMatchObject([{ cause: IcmpCause.HostUnreachable, mtu: 0, data: pattern(100) }])
    expect(host.udp.news[0]!.meta).toMatchObject({ source: ip('10.0.0.1'), destination: ip('10.0.0.2'), protocol: 17 })
    expect(host.drops).toEqual({ NeighbourUnreachable: 1 })
    expect(host.arena.used).toBe(0)
    // For a second, packets are refused at once; then the search begins anew.
    expect(send(host, pattern(10))).toBe('NeighbourUnreachable')
    host.poll(start + NEIGHBOUR_TRIES * 1000 + 999)
    expect(send(host, pattern(10))).toBe('NeighbourUnreachable')
    host.poll(start + NEIGHBOUR_TRIES * 1000 + 1000)
    expect(host.layer.deadline).toBe(Infinity)
    expect(send(host, pattern(10))).toBe('None')
    expect(host.sent()).toEqual([request])
  })

  test('a late answer ends the refusal', () => {
    const host = newHost()
    const start = host.now
    send(host, pattern(10))
    for (let second = 1; second <= NEIGHBOUR_TRIES; second++) host.poll(start + second * 1000)
    host.sent()
    expect(host.receive(reply)).toBe('None')
    send(host, pattern(11))
    expect(host.sent()).toEqual([toPeer(pattern(11))])
  })

  test('a request that the device refuses is made up for by the next one', () => {
    const host = newHost()
    host.wire.room = 0
    expect(send(host, pattern(10))).toBe('None')
    host.wire.room = Infinity
    host.poll(host.now + 1000)
    expect(host.sent()).toEqual([request])
    host.receive(reply)
    host.expectSent(toPeer(pattern(10)))
  })

  test('a packet that waits is sent in fragments when it is larger than the MTU', () => {
    const host = newHost()
    host.send({ destination: '10.0.0.2' }, pattern(2000))
    expect(host.sent()).toEqual([request])
    host.receive(reply)
    host.poll()
    const frames = host.sent()
    expect(frames.map((frame) => frame.length)).toEqual([1514, 14 + 20 + 520])
    expect(concat(...frames.map((frame) => frame.subarray(34)))).toEqual(pattern(2000))
  })

  test('a packet with DF that waits is dropped when its path has become too narrow for it meanwhile', () => {
    const host = acquainted()
    const far = { destination: '192.0.2.1', protocol: 6, dontFragment: true }
    host.layer.addRoute({ destination: prefix('0.0.0.0/0'), gateway: ip('10.0.0.3'), interfaceIndex: 1 })
    const narrow = (mtu: number): string => host.receive(ethernet(US, PEER, 0x0800, ipv4({ protocol: 1 }, icmp4(
      3, 4, Uint8Array.of(0, 0, mtu >> 8, mtu), ipv4({ source: '10.0.0.1', destination: '192.0.2.1', protocol: 6 }, pattern(1400))))))
    const answer = ethernet(US, OTHER, 0x0806, arp(2, OTHER, '10.0.0.3', US, '10.0.0.1'))
    // Something else in the arena, so that the packet lies further on.
    host.arena.allocate(2 ** 18)
    host.send(far, pattern(1280))
    expect(narrow(1300)).toBe('None')
    host.receive(answer)
    host.poll()
    expect(host.sent().map((frame) => frame.length)).toEqual([42, 1314])
    host.now += NEIGHBOUR_REACHABLE_TIME
    host.send(far, pattern(1))
    for (let polls = 1; polls <= NEIGHBOUR_PROBES; polls++) host.poll(host.now + 1000)
    host.send(far, pattern(1280))
    expect(narrow(1299)).toBe('None')
    host.sent()
    host.receive(answer)
    host.poll()
    expect(host.sent()).toEqual([])
    expect(host.drops).toEqual({ PacketTooBig: 1 })
  })

  test('without memory to keep it, the packet is dropped', () => {
    const host = new Host({ medium: 'ethernet', hardwareAddress: US, arena: 256 })
    expect(send(host, pattern(1000))).toBe('OutOfMemory')
    expect(host.sent()).toEqual([request])
  })
})

describe('keeping', () => {
  test('RFC 1122 §2.3.2.1 (2): an entry in use is polled by unicast when a minute has passed since the last answer', () => {
    const host = acquainted()
    host.now += NEIGHBOUR_REACHABLE_TIME - 1
    send(host, pattern(2))
    expect(host.sent()).toEqual([toPeer(pattern(2))])
    host.now += 1
    send(host, pattern(3))
    expect(host.sent()).toEqual([poll, toPeer(pattern(3))])
    send(host, pattern(4))
    expect(host.sent()).toEqual([toPeer(pattern(4))])
    host.receive(reply)
    host.poll(host.now + 10_000)
    expect(host.layer.deadline).toBe(Infinity)
    send(host, pattern(5))
    expect(host.sent()).toEqual([toPeer(pattern(5))])
  })

  test('RFC 1122 §2.3.2.1 (2): two polls without an answer delete the entry', () => {
    const host = acquainted()
    host.now += NEIGHBOUR_REACHABLE_TIME
    const start = host.now
    send(host, pattern(3))
    expect(host.sent()).toEqual([poll, toPeer(pattern(3))])
    for (let polls = 1; polls < NEIGHBOUR_PROBES; polls++) {
      host.poll(start + polls * 1000)
      expect(host.sent()).toEqual([poll])
    }
    host.poll(start + NEIGHBOUR_PROBES * 1000)
    send(host, pattern(4))
    expect(host.sent()).toEqual([request])
  })

  test('RFC 826: what a known neighbour says of itself, to whomever, changes its entry at once', () => {
    const host = acquainted()
    expect(host.receive(ethernet(ALL, OTHER, 0x0806, arp(1, OTHER, '10.0.0.2', NONE, '10.0.0.99')))).toBe('None')
    send(host, pattern(3))
    expect(host.sent()).toEqual([toPeer(pattern(3), OTHER)])
    // A gratuitous reply (RFC 5227 §3) does the same.
    expect(host.receive(ethernet(ALL, PEER, 0x0806, arp(2, PEER, '10.0.0.2', ALL, '10.0.0.2')))).toBe('None')
    send(host, pattern(4))
    expect(host.sent()).toEqual([toPeer(pattern(4))])
  })

  test('nobody gets an entry by an answer that was not asked for, nor by talking to others', () => {
    const host = newHost()
    expect(host.receive(reply)).toBe('NotForUs')
    expect(host.receive(ethernet(ALL, PEER, 0x0806, arp(2, PEER, '10.0.0.2', ALL, '10.0.0.2')))).toBe('NotForUs')
    expect(host.receive(ethernet(ALL, PEER, 0x0806, arp(1, PEER, '10.0.0.2', NONE, '10.0.0.99')))).toBe('NotForUs')
    send(host, pattern(1))
    expect(host.sent()).toEqual([request])
  })

  test('the neighbour used longest ago makes room for a new one, with the packet that it holds', () => {
    const host = newHost()
    for (let i = 0; i < MAX_NEIGHBOURS; i++) {
      host.now += 0.1
      send(host, pattern(1), i < 200 ? `10.0.0.${i + 2}` : '10.0.0.2')
    }
    host.layer.addAddress(1, prefix('10.1.0.1/16'))
    for (let i = 200; i < MAX_NEIGHBOURS; i++) host.send({ source: '10.1.0.1', destination: `10.1.1.${i - 199}` }, pattern(1))
    host.sent()
    const { drops } = host
    expect(drops).toEqual({ NeighbourPending: MAX_NEIGHBOURS - 200 })
    host.send({ source: '10.1.0.1', destination: '10.1.2.1' }, pattern(1))
    expect(host.sent()).toHaveLength(1)
    expect(host.drops).toEqual({ NeighbourPending: MAX_NEIGHBOURS - 200 + 1 })
    // 10.0.0.2 was used last of the first lot, so 10.0.0.3 is the one that went.
    expect(host.receive(reply)).toBe('None')
    expect(host.receive(ethernet(US, PEER, 0x0806, arp(2, PEER, '10.0.0.3', US, '10.0.0.1')))).toBe('NotForUs')
    expect(host.receive(ethernet(US, PEER, 0x0806, arp(2, PEER, '10.0.0.4', US, '10.0.0.1')))).toBe('None')
    host.poll()
    expect(host.sent()).toHaveLength(2)
  })
})

describe('answering', () => {
  const question = ethernet(ALL, PEER, 0x0806, arp(1, PEER, '10.0.0.2', NONE, '10.0.0.1'))
  const answer = ethernet(PEER, US, 0x0806, arp(2, US, '10.0.0.1', PEER, '10.0.0.2'))

  test('RFC 826: a question for our address is answered at the next poll, and tells us who asks', () => {
    const host = newHost()
    expect(host.receive(question)).toBe('None')
    expect(host.wire.sent).toEqual([])
    host.expectSent(answer)
    send(host, pattern(1))
    expect(host.sent()).toEqual([toPeer(pattern(1))])
  })

  test('a question padded to the least size of a frame is answered', () => {
    const host = newHost()
    expect(host.receive(concat(question, new Uint8Array(18)))).toBe('None')
    host.expectSent(answer)
  })

  test('RFC 5227 §1.1: a probe from 0.0.0.0 is answered, and remembered as nobody', () => {
    const host = newHost()
    expect(host.receive(ethernet(ALL, PEER, 0x0806, arp(1, PEER, '0.0.0.0', NONE, '10.0.0.1')))).toBe('None')
    host.expectSent(ethernet(PEER, US, 0x0806, arp(2, US, '10.0.0.1', PEER, '0.0.0.0')))
  })

  test('questions for others, for broadcast and for an address of another interface are not answered', () => {
    const host = newHost()
    for (const target of ['10.0.0.99', '10.0.0.255', '255.255.255.255', '127.0.0.1']) {
      expect(host.receive(ethernet(ALL, PEER, 0x0806, arp(1, PEER, '10.0.0.2', NONE, target)))).toBe('NotForUs')
    }
  })

  test('who claims our address, a group address or a group hardware address is not believed', () => {
    const host = newHost()
    expect(host.receive(ethernet(ALL, PEER, 0x0806, arp(1, PEER, '10.0.0.1', NONE, '10.0.0.1')))).toBe('MartianSource')
    expect(host.receive(ethernet(ALL, PEER, 0x0806, arp(1, PEER, '224.0.0.1', NONE, '10.0.0.1')))).toBe('MartianSource')
    expect(host.receive(ethernet(ALL, PEER, 0x0806, arp(1, PEER, '255.255.255.255', NONE, '10.0.0.1')))).toBe('MartianSource')
    expect(host.receive(ethernet(ALL, PEER, 0x0806, arp(1, ALL, '10.0.0.2', NONE, '10.0.0.1')))).toBe('MartianSource')
    expect(host.receive(ethernet(US, ALL, 0x0806, arp(1, PEER, '10.0.0.2', NONE, '10.0.0.1')))).toBe('MartianSource')
  })

  test('ARP for other media and other protocols is dropped', () => {
    const host = newHost()
    const change = (at: number, value: number): string => {
      const frame = question.slice()
      frame[14 + at] = value
      return host.receive(frame)
    }
    expect(change(1, 6)).toBe('UnknownProtocol')
    expect(change(2, 0x86)).toBe('UnknownProtocol')
    expect(change(4, 8)).toBe('BadHeaderLength')
    expect(change(7, 3)).toBe('UnknownProtocol')
    expect(host.receive(question.subarray(0, 41))).toBe('Truncated')
  })

  test('answers that a device refuses are tried again, and dropped after a second', () => {
    const host = newHost()
    host.receive(question)
    host.wire.room = 0
    const next = host.poll()
    expect(next).toBeGreaterThan(host.now)
    expect(next).toBeLessThan(host.now + 100)
    host.wire.room = Infinity
    host.now = next
    host.expectSent(answer)
    host.receive(question)
    host.wire.room = 0
    host.poll()
    host.poll(host.now + 999)
    expect(host.drops).toEqual({})
    host.poll(host.now + 1)
    expect(host.drops).toEqual({ DeviceQueueFull: 1 })
    expect(host.layer.deadline).toBe(Infinity)
  })
})

describe('frames', () => {
  const datagram = ipv4({}, pattern(8))

  test('frames for another station and of unknown types are dropped; short ones too', () => {
    const host = newHost()
    expect(host.receive(ethernet(OTHER, PEER, 0x0800, datagram))).toBe('NotForUs')
    expect(host.receive(ethernet(US, PEER, 0x88cc, datagram))).toBe('UnknownEtherType')
    expect(host.receive(ethernet(US, PEER, 0x05dc, datagram))).toBe('UnknownEtherType')
    expect(host.receive(macBytes(US))).toBe('Truncated')
    expect(host.receive(new Uint8Array(0))).toBe('Truncated')
    expect(host.receive(ethernet(US, PEER, 0x0800, datagram))).toBe('None')
  })

  test('RFC 894: padding behind the IP packet is cut off', () => {
    const host = newHost()
    host.receive(ethernet(US, PEER, 0x0800, concat(datagram, new Uint8Array(18))))
    expect(host.udp.received[0]!.data).toEqual(pattern(8))
  })

  test('RFC 1122 §3.3.6: a packet to one host in a frame to everyone is dropped', () => {
    const host = newHost()
    expect(host.receive(ethernet(ALL, PEER, 0x0800, datagram))).toBe('NotForUs')
    expect(host.receive(ethernet('01:00:5e:00:00:01', PEER, 0x0800, datagram))).toBe('NotForUs')
    expect(host.receive(ethernet(ALL, PEER, 0x0800, ipv4({ destination: '10.0.0.255' }, pattern(8))))).toBe('None')
  })

  test('a frame to everyone changes nothing for a packet on another medium', () => {
    const host = newHost()
    host.layer.addInterface(new Wire())
    host.receive(ethernet(ALL, PEER, 0x0800, datagram))
    expect(host.receive(datagram, 2)).toBe('None')
  })

  test('RFC 1122 §3.3.6: broadcasts go to everyone, multicasts to their group, without ARP', () => {
    const host = newHost()
    const destinations = { '255.255.255.255': ALL, '10.0.0.255': ALL, '224.129.2.3': '01:00:5e:01:02:03' }
    for (const [destination, hardware] of Object.entries(destinations)) {
      expect(host.send({ destination, dontFragment: true }, pattern(8))).toBe('None')
      expect(host.sent()).toEqual([
        ethernet(hardware, US, 0x0800, ipv4({ source: '10.0.0.1', destination, dontFragment: true }, pattern(8))),
      ])
    }
  })

  test('RFC 1122 §3.3.1.1: what is not on-link goes to the gateway\'s hardware address', () => {
    const host = acquainted()
    host.layer.addRoute({ destination: prefix('0.0.0.0/0'), gateway: ip('10.0.0.2'), interfaceIndex: 1 })
    host.send({ destination: '192.0.2.1', dontFragment: true }, pattern(9))
    expect(host.sent()).toEqual([
      ethernet(PEER, US, 0x0800, ipv4({ source: '10.0.0.1', destination: '192.0.2.1', dontFragment: true }, pattern(9))),
    ])
  })

  test('IPv6 does not leave by Ethernet, nor come in, without neighbour discovery', () => {
    const host = new Host({ medium: 'ethernet', hardwareAddress: US, addresses: ['10.0.0.1/24', '2001:db8::1/64'] })
    expect(host.send({ source: '2001:db8::1', destination: '2001:db8::2' }, pattern(8))).toBe('NoRoute')
    expect(host.receive(ethernet(US, PEER, 0x86dd, pattern(60)))).toBe('UnknownEtherType')
  })
})

describe('flooding', () => {
  const MALLORY = '02:00:00:00:00:66'
  const flood = (host: Host, sender: (i: number) => string): void => {
    for (let i = 0; i < 2 * MAX_NEIGHBOURS; i++) {
      host.now += 1
      host.receive(ethernet(US, MALLORY, 0x0806, arp(1, MALLORY, sender(i), NONE, '10.0.0.1')))
      host.poll()
      expect(host.sent()).toHaveLength(1)
    }
  }

  test('a sender whose address is not on the link gets its answer, but no entry', () => {
    const host = acquainted()
    flood(host, (i) => `198.51.${100 + (i >> 8)}.${i & 255}`)
    send(host, pattern(2))
    expect(host.sent()).toEqual([toPeer(pattern(2))])
    // Had it an entry, its word to somebody else would count.
    expect(host.receive(ethernet(ALL, MALLORY, 0x0806, arp(1, MALLORY, '198.51.101.255', NONE, '10.0.0.99')))).toBe('NotForUs')
  })

  test('senders on the link that we never sent to make room before a neighbour in use does', () => {
    const host = new Host({ medium: 'ethernet', hardwareAddress: US, addresses: ['10.0.0.1/16'] })
    send(host, pattern(1))
    host.receive(reply)
    host.poll()
    host.sent()
    flood(host, (i) => `10.0.${100 + (i >> 8)}.${i & 255}`)
    send(host, pattern(2))
    expect(host.sent()).toEqual([toPeer(pattern(2))])
    // The latest of them is known all the same.
    send(host, pattern(3), '10.0.101.255')
    expect(host.sent()).toHaveLength(1)
    expect(host.wire.sent).toEqual([])
  })

  test('an entry that was in use, then made room, counts as unused when its place is taken by a mere sender', () => {
    const host = new Host({ medium: 'ethernet', hardwareAddress: US, addresses: ['10.0.0.1/16'] })
    // All places in use; the sender takes the first, and the peer, who is next, takes that from it.
    for (let i = 0; i < MAX_NEIGHBOURS; i++) {
      host.now += 1
      send(host, pattern(1), `10.0.${1 + (i >> 8)}.${i & 255}`)
      host.receive(ethernet(US, PEER, 0x0806, arp(2, PEER, `10.0.${1 + (i >> 8)}.${i & 255}`, US, '10.0.0.1')))
      host.poll()
    }
    host.sent()
    host.receive(ethernet(US, MALLORY, 0x0806, arp(1, MALLORY, '10.0.200.1', NONE, '10.0.0.1')))
    host.poll()
    host.sent()
    send(host, pattern(1))
    expect(host.sent()).toEqual([ethernet(ALL, US, 0x0806, arp(1, US, '10.0.0.1', NONE, '10.0.0.2'))])
    host.receive(reply)
    host.poll()
    host.sent()
    for (let i = 1; i < MAX_NEIGHBOURS; i++) send(host, pattern(1), `10.0.${1 + (i >> 8)}.${i & 255}`)
    expect(host.sent().map((frame) => frame[12]! << 8 | frame[13]!)).toEqual(new Array(MAX_NEIGHBOURS - 1).fill(0x0800))
  })
})
