/** What a receiver has promised to take. Plain data; offsets are bytes since the start of the stream. */
export interface ReceiveWindow {
  /**
   * Offset one past the last byte ever promised: RCV.NXT + RCV.WND. Never moves left (RFC 9293 §3.8.6, SHLD-14), so
   * anything before it must be accepted, whatever later ACKs said (RFC 7323 §2.4).
   */
  rightEdge: number
  /** Bytes per unit of the advertised field: 1 << Rcv.Wind.Shift, 1 to 16,384 (RFC 7323 §2). */
  unit: number
}

/** A window that has promised nothing yet: its right edge is at `offset`. */
export function createReceiveWindow(offset: number, windowScale = 0): ReceiveWindow {
  const window: ReceiveWindow = { rightEdge: NaN, unit: 1 }
  window.rightEdge = offset
  setWindowScale(window, windowScale)
  return window
}

/** Sets the shift count, 0 to 14, once it has been negotiated. */
export function setWindowScale(window: ReceiveWindow, windowScale: number): void {
  if (!Number.isInteger(windowScale) || windowScale < 0 || windowScale > 14) {
    throw new RangeError(`window scale must be an integer from 0 to 14 (RFC 7323 §2.3), got ${windowScale}`)
  }
  window.unit = 1 << windowScale
}

/** RCV.WND: bytes from `next` (RCV.NXT) on that must be accepted. May exceed the advertised value by less than a unit. */
export function receiveWindowSize(window: ReceiveWindow, next: number): number {
  // A FIN takes an offset of its own and may come one past a closed window.
  return next < window.rightEdge ? window.rightEdge - next : 0
}

/** The window field as the peer will understand it, for the right edge as it stands: whole units, at most 65,535 of them. */
export function advertisedWindow(window: ReceiveWindow, next: number): number {
  return floorToUnits(window, window.rightEdge - next)
}

/**
 * To be called for each segment sent: moves the right edge if that is allowed now and worth it, and returns the window to
 * advertise in bytes, a multiple of `unit` (shift it right by the window scale for the header).
 *
 * Silly window avoidance (RFC 9293 §3.8.6.2.2): the edge stays where it is until it can move by a full-sized segment or
 * half of the buffer.
 *
 * `next`: RCV.NXT. `space`: bytes the receiver can store from `next` on (RCV.BUFF − RCV.USER). `buffer`: RCV.BUFF.
 * `mss`: the largest segment expected.
 */
export function advertiseWindow(window: ReceiveWindow, next: number, space: number, buffer: number, mss: number): number {
  const edge = next + floorToUnits(window, space)
  if (edge - window.rightEdge >= Math.min(mss, buffer / 2)) window.rightEdge = edge
  return advertisedWindow(window, next)
}

/**
 * Whether an ACK should go out only to say that the window has opened: the edge could move by two segments or half of
 * the buffer, or the sender may be stuck with less than a segment of window and the edge may move at all.
 */
export function windowUpdateOwed(window: ReceiveWindow, next: number, space: number, buffer: number, mss: number): boolean {
  const gain = next + floorToUnits(window, space) - window.rightEdge
  const half = buffer / 2
  if (gain <= 0 || gain < Math.min(mss, half)) return false
  return gain >= Math.min(2 * mss, half) || advertisedWindow(window, next) < mss
}

function floorToUnits(window: ReceiveWindow, bytes: number): number {
  if (bytes <= 0) return 0
  const limit = 65_535 * window.unit
  // A unit is a power of two, and less than the limit fits 31 bits: a remainder of fractions would take a call.
  return bytes >= limit ? limit : bytes & -window.unit
}
