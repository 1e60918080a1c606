import type { TimeWaitEntry, TimeWaitTable } from './time-wait.ts'

/** What is left of a connection in TIME-WAIT, as plain data. */
export interface TimeWaitSnapshot extends Readonly<Omit<TimeWaitEntry, 'place'>> {
  /** How long it still waits, in whole ms. */
  readonly remaining: number
}

/** Every entry of a table, the one that ends first in front. */
export function snapshotTimeWait(table: TimeWaitTable, now: number): TimeWaitSnapshot[] {
  const saved: TimeWaitSnapshot[] = []
  table.forEach(now, ({ place: _place, localAddress, remoteAddress, timestampOffset, ...rest }, remaining) => {
    saved.push({
      ...rest,
      localAddress: { ...localAddress },
      remoteAddress: { ...remoteAddress },
      // TSval is the clock plus an offset. Saved as its value now: the clock of the other table differs.
      timestampOffset: (timestampOffset + Math.floor(now)) | 0,
      remaining,
    })
  })
  return saved
}

/** Adds the entries of another table to those of this one; when it gets full, the ones that end first make room. */
export function restoreTimeWait(table: TimeWaitTable, saved: readonly TimeWaitSnapshot[], now: number): void {
  // The table takes entries in the order in which they end.
  const all = [...snapshotTimeWait(table, now), ...saved].sort((a, b) => a.remaining - b.remaining)
  const clock = Math.floor(now)
  table.clear()
  for (const entry of all) {
    table.insert({ ...entry, timestampOffset: (entry.timestampOffset - clock) | 0 }, clock + entry.remaining)
  }
}
