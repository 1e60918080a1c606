import { expect, test } from 'vitest'
import { FULL_OFFLOAD, NO_OFFLOAD, pair } from '../src/index.ts'
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
  expect(seen.slice(1)).toEqual([20, 40])
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
