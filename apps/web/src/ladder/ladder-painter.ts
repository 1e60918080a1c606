import { formatSpan } from '../format.ts'
import type { Recording } from '../transfer/recording.ts'
import { sides } from '../transfer/recording.ts'
import type { Geometry } from './geometry.ts'
import { screenY, timeAt, TOP } from './geometry.ts'
import { paintMargin } from './margin-painter.ts'
import type { Pen } from './pen.ts'
import { SANS } from './pen.ts'
import type { Marked, SegmentPainter } from './segment-painter.ts'
import { silenceText } from './silence-text.ts'

/** Round steps for the time scale, ms, and how far apart they are drawn at least, px. */
const STEPS = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000,
  60_000,
]
const STEP_LENGTH = 46
/** Where the figures of the time scale end, px. */
const SCALE_RIGHT = 46
/** Where the line of the present begins. */
const NOW_LEFT = 52

/** Draws the ladder diagram on a canvas: what there is to be seen of a recording up to the present. */
export function paintLadder(pen: Pen, segments: SegmentPainter, recording: Recording, geometry: Geometry, marked: Marked): void {
  pen.context.fillStyle = pen.colours.panel
  pen.context.fillRect(0, 0, geometry.width, geometry.height)
  paintScale(pen, geometry)
  paintSilences(pen, recording, geometry)
  for (const side of sides) paintMargin(pen, recording, geometry, side)
  paintLines(pen, geometry)
  segments.paint(pen, recording, geometry, marked)
  paintNow(pen, geometry)
}

function paintScale({ context, colours }: Pen, geometry: Geometry): void {
  const { axis, height, lines, scroll, now } = geometry
  const step = STEPS.find((candidate) => candidate * axis.scale >= STEP_LENGTH) ?? STEPS.at(-1)!
  const digits = Math.max(0, Math.ceil(-Math.log10(step)))
  const last = timeAt(geometry, height)
  context.font = `10.5px ${SANS}`
  context.textAlign = 'right'
  context.textBaseline = 'middle'
  context.strokeStyle = colours.grid
  context.fillStyle = colours['ink-3']
  context.lineWidth = 1
  for (let time = Math.max(0, Math.floor(axis.toTime(scroll - TOP) / step) * step); time <= last; time += step) {
    const within = axis.breaks.find(({ silence }) => time > silence.from && time < silence.to)
    // What lies behind a silence that is still to come is not known yet.
    if (within !== undefined && within.silence.from >= now) break
    if (within !== undefined) {
      time = Math.floor(within.silence.to / step) * step
      continue
    }
    const y = Math.round(screenY(geometry, time)) + 0.5
    context.beginPath()
    context.moveTo(lines[0], y)
    context.lineTo(lines[1], y)
    context.stroke()
    const text = time >= 10_000 ? `${Number((time / 1000).toFixed(3))} s` : time.toFixed(digits)
    context.fillText(text, SCALE_RIGHT, y)
  }
  context.fillStyle = colours.panel
  context.fillRect(0, 0, SCALE_RIGHT + 2, 20)
  context.fillStyle = colours['ink-3']
  context.fillText('ms', SCALE_RIGHT, 10)
}

function paintSilences({ context, colours }: Pen, recording: Recording, geometry: Geometry): void {
  const { axis, lines, height, now } = geometry
  const [left, right] = lines
  context.font = `italic 11px ${SANS}`
  context.textAlign = 'center'
  context.textBaseline = 'middle'
  for (const { silence } of axis.breaks) {
    if (silence.from > now) break
    const top = screenY(geometry, silence.from)
    if (top + axis.breakLength < 0 || top > height) continue
    context.fillStyle = colours.grid
    context.fillRect(left + 1, top + 6, right - left - 2, axis.breakLength - 12)
    const why = silence.to <= now ? silenceText(recording, silence) : ''
    const text = `${formatSpan(Math.min(now, silence.to) - silence.from)} of silence`
    context.fillStyle = colours['ink-2']
    context.fillText(why === '' ? text : `${text}: ${why}`, (left + right) / 2, top + axis.breakLength / 2, right - left - 16)
  }
}

/** The hosts' lines: coloured up to the present. */
function paintLines({ context, colours }: Pen, geometry: Geometry): void {
  const { lines, height, scroll, now } = geometry
  context.lineWidth = 2
  for (const side of sides) {
    const x = lines[side]
    const line = (colour: string, from: number, to: number): void => {
      context.strokeStyle = colour
      context.beginPath()
      context.moveTo(x, from)
      context.lineTo(x, to)
      context.stroke()
    }
    line(colours.line, 0, height)
    line(side === 0 ? colours.a : colours.b, Math.max(0, TOP - scroll), Math.min(height, screenY(geometry, now)))
  }
}

function paintNow({ context, colours }: Pen, geometry: Geometry): void {
  const { width, now, height } = geometry
  const y = Math.round(screenY(geometry, now)) + 0.5
  if (y < 0 || y > height) return
  context.strokeStyle = colours.now
  context.fillStyle = colours.now
  context.lineWidth = 1
  context.beginPath()
  context.moveTo(NOW_LEFT, y)
  context.lineTo(width, y)
  context.stroke()
  context.beginPath()
  context.moveTo(NOW_LEFT + 6, y)
  context.lineTo(NOW_LEFT - 1, y - 4)
  context.lineTo(NOW_LEFT - 1, y + 4)
  context.fill()
}
