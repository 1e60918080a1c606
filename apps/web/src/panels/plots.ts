import type { CongestionEvent } from '@layerfour/tcp'
import uPlot from 'uplot'
import { element } from '../dom.ts'
import { formatBytes } from '../format.ts'
import type { Palette } from '../theme.ts'
import type { SampleName } from '../transfer/host-samples.ts'
import type { Recording, Side } from '../transfer/recording.ts'
import { sideNames, sides } from '../transfer/recording.ts'

/** Before the first loss ssthresh is as good as infinite: from here on it is not shown. */
const UNSET = 2 ** 29

interface Line {
  readonly name: SampleName
  readonly label: string
  readonly about: string
  readonly colour: (colours: Palette, side: Side) => string
  readonly dash: number[]
  readonly width: number
}

const lines: readonly Line[] = [
  {
    name: 'inFlight', label: 'flight', about: 'in the network, as the sender believes: sent, and neither acknowledged nor lost', colour: (c, side) => side === 0 ? c.a : c.b,
    dash: [], width: 1,
  },
  { name: 'cwnd', label: 'cwnd', about: 'congestion window', colour: (c) => c.ink, dash: [], width: 1.8 },
  { name: 'ssthresh', label: 'ssthresh', about: 'slow start threshold', colour: (c) => c.again, dash: [5, 3], width: 1.3 },
  {
    name: 'peerWindow', label: 'rwnd', about: 'what the receiver said it can take', colour: (c) => c['ink-3'],
    dash: [1.5, 2.5], width: 1.5,
  },
]

/** Triangles of the plot: what makes the window fall, asks whether it must, or takes that back. */
const markColours: Partial<Record<CongestionEvent, keyof Palette>> = {
  timeout: 'drop', 'fast-retransmit': 'again', 'loss-probe': 'now', undo: 'ink-2',
}

/** The windows of one host as a sender over the whole run, revealed as it is played. */
export class WindowPlot {
  /** The user points at a time to go to. */
  onSeek: (time: number) => void = () => undefined
  readonly #holder: HTMLElement
  readonly #legend: readonly HTMLElement[]
  readonly #switches: readonly HTMLButtonElement[]
  #colours: Palette
  #recording: Recording | undefined
  #side: Side = 0
  #now = 0
  #plot: uPlot | undefined
  #rows = -1

