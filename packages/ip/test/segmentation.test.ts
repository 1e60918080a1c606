import { createPath, DropReason } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import { Host, Wire } from './support/host.ts'
import { ip, ipv4, ipv6, pattern, prefix } from './support/packets.ts'

const SEGMENTATION = 65_535
const newHost = (options = {}): Host => new Host({ addresses: ['10.0.0.1/24', '2001:db8::1/64'], segmentation: SEGMENTATION, ...options })

describe('a segment for the device to cut', () => {
  test('leaves in one packet, longer than the MTU, with the size of the segments', () => {
    const host = newHost()
    expect(host.send({ protocol: 6, dontFragment: true, segmentSize: 1448 }, pattern(60_000))).toBe('None')
    expect(host.wire.segmentSizes).toEqual([1448])
    expect(host.sent()).toEqual([ipv4({ source: '10.0.0.1', destination: '10.0.0.2', protocol: 6, dontFragment: true }, pattern(60_000))])
    const v6 = { source: '2001:db8::1', destination: '2001:db8::2', protocol: 6 }
    expect(host.send({ ...v6, dontFragment: true, segmentSize: 1428 }, pattern(60_000))).toBe('None')
    expect(host.sent()).toEqual([ipv6(v6, pattern(60_000))])
  })

  test('may be as long as the device says, headers included', () => {
    const host = newHost({ segmentation: 9000 })
    expect(host.send({ protocol: 6, dontFragment: true, segmentSize: 1448 }, pattern(8981))).toBe('PacketTooBig')
    expect(host.send({ protocol: 6, segmentSize: 1448 }, pattern(8981))).toBe('PacketTooBig')
    expect(host.sent()).toEqual([])
    expect(host.send({ protocol: 6, dontFragment: true, segmentSize: 1448 }, pattern(8980))).toBe('None')
    expect(host.sent().length).toBe(1)
  })

  test('is dropped where the device cuts none', () => {
    const host = new Host({ offload: true })
    expect(host.send({ protocol: 6, dontFragment: true, segmentSize: 1448 }, pattern(1000))).toBe('PacketTooBig')
  })

  test('that the device refuses for now stays with the transport, and the next packet is not to be cut', () => {
    const host = newHost()
    host.wire.room = 0
    expect(host.send({ protocol: 6, dontFragment: true, segmentSize: 1448 }, pattern(3000))).toBe('DeviceQueueFull')
    host.wire.room = 3
    expect(host.send({}, pattern(8))).toBe('None')
    // In fragments, none of which is to be cut.
    expect(host.send({}, pattern(2000))).toBe('None')
    expect(host.wire.segmentSizes).toEqual([0, 0, 0])
    host.sent()
  })

  test('an answer of the layer itself, such as to an echo request, is not to be cut', () => {
    const host = newHost()
    host.send({ protocol: 6, dontFragment: true, segmentSize: 1448 }, pattern(3000))
    host.send({ destination: '10.0.0.1' }, pattern(8))
    host.receive(ipv4({ protocol: 1 }, Uint8Array.of(8, 0, 0xf7, 0xff, 0, 0, 0, 0)))
    host.poll()
    expect(host.wire.segmentSizes).toEqual([1448, 0])
    host.sent()
  })

  test('findPath tells how long it may be', () => {
    const path = createPath()
    const host = newHost({ segmentation: 9000 })
    expect(host.layer.findPath(ip('10.0.0.2'), ip('0.0.0.0'), path)).toBe(DropReason.None)
    expect(path).toMatchObject({ mtu: 1500, checksumNeeded: false, segmentation: 9000 })
    host.layer.findPath(ip('127.0.0.1'), ip('0.0.0.0'), path)
    expect(path.segmentation).toBe(0)
  })

  test('in Ethernet it leaves in one frame, once the neighbour is known', () => {
    const host = new Host({ medium: 'ethernet', hardwareAddress: '02:00:00:00:00:01', segmentation: SEGMENTATION })
    expect(host.send({ protocol: 6, destination: '255.255.255.255', dontFragment: true, segmentSize: 1448 }, pattern(3000))).toBe('None')
    expect(host.wire.sent[0]!.length).toBe(3034)
    expect(host.wire.segmentSizes).toEqual([1448])
    host.sent()
  })
})

describe('a segment that comes in for several', () => {
  const receive = (host: Host, packet: Uint8Array, ...said: [number?, boolean?]): DropReason =>
    host.layer.receive(1, packet, 0, packet.length, host.now, ...said)

  test('reaches the transport in one, with the size of the segments, and what is said of its checksum', () => {
    const host = newHost()
    expect(receive(host, ipv4({ protocol: 6 }, pattern(65_515)), 1448, true)).toBe(DropReason.None)
    expect(receive(host, ipv4({ protocol: 6 }, pattern(100)))).toBe(DropReason.None)
    expect(receive(host, ipv6({ protocol: 6 }, pattern(65_000)), 1428, false)).toBe(DropReason.None)
    const [first, second, third] = host.tcp.received
    expect(first).toMatchObject({ data: pattern(65_515), meta: { segmentSize: 1448, checksumVerified: true } })
    expect(second).toMatchObject({ data: pattern(100), meta: { segmentSize: 0, checksumVerified: false } })
    expect(third).toMatchObject({ data: pattern(65_000), meta: { segmentSize: 1428, checksumVerified: false } })
  })

  test('what is said of one packet does not hold for the next one from ourselves', () => {
    const host = newHost()
    host.send({ destination: '10.0.0.1' }, pattern(8))
    receive(host, ipv4({ protocol: 6 }, pattern(3000)), 1448, true)
    host.poll()
    expect(host.udp.received[0]!.meta).toMatchObject({ segmentSize: 0, checksumVerified: true })
  })

  test("a transport checksum that is vouched for does not make the IP header's right", () => {
    const host = newHost()
    const packet = ipv4({ protocol: 6 }, pattern(3000))
    packet[8]! ^= 1
    expect(receive(host, packet, 1448, true)).toBe(DropReason.BadChecksum)
  })
})

test.each([[-1, true], [65_536, true], [1500.5, true], [9000, false]])('a device with segmentation %s, offload.transmit %s, throws', (segmentation, transmit) => {
  const wire = new Wire()
  wire.offload.segmentation = segmentation
  wire.offload.transmit = transmit
  const { layer } = new Host()
  expect(() => layer.addInterface(wire, { name: 'odd' })).toThrow(`interface odd has offload.segmentation ${segmentation}, expected 0 to 65535`)
  expect(() => layer.addAddress(2, prefix('10.9.0.1/24'))).toThrow(RangeError)
})
