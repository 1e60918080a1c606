import { TcpFlags } from '@layerfour/wire'
import type { Palette } from '../theme.ts'
import type { Recording } from '../transfer/recording.ts'
import type { SegmentTable } from '../transfer/segment-table.ts'
import { Again, Fate } from '../transfer/segment-table.ts'
import type { Arrow, Geometry } from './geometry.ts'
import { createArrow, placeArrow, placeCopy, visibleTimes } from './geometry.ts'
import { LabelPainter } from './label-painter.ts'
import type { Pen } from './pen.ts'

/** With more arrows than this in view they are thin lines without heads and labels. */
const CROWD = 900
const HEAD = 7
const HEAD_ANGLE = 0.36
const DOT = 3

/** Rows to draw as pointed at and as pinned; -1 for none. */
export interface Marked {
  readonly hovered: number
  readonly pinned: number
}

/** Kinds of arrows, each in a style of its own. */
const Kind = { TextOfA: 0, TextOfB: 1, BareOfA: 2, BareOfB: 3, Again: 4 } as const

interface Style {
  readonly colour: string
  readonly width: number
  /** In a crowd. */
  readonly thin: number
}

/** Draws the segments: all arrows of a kind in one go, then labels where there is room. */
export class SegmentPainter {
  readonly #labels: LabelPainter = new LabelPainter()
  readonly #arrow: Arrow = createArrow()

  paint(pen: Pen, recording: Recording, geometry: Geometry, marked: Marked): void {
    const { segments } = recording
    const { context, colours } = pen
    const [first, end] = segments.between(...visibleTimes(geometry))
    const crowded = end - first > CROWD
    const styles = stylesOf(colours)
    const { lines, heads, crosses } = this.#collect(segments, geometry, first, end, styles.length, crowded)
    for (const [kind, { colour, width, thin }] of styles.entries()) {
      context.strokeStyle = context.fillStyle = colour
      context.lineWidth = crowded ? thin : width
      context.globalAlpha = crowded && kind !== Kind.Again ? 0.5 : 1
      context.stroke(lines[kind]!)
      context.globalAlpha = 1
      context.fill(heads[kind]!)
    }
    context.strokeStyle = colours.drop
    context.lineWidth = crowded ? 1.5 : 2
    context.stroke(crosses)
    this.#paintMarked(pen, segments, geometry, marked)
    if (!crowded) this.#labels.paint(pen, segments, geometry, first, end)
  }

  #collect(
    segments: SegmentTable, geometry: Geometry, first: number, end: number, kinds: number, crowded: boolean,
  ): { lines: readonly Path2D[], heads: readonly Path2D[], crosses: Path2D } {
    const arrow = this.#arrow
    const lines = Array.from({ length: kinds }, () => new Path2D())
    const heads = Array.from({ length: kinds }, () => new Path2D())
    const crosses = new Path2D()
    const drawnTo = new Float64Array(kinds).fill(-Infinity)
    for (let index = first; index < end; index++) {
      if (!placeArrow(geometry, segments, index, arrow)) continue
      const kind = kindOf(segments, index)
      // In a crowd no more lines than there are rows of pixels: ten thousand segments draw as fast as one thousand.
      if (!crowded || arrow.y0 - drawnTo[kind]! >= 1) {
        addLine(lines[kind]!, arrow)
        drawnTo[kind] = arrow.y0
      }
      const fate = segments.fate.at(index)
      if (arrow.ended && (fate === Fate.Lost || fate === Fate.QueueFull)) addCross(crosses, arrow, crowded ? 3 : 5)
      else if (!crowded) addHead(heads[kind]!, arrow)
      if (!crowded && placeCopy(geometry, segments, index, arrow)) {
        addLine(lines[kind]!, arrow)
        addHead(heads[kind]!, arrow)
      }
    }
    return { lines, heads, crosses }
  }

  #paintMarked({ context, colours }: Pen, segments: SegmentTable, geometry: Geometry, { hovered, pinned }: Marked): void {
    context.globalAlpha = 0.25
    context.strokeStyle = colours.ink
    context.lineWidth = 9
    context.lineCap = 'round'
    for (const index of hovered === pinned ? [pinned] : [hovered, pinned]) {
      if (index < 0 || !placeArrow(geometry, segments, index, this.#arrow)) continue
      const path = new Path2D()
      addLine(path, this.#arrow)
      context.stroke(path)
    }
    context.globalAlpha = 1
    context.lineCap = 'butt'
  }
}

function kindOf(segments: SegmentTable, index: number): number {
  if (segments.again.at(index) !== Again.No) return Kind.Again
  const bare = segments.length.at(index) === 0 && (segments.flags.at(index) & ~TcpFlags.ACK) === 0
  return (bare ? Kind.BareOfA : Kind.TextOfA) + segments.side.at(index)
}

/** By kind. */
function stylesOf({ a, b, again }: Palette): readonly Style[] {
  const pale = (colour: string): string => `color-mix(in srgb, ${colour} 62%, transparent)`
  return [
    { colour: a, width: 1.4, thin: 0.7 },
    { colour: b, width: 1.4, thin: 0.7 },
    { colour: pale(a), width: 1, thin: 0.5 },
    { colour: pale(b), width: 1, thin: 0.5 },
    { colour: again, width: 2.2, thin: 1.4 },
  ]
}

function addLine(path: Path2D, { x0, y0, x1, y1 }: Arrow): void {
  path.moveTo(x0, y0)
  path.lineTo(x1, y1)
}

/** A head at the end of the arrow; while it is on its way, a dot. */
function addHead(path: Path2D, { x0, y0, x1, y1, ended }: Arrow): void {
  path.moveTo(x1, y1)
  if (!ended) {
    path.arc(x1, y1, DOT, 0, 2 * Math.PI)
    return
  }
  const angle = Math.atan2(y1 - y0, x1 - x0)
  for (const side of [-HEAD_ANGLE, HEAD_ANGLE]) {
    path.lineTo(x1 - HEAD * Math.cos(angle + side), y1 - HEAD * Math.sin(angle + side))
  }
  path.closePath()
}

function addCross(path: Path2D, { x1, y1 }: Arrow, size: number): void {
  path.moveTo(x1 - size, y1 - size)
  path.lineTo(x1 + size, y1 + size)
  path.moveTo(x1 - size, y1 + size)
  path.lineTo(x1 + size, y1 - size)
}
