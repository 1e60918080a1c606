import { readUint16, readUint32, writeUint16, writeUint32 } from './bytes.ts'
import type { IpAddress } from './ip-address.ts'
import { isIpv4 } from './ip-address.ts'

/** A 48-bit hardware (MAC) address as two numbers: the first two octets, then the last four as int32. */
export interface HardwareAddress {
  readonly hi: number
  readonly lo: number
}

/** A hardware address that a parser fills in place. */
export interface MutableHardwareAddress {
  hi: number
  lo: number
}

/** ff:ff:ff:ff:ff:ff */
export const BROADCAST_HARDWARE_ADDRESS: HardwareAddress = /* @__PURE__ */ Object.freeze({ hi: 0xffff, lo: -1 })

/** 00:00:00:00:00:00, ready to be filled. */
export function createHardwareAddress(): MutableHardwareAddress {
  return { hi: 0, lo: 0 }
}

export function copyHardwareAddress(from: HardwareAddress, into: MutableHardwareAddress): void {
  into.hi = from.hi
  into.lo = from.lo
}

export function hardwareAddressEquals(a: HardwareAddress, b: HardwareAddress): boolean {
  return a.lo === b.lo && a.hi === b.hi
}

/** Reads six octets. */
export function readHardwareAddress(bytes: Uint8Array, at: number, into: MutableHardwareAddress): void {
  into.hi = readUint16(bytes, at)
  into.lo = readUint32(bytes, at + 2)
}

export function writeHardwareAddress(address: HardwareAddress, bytes: Uint8Array, at: number): void {
  writeUint16(bytes, at, address.hi)
  writeUint32(bytes, at + 2, address.lo)
}

export function isBroadcastHardwareAddress(address: HardwareAddress): boolean {
  return address.lo === -1 && address.hi === 0xffff
}

/** The group bit is set: multicast or broadcast. No frame may come from such an address (IEEE 802.3 §3.2.3). */
export function isGroupHardwareAddress(address: HardwareAddress): boolean {
  return (address.hi & 0x100) !== 0
}

/** Where Ethernet sends packets for a multicast group: 01:00:5e + 23 bits (RFC 1112 §6.4), 33:33 + 32 bits (RFC 2464 §7). */
export function multicastHardwareAddress(group: IpAddress, into: MutableHardwareAddress): void {
  if (isIpv4(group)) {
    into.hi = 0x0100
    into.lo = 0x5e000000 | (group.w3 & 0x7fffff)
  } else {
    into.hi = 0x3333
    into.lo = group.w3
  }
}

const HARDWARE_ADDRESS = /^[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}$/i

/** Reads `02:00:5e:10:00:01`, with colons or hyphens; undefined for anything else. */
export function parseHardwareAddress(text: string): MutableHardwareAddress | undefined {
  if (!HARDWARE_ADDRESS.test(text)) return undefined
  const digits = text.replaceAll(/[:-]/g, '')
  return { hi: Number.parseInt(digits.slice(0, 4), 16), lo: Number.parseInt(digits.slice(4), 16) | 0 }
}

/** `02:00:5e:10:00:01`, lower case. */
export function formatHardwareAddress(address: HardwareAddress): string {
  const digits = (address.hi & 0xffff).toString(16).padStart(4, '0') + (address.lo >>> 0).toString(16).padStart(8, '0')
  return digits.match(/../g)!.join(':')
}
