import { type CongestionState } from '../congestion/congestion-control.ts'

/**
 * What is needed to take a reduction of the window back when it turns out that nothing was lost: Eifel detection by
 * timestamps (RFC 3522), D-SACK (RFC 3708) and F-RTO (RFC 5682) tell, and the Eifel response restores (RFC 4015). Plain data.
 */
export interface Undo {
  /** Window and threshold before the reduction; `cwnd` 0: nothing to take back. */
  cwnd: number
  ssthresh: number
  /** Offset of the first byte outstanding when it happened. */
  marker: number
  /** When the first retransmission after it was sent, ms; -1: none yet. */
  resentAt: number
  /** Bytes resent since, less those that the peer reports to have got twice. */
  resentBytes: number
}

export function createUndo(): Undo {
  const undo: Undo = { cwnd: 0, ssthresh: 0, marker: NaN, resentAt: NaN, resentBytes: NaN }
  undo.marker = 0
  undo.resentAt = -1
  undo.resentBytes = 0
  return undo
}

/** The window was reduced from `cwnd`, or is about to be; `ack`: SND.UNA. */
export function undoPrepare(undo: Undo, cwnd: number, ssthresh: number, ack: number): void {
  undo.cwnd = cwnd
  undo.ssthresh = ssthresh
  undo.marker = ack
  undo.resentAt = -1
  undo.resentBytes = 0
}

export function undoForget(undo: Undo): void {
  undo.cwnd = 0
}

export function undoResent(undo: Undo, bytes: number, now: number): void {
  if (undo.cwnd === 0) return
  undo.resentBytes += bytes
  if (undo.resentAt < 0) undo.resentAt = now
}

/** The peer got `bytes` twice. Whether that makes all retransmissions needless. */
export function undoDuplicate(undo: Undo, bytes: number, end: number): boolean {
  if (undo.cwnd === 0 || undo.resentAt < 0 || end <= undo.marker) return false
  undo.resentBytes -= bytes
  return undo.resentBytes <= 0
}

/**
 * Eifel detection: an ACK for what was resent that echoes a timestamp from before. `echoedAt` in whole ms, -1 without
 * timestamps. Timestamps count whole milliseconds, so a tie decides nothing.
 */
export function undoByTimestamp(undo: Undo, ack: number, echoedAt: number): boolean {
  return undo.cwnd !== 0 && undo.resentAt >= 0 && ack > undo.marker && echoedAt >= 0 && echoedAt < Math.floor(undo.resentAt)
}

/** Eifel response: the window is what it was, unless it has grown beyond that since. */
export function undoApply(undo: Undo, congestion: CongestionState): void {
  if (undo.cwnd > congestion.cwnd) congestion.cwnd = undo.cwnd
  if (undo.ssthresh > congestion.ssthresh) congestion.ssthresh = undo.ssthresh
  undo.cwnd = 0
}