  constructor(holder: HTMLElement, heading: HTMLElement, legend: HTMLElement, colours: Palette) {
    this.#holder = holder
    this.#colours = colours
    this.#legend = lines.map(({ label, about, name }) => {
      const value = element('b')
      legend.append(element('span', { className: `key ${name}`, title: about }, element('i'), `${label} `, value))
      return value
    })
    this.#switches = sides.map((side) => {
      const button = element('button', { type: 'button', textContent: sideNames[side], title: `${sideNames[side]} as a sender` })
      button.addEventListener('click', () => this.#choose(side))
      heading.append(button)
      return button
    })
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(holder)
  }

  /** `side`: whose windows to show first. */
  load(recording: Recording, side: Side): void {
    this.#recording = recording
    this.#choose(side)
  }

  set colours(colours: Palette) {
    this.#colours = colours
    this.#build()
  }

  show(now: number): void {
    this.#now = now
    const recording = this.#recording
    if (recording === undefined) return
    const samples = recording.samples[this.#side]
    // While it is being recorded the data grow; they are looked at again when there are a tenth more.
    const grown = samples.time.length > this.#rows * 1.1 || (recording.done && samples.time.length !== this.#rows)
    if (grown) this.#setData()
    else this.#plot?.redraw(false, false)
    const index = samples.time.countUpTo(now) - 1
    for (const [i, { name }] of lines.entries()) {
      const value = index < 0 ? NaN : samples.columns[name].at(index)
      this.#legend[i]!.textContent = Number.isNaN(value) || value >= UNSET ? '–' : formatBytes(Math.round(value))
    }
  }

  #choose(side: Side): void {
    this.#side = side
    for (const other of sides) this.#switches[other]!.setAttribute('aria-pressed', String(other === side))
    this.#rows = -1
    this.#build()
    this.show(this.#now)
  }

  #size(): { width: number, height: number } {
    return { width: Math.max(60, this.#holder.clientWidth), height: Math.max(60, this.#holder.clientHeight) }
  }

  #build(): void {
    this.#plot?.destroy()
    const colours = this.#colours
    const axis = {
      stroke: colours['ink-3'], font: '10.5px system-ui, sans-serif', grid: { stroke: colours.grid, width: 1 },
      ticks: { stroke: colours.grid, width: 1, size: 4 },
    }
    const plot = new uPlot({
      ...this.#size(),
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { show: false }, y: false },
      padding: [8, 10, 0, 0],
      scales: { x: { time: false, range: () => this.#timeRange() }, y: { range: () => [0, this.#highest()] } },
      axes: [
        { ...axis, size: 26, gap: 3, values: (_u, splits) => splits.map((ms) => this.#timeLabel(ms, splits)) },
        { ...axis, size: 50, gap: 3, space: 22, values: (_u, splits) => splits.map(bytesLabel) },
      ],
      series: [{}, ...lines.map(({ label, colour, dash, width }): uPlot.Series => ({
        label, stroke: colour(colours, this.#side), width, dash, points: { show: false },
        paths: uPlot.paths.stepped!({ align: 1 }),
        ...(label === 'flight' ? { fill: colours[this.#side === 0 ? 'a-soft' : 'b-soft'] } : {}),
      }))],
      hooks: {
        // What is to come is not shown: everything after the axes is clipped at the present.
        drawAxes: [(u) => {
          u.ctx.save()
          u.ctx.beginPath()
          u.ctx.rect(u.bbox.left, 0, Math.max(0, u.valToPos(this.#now, 'x', true) - u.bbox.left), u.ctx.canvas.height)
          u.ctx.clip()
        }],
        draw: [(u) => {
          this.#drawMarks(u)
          u.ctx.restore()
          this.#drawNow(u)
          this.#drawPhase(u)
        }],
      },
    }, [[]], this.#holder)
    plot.over.addEventListener('click', (event) => this.onSeek(plot.posToVal(event.offsetX, 'x')))
    this.#plot = plot
    this.#setData()
  }

  #setData(): void {
    const samples = this.#recording?.samples[this.#side]
    if (samples === undefined) return
    this.#rows = samples.time.length
    const column = (name: SampleName): (number | null)[] =>
      Array.from(samples.columns[name].view(), (value) => value >= UNSET ? null : value)
    const time = [...samples.time.view()]
    const data = lines.map(({ name }) => column(name))
    // The last figures hold on to the end.
    if (time.length > 0) {
      time.push(this.#recording!.until)
      for (const values of data) values.push(values.at(-1)!)
    }
    this.#plot?.setData([time, ...data])
  }

  #timeRange(): [number, number] {
    return [0, Math.max(1, (this.#recording?.quietFrom ?? 0) * 1.02)]
  }

  /** A window that nobody comes near to is not what the scale is for. */
  #highest(): number {
    const samples = this.#recording?.samples[this.#side]
    if (samples === undefined) return 1
    const most = (name: SampleName): number =>
      samples.columns[name].view().reduce((high, value) => value < UNSET && value > high ? value : high, 0)
    const own = Math.max(most('cwnd'), most('inFlight'), most('ssthresh'))
    const peer = most('peerWindow')
    return 1.08 * Math.max(1, own, peer < 2 * own ? peer : 0)
  }

  #timeLabel(ms: number, splits: readonly number[]): string {
    const seconds = splits.at(-1)! >= 2000
    return seconds ? `${Number((ms / 1000).toFixed(2))} s` : `${ms} ms`
  }

  /** Timeouts, fast retransmits, probes and false alarms at the lower edge. */
  #drawMarks(u: uPlot): void {
    const { ctx, bbox } = u
    const bottom = bbox.top + bbox.height
    const size = 4 * devicePixelRatio
    for (const { time, side, event } of this.#recording?.congestion ?? []) {
      const colour = markColours[event]
      if (side !== this.#side || colour === undefined) continue
      const x = u.valToPos(time, 'x', true)
      ctx.fillStyle = this.#colours[colour]
      ctx.beginPath()
      ctx.moveTo(x, bottom - 2 * size)
      ctx.lineTo(x + size, bottom)
      ctx.lineTo(x - size, bottom)
      ctx.fill()
    }
  }

  /** What congestion control does now, in its own word, in the corner above the lines. */
  #drawPhase({ ctx, bbox }: uPlot): void {
    const phase = this.#recording?.phaseAt(this.#side, this.#now)
    if (phase === undefined) return
    const text = phase.replaceAll('-', ' ')
    ctx.save()
    ctx.font = `italic ${10.5 * devicePixelRatio}px system-ui, sans-serif`
    ctx.textAlign = 'right'
    ctx.textBaseline = 'top'
    ctx.lineWidth = 3 * devicePixelRatio
    ctx.strokeStyle = this.#colours.panel
    ctx.fillStyle = this.#colours['ink-2']
    const [x, y] = [bbox.left + bbox.width - 4 * devicePixelRatio, bbox.top]
    ctx.strokeText(text, x, y)
    ctx.fillText(text, x, y)
    ctx.restore()
  }

  #drawNow(u: uPlot): void {
    const { ctx, bbox } = u
    const x = Math.round(Math.min(bbox.left + bbox.width, u.valToPos(this.#now, 'x', true))) + 0.5
    ctx.strokeStyle = this.#colours.now
    ctx.lineWidth = devicePixelRatio
    ctx.beginPath()
    ctx.moveTo(x, bbox.top)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
  }
}

function bytesLabel(bytes: number): string {
  if (bytes >= 1e6) return `${Number((bytes / 1e6).toFixed(1))} MB`
  return bytes >= 1000 ? `${Number((bytes / 1e3).toFixed(1))} kB` : String(bytes)
}
