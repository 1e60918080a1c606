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

/** Records that a queue grows to; a sender waits for ACKs then. */
export const MAX_SENT_RECORDS: number = 1 << 15
const LEAST_CAPACITY = 16

/**
 * What was sent and is not acknowledged: one record a segment, in the order of the stream, with its marks and what it was
 * like when it was sent last. Plain data; offsets in bytes since the start of the stream, times in ms.
 *
 * Records stand in a ring of columns: record `position` (0 is the oldest in the stream) has the slot `slotOf(position)`.
 * Those in flight, neither SACKED nor LOST, are also linked in the order in which they were sent last, so that loss
 * detection by time meets only what it has to judge.
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
  columns: SentColumns
}

/** One element a slot. */
export interface SentColumns {
  /** Neighbours in sending order. */
  older: Int32Array
  newer: Int32Array
  flags: Uint8Array
  /** Offset one past the record. */
  end: Float64Array
  /** When it was sent last. */
  sentAt: Float64Array
  /** For a SACKED record, how many records from it on are known to be SACKED: what a walk may skip. */
  run: Int32Array
  /** As it was when the record was sent last: bytes in flight with it, and the delivery rate estimator's counts and times. */
  inFlight: Int32Array
  delivered: Float64Array
  deliveredAt: Float64Array
  firstSentAt: Float64Array
  lost: Float64Array
}

export function createSentQueue(): SentQueue {
  const queue: SentQueue = {
    capacity: 0, head: 0, count: 0, start: NaN, sackedBytes: 0, sackedCount: 0, lostBytes: 0, lostCount: 0, lostFrom: NaN,
    oldest: -1, newest: -1, columns: NO_COLUMNS,
  }
  queue.start = 0
  queue.lostFrom = 0
  return queue
}

function columns(capacity: number): SentColumns {
  return {
    older: new Int32Array(capacity), newer: new Int32Array(capacity), flags: new Uint8Array(capacity),
    end: new Float64Array(capacity), sentAt: new Float64Array(capacity), run: new Int32Array(capacity),
    inFlight: new Int32Array(capacity), delivered: new Float64Array(capacity), deliveredAt: new Float64Array(capacity),
    firstSentAt: new Float64Array(capacity), lost: new Float64Array(capacity),
  }
}

/** What every empty queue has: a connection that sends nothing takes no memory for it. */
const NO_COLUMNS: SentColumns = columns(0)

