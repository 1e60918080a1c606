import type { Part } from '../benchmark.ts'
import { fixed, nice, page, PALETTE, steps, text, tick } from '../congestion/svg.ts'

/** A line of a bar chart: one bar, of parts that lie end to end, or of one piece. */
export interface Bar {
  readonly label: string
  readonly parts: readonly Part[]
  /** Drawn as a whisker. */
  readonly low?: number
  readonly high?: number
  /** Index of the palette for a bar of one piece: 0 by default. */
  readonly color?: number
}

export interface BarChart {
  readonly title: string
  readonly unit: string
  readonly bars: readonly Bar[]
}

const WIDTH = 860
const LABEL = 340
const RIGHT = 70
const TOP = 30
const LINE = 22
const BAR = 15
const BOTTOM = 40
const LEGEND_LINE = 18
const LEGEND_COLUMNS = 4

/** Charts beneath each other; parts of the same name have the same colour everywhere. */
export function barCharts(charts: readonly BarChart[]): string {
  const names = partNames(charts)
  let y = 0
  const drawn = charts.map((chart) => {
    const part = `<g transform="translate(0 ${y})">\n${drawChart(chart, names).join('\n')}\n</g>`
    y += TOP + chart.bars.length * LINE + BOTTOM
    return part
  })
  if (names.length > 1) {
    drawn.push(`<g transform="translate(0 ${y})">\n${legend(names).join('\n')}\n</g>`)
    y += Math.ceil(names.length / LEGEND_COLUMNS) * LEGEND_LINE + 8
  }
  return page(WIDTH, y, drawn)
}

/** In the order in which they first come; none where every bar is of one piece. */
function partNames(charts: readonly BarChart[]): string[] {
  const bars = charts.flatMap((chart) => chart.bars)
  return bars.every(({ parts }) => parts.length === 1) ? [] : [...new Set(bars.flatMap(({ parts }) => parts.map(({ name }) => name)))]
}

function drawChart({ title, unit, bars }: BarChart, names: readonly string[]): string[] {
  const most = nice(Math.max(...bars.map((bar) => Math.max(total(bar), bar.high ?? 0))))
  const x = (value: number): number => LABEL + value / most * (WIDTH - LABEL - RIGHT)
  const bottom = TOP + bars.length * LINE
  const lines = [text(WIDTH / 2, 16, title, 'middle', true)]
  for (const at of steps(0, most)) {
    lines.push(`<path d="M${fixed(x(at))} ${TOP - 4}V${bottom}" stroke="#e4e4e4"/>`, text(x(at), bottom + 14, tick(at)))
  }
  lines.push(text((LABEL + WIDTH - RIGHT) / 2, bottom + 30, unit))
  bars.forEach((bar, i) => lines.push(...drawBar(bar, TOP + i * LINE, x, names)))
  return lines
}

function drawBar(bar: Bar, y: number, x: (value: number) => number, names: readonly string[]): string[] {
  const middle = y + BAR / 2
  const lines = [text(LABEL - 8, middle + 4, bar.label, 'end')]
  let from = 0
  for (const { name, value } of bar.parts) {
    const color = PALETTE[(names.length === 0 ? bar.color ?? 0 : names.indexOf(name)) % PALETTE.length]!
    const faded = names.indexOf(name) >= PALETTE.length ? ' fill-opacity="0.45"' : ''
    lines.push(`<rect x="${fixed(x(from))}" y="${y}" width="${fixed(x(from + value) - x(from))}" height="${BAR}" fill="${color}"${faded}/>`)
    from += value
  }
  const { low, high } = bar
  if (low !== undefined && high !== undefined) lines.push(`<path d="M${fixed(x(low))} ${middle}H${fixed(x(high))}" stroke="#000" stroke-width="1.5"/>`)
  lines.push(text(x(Math.max(from, high ?? 0)) + 6, middle + 4, round(from), 'start'))
  return lines
}

function total({ parts }: Bar): number {
  return parts.reduce((sum, { value }) => sum + value, 0)
}

function round(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3)
}

function legend(names: readonly string[]): string[] {
  return names.flatMap((name, i) => {
    const x = 20 + i % LEGEND_COLUMNS * (WIDTH / LEGEND_COLUMNS)
    const y = Math.floor(i / LEGEND_COLUMNS) * LEGEND_LINE
    const faded = i >= PALETTE.length ? ' fill-opacity="0.45"' : ''
    return [`<rect x="${x}" y="${y}" width="12" height="12" fill="${PALETTE[i % PALETTE.length]!}"${faded}/>`, text(x + 18, y + 10, name, 'start')]
  })
}
