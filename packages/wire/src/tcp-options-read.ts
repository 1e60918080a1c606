import { readUint16, readUint32 } from './bytes.ts'
import { DropReason } from './drop-reason.ts'
import { nextOption } from './options.ts'
import type { TcpOptions } from './tcp-options.ts'
import { ALIGNED_TIMESTAMPS, clearTcpOptions, TcpOptionKind } from './tcp-options.ts'

/**
 * Reads the options in `bytes[start, end)`. Unknown kinds are skipped (RFC 9293 MUST-6); of an
 * option that comes twice the last counts. `BadOption` when a length is illegal (MUST-7) or not
 * the one that its kind has; `into` is then partly filled.
 */
export function readTcpOptions(bytes: Uint8Array, start: number, end: number, into: TcpOptions): DropReason {
  clearTcpOptions(into)
  if (end - start === 12 && readUint32(bytes, start) === ALIGNED_TIMESTAMPS) {
    readTimestamps(bytes, start + 2, into)
    return DropReason.None
  }
  for (let at = nextOption(bytes, start, end); at !== end; at = nextOption(bytes, at + bytes[at + 1]!, end)) {
    if (at < 0 || !readOption(bytes, at, into)) return DropReason.BadOption
  }
  return DropReason.None
}

/** Reads the one option at `at`, which is wholly there. False when its length does not fit its kind. */
function readOption(bytes: Uint8Array, at: number, into: TcpOptions): boolean {
  const length = bytes[at + 1]!
  switch (bytes[at]) {
    case TcpOptionKind.MaximumSegmentSize:
      if (length !== 4) return false
      into.mss = readUint16(bytes, at + 2)
      return true
    case TcpOptionKind.WindowScale:
      if (length !== 3) return false
      into.windowScale = bytes[at + 2]!
      return true
    case TcpOptionKind.SackPermitted:
      if (length !== 2) return false
      into.sackPermitted = true
      return true
    case TcpOptionKind.Sack:
      return readSack(bytes, at, length, into)
    case TcpOptionKind.Timestamps:
      if (length !== 10) return false
      readTimestamps(bytes, at, into)
      return true
    case TcpOptionKind.UserTimeout:
      if (length !== 4) return false
      readUserTimeout(readUint16(bytes, at + 2), into)
      return true
    case TcpOptionKind.FastOpen:
      readFastOpen(bytes, at, length, into)
      return true
    default:
      into.unknownCount++
      return true
  }
}

function readTimestamps(bytes: Uint8Array, at: number, into: TcpOptions): void {
  into.hasTimestamps = true
  into.timestampValue = readUint32(bytes, at + 2)
  into.timestampEcho = readUint32(bytes, at + 6)
}

function readSack(bytes: Uint8Array, at: number, length: number, into: TcpOptions): boolean {
  const edges = (length - 2) >> 2
  if (length < 10 || length > 34 || (length & 7) !== 2) return false
  for (let i = 0; i < edges; i++) into.sackEdges[i] = readUint32(bytes, at + 2 + 4 * i)
  into.sackCount = edges >> 1
  return true
}

/** The top bit says minutes; 0 is reserved and ignored (RFC 5482 §3). */
function readUserTimeout(field: number, into: TcpOptions): void {
  const value = field & 0x7fff
  if (value !== 0) into.userTimeout = (field & 0x8000) === 0 ? value : value * 60
}

/** An invalid length is not an error but ignored (RFC 7413 §4.1.1). */
function readFastOpen(bytes: Uint8Array, at: number, length: number, into: TcpOptions): void {
  const cookie = length - 2
  if (cookie !== 0 && (cookie < 4 || cookie > 16 || (cookie & 1) !== 0)) {
    into.unknownCount++
    return
  }
  for (let i = 0; i < cookie; i++) into.fastOpenCookie[i] = bytes[at + 2 + i]!
  into.fastOpenLength = cookie
}
