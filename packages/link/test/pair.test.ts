import { expect, test } from 'vitest'
import { bridge, FULL_OFFLOAD, MessagePortDevice, NO_OFFLOAD, pair, SEGMENTATION_OFFLOAD } from '../src/index.ts'
import { collect, packetOf, send } from './support.ts'

test('a packet is in the other end\'s receiver before transmit returns, in both directions', () => {
  const [a, b] = pair()
  const atA = collect(a)
  const atB = collect(b)
  expect(send(a, packetOf(3, 1))).toBe(true)
  expect(atB).toEqual([packetOf(3, 1)])
  expect(atA).toEqual([])
  expect(send(b, packetOf(2, 9))).toBe(true)
  expect(atA).toEqual([packetOf(2, 9)])
})

test('the packet is lent: the receiver sees the sender\'s own bytes, at the sender\'s offsets', () => {
  const [a, b] = pair()
  const scratch = packetOf(100)
  let seen: unknown[] = []
  b.attach((...lent) => {
    seen = lent
  })
  a.transmit(scratch, 20, 40)
  expect(seen[0]).toBe(scratch)
  expect(seen.slice(1)).toEqual([20, 40, 0])
})

test('a packet of MTU bytes passes, one more byte is dropped and counted', () => {
  const [a, b] = pair({ mtu: 576 })
  const atB = collect(b)
  expect(send(a, packetOf(576))).toBe(true)
  expect(send(a, packetOf(577))).toBe(true)
  expect(send(a, packetOf(0))).toBe(true)
  expect(atB.map(({ length }) => length)).toEqual([576])
  expect(a.counters).toMatchObject({ packetsOut: 1, bytesOut: 576, tooLong: 1, tooShort: 1 })
  expect(b.counters).toMatchObject({ packetsIn: 1, bytesIn: 576 })
})

test('a link of 64 KiB segments takes IP packets of 65,535 bytes', () => {
  const [a, b] = pair({ mtu: 65_535 })
  const atB = collect(b)
  send(a, packetOf(65_535))
  expect(atB[0]!.length).toBe(65_535)
})

test('an Ethernet frame is 14 bytes longer than the MTU, and no shorter than its header', () => {
  const [a, b] = pair({ medium: 'ethernet', mtu: 100 })
  const atB = collect(b)
  for (const length of [13, 14, 114, 115]) send(a, packetOf(length))
  expect(atB.map(({ length }) => length)).toEqual([14, 114])
  expect(a.counters).toMatchObject({ tooShort: 1, tooLong: 1 })
})

test('Ethernet ends have unicast addresses of their own; IP ends have none', () => {
  const [a, b] = pair({ medium: 'ethernet' })
  expect([...a.hardwareAddress!]).toEqual([2, 0, 0, 0, 0, 1])
  expect([...b.hardwareAddress!]).toEqual([2, 0, 0, 0, 0, 2])
  const given = [Uint8Array.of(2, 1, 1, 1, 1, 1), Uint8Array.of(2, 1, 1, 1, 1, 2)] as const
  expect(pair({ medium: 'ethernet', hardwareAddresses: given })[1].hardwareAddress).toEqual(given[1])
  expect(pair()[0].hardwareAddress).toBeUndefined()
})

test('packets that come before a receiver is attached are dropped; a second receiver replaces the first', () => {
  const [a, b] = pair()
  send(a, packetOf(1))
  expect(b.counters.unattended).toBe(1)
  const first = collect(b)
  send(a, packetOf(2))
  const second = collect(b)
  send(a, packetOf(3))
  expect(first.map(({ length }) => length)).toEqual([2])
  expect(second.map(({ length }) => length)).toEqual([3])
})

test('a closed end takes and drops packets in either direction; closing again does nothing', () => {
  const [a, b] = pair()
  const atA = collect(a)
  const atB = collect(b)
  a.close()
  a.close()
  expect(a.closed).toBe(true)
  expect(send(a, packetOf(1))).toBe(true)
  expect(send(b, packetOf(1))).toBe(true)
  expect([...atA, ...atB]).toEqual([])
  expect(a.counters.afterClose).toBe(2)
})

