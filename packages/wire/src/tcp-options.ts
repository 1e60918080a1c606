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

/** NOP NOP TIMESTAMPS 10: how nearly every segment with timestamps begins (RFC 7323 appendix A). */
export const ALIGNED_TIMESTAMPS = 0x0101080a

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
