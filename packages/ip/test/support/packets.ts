import {
  createIpv4Header, createIpv6Header, parseHardwareAddress, parseIpAddress, parsePrefix, writeHardwareAddress, writeIpv4, writeIpv6,
  writeTransportChecksum,
} from '@layerfour/wire'
import type { HardwareAddress, IpAddress, IpPrefix } from '@layerfour/wire'
import { expect } from 'vitest'

export function ip(text: string): IpAddress {
  const address = parseIpAddress(text)
  if (address === undefined) throw new Error(`not an address: ${text}`)
  return address
}

export function prefix(text: string): IpPrefix {
  const parsed = parsePrefix(text)
  if (parsed === undefined) throw new Error(`not a prefix: ${text}`)
  return parsed
}

export function mac(text: string): HardwareAddress {
  const address = parseHardwareAddress(text)
  if (address === undefined) throw new Error(`not a hardware address: ${text}`)
  return address
}

export function macBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(6)
  writeHardwareAddress(mac(text), bytes, 0)
  return bytes
}

/** `'45 00 …'` */
export function hex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/[0-9a-f]{2}/gi) ?? [], (octet) => Number.parseInt(octet, 16))
}

/** As `expect(actual).toEqual(expected)`, which takes its time over long arrays. */
export function expectBytes(actual: Uint8Array | undefined, expected: Uint8Array): void {
  if (actual?.length === expected.length && expected.every((octet, i) => octet === actual[i])) return
  expect(actual).toEqual(expected)
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (octet) => octet.toString(16).padStart(2, '0')).join('')
}

export function concat(...parts: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/** `length` bytes that differ from place to place. */
export function pattern(length: number, seed = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8) * 13 + seed) & 0xff)
}

/** The checksum of RFC 1071 as its text has it. */
export function naiveChecksum(bytes: Uint8Array): number {
  let sum = 0
  for (let i = 0; i < bytes.length; i += 2) sum += bytes[i]! * 256 + (bytes[i + 1] ?? 0)
  while (sum > 0xffff) sum = Math.floor(sum / 65536) + (sum % 65536)
  return 0xffff - sum
}

export interface Ipv4Template {
  source: string
  destination: string
  protocol: number
  identification: number
  dontFragment: boolean
  moreFragments: boolean
  fragmentOffset: number
  hopLimit: number
  trafficClass: number
}

/** An IPv4 packet; only the fields that matter need to be said. */
export function ipv4(fields: Partial<Ipv4Template>, data: Uint8Array): Uint8Array {
  const { source = '10.0.0.2', destination = '10.0.0.1', ...rest } = fields
  const header = {
    ...createIpv4Header(), hopLimit: 64, protocol: 17, ...rest, source: { ...ip(source) }, destination: { ...ip(destination) },
    totalLength: 20 + data.length,
  }
  const bytes = concat(new Uint8Array(20), data)
  writeIpv4(header, bytes, 0)
  return bytes
}

export interface Ipv6Template {
  source: string
  destination: string
  protocol: number
  hopLimit: number
  trafficClass: number
}

/** An IPv6 packet; `protocol` is the next header field, `data` all that follows the fixed header. */
export function ipv6(fields: Partial<Ipv6Template>, data: Uint8Array): Uint8Array {
  const { source = '2001:db8::2', destination = '2001:db8::1', ...rest } = fields
  const header = {
    ...createIpv6Header(), hopLimit: 64, protocol: 17, ...rest, source: { ...ip(source) }, destination: { ...ip(destination) },
    payloadLength: data.length,
  }
  const bytes = concat(new Uint8Array(40), data)
  writeIpv6(header, bytes, 0)
  return bytes
}

/** An IPv6 fragment header with what follows it. */
export function fragment6(nextHeader: number, offset: number, more: boolean, identification: number, data: Uint8Array): Uint8Array {
  const field = offset | (more ? 1 : 0)
  return concat(
    Uint8Array.of(nextHeader, 0, field >> 8, field, identification >> 24, identification >> 16, identification >> 8, identification), data)
}

/** An ICMPv4 message with its checksum: `rest` are the four bytes behind it. */
export function icmp4(type: number, code: number, rest: Uint8Array, data: Uint8Array): Uint8Array {
  const bytes = concat(Uint8Array.of(type, code, 0, 0), rest, data)
  const sum = naiveChecksum(bytes)
  bytes[2] = sum >> 8
  bytes[3] = sum
  return bytes
}

export function icmp6(
  type: number, code: number, rest: Uint8Array, data: Uint8Array, source = '2001:db8::2', destination = '2001:db8::1',
): Uint8Array {
  const bytes = concat(Uint8Array.of(type, code, 0, 0), rest, data)
  writeTransportChecksum(ip(source), ip(destination), 58, bytes, 0, bytes.length)
  return bytes
}

export function ethernet(destination: string, source: string, etherType: number, data: Uint8Array): Uint8Array {
  return concat(macBytes(destination), macBytes(source), Uint8Array.of(etherType >> 8, etherType), data)
}

/** An ARP packet for IPv4 over Ethernet, by RFC 826's layout rather than by the codec. */
export function arp(
  operation: number, senderMac: string, senderIp: string, targetMac: string, targetIp: string,
): Uint8Array {
  const octets = (address: string): Uint8Array => Uint8Array.from(address.split('.'), Number)
  return concat(
    hex('0001 0800 06 04'), Uint8Array.of(0, operation), macBytes(senderMac), octets(senderIp), macBytes(targetMac), octets(targetIp))
}
