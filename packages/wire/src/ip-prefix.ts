import type { IpAddress, MutableIpAddress } from './ip-address.ts'
import { isIpv4 } from './ip-address.ts'
import { formatIpAddress, parseIpAddress } from './ip-address-text.ts'

/** An address and how many of its leading bits name the network, as in `10.0.0.1/24`. RFC 4632 §3.1, RFC 4291 §2.3. */
export interface IpPrefix {
  /** Bits behind the prefix are kept: an interface's address and its network are written as one. */
  readonly address: IpAddress
  /** In the family's own terms: 0..32 for IPv4, 0..128 for IPv6. */
  readonly length: number
}

/**
 * Reads `10.0.0.1/24`, `2001:db8::/32`; an address alone is the prefix of that one host. Undefined
 * for anything else.
 */
export function parsePrefix(text: string): IpPrefix | undefined {
  const slash = text.indexOf('/')
  const address = parseIpAddress(slash < 0 ? text : text.slice(0, slash))
  if (address === undefined) return undefined
  const bits = isIpv4(address) ? 32 : 128
  if (slash < 0) return { address, length: bits }
  const digits = text.slice(slash + 1)
  if (!/^(?:0|[1-9][0-9]{0,2})$/.test(digits) || Number(digits) > bits) return undefined
  return { address, length: Number(digits) }
}

/** `10.0.0.1/24` */
export function formatPrefix(prefix: IpPrefix): string {
  return `${formatIpAddress(prefix.address)}/${prefix.length}`
}

/** The length in 128-bit terms: an IPv4 prefix has the 96 bits of ::ffff:0:0 in front. Longer matches compare by it. */
export function prefixBits(prefix: IpPrefix): number {
  return isIpv4(prefix.address) ? 96 + prefix.length : prefix.length
}

/** Whether `address` is of the prefix's family and begins with its bits. */
export function prefixContains(prefix: IpPrefix, address: IpAddress): boolean {
  const own = prefix.address
  if (isIpv4(own)) return isIpv4(address) && ((own.w3 ^ address.w3) & wordMask(prefix.length)) === 0
  const { length } = prefix
  return !isIpv4(address)
    && ((own.w0 ^ address.w0) & wordMask(length)) === 0
    && ((own.w1 ^ address.w1) & wordMask(length - 32)) === 0
    && ((own.w2 ^ address.w2) & wordMask(length - 64)) === 0
    && ((own.w3 ^ address.w3) & wordMask(length - 96)) === 0
}

/** The mask: 255.255.255.0 for an IPv4 /24, ffff:ffff:: for an IPv6 /32. */
export function prefixMask(prefix: IpPrefix): MutableIpAddress {
  const { length } = prefix
  if (isIpv4(prefix.address)) return { w0: 0, w1: 0, w2: 0xffff, w3: wordMask(length) }
  return { w0: wordMask(length), w1: wordMask(length - 32), w2: wordMask(length - 64), w3: wordMask(length - 96) }
}

/** The prefix's address with the bits behind the prefix cleared: 10.0.0.0 for 10.0.0.1/24. */
export function prefixNetwork(prefix: IpPrefix): MutableIpAddress {
  const { address } = prefix
  const mask = prefixMask(prefix)
  return isIpv4(address)
    ? { w0: 0, w1: 0, w2: 0xffff, w3: address.w3 & mask.w3 }
    : { w0: address.w0 & mask.w0, w1: address.w1 & mask.w1, w2: address.w2 & mask.w2, w3: address.w3 & mask.w3 }
}

/**
 * Whether `address` is the network's directed broadcast, all ones behind the prefix (RFC 919 §7). A
 * /31 (RFC 3021) or /32 has none, nor has IPv6.
 */
export function isDirectedBroadcast(prefix: IpPrefix, address: IpAddress): boolean {
  return prefix.length < 31 && isIpv4(prefix.address) && prefixContains(prefix, address)
    && (address.w3 | wordMask(prefix.length)) === -1
}

/** The leading `length` of 32 bits set; less than 0 counts as 0, more than 32 as 32. */
function wordMask(length: number): number {
  return length <= 0 ? 0 : length >= 32 ? -1 : -1 << (32 - length)
}
