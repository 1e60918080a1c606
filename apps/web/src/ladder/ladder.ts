import { element } from '../dom.ts'
import type { Palette } from '../theme.ts'
import { Recording } from '../transfer/recording.ts'
import type { Geometry } from './geometry.ts'
import { hitSegment, screenY, TOP } from './geometry.ts'
import { paintLadder } from './ladder-painter.ts'
import { SegmentCards } from './segment-cards.ts'
import { SegmentPainter } from './segment-painter.ts'
import { TimeAxis } from './time-axis.ts'

/** How long a silence is drawn at most, px. */
const BREAK = 44
/** How near to an arrow the pointer has to be, px. */
const REACH = 7
/** Where the present stands in the view while it is followed. */
const FOLLOW_AT = 0.8
/** Left of A's line: the time scale and A's states; right of B's: B's states. */
const MARGINS: readonly [number, number] = [156, 104]
/** Browsers draw no element much taller than this, px. */
const TALLEST = 12e6
const LEAST_SCALE = 0.002
const MOST_SCALE = 500

/**
 * The ladder diagram: host A on the left, host B on the right, time downwards, an arrow a segment. Only what is in view is
 * drawn, on one canvas the size of the view; an empty element as tall as the whole run makes the scroll bar.
 */
export class Ladder {
  /** The user scrolled away from, or back to, the present. */
  onFollowChange: (following: boolean) => void = () => undefined
  readonly #scroller: HTMLElement
  readonly #spacer: HTMLElement
  readonly #canvas: HTMLCanvasElement
  readonly #context: CanvasRenderingContext2D
  readonly #painter: SegmentPainter = new SegmentPainter()
  #colours: Palette
  readonly #cards: SegmentCards
  #recording: Recording = new Recording()
  #axis: TimeAxis = new TimeAxis([], 1, BREAK)
  #axisSilences = 0
  #scale = 8
  #delay = 0
  #now = 0
  #following = true
  #scroll = 0
  /** What the scroller was last told, to know the user's scrolling from ours. */
  #told = 0
  #width = 0
  #height = 0
  #hovered = -1
  #pointer = { x: 0, y: 0 }
  #pinned = -1
  #pending = false

