import type { Side } from '../transfer/recording.ts'
import type { SegmentTable } from '../transfer/segment-table.ts'
import { Fate } from '../transfer/segment-table.ts'
import type { TimeAxis } from './time-axis.ts'

/** Room above time 0, px. */
export const TOP = 34
/** How far the stub of a packet that met a full queue reaches. */
const STUB = 26

/** Where things are on the canvas. */
export interface Geometry {
  readonly axis: TimeAxis
  readonly width: number
  readonly height: number
  /** How far the canvas is scrolled, px of the axis. */
  readonly scroll: number
  /** The hosts' lines. */
  readonly lines: readonly [number, number]
  /** Later than this nothing is shown. */
  readonly now: number
  /** What a segment without a known end takes at least, ms. */
  readonly delay: number
}

export function screenY({ axis, scroll }: Geometry, time: number): number {
  return TOP + axis.toY(time) - scroll
}

export function timeAt({ axis, scroll }: Geometry, y: number): number {
  return axis.toTime(y + scroll - TOP)
}

/** The visible time span. */
export function visibleTimes(geometry: Geometry): readonly [from: number, to: number] {
  return [timeAt(geometry, 0), Math.min(geometry.now, timeAt(geometry, geometry.height))]
}

/** A segment's arrow; reused. */
export interface Arrow {
  x0: number
  y0: number
  x1: number
  y1: number
  /** Its head, or the cross of a drop, is to be seen: it has come to its end. */
  ended: boolean
}

export function createArrow(): Arrow {
  return { x0: 0, y0: 0, x1: 0, y1: 0, ended: false }
}

/** The arrow of row `index` as far as it has got by now. False when nothing of it is to be seen yet. */
export function placeArrow(geometry: Geometry, segments: SegmentTable, index: number, into: Arrow): boolean {
  const start = segments.startedAt.at(index)
  if (start > geometry.now) return false
  const known = segments.endedAt.at(index)
  const end = Number.isNaN(known) ? segments.departedAt.at(index) + geometry.delay : known
  return place(geometry, segments, index, start, end, into)
}

/** The arrow of its second copy. */
export function placeCopy(geometry: Geometry, segments: SegmentTable, index: number, into: Arrow): boolean {
  const start = segments.startedAt.at(index)
  const end = segments.copyAt.at(index)
  if (Number.isNaN(end) || start > geometry.now) return false
  // Often at the same time as the first: beside it, so that there are two.
  const shown = place(geometry, segments, index, start, end, into)
  if (end === segments.endedAt.at(index)) {
    into.y0 += 3
    into.y1 += 3
  }
  return shown
}

function place(geometry: Geometry, segments: SegmentTable, index: number, start: number, end: number, into: Arrow): boolean {
  const { lines, now } = geometry
  const side = segments.side.at(index) as Side
  const from = lines[side]
  const fate = segments.fate.at(index)
  const reach = fate === Fate.Lost ? (lines[1 - side]! - from) / 2 : lines[1 - side]! - from
  into.x0 = from
  into.y0 = screenY(geometry, start)
  if (fate === Fate.QueueFull) {
    into.x1 = from + Math.sign(reach) * STUB
    into.y1 = into.y0
    into.ended = true
    return true
  }
  into.ended = end <= now
  const way = into.ended ? 1 : end === start ? 0 : (now - start) / (end - start)
  into.x1 = from + reach * way
  into.y1 = into.y0 + (screenY(geometry, end) - into.y0) * way
  return true
}

/** How far the point is from the arrow, px. */
export function distanceTo({ x0, y0, x1, y1 }: Arrow, x: number, y: number): number {
  const dx = x1 - x0
  const dy = y1 - y0
  const length = dx * dx + dy * dy
  const along = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) / length))
  return Math.hypot(x - x0 - along * dx, y - y0 - along * dy)
}

/** The segment under the pointer: the nearest arrow within `reach` px, -1 when there is none. */
export function hitSegment(geometry: Geometry, segments: SegmentTable, x: number, y: number, reach: number): number {
  const [from, to] = visibleTimes(geometry)
  const [first, end] = segments.between(from, to)
  const arrow = createArrow()
  let nearest = -1
  let least = reach
  for (let index = first; index < end; index++) {
    if (!placeArrow(geometry, segments, index, arrow)) continue
    const distance = distanceTo(arrow, x, y)
    if (distance < least) {
      least = distance
      nearest = index
    }
  }
  return nearest
}
