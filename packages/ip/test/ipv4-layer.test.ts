import { Arena } from '@layerfour/storage'
import type { PacketMeta } from '@layerfour/wire'
import { copyIpAddress, createPacketMeta, createPath, DropReason, dropReasonNames } from '@layerfour/wire'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { INTERNET_LAYER_MARGIN, Ipv4Layer } from '../src/index.ts'
import type { IpObserver } from '../src/index.ts'
import { Recorder, SECRET, Wire } from './support/host.ts'
import { expectBytes, ip, ipv4, ipv6, pattern, prefix } from './support/packets.ts'

class Host {
  readonly wire: Wire
  readonly udp: Recorder = new Recorder(17)
  readonly tcp: Recorder = new Recorder(6)
  readonly layer: Ipv4Layer

  constructor(options: { segmentation?: number, offload?: boolean, observer?: IpObserver } = {}) {
    const { observer, ...rest } = options
    this.wire = new Wire(rest)
    const arena = new Arena(4096, INTERNET_LAYER_MARGIN)
    this.layer = new Ipv4Layer({ secret: SECRET, arena, ...(observer === undefined ? {} : { observer }) })
    expect(this.layer.addInterface(this.wire)).toBe(1)
    this.layer.addAddress(1, prefix('10.0.0.1/24'))
    this.layer.register(this.udp)
    this.layer.register(this.tcp)
  }

  receive(packet: Uint8Array): string {
    return dropReasonNames[this.layer.receive(1, packet, 0, packet.length, 0)]!
  }

  send(destination: string, length: number, fields: Partial<PacketMeta> = {}): string {
    const meta = { ...createPacketMeta(), protocol: 17, ...fields }
    copyIpAddress(ip('10.0.0.1'), meta.source)
    copyIpAddress(ip(destination), meta.destination)
    this.layer.scratch.set(pattern(length), this.layer.transportStart)
    return dropReasonNames[this.layer.send(meta, length, 0)]!
  }
}

const ROUTE = { source: '10.0.0.2', destination: '10.0.0.1', protocol: 17 }

test('packets go out with the header that the whole layer would write, and come in', () => {
  const host = new Host()
  expect(host.send('192.0.2.9', 20, { dontFragment: true, trafficClass: 8 })).toBe('None')
  expectBytes(host.wire.sent[0], ipv4({
    source: '10.0.0.1', destination: '192.0.2.9', protocol: 17, dontFragment: true, trafficClass: 8, hopLimit: 64,
  }, pattern(20)))
  expect(host.receive(ipv4(ROUTE, pattern(33)))).toBe('None')
  expectBytes(host.udp.received[0]!.data, pattern(33))
  expect(host.udp.received[0]!.meta.source).toEqual(ip('10.0.0.2'))
})

test.each([
  ['for another host', ipv4({ ...ROUTE, destination: '10.0.0.3' }, pattern(8)), 'NotForUs'],
  ['for a group', ipv4({ ...ROUTE, destination: '224.0.0.1' }, pattern(8)), 'NotForUs'],
  ['from us', ipv4({ ...ROUTE, source: '10.0.0.1' }, pattern(8)), 'MartianSource'],
  ['from the loopback', ipv4({ ...ROUTE, source: '127.0.0.1' }, pattern(8)), 'MartianSource'],
  ['from a group', ipv4({ ...ROUTE, source: '224.0.0.1' }, pattern(8)), 'MartianSource'],
  ['from everyone', ipv4({ ...ROUTE, source: '10.0.0.255' }, pattern(8)), 'MartianSource'],
  ['from nobody', ipv4({ ...ROUTE, source: '0.0.0.0' }, pattern(8)), 'MartianSource'],
  ['a fragment', ipv4({ ...ROUTE, moreFragments: true }, pattern(8)), 'FragmentLimit'],
  ['ICMP', ipv4({ ...ROUTE, protocol: 1 }, pattern(8)), 'UnknownProtocol'],
  ['TCP to everyone', ipv4({ ...ROUTE, protocol: 6, destination: '10.0.0.255' }, pattern(20)), 'NotForUs'],
  ['UDP to everyone', ipv4({ ...ROUTE, destination: '255.255.255.255' }, pattern(20)), 'None'],
  ['IPv6', ipv6({}, pattern(8)), 'BadVersion'],
  ['nothing', new Uint8Array(0), 'Truncated'],
])('a packet that is %s', (_, packet, reason) => {
  const host = new Host()
  expect(host.receive(packet)).toBe(reason)
  expect(host.layer.drops.total).toBe(reason === 'None' ? 0 : 1)
  expect(host.wire.sent).toEqual([])
})