test('checksums are needed unless the options say otherwise', () => {
  expect(pair()[0].offload).toEqual(NO_OFFLOAD)
  expect(pair({ offload: FULL_OFFLOAD })[1].offload).toEqual({ transmit: true, receive: true })
})

test('with segmentation offload, a segment to be cut passes whole up to 64 KiB; other packets keep to the MTU', () => {
  for (const medium of ['ip', 'ethernet'] as const) {
    const header = medium === 'ethernet' ? 14 : 0
    const [a, b] = pair({ medium, offload: SEGMENTATION_OFFLOAD })
    const seen: number[][] = []
    b.attach((_, start, end, segmentSize) => seen.push([end - start - header, segmentSize!]))
    const bytes = packetOf(70_000)
    for (const [length, segmentSize] of [[1500, 0], [1501, 0], [65_535, 1460], [65_536, 1460]] as const) {
      expect(a.transmit(bytes, 0, length + header, segmentSize)).toBe(true)
    }
    expect(seen).toEqual([[1500, 0], [65_535, 1460]])
    expect(a.counters).toMatchObject({ packetsOut: 2, tooLong: 2 })
  }
})

test('without segmentation offload, no packet is longer than the MTU, whatever its segment size', () => {
  const [a, b] = pair({ offload: FULL_OFFLOAD })
  const atB = collect(b)
  a.transmit(packetOf(3000), 0, 3000, 1460)
  expect(atB).toEqual([])
  expect(a.counters.tooLong).toBe(1)
})

test('a bridge passes segments on uncut, and does not join a device that cuts none to one that does', () => {
  const [a, b] = pair({ offload: SEGMENTATION_OFFLOAD })
  const [c, d] = pair({ offload: SEGMENTATION_OFFLOAD })
  bridge(b, c)
  const seen: unknown[] = []
  d.attach((_, start, end, segmentSize) => seen.push([end - start, segmentSize]))
  a.attach((_, start, end, segmentSize) => seen.push([end - start, segmentSize]))
  a.transmit(packetOf(5000), 0, 5000, 1000)
  d.transmit(packetOf(4000), 0, 4000, 900)
  expect(seen).toEqual([[5000, 1000], [4000, 900]])
  expect(() => bridge(a, pair({ offload: FULL_OFFLOAD })[0])).toThrow('offload.segmentation')
})

test('segmentation offload that makes no sense throws', () => {
  const offload = { transmit: true, receive: true }
  expect(() => pair({ offload: { ...offload, segmentation: 1499 } })).toThrow(
    new RangeError('offload.segmentation is 1499, expected 0, or an integer from the MTU, 1500, to 65535'),
  )
  expect(() => pair({ offload: { ...offload, segmentation: 65_536 } })).toThrow(RangeError)
  expect(() => pair({ offload: { transmit: false, receive: true, segmentation: 65_535 } })).toThrow(TypeError)
  const port = { postMessage() {}, addEventListener() {}, removeEventListener() {} }
  expect(() => new MessagePortDevice(port, { offload: SEGMENTATION_OFFLOAD })).toThrow('expected 0: this device passes packets of its MTU')
  expect(pair({ offload: { ...offload, segmentation: 0 } })[0].offload).toEqual(offload)
})

test('wrong options throw, saying what was got and what was expected', () => {
  expect(() => pair({ mtu: 67 })).toThrow(new RangeError('mtu is 67, expected an integer from 68 to 65535'))
  expect(() => pair({ mtu: 65_536 })).toThrow(RangeError)
  expect(() => pair({ medium: 'wifi' as 'ip' })).toThrow("medium is wifi, expected 'ip' or 'ethernet'")
  const short = new Uint8Array(5)
  expect(() => pair({ medium: 'ethernet', hardwareAddresses: [short, short] })).toThrow('a Uint8Array of 5 bytes')
  const group = Uint8Array.of(1, 0, 0, 0, 0, 0)
  expect(() => pair({ medium: 'ethernet', hardwareAddresses: [group, group] })).toThrow('group address')
  expect(() => pair()[0].attach(null as never)).toThrow(TypeError)
})
