import { linkNewest, linkOldest, unlink } from './_sending-order.ts'
import { LOST, MAX_SENT_RECORDS, RESENT, SACKED, type SentQueue, slotOf, startAt } from './sent-queue.ts'
import { growSentQueue } from './sent-rebuild.ts'

/**
 * New data [start, end) was sent. Returns its slot, for who keeps more columns about it; -1 when the queue has
 * `MAX_SENT_RECORDS` already, which a sender asks about first.
 */
export function pushSent(queue: SentQueue, start: number, end: number, now: number): number {
  if (queue.count >= MAX_SENT_RECORDS) return -1
  if (queue.count === queue.capacity) growSentQueue(queue)
  if (queue.count === 0) queue.start = start
  const slot = slotOf(queue, queue.count)
  queue.count++
  queue.columns.end[slot] = end
  queue.columns.flags[slot] = 0
  queue.columns.sentAt[slot] = now
  linkNewest(queue, slot)
  return slot
}

/** A record that is not SACKED was sent again: it is in flight once more, the last of all. */
export function markResent(queue: SentQueue, position: number, now: number): void {
  const slot = slotOf(queue, position)
  if (queue.columns.flags[slot]! & LOST) unmarkLost(queue, position)
  else unlink(queue, slot)
  queue.columns.flags[slot] = RESENT
  queue.columns.sentAt[slot] = now
  linkNewest(queue, slot)
}

/** A record in flight counts as lost. */
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

/** A record in flight, or one that was taken for lost, has arrived. */
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

/**
 * The first records leave, as many as end at or below `offset`, were sent once and are in flight. Returns the slot of the last of them, -1
 * when there are none.
 */
export function dropInFlight(queue: SentQueue, offset: number): number {
  const { flags, end } = queue.columns
  const mask = queue.capacity - 1
  let last = -1
  let slot = queue.head
  while (queue.count > 0 && end[slot]! <= offset && !(flags[slot]! & (SACKED | LOST | RESENT))) {
    unlink(queue, slot)
    last = slot
    slot = (slot + 1) & mask
    queue.count--
  }
  if (last === -1) return -1
  queue.start = end[last]!
  queue.head = slot
  return last
}

/** The first record is acknowledged up to `offset`, somewhere inside of it. */
export function trimFirst(queue: SentQueue, offset: number): void {
  const flags = queue.columns.flags[queue.head]!
  if (flags & SACKED) queue.sackedBytes -= offset - queue.start
  else if (flags & LOST) queue.lostBytes -= offset - queue.start
  queue.start = offset
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

/**
 * It was a false alarm: what was sent once and taken for lost is in flight as before, in front of all that was sent since. What was
 * lost when it was sent again stays lost.
 */
export function unmarkFalselyLost(queue: SentQueue): void {
  for (let position = queue.count - 1; position >= 0 && queue.lostCount > 0; position--) {
    const slot = slotOf(queue, position)
    if ((queue.columns.flags[slot]! & (LOST | RESENT)) !== LOST) continue
    unmarkLost(queue, position)
    linkOldest(queue, slot)
  }
}
