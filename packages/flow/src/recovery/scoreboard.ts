import { outstandingBytes, positionOf, SACKED, type SentQueue, slotOf, startAt } from './sent-queue.ts'

/** Most SACK blocks in a segment (RFC 2018 §3). */
const MAX_BLOCKS = 4

/** The SACK blocks of one ACK, as stream offsets. One object, refilled for every segment. */
export interface SackBlocks {
  /** Blocks in `edges`, 0 to 4. */
  count: number
  /** Left and right edge of each, in the order in which the segment has them. */
  readonly edges: Float64Array
  /** What the segment that carries them acknowledges; less than SND.UNA when it was overtaken by another. */
  ack: number
  /** When the timestamp that the ACK echoes was sent, ms of our clock, whole; Infinity without timestamps. */
  echoedAt: number
}

export function createSackBlocks(): SackBlocks {
  const blocks: SackBlocks = { count: 0, edges: new Float64Array(2 * MAX_BLOCKS), ack: NaN, echoedAt: NaN }
  blocks.ack = 0
  blocks.echoedAt = Infinity
  return blocks
}

/**
 * Whether the first block tells of data that arrived twice (D-SACK, RFC 2883 §4): it lies below what the same segment acknowledges,
 * or within the second block.
 */
export function isDuplicateReport(blocks: SackBlocks): boolean {
  if (blocks.count === 0) return false
  const { edges } = blocks
  const left = edges[0]!
  const right = edges[1]!
  if (!(left < right)) return false
  if (right <= blocks.ack) return true
  return blocks.count > 1 && left >= edges[2]! && right <= edges[3]!
}

/** The first record at or after `position` that is not SACKED; `count` when all are. */
export function skipSacked(queue: SentQueue, position: number): number {
  while (position < queue.count) {
    const slot = slotOf(queue, position)
    queue.steps = (queue.steps + 1) | 0
    if (!(queue.columns.flags[slot]! & SACKED)) return position
    position += queue.columns.run[slot]!
  }
  return queue.count
}

/** The first record that lies wholly at or above `left`. */
export function firstWithin(queue: SentQueue, left: number): number {
  const position = positionOf(queue, left)
  return position < queue.count && startAt(queue, position) < left ? position + 1 : position
}

/** Whether a block speaks of data that is outstanding: one that does not is old, or forged. */
export function isCredible(queue: SentQueue, left: number, right: number): boolean {
  return left < right && right > queue.start && right <= queue.start + outstandingBytes(queue)
}

/** Records [first, last) are all SACKED: later walks skip them, from wherever this walk stopped on its way. */
export function noteRun(queue: SentQueue, first: number, last: number): void {
  for (let position = first; position < last;) {
    const slot = slotOf(queue, position)
    const step = queue.columns.run[slot]!
    queue.steps = (queue.steps + 1) | 0
    queue.columns.run[slot] = last - position
    position += step
  }
}
