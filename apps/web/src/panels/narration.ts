import { causeText } from '../states/cause-text.ts'
import { flagsText } from '../ladder/segment-text.ts'
import { formatCount, formatTime } from '../format.ts'
import { congestionWords } from '../transfer/congestion-words.ts'
import type { Recording } from '../transfer/recording.ts'
import { sideNames } from '../transfer/recording.ts'
import type { SegmentRow } from '../transfer/segment-table.ts'
import { Again, Fate } from '../transfer/segment-table.ts'

/** As one instant, ms. */
const INSTANT = 1e-6
/** Things told of one instant. */
const MOST = 4

/** What happened last, up to `now`, in words. */
export function narrate(recording: Recording, now: number): string {
  if (recording.segments.count === 0 || now <= 0) return 'Press space to play, → to go from event to event.'
  const time = recording.previousEvent(now + INSTANT)
  if (time === -Infinity) return ''
  const same = (other: number): boolean => Math.abs(other - time) < INSTANT
  const told: string[] = []
  for (const row of rowsAbout(recording, time)) {
    const [from, to] = [sideNames[row.side], sideNames[1 - row.side]!]
    if (same(row.endedAt) && row.fate === Fate.Delivered) told.push(`${to} receives ${nameOf(row)}`)
    if (same(row.copyAt)) told.push(`${to} receives ${nameOf(row)} once more`)
    if (same(row.endedAt) && row.fate === Fate.Lost) told.push(`${from}'s ${nameOf(row)} is lost`)
    if (same(row.endedAt) && row.fate === Fate.QueueFull) told.push(`the queue is full: ${from}'s ${nameOf(row)} is dropped`)
  }
  for (const mark of recording.congestion) if (same(mark.time)) told.push(`${sideNames[mark.side]}: ${congestionWords(mark).long}`)
  for (const { time: at, side, from, to, cause } of recording.states) {
    if (same(at)) told.push(`${sideNames[side]}: ${causeText(cause)}, ${from} → ${to}`)
  }
  for (const { time: at, side, text } of recording.remarks) if (same(at)) told.push(`${sideNames[side]}: ${text}`)
  for (const row of rowsAbout(recording, time)) {
    if (same(row.startedAt) && row.fate !== Fate.QueueFull) told.push(`${sideNames[row.side]} sends ${nameOf(row)}`)
  }
  const more = told.length > MOST ? ` and ${told.length - MOST} more` : ''
  return `${formatTime(time)}   ${told.slice(0, MOST).join(';  ')}${more}`
}

function rowsAbout({ segments }: Recording, time: number): SegmentRow[] {
  const [first, end] = segments.between(time - INSTANT, time + INSTANT)
  const rows: SegmentRow[] = []
  for (let index = first; index < end; index++) {
    const times = [segments.startedAt.at(index), segments.endedAt.at(index), segments.copyAt.at(index)]
    if (times.some((at) => Math.abs(at - time) < INSTANT)) rows.push(segments.row(index))
  }
  return rows
}

function nameOf({ flags, sequence, length, acknowledgment, again, window }: SegmentRow): string {
  const special = flagsText(flags & 7)
  if (again === Again.Probe) return `a probe of the closed window (seq ${formatCount(sequence)})`
  if (special !== '' && length === 0) return flagsText(flags & ~8)
  if (length > 0) {
    const text = `bytes ${formatCount(sequence)}–${formatCount(sequence + length - 1)}`
    return `${text}${again === Again.No ? '' : ' again'}${special === '' ? '' : ` and ${special}`}`
  }
  return `ACK ${formatCount(acknowledgment ?? 0)}${window === 0 ? ' with the window closed' : ''}`
}
