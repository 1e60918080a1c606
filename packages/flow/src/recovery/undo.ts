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
  /** When the first retransmission after it was sent, ms; Infinity: none yet. */
  resentAt: number
  /** Bytes resent since, less those that turned out needless. */
  resentBytes: number
  /** Offset up to which timestamps have proved retransmissions needless. */
  provenTo: number
}

export function createUndo(): Undo {
  const undo: Undo = { cwnd: 0, ssthresh: 0, marker: NaN, resentAt: NaN, resentBytes: NaN, provenTo: NaN }
  undo.marker = 0
  undo.resentAt = Infinity
  undo.resentBytes = 0
  undo.provenTo = 0
  return undo
}

/** What everybody has who has reduced nothing yet, so that an idle connection takes no memory for it. */
export const NO_UNDO: Undo = /* @__PURE__ */ createUndo()

/** The window was reduced from `cwnd`, or is about to be; `ack`: SND.UNA. Returns what to keep in place of `before`. */
export function undoPrepare(before: Undo, cwnd: number, ssthresh: number, ack: number): Undo {
  const undo = before === NO_UNDO ? createUndo() : before
  undo.cwnd = cwnd
  undo.ssthresh = ssthresh
  undo.marker = ack
  undo.resentAt = Infinity
  undo.resentBytes = 0
  return undo
}

export function undoForget(undo: Undo): void {
  if (undo !== NO_UNDO) undo.cwnd = 0
}

export function undoResent(undo: Undo, bytes: number, now: number): void {
  if (undo.cwnd === 0) return
  undo.resentBytes += bytes
  if (undo.resentAt > now) undo.resentAt = now
}

/** The peer got [start, end) twice (RFC 2883). Whether that makes all retransmissions since the reduction needless. */
export function undoDuplicate(undo: Undo, start: number, end: number): boolean {
  // A timestamp may have told already.
  if (undo.cwnd === 0 || undo.resentAt === Infinity || start < undo.marker || end <= undo.provenTo) return false
  undo.resentBytes -= end - start
  return undo.resentBytes <= 0
}

/**
 * Eifel detection: whether data up to `end`, resent at `sentAt`, is acknowledged by an ACK that echoes a timestamp from before
 * (RFC 3522 §3.2), so that it was resent needlessly. Only what was resent since the reduction says something about it. `echoedAt` in
 * whole ms, Infinity without timestamps; these count whole milliseconds, so a tie decides nothing. `undo.resentBytes` tells what is left.
 */
export function undoByTimestamp(undo: Undo, sentAt: number, echoedAt: number, bytes: number, end: number): boolean {
  if (undo.cwnd === 0 || sentAt < undo.resentAt || echoedAt >= Math.floor(sentAt)) return false
  undo.resentBytes -= bytes
  undo.provenTo = end
  return true
}

/** Eifel response: the window is what it was, unless it has grown beyond that since. */
export function undoApply(undo: Undo, congestion: CongestionState): void {
  if (undo.cwnd === 0) return
  if (undo.cwnd > congestion.cwnd) congestion.cwnd = undo.cwnd
  if (undo.ssthresh > congestion.ssthresh) congestion.ssthresh = undo.ssthresh
  undo.cwnd = 0
}
