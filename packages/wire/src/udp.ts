import { readUint16, writeUint16 } from './bytes.ts'
import { DropReason } from './drop-reason.ts'

export const UDP_HEADER_LENGTH = 8
/** Where the checksum lies in the header. */
export const UDP_CHECKSUM_OFFSET = 6

/** RFC 768. */
export interface UdpHeader {
  /** 0 when the sender wants no reply. */
  sourcePort: number
  destinationPort: number
  /** Bytes of header and data, 8..65535. */
  length: number
  /** As on the wire. Set by reading; writing puts 0 there, `writeTransportChecksum` fills it. */
  checksum: number
}

export function createUdpHeader(): UdpHeader {
  return { sourcePort: 0, destinationPort: 0, length: 0, checksum: 0 }
}

/**
 * Reads the header of the datagram in `bytes[start, end)`; its data is
 * `[start + 8, start + into.length)`, which may end before `end`. The checksum is not verified (see
 * `verifyTransportChecksum`). Returns `Truncated`, `BadTotalLength` (length below 8) or `None`.
 */
export function readUdp(bytes: Uint8Array, start: number, end: number, into: UdpHeader): DropReason {
  if (end - start < UDP_HEADER_LENGTH) return DropReason.Truncated
  const length = readUint16(bytes, start + 4)
  if (length < UDP_HEADER_LENGTH) return DropReason.BadTotalLength
  if (length > end - start) return DropReason.Truncated
  into.sourcePort = readUint16(bytes, start)
  into.destinationPort = readUint16(bytes, start + 2)
  into.length = length
  into.checksum = readUint16(bytes, start + 6)
  return DropReason.None
}

/** Writes the header at `bytes[at]` and returns its length, 8. The checksum is left 0: none, over IPv4. */
export function writeUdp(header: UdpHeader, bytes: Uint8Array, at: number): number {
  writeUint16(bytes, at, header.sourcePort)
  writeUint16(bytes, at + 2, header.destinationPort)
  writeUint16(bytes, at + 4, header.length)
  writeUint16(bytes, at + 6, 0)
  return UDP_HEADER_LENGTH
}
