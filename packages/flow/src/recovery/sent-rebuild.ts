import { linkNewest } from './_sending-order.ts'
import { copyRecord, createColumns, giveColumns, NO_COLUMNS, takeColumns } from './_sent-columns.ts'
import { endAt, LOST, positionAt, SACKED, type SentQueue, slotOf, startAt } from './sent-queue.ts'

const LEAST_CAPACITY = 16

/** Twice the room. */
export function growSentQueue(queue: SentQueue): void {
  if (queue.capacity > 0) return rebuild(queue, queue.capacity * 2, Infinity)
  queue.columns = takeColumns(LEAST_CAPACITY)
  queue.capacity = LEAST_CAPACITY
  queue.head = 0
}

/** Forgets all records and gives their memory back: nothing more will be acknowledged, or nothing for a long time. */
export function releaseSentQueue(queue: SentQueue): void {
  const { columns, capacity } = queue
  queue.columns = NO_COLUMNS
  queue.capacity = 0
  queue.head = 0
  queue.count = 0
  queue.sackedBytes = 0
  queue.sackedCount = 0
  queue.lostBytes = 0
  queue.lostCount = 0
  queue.lostFrom = queue.start
  queue.oldest = -1
  queue.newest = -1
  if (capacity === LEAST_CAPACITY) giveColumns(columns)
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
  const copy: SentQueue = { ...queue, steps: 0 }
  let capacity = queue.count === 0 ? 0 : LEAST_CAPACITY
  while (capacity < queue.count) capacity *= 2
  rebuild(copy, capacity, Infinity)
  // Where to look first is no more than a hint.
  copy.lostFrom = copy.start
  return copy
}

/** Moves everything into new columns, each record in pieces of at most `mss` bytes. */
function rebuild(queue: SentQueue, capacity: number, mss: number): void {
  const old = { ...queue }
  const firstPiece = new Int32Array(old.count + 1)
  const columns = capacity === 0 ? NO_COLUMNS : createColumns(capacity)
  queue.columns = columns
  queue.capacity = capacity
  queue.head = 0
  queue.count = 0
  queue.sackedCount = 0
  queue.lostCount = 0
  for (let position = 0; position < old.count; position++) {
    const from = slotOf(old, position)
    const flags = old.columns.flags[from]!
    const end = old.columns.end[from]!
    firstPiece[position] = queue.count
    for (let start = startAt(old, position); start < end;) {
      const slot = queue.count++
      copyRecord(old.columns, from, columns, slot)
      start = end - start > mss ? start + mss : end
      columns.end[slot] = start
      columns.run[slot] = 1
      if (flags & SACKED) queue.sackedCount++
      if (flags & LOST) queue.lostCount++
    }
  }
  firstPiece[old.count] = queue.count
  queue.oldest = -1
  queue.newest = -1
  for (let from = old.oldest; from !== -1; from = old.columns.newer[from]!) {
    const position = positionAt(old, from)
    for (let slot = firstPiece[position]!; slot < firstPiece[position + 1]!; slot++) linkNewest(queue, slot)
  }
}
