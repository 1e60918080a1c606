import { NO_COLUMNS, type SentColumns } from './_sent-columns.ts'

export type { SentColumns } from './_sent-columns.ts'

/** Marks of a record in a `SentQueue`. */
export const SACKED: number = 1
/** Believed to be lost, and not sent again since. */
export const LOST: number = 2
/** Sent more than once. */
export const RESENT: number = 4
/** Sent while the application, not the window, set the pace. */
export const APP_LIMITED: number = 8
/** Larger than other segments, to find out whether the path takes it (RFC 4821). */
export const MTU_PROBE: number = 16

/** Records that a queue takes; a sender waits for ACKs then. Only cutting them up, when segments become smaller, makes more. */
export const MAX_SENT_RECORDS: number = 1 << 15

/**
 * What was sent and is not acknowledged: one record a segment, in the order of the stream, with its marks and what it was
 * like when it was sent last. Plain data; offsets in bytes since the start of the stream, times in ms.
 *
 * Records stand in a ring of columns: record `position` (0 is the oldest in the stream) has the slot `slotOf(position)`.
 * Those in flight, neither SACKED nor LOST, are also linked in the order in which they were sent last, so that loss
 * detection by time meets only what it has to judge.
 *
 * A mark takes no memory of its own, and walks skip what is SACKED, so the number of holes needs no limit: forgetting some of them
 * would only resend what has arrived.
 */
export interface SentQueue {
  /** Slots, a power of two; 0 before the first record. */
  capacity: number
  head: number
  count: number
  /** Offset at which the first record begins: SND.UNA. */
  start: number
  /** Bytes and records marked SACKED. */
  sackedBytes: number
  sackedCount: number
  /** Bytes and records marked LOST. */
  lostBytes: number
  lostCount: number
  /** No record below this offset is LOST. */
  lostFrom: number
  /** First and last slot of the list in sending order; -1: empty. */
  oldest: number
  newest: number
  /** Records that walks have looked at, for tests of their cost: int32, wraps; not part of snapshots. */
  steps: number
  columns: SentColumns
}

export function createSentQueue(): SentQueue {
  const queue: SentQueue = {
    capacity: 0, head: 0, count: 0, start: NaN, sackedBytes: 0, sackedCount: 0, lostBytes: 0, lostCount: 0, lostFrom: NaN,
    oldest: -1, newest: -1, steps: 0, columns: NO_COLUMNS,
  }
  queue.start = 0
  queue.lostFrom = 0
  return queue
}

export function slotOf(queue: SentQueue, position: number): number {
  return (queue.head + position) & (queue.capacity - 1)
}

/** Position of a slot. */
export function positionAt(queue: SentQueue, slot: number): number {
  return (slot - queue.head) & (queue.capacity - 1)
}

/** Offset at which a record begins. */
export function startAt(queue: SentQueue, position: number): number {
  return position === 0 ? queue.start : queue.columns.end[slotOf(queue, position - 1)]!
}

/** Offset one past a record. */
export function endAt(queue: SentQueue, position: number): number {
  return queue.columns.end[slotOf(queue, position)]!
}

/** Bytes from the first record to the last. */
export function outstandingBytes(queue: SentQueue): number {
  return queue.count === 0 ? 0 : endAt(queue, queue.count - 1) - queue.start
}

/** Bytes believed to be in the network: neither acknowledged nor SACKED nor LOST (RFC 6675 §4: pipe). */
export function bytesInFlight(queue: SentQueue): number {
  return outstandingBytes(queue) - queue.sackedBytes - queue.lostBytes
}

/** The first record that ends above `offset`, `count` when there is none. */
export function positionOf(queue: SentQueue, offset: number): number {
  let low = 0
  let high = queue.count
  while (low < high) {
    const middle = (low + high) >> 1
    if (endAt(queue, middle) > offset) high = middle
    else low = middle + 1
  }
  return low
}

/** The first LOST record, -1 when there is none. */
export function firstLost(queue: SentQueue): number {
  if (queue.lostCount === 0) return -1
  let position = queue.lostFrom > queue.start ? positionOf(queue, queue.lostFrom) : 0
  for (;;) {
    const slot = slotOf(queue, position)
    const flags = queue.columns.flags[slot]!
    if (flags & LOST) break
    queue.steps = (queue.steps + 1) | 0
    position += flags & SACKED ? queue.columns.run[slot]! : 1
  }
  queue.lostFrom = startAt(queue, position)
  return position
}
