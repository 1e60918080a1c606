import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  ANY_IPV4, ANY_IPV6, copyIpAddress, createIpAddress, formatEndpoint, formatIpAddress, ipAddressEquals, isIpv4, isLimitedBroadcast,
  isLinkLocal, isLoopback, isMulticast, isUnspecified, LOOPBACK_IPV4, LOOPBACK_IPV6, parseIpAddress, readIpv4Address, readIpv6Address,
  writeIpv4Address, writeIpv6Address,
} from '../src/index.ts'
import type { IpAddress } from '../src/index.ts'
import { toHex } from './_hex.ts'

function parse(text: string): IpAddress {
  const address = parseIpAddress(text)
  if (address === undefined) throw new Error(`${text} was not accepted`)
  return address
}

const canonical = (text: string) => formatIpAddress(parse(text))

describe('text of IPv6 addresses', () => {
  test('RFC 4291 §2.2: every form is read', () => {
    expect(parse('2001:DB8:0:0:8:800:200C:417A')).toEqual({ w0: 0x20010db8, w1: 0, w2: 0x00080800, w3: 0x200c417a })
    expect(parse('ABCD:EF01:2345:6789:ABCD:EF01:2345:6789')).toEqual({
      w0: 0xabcdef01 | 0, w1: 0x23456789, w2: 0xabcdef01 | 0, w3: 0x23456789,
    })
    expect(canonical('FF01:0:0:0:0:0:0:101')).toBe('ff01::101')
    expect(canonical('0:0:0:0:0:0:0:1')).toBe('::1')
    expect(canonical('0:0:0:0:0:0:0:0')).toBe('::')
    expect(canonical('0:0:0:0:0:0:13.1.68.3')).toBe('::d01:4403')
    expect(canonical('::13.1.68.3')).toBe('::d01:4403')
    expect(canonical('64:ff9b::192.0.2.33')).toBe('64:ff9b::c000:221')
  })

  test('RFC 4291 §2.5.5.2: ::ffff:a.b.c.d is the IPv4 address', () => {
    expect(parse('::FFFF:129.144.52.38')).toEqual(parse('129.144.52.38'))
    expect(canonical('0:0:0:0:0:ffff:8190:3426')).toBe('129.144.52.38')
  })

  test('RFC 5952 §4.1: leading zeros of a group go, one digit stays', () => {
    expect(canonical('2001:0db8::0001')).toBe('2001:db8::1')
    expect(canonical('2001:db8:1:0:1:0:1:0000')).toBe('2001:db8:1:0:1:0:1:0')
  })

  test('RFC 5952 §4.2.1: :: shortens as much as it can', () => {
    expect(canonical('2001:db8:0:0:0:0:2:1')).toBe('2001:db8::2:1')
    expect(canonical('2001:db8::0:1')).toBe('2001:db8::1')
  })

  test('RFC 5952 §4.2.2: one group of zeros is no reason for ::', () => {
    expect(canonical('2001:db8::1:1:1:1:1')).toBe('2001:db8:0:1:1:1:1:1')
  })

  test('RFC 5952 §4.2.3: the longest run, and the first of equal ones', () => {
    expect(canonical('2001:0:0:1:0:0:0:1')).toBe('2001:0:0:1::1')
    expect(canonical('2001:db8:0:0:1:0:0:1')).toBe('2001:db8::1:0:0:1')
    expect(canonical('1:2:3:4:5:6::')).toBe('1:2:3:4:5:6::')
  })

  test('RFC 5952 §4.3: lower case', () => {
    expect(canonical('2001:DB8::AAAA')).toBe('2001:db8::aaaa')
  })

  test('RFC 5952 §6: an endpoint has brackets round an IPv6 address', () => {
    expect(formatEndpoint(parse('2001:db8::1'), 80)).toBe('[2001:db8::1]:80')
    expect(formatEndpoint(parse('192.0.2.1'), 80)).toBe('192.0.2.1:80')
  })

  test.each([
    '', ':', ':::', '1', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7:', ':1:2:3:4:5:6:7', '1::2::3', '1:2:3:4::5:6:7:8',
    '12345::',
    '::g', ' ::1', '::1 ', '[::1]', 'fe80::1%eth0', '::1.2.3', '::1.2.3.256', '1.2.3.4::', '::1.2.3.4:5', '1:2:3:4:5:6:7:1.2.3.4',
    '::-1', '::0x1', '::ffff:1.2.3.04', `${'0000:'.repeat(7)}0000:0`, '1'.repeat(100_000) + ':',
  ])('refuses %j', (text) => {
    expect(parseIpAddress(text)).toBeUndefined()
  })
})

