import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AddressWords } from '../src/index.ts'
import { FlowTable } from '../src/index.ts'
import { halfSipHash } from './half-sip-hash.ts'

const secret = Int32Array.of(0x1234567, -0x7654321, 0x55aa55aa, 42)
const server = ipv4(0x0a000001)

function ipv4(word: number): AddressWords {
  return { w0: 0, w1: 0, w2: 0xffff, w3: word | 0 }
}

function values(table: FlowTable): number[] {
  const found: number[] = []
  table.forEach((value) => found.push(value))
  return found.sort((a, b) => a - b)
}

describe('FlowTable', () => {
  test('a flow is named by all of its four parts', () => {
    const table = new FlowTable(secret, 100)
    const names: [AddressWords, number, AddressWords, number][] = [
      [server, 80, ipv4(1), 5000],
      [ipv4(0x0a000002), 80, ipv4(1), 5000],
      [server, 81, ipv4(1), 5000],
      [server, 80, ipv4(2), 5000],
      [server, 80, ipv4(1), 5001],
      [ipv4(1), 5000, server, 80],
      [server, 65535, ipv4(1), 65535],
      [server, 80, { w0: 1, w1: 0, w2: 0xffff, w3: 1 }, 5000],
      [server, 80, { w0: 0, w1: 1, w2: 0xffff, w3: 1 }, 5000],
      [server, 80, { w0: 0, w1: 0, w2: 0, w3: 1 }, 5000],
    ]
    names.forEach((name, i) => expect(table.set(...name, i)).toBe(true))
    expect(names.map((name) => table.get(...name))).toEqual(names.map((_, i) => i))
    expect(table.size).toBe(names.length)
    expect(table.get(server, 82, ipv4(1), 5000)).toBe(-1)
  })

  test('setting a known flow replaces its value', () => {
    const table = new FlowTable(secret, 1)
    table.set(server, 80, ipv4(1), 5000, 3)
    expect(table.set(server, 80, ipv4(1), 5000, 0)).toBe(true)
    expect(table.get(server, 80, ipv4(1), 5000)).toBe(0)
    expect(table.size).toBe(1)
  })

  test('a full table refuses and stays as it was; deleting makes room', () => {
    const table = new FlowTable(secret, 20)
    for (let i = 0; i < 20; i++) expect(table.set(server, 80, ipv4(i), 1, i)).toBe(true)
    expect(table.set(server, 80, ipv4(20), 1, 20)).toBe(false)
    expect(table.get(server, 80, ipv4(20), 1)).toBe(-1)
    expect(table.delete(server, 80, ipv4(7), 1)).toBe(true)
    expect(table.delete(server, 80, ipv4(7), 1)).toBe(false)
    expect(table.set(server, 80, ipv4(20), 1, 20)).toBe(true)
    expect(values(table)).toEqual([0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20])
  })

  test('the visitor of forEach may delete', () => {
    const table = new FlowTable(secret, 100)
    for (let i = 0; i < 50; i++) table.set(server, 80, ipv4(i), 1, i)
    table.forEach((value) => {
      if (value % 2 === 0) table.delete(server, 80, ipv4(value), 1)
    })
    expect(values(table)).toEqual(Array.from({ length: 25 }, (_, i) => 2 * i + 1))
  })

  test('misuse throws', () => {
    expect(() => new FlowTable(new Int32Array(1), 5)).toThrow('secret has 1 words, expected at least 2')
    expect(() => new FlowTable(secret, 0)).toThrow('maxEntries is 0, expected an integer from 1 to 16777216')
    const table = new FlowTable(secret, 5)
    for (const value of [-1, 1.5, 2 ** 31, NaN]) expect(() => table.set(server, 1, server, 2, value)).toThrow(RangeError)
    expect(table.size).toBe(0)
  })

  test('against a Map: any mix of operations, with growth and deletion', () => {
    const operation = fc.record({
      kind: fc.constantFrom('set' as const, 'set' as const, 'set' as const, 'get' as const, 'delete' as const),
      local: fc.nat(1),
      localPort: fc.nat(2),
      remote: fc.nat(20),
      remotePort: fc.nat(2),
      value: fc.nat(2 ** 31 - 1),
    })
    fc.assert(fc.property(fc.nat(), fc.array(operation, { maxLength: 400, size: 'max' }), (key, operations) => {
      const table = new FlowTable(Int32Array.of(key, 7), 150)
      const model = new Map<string, number>()
      for (const { kind, local, localPort, remote, remotePort, value } of operations) {
        const name = `${local} ${localPort} ${remote} ${remotePort}`
        const a = ipv4(local)
        const b = ipv4(remote)
        if (kind === 'set') {
          const fits = model.has(name) || model.size < 150
          expect(table.set(a, localPort, b, remotePort, value)).toBe(fits)
          if (fits) model.set(name, value)
        } else if (kind === 'delete') {
          expect(table.delete(a, localPort, b, remotePort)).toBe(model.delete(name))
        }
        expect(table.get(a, localPort, b, remotePort)).toBe(model.get(name) ?? -1)
        expect(table.size).toBe(model.size)
      }
      for (const [name, value] of model) {
        const [local, localPort, remote, remotePort] = name.split(' ').map(Number) as [number, number, number, number]
        expect(table.get(ipv4(local), localPort, ipv4(remote), remotePort)).toBe(value)
      }
      expect(values(table)).toEqual([...model.values()].sort((x, y) => x - y))
    }), { numRuns: 100 })
  })

  test('look-ups stay short for regular and crafted keys alike', () => {
    const patterns: Record<string, (i: number) => [AddressWords, number, AddressWords, number]> = {
      'ports in a row': (i) => [server, 80, ipv4(0xc0a80001), i],
      'addresses in a row': (i) => [server, 80, ipv4(i), 443],
      'same low bits': (i) => [server, 80, ipv4(i << 16), 443],
      'same exclusive or of all words': (i) => [server, 80, ipv4(i), i],
      'same sum of all words': (i) => [server, 80, ipv4(-i), i],
      'one bit far up': (i) => [server, 80, { w0: i << 12, w1: 0, w2: 0, w3: 1 }, 443],
    }
    for (const [name, pattern] of Object.entries(patterns)) {
      const table = new FlowTable(secret, 1 << 16)
      for (let i = 0; i < 20_000; i++) table.set(...pattern(i), i)
      const before = table.steps
      for (let i = 0; i < 20_000; i++) expect(table.get(...pattern(i))).toBe(i)
      expect((table.steps - before) / 20_000, name).toBeLessThan(2)
    }
  })

  test('keys made to collide under one secret do not under another', () => {
    // Whoever knew the secret could do this; it shows that the secret is what protects the table.
    const crafted: number[] = []
    for (let w3 = 0; crafted.length < 300; w3++) {
      const hash = halfSipHash(1, 3, secret[0]!, secret[1]!, [0, 0, 0xffff, server.w3, 0, 0, 0xffff, w3, 80 << 16 | 1000])
      if ((hash & 0x3ff) === 5) crafted.push(w3)
    }
    const stepsUnder = (key: Int32Array): number => {
      const table = new FlowTable(key, 1000)
      for (const w3 of crafted) table.set(server, 80, ipv4(w3), 1000, 1)
      const before = table.steps
      for (const w3 of crafted) table.get(server, 80, ipv4(w3), 1000)
      return (table.steps - before) / crafted.length
    }
    expect(stepsUnder(secret)).toBeGreaterThan(100)
    expect(stepsUnder(Int32Array.of(1, 2))).toBeLessThan(2)
  })

  test('keys whose whole hashes are equal are still told apart, by any of their words', () => {
    const words = [0, 0, 0xffff, server.w3, 0, 0, 0xffff, 0x0a000002, (80 << 16) | 1000]
    // Found by search: which word differs, and two values for it that hash alike under `secret`.
    const collisions: [number, number, number][] = [
      [0, 53279, 131841], [1, 4126, 59304], [2, 17306, 57468], [3, 21379, 23458], [4, 1612, 45568],
      [5, 44800, 50861], [6, 9109, 36578], [7, 55383, 162918], [8, 42536, 77405],
    ]
    for (const [part, first, second] of collisions) {
      const keys = [first, second].map((value) => words.with(part, value))
      const [one, other] = keys.map((key) => halfSipHash(1, 3, secret[0]!, secret[1]!, key))
      expect(one).toBe(other)
      const names = keys.map(([a, b, c, d, e, f, g, h, ports]): [AddressWords, number, AddressWords, number] => [
        { w0: a!, w1: b!, w2: c!, w3: d! }, ports! >>> 16, { w0: e!, w1: f!, w2: g!, w3: h! }, ports! & 0xffff,
      ])
      const table = new FlowTable(secret, 10)
      table.set(...names[0]!, 1)
      expect(table.get(...names[1]!)).toBe(-1)
      table.set(...names[1]!, 2)
      expect(names.map((name) => table.get(...name))).toEqual([1, 2])
    }
  })

  test('coming and going leaves no debris: look-ups of absent flows stay short', () => {
    const table = new FlowTable(secret, 1000)
    for (let i = 0; i < 50_000; i++) {
      table.set(server, 80, ipv4(i), 1, i)
      if (i >= 900) table.delete(server, 80, ipv4(i - 900), 1)
    }
    expect(table.size).toBe(900)
    const before = table.steps
    for (let i = 0; i < 1000; i++) expect(table.get(server, 81, ipv4(i), 1)).toBe(-1)
    expect((table.steps - before) / 1000).toBeLessThan(3)
  })
})
