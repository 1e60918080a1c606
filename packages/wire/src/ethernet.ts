import { readUint16, writeUint16 } from './bytes.ts'
import { DropReason } from './drop-reason.ts'
import type { MutableHardwareAddress } from './hardware-address.ts'
import { createHardwareAddress, readHardwareAddress, writeHardwareAddress } from './hardware-address.ts'

export const ETHERNET_HEADER_LENGTH = 14

export const ETHERTYPE_IPV4 = 0x0800
export const ETHERTYPE_ARP = 0x0806
export const ETHERTYPE_IPV6 = 0x86dd

/** An Ethernet II header, without preamble and frame check sequence. RFC 894. */
export interface EthernetHeader {
  readonly destination: MutableHardwareAddress
  readonly source: MutableHardwareAddress
  /** A protocol from 0x600 on; less is the length of an IEEE 802.3 frame, which carries no IP for us (RFC 1122 §2.3.3). */
  etherType: number
}

export function createEthernetHeader(): EthernetHeader {
  return { destination: createHardwareAddress(), source: createHardwareAddress(), etherType: 0 }
}

/** Reads the header of the frame in `bytes[start, end)`; its data begins at `start + 14`. Returns `Truncated` or `None`. */
export function readEthernet(bytes: Uint8Array, start: number, end: number, into: EthernetHeader): DropReason {
  if (end - start < ETHERNET_HEADER_LENGTH) return DropReason.Truncated
  readHardwareAddress(bytes, start, into.destination)
  readHardwareAddress(bytes, start + 6, into.source)
  into.etherType = readUint16(bytes, start + 12)
  return DropReason.None
}

/** Writes the header at `bytes[at]` and returns its length, 14. */
export function writeEthernet(header: EthernetHeader, bytes: Uint8Array, at: number): number {
  writeHardwareAddress(header.destination, bytes, at)
  writeHardwareAddress(header.source, bytes, at + 6)
  writeUint16(bytes, at + 12, header.etherType)
  return ETHERNET_HEADER_LENGTH
}
