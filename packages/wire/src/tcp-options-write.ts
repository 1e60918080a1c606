import { writeUint16, writeUint32 } from './bytes.ts'
import type { TcpOptions } from './tcp-options.ts'
import { ALIGNED_TIMESTAMPS, TCP_MAX_OPTIONS_LENGTH, TcpOptionKind } from './tcp-options.ts'

/** How many bytes `writeTcpOptions` would write: a multiple of 4. More than 40 do not fit a header. */
export function tcpOptionsLength(options: TcpOptions): number {
  let length = 0
  if (options.mss >= 0) length += 4
  if (options.hasTimestamps) length += 12
  else if (options.sackPermitted) length += 4
  if (options.windowScale >= 0) length += 4
  if (options.sackCount > 0) length += 4 + 8 * options.sackCount
  if (options.userTimeout >= 0) length += 4
  if (options.fastOpenLength >= 0) length += (5 + options.fastOpenLength) & ~3
  return length
}

/** How many SACK blocks fit beside the other options: 4 alone, 3 with timestamps (RFC 2018 §3). */
export function sackBlocksThatFit(options: TcpOptions): number {
  const sack = options.sackCount > 0 ? 4 + 8 * options.sackCount : 0
  const room = TCP_MAX_OPTIONS_LENGTH - (tcpOptionsLength(options) - sack) - 4
  return room < 8 ? 0 : room >> 3
}

/**
 * Writes the options in the order that kernels use, each padded to 4 bytes, and returns their
 * length. SACK-permitted takes the place of the two NOPs in front of timestamps.
 */
export function writeTcpOptions(options: TcpOptions, bytes: Uint8Array, start: number): number {
  let at = start
  if (options.mss >= 0) {
    writeUint16(bytes, at, 0x0204)
    writeUint16(bytes, at + 2, options.mss)
    at += 4
  }
  if (options.hasTimestamps) {
    writeUint32(bytes, at, options.sackPermitted ? 0x0402080a : ALIGNED_TIMESTAMPS)
    writeUint32(bytes, at + 4, options.timestampValue)
    writeUint32(bytes, at + 8, options.timestampEcho)
    at += 12
  } else if (options.sackPermitted) {
    writeUint32(bytes, at, 0x01010402)
    at += 4
  }
  if (options.windowScale >= 0) {
    writeUint32(bytes, at, 0x01030300 | options.windowScale)
    at += 4
  }
  if (options.sackCount > 0) at = writeSack(options, bytes, at)
  if (options.userTimeout >= 0) {
    writeUint16(bytes, at, 0x1c04)
    writeUint16(bytes, at + 2, userTimeoutField(options.userTimeout))
    at += 4
  }
  if (options.fastOpenLength >= 0) at = writeFastOpen(options, bytes, at)
  return at - start
}

function writeSack(options: TcpOptions, bytes: Uint8Array, at: number): number {
  const edges = options.sackCount * 2
  writeUint32(bytes, at, 0x01010502 + 4 * edges)
  for (let i = 0; i < edges; i++) writeUint32(bytes, at + 4 + 4 * i, options.sackEdges[i]!)
  return at + 4 + 4 * edges
}

function userTimeoutField(seconds: number): number {
  if (seconds <= 0x7fff) return Math.max(1, Math.ceil(seconds))
  return 0x8000 | Math.min(0x7fff, Math.ceil(seconds / 60))
}

function writeFastOpen(options: TcpOptions, bytes: Uint8Array, at: number): number {
  const cookie = options.fastOpenLength
  bytes[at] = TcpOptionKind.FastOpen
  bytes[at + 1] = 2 + cookie
  for (let i = 0; i < cookie; i++) bytes[at + 2 + i] = options.fastOpenCookie[i]!
  let end = at + 2 + cookie
  while (((end - at) & 3) !== 0) bytes[end++] = TcpOptionKind.NoOperation
  return end
}
