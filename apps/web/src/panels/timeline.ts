import { element } from '../dom.ts'
import { formatTime } from '../format.ts'
import { fittedAxis } from '../ladder/time-axis.ts'
import type { TimeAxis } from '../ladder/time-axis.ts'
import type { Palette } from '../theme.ts'
import type { Recording, Side } from '../transfer/recording.ts'
import { sides } from '../transfer/recording.ts'

/** How long a silence is drawn at most, px. */
const BREAK = 14
/** Length of the marks of drops and retransmissions, px. */
const TICK = 4

/**
 * The whole run in one strip: how many segments each host sent at each time (A upwards, B downwards), drops and
 * retransmissions, and the present. Dragging it goes to another time; silences are short, as on the ladder.
 */
export class Timeline {
  onSeek: (time: number) => void = () => undefined
  readonly #holder: HTMLElement
  readonly #canvas: HTMLCanvasElement
  readonly #context: CanvasRenderingContext2D
  /** The strip without the present: drawn again only when there is more of it. */
  readonly #backdrop: HTMLCanvasElement = document.createElement('canvas')
  #colours: Palette
  #recording: Recording | undefined
  #axis: TimeAxis | undefined
  #drawnRows = -1
  #now = 0

  constructor(holder: HTMLElement, colours: Palette) {
    this.#holder = holder
    this.#colours = colours
    this.#canvas = element('canvas')
    this.#context = this.#canvas.getContext('2d')!
    holder.append(this.#canvas)
    holder.setAttribute('role', 'slider')
    holder.setAttribute('aria-label', 'Time')
    holder.setAttribute('aria-valuemin', '0')
    new ResizeObserver(() => this.#resize()).observe(holder)
    holder.addEventListener('pointerdown', (event) => {
      holder.setPointerCapture(event.pointerId)
      this.#seek(event)
    })
    holder.addEventListener('pointermove', (event) => {
      if (holder.hasPointerCapture(event.pointerId)) this.#seek(event)
    })
    this.#resize()
  }

  load(recording: Recording): void {
    this.#recording = recording
    this.#drawnRows = -1
  }

  set colours(colours: Palette) {
    this.#colours = colours
    this.#drawnRows = -1
    this.show(this.#now)
  }

  show(now: number): void {
    this.#now = now
    const recording = this.#recording
    if (recording === undefined || this.#canvas.width === 0) return
    const rows = recording.segments.count + (recording.done ? 1 : 0)
    if (rows > this.#drawnRows * 1.05 || (recording.done && rows !== this.#drawnRows)) this.#drawBackdrop(recording, rows)
    this.#draw(recording)
    this.#holder.setAttribute('aria-valuemax', recording.until.toFixed(3))
    this.#holder.setAttribute('aria-valuenow', now.toFixed(3))
    this.#holder.setAttribute('aria-valuetext', formatTime(now))
  }

  #seek({ clientX }: PointerEvent): void {
    const { left } = this.#holder.getBoundingClientRect()
    if (this.#axis !== undefined) this.onSeek(this.#axis.toTime(clientX - left))
  }

  #resize(): void {
    for (const canvas of [this.#canvas, this.#backdrop]) {
      canvas.width = Math.round(this.#holder.clientWidth * devicePixelRatio)
      canvas.height = Math.round(this.#holder.clientHeight * devicePixelRatio)
    }
    this.#drawnRows = -1
    this.show(this.#now)
  }

  #drawBackdrop(recording: Recording, rows: number): void {
    this.#drawnRows = rows
    const { segments, silences, until } = recording
    const width = this.#holder.clientWidth
    const middle = this.#holder.clientHeight / 2
    const context = this.#backdrop.getContext('2d')!
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0)
    context.clearRect(0, 0, width, 2 * middle)
    const axis = fittedAxis(silences, Math.max(until, 1e-3), width, Math.min(BREAK, width / (3 * silences.length + 3)))
    this.#axis = axis

    const bars = [new Uint32Array(width + 1), new Uint32Array(width + 1)] as const
    for (let i = 0; i < segments.count; i++) {
      const x = Math.min(width, Math.floor(axis.toY(segments.startedAt.at(i))))
      bars[segments.side.at(i) as Side][x]!++
    }
    const most = Math.max(1, ...bars[0], ...bars[1])
    const unit = (middle - 5) / Math.sqrt(most)
    context.fillStyle = this.#colours.grid
    for (const { y } of axis.breaks) context.fillRect(y, 2, axis.breakLength, 2 * middle - 4)
    for (const side of sides) {
      context.fillStyle = side === 0 ? this.#colours.a : this.#colours.b
      for (let x = 0; x <= width; x++) {
        if (bars[side][x] === 0) continue
        // The root keeps single segments visible beside bursts.
        const height = Math.max(1.5, unit * Math.sqrt(bars[side][x]!))
        context.fillRect(x, side === 0 ? middle - height : middle, 1, height)
      }
    }
    for (const [columns, colour] of [[segments.repeats, this.#colours.again], [segments.drops, this.#colours.drop]] as const) {
      context.fillStyle = colour
      for (const side of sides) {
        const y = side === 0 ? 0 : 2 * middle - TICK
        for (const time of columns[side].view()) context.fillRect(axis.toY(time) - 0.5, y, 1.5, TICK)
      }
    }
  }

  #draw(recording: Recording): void {
    const context = this.#context
    const width = this.#holder.clientWidth
    const height = this.#holder.clientHeight
    const now = this.#axis!.toY(Math.min(this.#now, recording.until))
    context.setTransform(1, 0, 0, 1, 0, 0)
    context.clearRect(0, 0, this.#canvas.width, this.#canvas.height)
    // What is to come is pale.
    context.globalAlpha = 0.28
    context.drawImage(this.#backdrop, 0, 0)
    context.globalAlpha = 1
    const split = Math.round(now * devicePixelRatio)
    if (split > 0) context.drawImage(this.#backdrop, 0, 0, split, this.#canvas.height, 0, 0, split, this.#canvas.height)
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0)
    context.fillStyle = this.#colours.now
    context.fillRect(Math.min(width - 1.5, Math.max(0, now - 0.75)), 0, 1.5, height)
  }
}
