import type { Side } from '../transfer/recording.ts'
import type { SegmentRow, SegmentTable } from '../transfer/segment-table.ts'
import { Again, Fate } from '../transfer/segment-table.ts'
import type { Arrow, Geometry } from './geometry.ts'
import { createArrow, placeArrow } from './geometry.ts'
import type { Pen } from './pen.ts'
import { SANS } from './pen.ts'
import { isSpecial, labelVariants } from './segment-text.ts'

/** Least distance of two labels, px. */
const SPACING = 12
/** Of the arrow's length, for its label; and what is left free between two labels whose arrows cross. */
const SHARE = 0.7
const GAP = 0.05
/** Where the label begins: so far from the host's line and above the arrow, px. */
const INDENT = 16
const LIFT = 4
/** Labels that begin further above the view than this do not reach into it, px. */
const REACH = 250
const MOST_WIDTHS = 5000

/** Where a label begins on its host's line, and how much of the arrow it takes. */
interface Label {
  readonly y: number
  readonly share: number
}

/** Writes labels along the arrows, near the host that sent them, where there is room for them. */
export class LabelPainter {
  readonly #arrow: Arrow = createArrow()
  /** Widths of texts, which are slow to measure. */
  readonly #widths = new Map<string, number>()
  readonly #taken: [Label[], Label[]] = [[], []]

  paint(pen: Pen, segments: SegmentTable, geometry: Geometry, first: number, end: number): void {
    const { context, colours } = pen
    context.font = `11px ${SANS}`
    context.textBaseline = 'alphabetic'
    context.lineJoin = 'round'
    context.lineWidth = 3
    context.strokeStyle = colours.panel
    this.#taken[0] = []
    this.#taken[1] = []
    // What is special gets its place first.
    for (const special of [true, false]) {
      for (let index = first; index < end; index++) {
        if (isSpecial(segments.flags.at(index), segments.again.at(index)) !== special) continue
        if (placeArrow(geometry, segments, index, this.#arrow)) this.#label(pen, segments, geometry, index, special)
      }
    }
  }

  #label({ context, colours }: Pen, segments: SegmentTable, geometry: Geometry, index: number, special: boolean): void {
    const { x0, y0 } = this.#arrow
    if (y0 < -REACH || y0 > geometry.height + SPACING) return
    const side = segments.side.at(index) as Side
    const row = segments.row(index)
    const slope = slopeOf(geometry, row)
    const stretch = Math.sqrt(1 + slope * slope)
    if (this.#taken[side].some((other) => Math.abs(other.y - y0) < SPACING * stretch)) return
    const span = Math.abs(geometry.lines[1] - geometry.lines[0])
    const room = Math.min(SHARE, this.#free(side, y0, slope * span)) * span * stretch
    const text = labelVariants(row).find((variant) => this.#width(context, variant) < room)
    if (text === undefined) return
    this.#taken[side].push({ y: y0, share: this.#width(context, text) / (span * stretch) })
    context.save()
    context.translate(x0, y0)
    context.rotate((side === 0 ? 1 : -1) * Math.atan(slope))
    context.textAlign = side === 0 ? 'left' : 'right'
    const x = side === 0 ? INDENT : -INDENT
    context.strokeText(text, x, -LIFT)
    context.fillStyle = row.again !== Again.No ? colours.again : row.length > 0 || special ? colours.ink : colours['ink-2']
    context.fillText(text, x, -LIFT)
    context.restore()
  }

  /** The share of an arrow of that height that no label of a crossing arrow takes. */
  #free(side: Side, y: number, height: number): number {
    let free = 1
    for (const other of this.#taken[side === 0 ? 1 : 0]) {
      if (Math.abs(other.y - y) < SPACING + height / 2) free = Math.min(free, 1 - other.share - GAP)
    }
    return free
  }

  #width(context: CanvasRenderingContext2D, text: string): number {
    const known = this.#widths.get(text)
    if (known !== undefined) return known
    if (this.#widths.size >= MOST_WIDTHS) this.#widths.clear()
    const { width } = context.measureText(text)
    this.#widths.set(text, width)
    return width
  }
}

/** Of the whole arrow, even when only a part of it is to be seen yet. */
function slopeOf({ axis, lines, delay }: Geometry, { fate, startedAt, departedAt, endedAt }: SegmentRow): number {
  if (fate === Fate.QueueFull) return 0
  const end = Number.isNaN(endedAt) ? departedAt + delay : endedAt
  const reach = Math.abs(lines[1] - lines[0]) / (fate === Fate.Lost ? 2 : 1)
  return (axis.toY(end) - axis.toY(startedAt)) / reach
}
