import type { SentQueue } from './sent-queue.ts'

/** The record in `slot` was sent later than all that are in flight. */
export function linkNewest(queue: SentQueue, slot: number): void {
  queue.columns.older[slot] = queue.newest
  queue.columns.newer[slot] = -1
  if (queue.newest === -1) queue.oldest = slot
  else queue.columns.newer[queue.newest] = slot
  queue.newest = slot
}

/** The record in `slot` was sent before all that are in flight. */
export function linkOldest(queue: SentQueue, slot: number): void {
  queue.columns.newer[slot] = queue.oldest
  queue.columns.older[slot] = -1
  if (queue.oldest === -1) queue.newest = slot
  else queue.columns.older[queue.oldest] = slot
  queue.oldest = slot
}

/** The record in `slot` is in flight no more. */
export function unlink(queue: SentQueue, slot: number): void {
  const older = queue.columns.older[slot]!
  const newer = queue.columns.newer[slot]!
  if (older === -1) queue.oldest = newer
  else queue.columns.newer[older] = newer
  if (newer === -1) queue.newest = older
  else queue.columns.older[newer] = older
}
