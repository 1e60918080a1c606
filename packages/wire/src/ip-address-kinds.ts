import type { IpAddress } from './ip-address.ts'
import { isIpv4 } from './ip-address.ts'

/** 0.0.0.0 */
export const ANY_IPV4: IpAddress = /* @__PURE__ */ Object.freeze({ w0: 0, w1: 0, w2: 0xffff, w3: 0 })
/** :: */
export const ANY_IPV6: IpAddress = /* @__PURE__ */ Object.freeze({ w0: 0, w1: 0, w2: 0, w3: 0 })
/** 127.0.0.1 */
export const LOOPBACK_IPV4: IpAddress = /* @__PURE__ */ Object.freeze({ w0: 0, w1: 0, w2: 0xffff, w3: 0x7f000001 })
/** ::1 */
export const LOOPBACK_IPV6: IpAddress = /* @__PURE__ */ Object.freeze({ w0: 0, w1: 0, w2: 0, w3: 1 })

/** 224.0.0.0/4 (RFC 1112 §4) or ff00::/8 (RFC 4291 §2.7). */
export function isMulticast(address: IpAddress): boolean {
  return isIpv4(address) ? address.w3 >>> 28 === 0xe : address.w0 >>> 24 === 0xff
}

/** 127.0.0.0/8 (RFC 1122 §3.2.1.3) or ::1. */
export function isLoopback(address: IpAddress): boolean {
  return isIpv4(address)
    ? address.w3 >>> 24 === 0x7f
    : address.w3 === 1 && address.w2 === 0 && address.w1 === 0 && address.w0 === 0
}

/** 169.254.0.0/16 (RFC 3927 §2.1) or fe80::/10 (RFC 4291 §2.5.6). */
export function isLinkLocal(address: IpAddress): boolean {
  return isIpv4(address) ? address.w3 >>> 16 === 0xa9fe : address.w0 >>> 22 === 0x3fa
}

/** 255.255.255.255 (RFC 919 §7). */
export function isLimitedBroadcast(address: IpAddress): boolean {
  return address.w3 === -1 && isIpv4(address)
}
