import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  formatIpAddress, formatPrefix, isDirectedBroadcast, parseIpAddress, parsePrefix, prefixBits, prefixContains, prefixMask, prefixNetwork,
} from '../src/index.ts'
import type { IpAddress, IpPrefix } from '../src/index.ts'

const prefix = (text: string): IpPrefix => parsePrefix(text)!
const address = (text: string): IpAddress => parseIpAddress(text)!

/** The 128 bits of an address as text, most significant first. */
function bits(a: IpAddress): string {
  return [a.w0, a.w1, a.w2, a.w3].map((word) => (word >>> 0).toString(2).padStart(32, '0')).join('')
}

describe('prefixes', () => {
  test('are read and printed, and keep the bits behind the prefix', () => {
    expect(prefix('10.0.0.1/24')).toEqual({ address: address('10.0.0.1'), length: 24 })
    expect(formatPrefix(prefix('2001:DB8::1/32'))).toBe('2001:db8::1/32')
    expect(formatPrefix(prefix('0.0.0.0/0'))).toBe('0.0.0.0/0')
  })

  test('an address alone is the prefix of one host', () => {
    expect(prefix('10.0.0.1').length).toBe(32)
    expect(prefix('2001:db8::1').length).toBe(128)
  })

  test.each([
    '', '/', '10.0.0.1/', '10.0.0.1/33', '10.0.0.1/-1', '10.0.0.1/08', '10.0.0.1/8/8', '10.0.0.1/1e1', '::/129', '::/ 1', '10.0.0/8', '/8',
  ])('refuses %j', (text) => {
    expect(parsePrefix(text)).toBeUndefined()
  })

  test('RFC 4632 §3.1: the network, the mask and the length in 128-bit terms', () => {
    expect(formatIpAddress(prefixNetwork(prefix('192.0.2.77/26')))).toBe('192.0.2.64')
    expect(formatIpAddress(prefixMask(prefix('192.0.2.77/26')))).toBe('255.255.255.192')
    expect(formatIpAddress(prefixNetwork(prefix('2001:db8:ffff::1/33')))).toBe('2001:db8:8000::')
    expect(formatIpAddress(prefixMask(prefix('::/33')))).toBe('ffff:ffff:8000::')
    expect(prefixBits(prefix('10.0.0.0/8'))).toBe(104)
    expect(prefixBits(prefix('2001::/16'))).toBe(16)
  })

  test('contain addresses of their own family only', () => {
    expect(prefixContains(prefix('10.0.0.1/24'), address('10.0.0.255'))).toBe(true)
    expect(prefixContains(prefix('10.0.0.1/24'), address('10.0.1.0'))).toBe(false)
    expect(prefixContains(prefix('0.0.0.0/0'), address('255.255.255.255'))).toBe(true)
    expect(prefixContains(prefix('0.0.0.0/0'), address('::1'))).toBe(false)
    expect(prefixContains(prefix('::/0'), address('::1'))).toBe(true)
    expect(prefixContains(prefix('::/0'), address('10.0.0.1'))).toBe(false)
  })

  test('contain exactly the addresses that begin with their bits, at every length', () => {
    const word = fc.integer()
    fc.assert(fc.property(word, word, word, word, fc.nat(128), fc.nat(127), (w0, w1, w2, w3, length, flip) => {
      const own = { w0, w1, w2, w3 }
      const other = { w0, w1, w2, w3 }
      const key = (['w0', 'w1', 'w2', 'w3'] as const)[flip >> 5]!
      other[key] ^= 1 << (31 - (flip & 31))
      expect(prefixContains({ address: own, length }, other)).toBe(bits(own).slice(0, length) === bits(other).slice(0, length))
      expect(prefixContains({ address: own, length }, own)).toBe(true)
      expect(bits(prefixNetwork({ address: own, length }))).toBe(bits(own).slice(0, length).padEnd(128, '0'))
    }))
  })
})

describe('RFC 919 §7: the directed broadcast address has all ones behind the prefix', () => {
  test.each([
    ['10.0.0.1/24', '10.0.0.255', true],
    ['10.0.0.1/24', '10.0.0.254', false],
    ['10.0.0.1/24', '10.0.1.255', false],
    ['10.0.0.1/20', '10.0.15.255', true],
    ['10.0.0.0/31', '10.0.0.1', false],
    ['10.0.0.1/32', '10.0.0.1', false],
    ['0.0.0.0/0', '255.255.255.255', true],
    ['2001:db8::/64', '2001:db8::ffff:ffff:ffff:ffff', false],
  ])('%s and %s: %s', (network, text, expected) => {
    expect(isDirectedBroadcast(prefix(network), address(text))).toBe(expected)
  })
})
