import { readUint16, writeUint16 } from './bytes.ts'
import { DropReason } from './drop-reason.ts'
import { ETHERTYPE_IPV4 } from './ethernet.ts'
import type { MutableHardwareAddress } from './hardware-address.ts'
import { createHardwareAddress, readHardwareAddress, writeHardwareAddress } from './hardware-address.ts'
import type { MutableIpAddress } from './ip-address.ts'
import { createIpAddress } from './ip-address.ts'
import { readIpv4Address, writeIpv4Address } from './ip-address-bytes.ts'

/** Length of an ARP packet for IPv4 over Ethernet, bytes. */
export const ARP_PACKET_LENGTH = 28

export const ArpOperation = { Request: 1, Reply: 2 } as const

/** Hardware type Ethernet. */
const ETHERNET = 1

/** ARP for IPv4 over Ethernet, RFC 826. */
export interface ArpPacket {
  /** `ArpOperation`. */
  operation: number
  readonly senderHardware: MutableHardwareAddress
  readonly senderAddress: MutableIpAddress
  /** Means nothing in a request. */
  readonly targetHardware: MutableHardwareAddress
  readonly targetAddress: MutableIpAddress
}

export function createArpPacket(): ArpPacket {
  return {
    operation: 0,
    senderHardware: createHardwareAddress(),
    senderAddress: createIpAddress(),
    targetHardware: createHardwareAddress(),
    targetAddress: createIpAddress(),
  }
}

/**
 * Reads the packet in `bytes[start, end)`; frames may be padded behind it. Returns `Truncated`,
 * `UnknownProtocol` (other hardware or protocol, neither request nor reply), `BadHeaderLength`
 * (address lengths that do not fit those) or `None`.
 */
export function readArp(bytes: Uint8Array, start: number, end: number, into: ArpPacket): DropReason {
  if (end - start < ARP_PACKET_LENGTH) return DropReason.Truncated
  if (readUint16(bytes, start) !== ETHERNET || readUint16(bytes, start + 2) !== ETHERTYPE_IPV4) return DropReason.UnknownProtocol
  if (readUint16(bytes, start + 4) !== 0x0604) return DropReason.BadHeaderLength
  const operation = readUint16(bytes, start + 6)
  if (operation !== ArpOperation.Request && operation !== ArpOperation.Reply) return DropReason.UnknownProtocol
  into.operation = operation
  readHardwareAddress(bytes, start + 8, into.senderHardware)
  readIpv4Address(bytes, start + 14, into.senderAddress)
  readHardwareAddress(bytes, start + 18, into.targetHardware)
  readIpv4Address(bytes, start + 24, into.targetAddress)
  return DropReason.None
}

/** Writes the packet at `bytes[at]` and returns its length, 28. */
export function writeArp(packet: ArpPacket, bytes: Uint8Array, at: number): number {
  writeUint16(bytes, at, ETHERNET)
  writeUint16(bytes, at + 2, ETHERTYPE_IPV4)
  writeUint16(bytes, at + 4, 0x0604)
  writeUint16(bytes, at + 6, packet.operation)
  writeHardwareAddress(packet.senderHardware, bytes, at + 8)
  writeIpv4Address(packet.senderAddress, bytes, at + 14)
  writeHardwareAddress(packet.targetHardware, bytes, at + 18)
  writeIpv4Address(packet.targetAddress, bytes, at + 24)
  return ARP_PACKET_LENGTH
}