  constructor(scroller: HTMLElement, cards: HTMLElement, colours: Palette) {
    this.#scroller = scroller
    this.#canvas = element('canvas')
    this.#spacer = element('div', { className: 'ladder-spacer' })
    scroller.append(this.#canvas, this.#spacer)
    this.#context = this.#canvas.getContext('2d', { alpha: false })!
    this.#colours = colours
    this.#cards = new SegmentCards(cards, () => this.unpin())
    new ResizeObserver(() => this.#resize()).observe(scroller)
    this.#listen()
    this.#resize()
  }

  /** Shows another recording. `delay`: what a segment takes at least, ms; `scale`: px per ms to begin with. */
  load(recording: Recording, delay: number, scale: number | undefined): void {
    this.#recording = recording
    this.#delay = delay
    if (scale !== undefined) this.#scale = scale
    this.#axisSilences = -1
    this.#hovered = -1
    this.#pinned = -1
    this.#now = 0
    this.follow(true)
  }

  set colours(colours: Palette) {
    this.#colours = colours
    this.#invalidate()
  }

  /** Of the view, px. */
  get height(): number {
    return this.#height
  }

  get following(): boolean {
    return this.#following
  }

  follow(following: boolean): void {
    if (this.#following !== following) {
      this.#following = following
      this.onFollowChange(following)
    }
    this.#invalidate()
  }

  /** Draws at once, so that nothing of the page lags behind: to be called once a frame. */
  show(now: number): void {
    this.#now = now
    this.#draw()
  }

  /** Larger or smaller by a factor; what is at `y` (or the present, while it is followed) stays where it is. */
  zoom(factor: number, y?: number): void {
    const anchorY = y ?? (this.#following ? screenY(this.#geometry(), this.#now) : this.#height / 2)
    const time = this.#axis.toTime(anchorY + this.#scroll - TOP)
    this.#setScale(this.#scale * factor)
    this.#scrollTo(this.#axis.toY(time) + TOP - anchorY)
    this.#invalidate()
  }

  /** The whole run in one view. */
  fit(): void {
    let low = LEAST_SCALE
    let high = MOST_SCALE
    for (let i = 0; i < 50; i++) {
      const middle = Math.sqrt(low * high)
      if (new TimeAxis(this.#recording.silences, middle, BREAK).toY(this.#recording.until) > this.#height - 2 * TOP) high = middle
      else low = middle
    }
    this.#setScale(low)
    this.follow(false)
    this.#scrollTo(0)
    this.#invalidate()
  }

  unpin(): void {
    this.#pinned = -1
    this.#invalidate()
  }

  /** Puts a segment's card up to stay. */
  pin(index: number): void {
    this.#pinned = index
    this.#invalidate()
  }

  #setScale(scale: number): void {
    const tallest = TALLEST / Math.max(1, this.#recording.until)
    this.#scale = Math.min(MOST_SCALE, Math.max(tallest, 1), Math.max(LEAST_SCALE, scale))
    this.#axisSilences = -1
    this.#updateAxis()
  }

  #updateAxis(): void {
    const { silences } = this.#recording
    if (this.#axisSilences !== silences.length) {
      this.#axisSilences = silences.length
      this.#axis = new TimeAxis(silences, this.#scale, BREAK)
    }
    const tall = Math.ceil(this.#axis.toY(this.#now) + TOP + this.#height * (1 - FOLLOW_AT))
    const height = `${Math.max(0, tall - this.#height)}px`
    if (this.#spacer.style.height !== height) this.#spacer.style.height = height
  }

  #geometry(): Geometry {
    return {
      axis: this.#axis,
      width: this.#width,
      height: this.#height,
      scroll: this.#scroll,
      lines: [MARGINS[0], this.#width - MARGINS[1]],
      now: this.#now,
      delay: this.#delay,
    }
  }

  #resize(): void {
    const { clientWidth, clientHeight } = this.#scroller
    const ratio = devicePixelRatio
    this.#width = clientWidth
    this.#height = clientHeight
    this.#canvas.width = Math.round(clientWidth * ratio)
    this.#canvas.height = Math.round(clientHeight * ratio)
    this.#canvas.style.width = `${clientWidth}px`
    this.#canvas.style.height = `${clientHeight}px`
    // Setting the size empties the canvas: draw before the browser shows it.
    this.#draw()
  }

  #listen(): void {
    const scroller = this.#scroller
    scroller.addEventListener('scroll', () => {
      if (Math.abs(scroller.scrollTop - this.#told) <= 1) return
      this.#told = this.#scroll = scroller.scrollTop
      this.follow(false)
    }, { passive: true })
    scroller.addEventListener('wheel', (event) => {
      if (!event.ctrlKey && !event.metaKey) return
      event.preventDefault()
      this.zoom(Math.exp(-event.deltaY * 0.004), this.#following ? undefined : event.offsetY)
    }, { passive: false })
    this.#canvas.addEventListener('pointermove', (event) => this.#hover(event))
    this.#canvas.addEventListener('pointerleave', () => this.#setHovered(-1))
    this.#canvas.addEventListener('click', () => {
      if (this.#hovered >= 0) this.pin(this.#hovered)
      else this.unpin()
    })
  }

  #hover(event: PointerEvent): void {
    this.#pointer = { x: event.offsetX, y: event.offsetY }
    this.#setHovered(hitSegment(this.#geometry(), this.#recording.segments, event.offsetX, event.offsetY, REACH))
  }

  #setHovered(index: number): void {
    this.#canvas.style.cursor = index >= 0 ? 'pointer' : 'default'
    if (index < 0 && this.#hovered < 0) return
    this.#hovered = index
    this.#invalidate()
  }

  #scrollTo(scroll: number): void {
    this.#updateAxis()
    this.#scroll = Math.max(0, scroll)
    this.#scroller.scrollTop = this.#scroll
    this.#told = this.#scroller.scrollTop
  }

  #invalidate(): void {
    if (this.#pending) return
    this.#pending = true
    requestAnimationFrame(() => {
      this.#pending = false
      this.#draw()
    })
  }

  #draw(): void {
    if (this.#width === 0 || this.#height === 0) return
    this.#updateAxis()
    if (this.#following) this.#scrollTo(this.#axis.toY(this.#now) + TOP - this.#height * FOLLOW_AT)
    const ratio = devicePixelRatio
    this.#context.setTransform(ratio, 0, 0, ratio, 0, 0)
    const pen = { context: this.#context, colours: this.#colours }
    const marked = { hovered: this.#hovered, pinned: this.#pinned }
    paintLadder(pen, this.#painter, this.#recording, this.#geometry(), marked)
    this.#cards.hover(this.#hovered === this.#pinned ? -1 : this.#hovered, this.#recording, this.#now, {
      ...this.#pointer, width: this.#width, height: this.#height,
    })
    this.#cards.pin(this.#pinned, this.#recording, this.#now)
  }
}