export function slotOf(queue: SentQueue, position: number): number {
  return (queue.head + position) & (queue.capacity - 1)
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

/**
 * New data [start, end) was sent. Returns its slot, for who keeps more columns about it; -1 when the queue has
 * `MAX_SENT_RECORDS` already, which a sender asks about first.
 */
export function pushSent(queue: SentQueue, start: number, end: number, now: number): number {
  if (queue.count === queue.capacity) {
    if (queue.capacity >= MAX_SENT_RECORDS) return -1
    grow(queue)
  }
  if (queue.count === 0) queue.start = start
  const slot = slotOf(queue, queue.count)
  queue.count++
  queue.columns.end[slot] = end
  queue.columns.flags[slot] = 0
  queue.columns.sentAt[slot] = now
  linkNewest(queue, slot)
  return slot
}

/** A record was sent again: it is in flight once more, the last of all. */
export function markResent(queue: SentQueue, position: number, now: number): void {
  const slot = slotOf(queue, position)
  const flags = queue.columns.flags[slot]!
  if (flags & LOST) unmarkLost(queue, position)
  else if (!(flags & SACKED)) unlink(queue, slot)
  queue.columns.flags[slot] = (queue.columns.flags[slot]! & SACKED) | RESENT
  queue.columns.sentAt[slot] = now
  if (!(flags & SACKED)) linkNewest(queue, slot)
}

export function markLost(queue: SentQueue, position: number): void {
  const slot = slotOf(queue, position)
  const start = startAt(queue, position)
  unlink(queue, slot)
  queue.columns.flags[slot] = queue.columns.flags[slot]! | LOST
  queue.lostBytes += queue.columns.end[slot]! - start
  if (queue.lostCount++ === 0 || start < queue.lostFrom) queue.lostFrom = start
}

/** Takes the mark away; whoever calls links the record again. */
function unmarkLost(queue: SentQueue, position: number): void {
  const slot = slotOf(queue, position)
  queue.columns.flags[slot] = queue.columns.flags[slot]! & ~LOST
  queue.lostBytes -= queue.columns.end[slot]! - startAt(queue, position)
  queue.lostCount--
}

export function markSacked(queue: SentQueue, position: number): void {
  const slot = slotOf(queue, position)
  if (queue.columns.flags[slot]! & LOST) unmarkLost(queue, position)
  else unlink(queue, slot)
  queue.columns.flags[slot] = queue.columns.flags[slot]! | SACKED
  queue.columns.run[slot] = 1
  queue.sackedBytes += queue.columns.end[slot]! - startAt(queue, position)
  queue.sackedCount++
}

/** The first record, wholly acknowledged, leaves. */
export function dropFirst(queue: SentQueue): void {
  const slot = queue.head
  const length = queue.columns.end[slot]! - queue.start
  const flags = queue.columns.flags[slot]!
  if (flags & SACKED) {
    queue.sackedBytes -= length
    queue.sackedCount--
  } else if (flags & LOST) {
    queue.lostBytes -= length
    queue.lostCount--
  } else unlink(queue, slot)
  queue.start = queue.columns.end[slot]!
  queue.head = (slot + 1) & (queue.capacity - 1)
  queue.count--
}

/** The first record is acknowledged up to `offset`, somewhere inside of it. */
export function trimFirst(queue: SentQueue, offset: number): void {
  const flags = queue.columns.flags[queue.head]!
  if (flags & SACKED) queue.sackedBytes -= offset - queue.start
  else if (flags & LOST) queue.lostBytes -= offset - queue.start
  queue.start = offset
}

/** The first LOST record, -1 when there is none. */
export function firstLost(queue: SentQueue): number {
  if (queue.lostCount === 0) return -1
  let position = queue.lostFrom > queue.start ? positionOf(queue, queue.lostFrom) : 0
  for (;;) {
    const slot = slotOf(queue, position)
    const flags = queue.columns.flags[slot]!
    if (flags & LOST) break
    position += flags & SACKED ? queue.columns.run[slot]! : 1
  }
  queue.lostFrom = startAt(queue, position)
  return position
}

/** Moves the border between two LOST records: the first of them, at `position`, gets all up to `end`, which lies within the second. */
export function extendLost(queue: SentQueue, position: number, end: number): void {
  queue.columns.end[slotOf(queue, position)] = end
}

/** A retransmission timeout: everything that is not SACKED counts as lost. */
export function markAllLost(queue: SentQueue): void {
  for (let position = 0; position < queue.count; position++) {
    if (!(queue.columns.flags[slotOf(queue, position)]! & (SACKED | LOST))) markLost(queue, position)
  }
}

/** The peer has thrown SACKed data away (reneging, RFC 2018 §8): none of the marks counts any more. */
export function forgetSacks(queue: SentQueue): void {
  for (let position = 0; position < queue.count; position++) {
    const slot = slotOf(queue, position)
    if (!(queue.columns.flags[slot]! & SACKED)) continue
    queue.columns.flags[slot] = queue.columns.flags[slot]! & ~SACKED
    linkNewest(queue, slot)
  }
  queue.sackedBytes = 0
  queue.sackedCount = 0
}

/** It was a false alarm: what is LOST is in flight as before. */
export function unmarkAllLost(queue: SentQueue): void {
  // Sent earlier than all that is linked, so in front, in stream order.
  for (let position = queue.count - 1; queue.lostCount > 0; position--) {
    const slot = slotOf(queue, position)
    if (!(queue.columns.flags[slot]! & LOST)) continue
    unmarkLost(queue, position)
    linkOldest(queue, slot)
  }
}

function linkNewest(queue: SentQueue, slot: number): void {
  queue.columns.older[slot] = queue.newest
  queue.columns.newer[slot] = -1
  if (queue.newest === -1) queue.oldest = slot
  else queue.columns.newer[queue.newest] = slot
  queue.newest = slot
}

function linkOldest(queue: SentQueue, slot: number): void {
  queue.columns.newer[slot] = queue.oldest
  queue.columns.older[slot] = -1
  if (queue.oldest === -1) queue.newest = slot
  else queue.columns.older[queue.oldest] = slot
  queue.oldest = slot
}

function unlink(queue: SentQueue, slot: number): void {
  const older = queue.columns.older[slot]!
  const newer = queue.columns.newer[slot]!
  if (older === -1) queue.oldest = newer
  else queue.columns.newer[older] = newer
  if (newer === -1) queue.newest = older
  else queue.columns.older[newer] = older
}

/** Position of a slot. */
export function positionAt(queue: SentQueue, slot: number): number {
  return (slot - queue.head) & (queue.capacity - 1)
}

function grow(queue: SentQueue): void {
  rebuild(queue, queue.capacity === 0 ? LEAST_CAPACITY : queue.capacity * 2, Infinity)
}

/** Segments have become smaller: cuts longer records, so that each can be sent again as one segment of up to `mss` bytes. */
export function cutRecords(queue: SentQueue, mss: number): void {
  let pieces = 0
  for (let position = 0; position < queue.count; position++) {
    pieces += Math.ceil((endAt(queue, position) - startAt(queue, position)) / mss)
  }
  if (pieces === queue.count) return
  let capacity = queue.capacity
  while (capacity < pieces) capacity *= 2
  rebuild(queue, capacity, mss)
}

/** A copy that takes no more memory than it needs, equal for equal contents. */
export function compactSentQueue(queue: SentQueue): SentQueue {
  const copy = { ...queue }
  let capacity = queue.count === 0 ? 0 : LEAST_CAPACITY
  while (capacity < queue.count) capacity *= 2
  rebuild(copy, capacity, Infinity)
  if (copy.count === 0) copy.lostFrom = copy.start
  return copy
}

/** Moves everything into new columns, each record in pieces of at most `mss` bytes. */
function rebuild(queue: SentQueue, capacity: number, mss: number): void {
  const old = { ...queue }
  const firstPiece = new Int32Array(old.capacity + 1)
  queue.columns = capacity === 0 ? NO_COLUMNS : columns(capacity)
  queue.capacity = capacity
  queue.head = 0
  queue.count = 0
  for (let position = 0; position < old.count; position++) {
    const from = slotOf(old, position)
    const end = old.columns.end[from]!
    firstPiece[position] = queue.count
    for (let start = startAt(old, position); start < end;) {
      const slot = queue.count++
      start = end - start > mss ? start + mss : end
      queue.columns.end[slot] = start
      queue.columns.flags[slot] = old.columns.flags[from]!
      queue.columns.run[slot] = 1
      queue.columns.sentAt[slot] = old.columns.sentAt[from]!
      queue.columns.inFlight[slot] = old.columns.inFlight[from]!
      queue.columns.delivered[slot] = old.columns.delivered[from]!
      queue.columns.deliveredAt[slot] = old.columns.deliveredAt[from]!
      queue.columns.firstSentAt[slot] = old.columns.firstSentAt[from]!
      queue.columns.lost[slot] = old.columns.lost[from]!
    }
  }
  firstPiece[old.count] = queue.count
  queue.oldest = -1
  queue.newest = -1
  for (let from = old.oldest; from !== -1; from = old.columns.newer[from]!) {
    const position = positionAt(old, from)
    for (let slot = firstPiece[position]!; slot < firstPiece[position + 1]!; slot++) linkNewest(queue, slot)
  }
  queue.sackedCount = 0
  queue.lostCount = 0
  for (let slot = 0; slot < queue.count; slot++) {
    if (queue.columns.flags[slot]! & SACKED) queue.sackedCount++
    if (queue.columns.flags[slot]! & LOST) queue.lostCount++
  }
}