describe('text of IPv4 addresses', () => {
  test('dotted decimal is read and printed', () => {
    expect(parse('192.0.2.1')).toEqual({ w0: 0, w1: 0, w2: 0xffff, w3: 0xc0000201 | 0 })
    expect(canonical('255.255.255.255')).toBe('255.255.255.255')
    expect(canonical('0.0.0.0')).toBe('0.0.0.0')
  })

  test.each([
    '1.2.3', '1.2.3.4.5', '256.1.1.1', '1.2.3.', '.1.2.3', '1..2.3', '01.2.3.4', '1.2.3.4 ', '1.2.3.-4', '0x1.2.3.4', '1e1.0.0.0', '١.2.3.4',
  ])('refuses %j', (text) => {
    expect(parseIpAddress(text)).toBeUndefined()
  })
})

test('every address survives its text, its bytes and a copy', () => {
  const word = fc.oneof(fc.integer(), fc.constantFrom(0, 1, 0xffff, -1, -65536, 0x10000))
  fc.assert(fc.property(word, word, word, word, fc.nat(5), (w0, w1, w2, w3, at) => {
    const address = { w0, w1, w2, w3 }
    expect(parseIpAddress(formatIpAddress(address))).toEqual(address)
    const bytes = new Uint8Array(24)
    writeIpv6Address(address, bytes, at)
    const read = createIpAddress()
    readIpv6Address(bytes, at, read)
    expect(read).toEqual(address)
    const copy = createIpAddress()
    copyIpAddress(address, copy)
    expect(ipAddressEquals(copy, address)).toBe(true)
    for (const key of ['w0', 'w1', 'w2', 'w3'] as const) {
      expect(ipAddressEquals({ ...copy, [key]: copy[key] ^ 4 }, address)).toBe(false)
    }
  }))
})

test('no text makes the parser throw', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f:.]{0,45}$/)), (text) => {
    const address = parseIpAddress(text)
    if (address !== undefined) expect(parseIpAddress(formatIpAddress(address))).toEqual(address)
  }))
})

test('an IPv4 address is four octets on the wire', () => {
  const bytes = new Uint8Array(6)
  writeIpv4Address(parse('192.0.2.254'), bytes, 1)
  expect(toHex(bytes)).toBe('00c00002fe00')
  const address = { w0: 1, w1: 2, w2: 3, w3: 4 }
  readIpv4Address(bytes, 1, address)
  expect(formatIpAddress(address)).toBe('192.0.2.254')
  expect(isIpv4(address)).toBe(true)
})

describe('kinds of addresses', () => {
  const kinds = { isIpv4, isUnspecified, isMulticast, isLoopback, isLinkLocal, isLimitedBroadcast }
  const kindsOf = (text: string) => Object.entries(kinds).filter(([, is]) => is(parse(text))).map(([name]) => name).sort()

  test.each([
    ['192.0.2.1', ['isIpv4']],
    ['0.0.0.0', ['isIpv4', 'isUnspecified']],
    ['224.0.0.0', ['isIpv4', 'isMulticast']],
    ['239.255.255.255', ['isIpv4', 'isMulticast']],
    ['223.255.255.255', ['isIpv4']],
    ['240.0.0.0', ['isIpv4']],
    ['127.0.0.1', ['isIpv4', 'isLoopback']],
    ['127.255.255.254', ['isIpv4', 'isLoopback']],
    ['128.0.0.1', ['isIpv4']],
    ['169.254.7.7', ['isIpv4', 'isLinkLocal']],
    ['169.253.7.7', ['isIpv4']],
    ['255.255.255.255', ['isIpv4', 'isLimitedBroadcast']],
    ['255.255.255.254', ['isIpv4']],
    ['::', ['isUnspecified']],
    ['::1', ['isLoopback']],
    ['::2', []],
    ['1::1', []],
    ['2001:db8::ffff:ffff', []],
    ['ff02::1', ['isMulticast']],
    ['fe00::1', []],
    ['fe80::1', ['isLinkLocal']],
    ['febf:ffff::1', ['isLinkLocal']],
    ['fec0::1', []],
    ['::7f00:1', []],
    ['::ffff:ffff', []],
  ])('%s: %j', (text, expected) => {
    expect(kindsOf(text)).toEqual([...expected].sort())
  })

  test('the constants are what their names say', () => {
    expect([ANY_IPV4, ANY_IPV6, LOOPBACK_IPV4, LOOPBACK_IPV6].map(formatIpAddress)).toEqual(['0.0.0.0', '::', '127.0.0.1', '::1'])
  })
})
