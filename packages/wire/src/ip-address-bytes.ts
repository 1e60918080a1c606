import { readUint32, writeUint32 } from './bytes.ts'
import type { IpAddress, MutableIpAddress } from './ip-address.ts'

/** Reads four octets as an IPv4 address. */
export function readIpv4Address(bytes: Uint8Array, at: number, into: MutableIpAddress): void {
  into.w0 = 0
  into.w1 = 0
  into.w2 = 0xffff
  into.w3 = readUint32(bytes, at)
}

/** Writes the last four octets: the address as IPv4 has it. */
export function writeIpv4Address(address: IpAddress, bytes: Uint8Array, at: number): void {
  writeUint32(bytes, at, address.w3)
}

/** Reads sixteen octets. ::ffff:a.b.c.d gives the IPv4 address, which `readIpv6` refuses on the wire. */
export function readIpv6Address(bytes: Uint8Array, at: number, into: MutableIpAddress): void {
  into.w0 = readUint32(bytes, at)
  into.w1 = readUint32(bytes, at + 4)
  into.w2 = readUint32(bytes, at + 8)
  into.w3 = readUint32(bytes, at + 12)
}

export function writeIpv6Address(address: IpAddress, bytes: Uint8Array, at: number): void {
  writeUint32(bytes, at, address.w0)
  writeUint32(bytes, at + 4, address.w1)
  writeUint32(bytes, at + 8, address.w2)
  writeUint32(bytes, at + 12, address.w3)
}
