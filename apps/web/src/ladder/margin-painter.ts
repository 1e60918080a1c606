import { congestionWords } from '../transfer/congestion-words.ts'
import type { Recording, Side } from '../transfer/recording.ts'
import type { Geometry } from './geometry.ts'
import { screenY, visibleTimes } from './geometry.ts'
import type { Pen } from './pen.ts'
import { LINE_HEIGHT, SANS } from './pen.ts'

/** How far from the host's line its texts begin. */
const INDENT = 13
const BAR = 5

/** A host's states beside its line, a bar for each, and timeouts and loss recovery where there is room left. */
export function paintMargin(pen: Pen, recording: Recording, geometry: Geometry, side: Side): void {
  const { context, colours } = pen
  const x = geometry.lines[side] + (side === 0 ? -INDENT : INDENT)
  const taken: number[] = []
  context.textAlign = side === 0 ? 'right' : 'left'
  context.textBaseline = 'middle'
  context.font = `600 10px ${SANS}`
  paintStates(pen, recording, geometry, side, (text, y, current) => {
    taken.push(y)
    context.fillStyle = current ? colours[side === 0 ? 'a' : 'b'] : colours['ink-2']
    context.fillText(text, x, y)
  })
  context.font = `italic 10.5px ${SANS}`
  const [from, to] = visibleTimes(geometry)
  for (const mark of recording.congestion) {
    const { time, side: whose, event } = mark
    if (whose !== side || time < from || time > to) continue
    const y = screenY(geometry, time)
    const free = (at: number): boolean => taken.every((other) => Math.abs(other - at) >= LINE_HEIGHT - 1)
    const place = [y, y + LINE_HEIGHT, y - LINE_HEIGHT].find(free)
    if (place === undefined) continue
    taken.push(place)
    context.fillStyle = colours[event === 'recovery-exit' || event === 'undo' ? 'ink-2' : 'again']
    context.fillText(congestionWords(mark).short, x, place)
  }
}

function paintStates(
  { context, colours }: Pen, { states }: Recording, geometry: Geometry, side: Side,
  write: (text: string, y: number, current: boolean) => void,
): void {
  const { lines, height, now } = geometry
  const left = side === 0 ? lines[0] - 4 - BAR : lines[1] + 4
  const changes = states.filter((change) => change.side === side && change.time <= now)
  let free = 0
  for (const [i, { time, to }] of changes.entries()) {
    const top = screenY(geometry, time)
    const bottom = screenY(geometry, changes[i + 1]?.time ?? now)
    if (top > height) break
    if (bottom < 0) continue
    context.fillStyle = colours[side === 0 ? 'a-soft' : 'b-soft']
    context.globalAlpha = to === 'CLOSED' ? 0.35 : 1
    context.fillRect(left, top + 0.5, BAR, Math.max(1, bottom - top - 1))
    context.globalAlpha = 1
    // At the top of the view as long as any of its bar is in it.
    const y = Math.max(top + 6, free, Math.min(10, bottom - 6))
    write(to, y, i === changes.length - 1)
    free = y + LINE_HEIGHT
  }
}
