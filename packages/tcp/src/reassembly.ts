import { RangeSet, ringExtend, ringResume, ringWriteAt } from '@layerfour/storage'
import type { TcpContext } from './context.ts'
import type { Tcb } from './tcb.ts'

/** Holes that one connection keeps track of; more would let a peer buy our time with tiny segments. */
export const MAXIMUM_RANGES = 128
/** How far ahead text may be taken on a connection that has brought little in order yet, in bytes: the first window that we offer. */
const FREE_GAP = 65_536
/** The same while memory is scarce: an initial congestion window (RFC 6928). */
const SCARCE_GAP = 16_384
/** Share of the arena in use from which on memory counts as scarce. */
const SCARCE = 0.5
/** The first memory a receive buffer takes, in bytes. */
const FIRST_RESERVE = 4096
/** A packet with so many bytes of text stands for many segments, and others of its kind follow before anything is read. */
const LONG_TEXT = 16_384
/** What it takes is room for so many of them: to move text into a larger ring costs more than the ring. */
const LONG_TEXTS = 4

/**
 * Puts text where it belongs in the receive ring. `sequence` lies at or after RCV.NXT and the text
 * within the window. Returns how far RCV.NXT moves: 0 while a gap is open before it, -1 when there
 * is no memory or no range left for it and it was not kept.
 */
export function acceptText(
  context: TcpContext,
  tcb: Tcb,
  sequence: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const ring = tcb.receiveRing
  const gap = (sequence - tcb.rcv.nxt) | 0
  const length = end - start
  const at = ring.length + gap
  // Far out of order: memory only for who has sent in order before, or one byte would cost a window of it.
  if (gap > 0 && gap + length > Math.max(freeGap(context), 2 * tcb.receivedOffset)) return -1
  if (!reserve(context, tcb, at + length, length)) return -1

  if (gap === 0 && (tcb.reassembly === undefined || tcb.reassembly.count === 0)) {
    ringWriteAt(context.arena, ring, at, bytes, start, end)
    ringExtend(ring, length)
    return length
  }

  tcb.reassembly ??= new RangeSet(MAXIMUM_RANGES)
  const ranges = tcb.reassembly
  const from = tcb.receivedOffset + gap
  if (gap > 0) {
    if (tcb.negotiated.sack && ranges.covers(from, from + length)) {
      tcb.duplicateText.from = from
      tcb.duplicateText.to = from + length
    }
    if (!ranges.add(from, from + length)) return -1
    ringWriteAt(context.arena, ring, at, bytes, start, end)
    tcb.latestOutOfOrder = from
    return 0
  }
  // In order, with ranges kept beyond: the text may join up with the first of them.
  ringWriteAt(context.arena, ring, at, bytes, start, end)
  const reached = Math.max(from + length, ranges.firstGap(from + length))
  ranges.removeBelow(reached)
  const moved = reached - tcb.receivedOffset
  ringExtend(ring, moved)
  return moved
}

function freeGap({ arena }: TcpContext): number {
  return arena.used > SCARCE * arena.capacity ? SCARCE_GAP : FREE_GAP
}

/** Grows the ring in doublings, as text needs it, up to the connection's limit; in fewer steps where packets are long. */
function reserve(context: TcpContext, tcb: Tcb, needed: number, length: number): boolean {
  const ring = tcb.receiveRing
  if (needed <= ring.capacity) return true
  if (length >= LONG_TEXT) {
    const roomy = Math.min(LONG_TEXTS * needed, tcb.receiveLimit)
    if (roomy > needed && grow(context, tcb, roomy)) return true
  }
  return grow(context, tcb, needed)
}

function grow(context: TcpContext, tcb: Tcb, needed: number): boolean {
  const ring = tcb.receiveRing
  let capacity = ring.capacity === 0 ? FIRST_RESERVE : ring.capacity
  while (capacity < needed) capacity *= 2
  return ringResume(context.arena, ring, capacity)
}
