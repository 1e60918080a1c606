import { readUint16, readUint32, writeUint16, writeUint32 } from './bytes.ts'
import { DropReason } from './drop-reason.ts'
import type { TcpOptions } from './tcp-options.ts'
import { clearTcpOptions, createTcpOptions, TCP_MAX_OPTIONS_LENGTH } from './tcp-options.ts'
import { readTcpOptions } from './tcp-options-read.ts'
import { tcpOptionsLength, writeTcpOptions } from './tcp-options-write.ts'

/** Length of the header without options, bytes. */
export const TCP_HEADER_LENGTH = 20
/** Where the checksum lies in the header. */
export const TCP_CHECKSUM_OFFSET = 16

/** Control bits, RFC 9293 §3.1. */
export const TcpFlags = {
  FIN: 1,
  SYN: 2,
  RST: 4,
  PSH: 8,
  ACK: 16,
  URG: 32,
  ECE: 64,
  CWR: 128,
} as const

/** A TCP header, reused for all segments in one direction. RFC 9293 §3.1. */
export interface TcpHeader {
  sourcePort: number
  destinationPort: number
  /** Sequence number of the first data byte, or of SYN; int32. */
  sequence: number
  /** Next sequence number that the sender of this segment expects; means something with ACK; int32. */
  acknowledgment: number
  /** Bytes of the header with its options, 20..60: data begins there. Set by reading, not needed for writing. */
  headerLength: number
  /** `TcpFlags` or-ed, 8 bits. The reserved bits are ignored on reading and written 0. */
  flags: number
  /** As on the wire: not yet scaled, 0..65535. */
  window: number
  /** As on the wire. Set by reading; writing puts 0 there, `writeTransportChecksum` fills it. */
  checksum: number
  /** Offset of the last urgent byte's successor from `sequence`; means something with URG. */
  urgentPointer: number
  readonly options: TcpOptions
}

export function createTcpHeader(): TcpHeader {
  return {
    sourcePort: 0,
    destinationPort: 0,
    sequence: 0,
    acknowledgment: 0,
    headerLength: TCP_HEADER_LENGTH,
    flags: 0,
    window: 0,
    checksum: 0,
    urgentPointer: 0,
    options: createTcpOptions(),
  }
}

/**
 * Reads the header of the segment in `bytes[start, end)`; its data is `[start + into.headerLength, end)`.
 * The checksum is not verified (see `verifyTransportChecksum`), nor whether ports and flags make
 * sense. Returns `Truncated`, `BadHeaderLength` (data offset below 5), `BadOption` or `None`.
 */
export function readTcp(bytes: Uint8Array, start: number, end: number, into: TcpHeader): DropReason {
  if (end - start < TCP_HEADER_LENGTH) return DropReason.Truncated
  const headerLength = (bytes[start + 12]! >> 4) << 2
  if (headerLength < TCP_HEADER_LENGTH) return DropReason.BadHeaderLength
  if (headerLength > end - start) return DropReason.Truncated
  into.sourcePort = readUint16(bytes, start)
  into.destinationPort = readUint16(bytes, start + 2)
  into.sequence = readUint32(bytes, start + 4)
  into.acknowledgment = readUint32(bytes, start + 8)
  into.headerLength = headerLength
  into.flags = bytes[start + 13]!
  into.window = readUint16(bytes, start + 14)
  into.checksum = readUint16(bytes, start + 16)
  into.urgentPointer = readUint16(bytes, start + 18)
  if (headerLength === TCP_HEADER_LENGTH) {
    clearTcpOptions(into.options)
    return DropReason.None
  }
  return readTcpOptions(bytes, start + TCP_HEADER_LENGTH, start + headerLength, into.options)
}

/**
 * Writes the header with its options at `bytes[at]` and returns its length. The checksum is left 0.
 * @throws RangeError when the options take more than 40 bytes.
 */
export function writeTcp(header: TcpHeader, bytes: Uint8Array, at: number): number {
  const optionsLength = tcpOptionsLength(header.options)
  if (optionsLength > TCP_MAX_OPTIONS_LENGTH) {
    throw new RangeError(`got ${optionsLength} bytes of TCP options, expected at most ${TCP_MAX_OPTIONS_LENGTH}`)
  }
  const headerLength = TCP_HEADER_LENGTH + optionsLength
  writeUint16(bytes, at, header.sourcePort)
  writeUint16(bytes, at + 2, header.destinationPort)
  writeUint32(bytes, at + 4, header.sequence)
  writeUint32(bytes, at + 8, header.acknowledgment)
  bytes[at + 12] = headerLength << 2
  bytes[at + 13] = header.flags
  writeUint16(bytes, at + 14, header.window)
  writeUint16(bytes, at + 16, 0)
  writeUint16(bytes, at + 18, header.urgentPointer)
  if (optionsLength > 0) writeTcpOptions(header.options, bytes, at + TCP_HEADER_LENGTH)
  return headerLength
}
