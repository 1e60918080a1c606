import type { IpAddress, MutableIpAddress } from './ip-address.ts'
import { isIpv4 } from './ip-address.ts'

/**
 * Reads an address as people write it: `192.0.2.1`, or any form of RFC 4291 §2.2: `2001:db8::1`,
 * `64:ff9b::192.0.2.1`. `::ffff:192.0.2.1` is the IPv4 address. Undefined for anything else: zone
 * identifiers, brackets, leading zeros in IPv4 (some read them as octal), spaces.
 */
export function parseIpAddress(text: string): MutableIpAddress | undefined {
  // The longest form is 45 characters; no need to look at more.
  if (text.length > 45) return undefined
  if (text.includes(':')) return parseIpv6(text)
  const w3 = parseDotted(text)
  return w3 === undefined ? undefined : { w0: 0, w1: 0, w2: 0xffff, w3 }
}

function parseDotted(text: string): number | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  let word = 0
  for (const part of parts) {
    if (!/^(?:0|[1-9][0-9]{0,2})$/.test(part)) return undefined
    const octet = Number(part)
    if (octet > 255) return undefined
    word = (word << 8) | octet
  }
  return word
}

function parseIpv6(text: string): MutableIpAddress | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const head = parseGroups(halves[0]!, halves.length === 1)
  if (head === undefined) return undefined
  if (halves.length === 1) return head.length === 8 ? fromGroups(head) : undefined
  const tail = parseGroups(halves[1]!, true)
  // `::` stands for one group of zeros at least.
  if (tail === undefined || head.length + tail.length > 7) return undefined
  return fromGroups([...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail])
}

/** Groups of 16 bits; only the last part of an address may be dotted, for two groups. */
function parseGroups(text: string, isLast: boolean): number[] | undefined {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [i, part] of parts.entries()) {
    if (isLast && i === parts.length - 1 && part.includes('.')) {
      const word = parseDotted(part)
      if (word === undefined) return undefined
      groups.push(word >>> 16, word & 0xffff)
    } else {
      if (!/^[0-9a-f]{1,4}$/i.test(part)) return undefined
      groups.push(Number.parseInt(part, 16))
    }
  }
  return groups
}

function fromGroups(g: readonly number[]): MutableIpAddress {
  return { w0: (g[0]! << 16) | g[1]!, w1: (g[2]! << 16) | g[3]!, w2: (g[4]! << 16) | g[5]!, w3: (g[6]! << 16) | g[7]! }
}

/**
 * The one recommended text of an address: IPv4 dotted; IPv6 by RFC 5952 §4: lower case, no leading
 * zeros, `::` for the longest run of two or more zero groups, the first of equal ones.
 */
export function formatIpAddress(address: IpAddress): string {
  const { w0, w1, w2, w3 } = address
  if (isIpv4(address)) return `${w3 >>> 24}.${(w3 >>> 16) & 255}.${(w3 >>> 8) & 255}.${w3 & 255}`
  const groups = [w0 >>> 16, w0 & 0xffff, w1 >>> 16, w1 & 0xffff, w2 >>> 16, w2 & 0xffff, w3 >>> 16, w3 & 0xffff]
  let runStart = 0
  let runLength = 1
  for (let i = 0; i < 8; i++) {
    let length = 0
    while (groups[i + length] === 0) length++
    if (length > runLength) {
      runStart = i
      runLength = length
    }
  }
  if (runLength < 2) return hex(groups)
  return `${hex(groups.slice(0, runStart))}::${hex(groups.slice(runStart + runLength))}`
}

function hex(groups: readonly number[]): string {
  return groups.map((group) => group.toString(16)).join(':')
}

/** Address and port: `192.0.2.1:80`, `[2001:db8::1]:80` (RFC 5952 §6). */
export function formatEndpoint(address: IpAddress, port: number): string {
  return isIpv4(address) ? `${formatIpAddress(address)}:${port}` : `[${formatIpAddress(address)}]:${port}`
}