test('a header with a wrong checksum is dropped, unless the medium vouches for it', () => {
  const packet = ipv4(ROUTE, pattern(8))
  packet[10]! ^= 1
  expect(new Host().receive(packet)).toBe('BadChecksum')
  const vouched = new Host({ offload: true })
  expect(vouched.receive(packet)).toBe('None')
  expect(vouched.udp.received[0]!.meta.checksumVerified).toBe(true)
})

test('what the link cannot carry, and what has no way there, is dropped', () => {
  const host = new Host()
  expect(host.send('10.0.0.2', 1480)).toBe('None')
  expect(host.send('10.0.0.2', 1481)).toBe('PacketTooBig')
  for (const destination of ['10.0.0.1', '127.0.0.1', '0.0.0.0', '::1']) expect(host.send(destination, 8)).toBe('NoRoute')
  host.wire.room = 0
  expect(host.send('10.0.0.2', 8)).toBe('DeviceQueueFull')
  expect(host.wire.sent.length).toBe(1)
  const segmenting = new Host({ segmentation: 9000 })
  expect(segmenting.send('10.0.0.2', 8980, { segmentSize: 1460 })).toBe('None')
  expect(segmenting.wire.segmentSizes).toEqual([1460])
  expect(segmenting.send('10.0.0.2', 8981, { segmentSize: 1460 })).toBe('PacketTooBig')
})

test('the path to anybody is the one link; without an address there is none', () => {
  const { layer } = new Host()
  const path = createPath()
  expect(layer.findPath(ip('192.0.2.9'), ip('::'), path)).toBe(DropReason.None)
  expect(path).toMatchObject({ source: ip('10.0.0.1'), interfaceIndex: 1, mtu: 1500, checksumNeeded: true, segmentation: 0 })
  expect(layer.findPath(ip('192.0.2.9'), ip('10.0.0.7'), path)).toBe(DropReason.NoSourceAddress)
  expect(layer.findPath(ip('2001:db8::1'), ip('::'), path)).toBe(DropReason.NoRoute)
  const bare = new Ipv4Layer({ secret: SECRET })
  expect(bare.findPath(ip('192.0.2.9'), ip('::'), path)).toBe(DropReason.NoRoute)
  bare.addInterface(new Wire())
  expect(bare.findPath(ip('192.0.2.9'), ip('::'), path)).toBe(DropReason.NoSourceAddress)
  expect(() => bare.addInterface(new Wire())).toThrow(RangeError)
  for (const address of ['::1/128', '127.0.0.1/8', '224.0.0.1/4', '0.0.0.0/0', '255.255.255.255/32']) {
    expect(() => bare.addAddress(1, prefix(address))).toThrow(RangeError)
  }
  expect(() => new Ipv4Layer({ secret: SECRET }).addInterface(new Wire({ medium: 'ethernet' }))).toThrow(RangeError)
})

test('an observer sees packets in, out and dropped; transports are polled and say when next', () => {
  const seen: string[] = []
  const host = new Host({
    observer: {
      packetIn: (index, _bytes, start, end) => seen.push(`in ${index} ${end - start}`),
      packetOut: (index, _bytes, start, end) => seen.push(`out ${index} ${end - start}`),
      dropped: (reason, index, _bytes, start, end) => seen.push(`${dropReasonNames[reason]} ${index} ${end - start}`),
    },
  })
  host.send('10.0.0.2', 8)
  host.receive(ipv4({ ...ROUTE, destination: '10.0.0.3' }, pattern(8)))
  expect(seen).toEqual(['out 1 28', 'in 1 28', 'NotForUs 1 28'])
  host.udp.deadline = 7
  expect(host.layer.deadline).toBe(7)
  expect(host.layer.poll(5)).toBe(7)
  expect(host.tcp.polls).toEqual([5])
})

test('no bytes throw, and what is dropped is counted', () => {
  const host = new Host()
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), fc.boolean(), (bytes, like4) => {
    if (like4 && bytes.length > 0) bytes[0] = 0x45
    const before = host.layer.drops.total
    const dropped = host.receive(bytes) !== 'None'
    expect(host.layer.drops.total - before).toBe(dropped ? 1 : 0)
  }))
})
