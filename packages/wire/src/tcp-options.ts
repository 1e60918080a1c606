import { readUint16, readUint32, writeUint16, writeUint32 } from './bytes.ts'
import { DropReason } from './drop-reason.ts'
import { nextOption } from './options.ts'

/** Option kinds from IANA's TCP parameters. */
export const TcpOptionKind = {
  EndOfList: 0,
  NoOperation: 1,
  MaximumSegmentSize: 2,
  WindowScale: 3,
  SackPermitted: 4,
  Sack: 5,
  Timestamps: 8,
  UserTimeout: 28,
  FastOpen: 34,
} as const

/** The data offset field leaves so many bytes for options (RFC 9293 §3.1). */
export const TCP_MAX_OPTIONS_LENGTH = 40

/** The options that a segment carries. An absent one has -1, `false` or a count of 0. */
export interface TcpOptions {
  /** Maximum segment size, bytes: 0..65535, or -1. RFC 9293 §3.7.1. */
  mss: number
  /** Shift count as it came, 0..255, or -1; more than 14 means 14 (RFC 7323 §2.3). */
  windowScale: number
  /** RFC 2018 §2. */
  sackPermitted: boolean
  hasTimestamps: boolean
  /** TSval and TSecr, int32 bits (RFC 7323 §3.2). */
  timestampValue: number
  timestampEcho: number
  /** Blocks in `sackEdges`: 0..4. */
  sackCount: number
  /** Left and right edge of each block, sequence numbers (RFC 2018 §3). */
  readonly sackEdges: Int32Array
  /** Seconds, or -1. Sent in minutes, rounded up, from 32,768 s on; 65,535 minutes do not exist (RFC 5482 §3). */
  userTimeout: number
  /** Bytes of the cookie: 0 asks for one, 4..16 and even brings one, -1 absent (RFC 7413 §4.1.1). */
  fastOpenLength: number
  /** The cookie's bytes; 16 long. */
  readonly fastOpenCookie: Uint8Array
  /** Options that were skipped: kinds we do not know. Read only; see `nextOption` to visit them. */
  unknownCount: number
}

export function createTcpOptions(): TcpOptions {
  return {
    mss: -1,
    windowScale: -1,
    sackPermitted: false,
    hasTimestamps: false,
    timestampValue: 0,
    timestampEcho: 0,
    sackCount: 0,
    sackEdges: new Int32Array(8),
    userTimeout: -1,
    fastOpenLength: -1,
    fastOpenCookie: new Uint8Array(16),
    unknownCount: 0,
  }
}

/** Makes every option absent. Edges and cookie keep their bytes; their counts say that they mean nothing. */
export function clearTcpOptions(options: TcpOptions): void {
  options.mss = -1
  options.windowScale = -1
  options.sackPermitted = false
  options.hasTimestamps = false
  options.timestampValue = 0
  options.timestampEcho = 0
  options.sackCount = 0
  options.userTimeout = -1
  options.fastOpenLength = -1
  options.unknownCount = 0
}

/** NOP NOP TIMESTAMPS 10: how nearly every segment with timestamps begins (RFC 7323 appendix A). */
const ALIGNED_TIMESTAMPS = 0x0101080a

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
