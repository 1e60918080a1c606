/** Plots as SVG text, written by hand: the same figures give the same bytes. */

export interface Axis {
  readonly label: string
  readonly log?: boolean
  /** Where it begins and ends; what the points need, by default (and 0, unless it is logarithmic). */
  readonly least?: number
  readonly most?: number
}

export interface Series {
  readonly name: string
  readonly points: readonly (readonly [x: number, y: number])[]
  /** Dots instead of a line; `dashed` for what is published rather than measured. */
  readonly style?: 'line' | 'dashed' | 'dots'
  /** Index of the palette; the place in the panel by default. */
  readonly color?: number
}

export interface Panel {
  readonly title: string
  readonly x: Axis
  readonly y: Axis
  readonly series: readonly Series[]
}

/** Shares from 0 to 1, each in a cell with its figure. */
export interface Grid {
  readonly title: string
  readonly columns: readonly string[]
  readonly rows: readonly { readonly name: string, readonly cells: readonly number[] }[]
}

/** Told apart by readers who do not see all colours (Okabe and Ito). */
export const PALETTE: readonly string[] = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000', '#999999']
const MARGIN = { top: 26, right: 14, bottom: 38, left: 52 }
const FONT = 'font-family="sans-serif" font-size="11" fill="#333"'

/** Panels of `width` × `height` pixels in rows of `columns`. */
export function plot(panels: readonly Panel[], columns = 1, width = 720, height = 320): string {
  const rows = Math.ceil(panels.length / columns)
  const parts = panels.map((panel, i) =>
    `<g transform="translate(${i % columns * width} ${Math.floor(i / columns) * height})">\n${drawPanel(panel, width, height)}\n</g>`)
  return page(columns * width, rows * height, parts)
}

/** Grids beneath each other. */
export function gridPlot(grids: readonly Grid[]): string {
  const cell = { width: 64, height: 20 }
  const left = 120
  const height = (grid: Grid): number => 50 + grid.rows.length * cell.height
  const width = left + cell.width * Math.max(...grids.map(({ columns }) => columns.length)) + 10
  let y = 0
  const parts = grids.map((grid) => {
    const lines = [text(left, 16, grid.title, 'start', true), ...grid.columns.map((name, i) => text(left + (i + 0.5) * cell.width, 36, name))]
    grid.rows.forEach(({ name, cells }, row) => {
      const top = 42 + row * cell.height
      lines.push(text(left - 6, top + 14, name, 'end'))
      cells.forEach((share, i) => {
        const x = left + i * cell.width
        lines.push(`<rect x="${x}" y="${top}" width="${cell.width - 1}" height="${cell.height - 1}" fill="${shade(share)}"/>`)
        lines.push(text(x + cell.width / 2, top + 14, (100 * share).toFixed(0), 'middle', false, share < 0.6 ? '#fff' : '#000'))
      })
    })
    const part = `<g transform="translate(0 ${y})">\n${lines.join('\n')}\n</g>`
    y += height(grid)
    return part
  })
  return page(width, y, parts)
}

/** A drawing of so many pixels on white. */
export function page(width: number, height: number, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n')
}

function drawPanel({ title, x, y, series }: Panel, width: number, height: number): string {
  const points = series.flatMap((one) => one.points)
  const across = scale(x, points.map(([value]) => value), MARGIN.left, width - MARGIN.right)
  const up = scale(y, points.map(([, value]) => value), height - MARGIN.bottom, MARGIN.top)
  const lines = [text(width / 2, 16, title, 'middle', true)]
  for (const at of across.ticks) {
    const place = across.place(at)
    lines.push(`<path d="M${fixed(place)} ${MARGIN.top}V${height - MARGIN.bottom}" stroke="#e4e4e4"/>`)
    lines.push(text(place, height - MARGIN.bottom + 14, tick(at)))
  }
  for (const at of up.ticks) {
    const place = up.place(at)
    lines.push(`<path d="M${MARGIN.left} ${fixed(place)}H${width - MARGIN.right}" stroke="#e4e4e4"/>`)
    lines.push(text(MARGIN.left - 5, place + 4, tick(at), 'end'))
  }
  lines.push(text(width / 2, height - 6, x.label))
  lines.push(`<text ${FONT} text-anchor="middle" transform="translate(13 ${height / 2}) rotate(-90)">${escaped(y.label)}</text>`)
  const clipped = points.some(([, value]) => value > up.most)
  series.forEach((one, i) => {
    const color = PALETTE[(one.color ?? i) % PALETTE.length]!
    lines.push(drawSeries(one, color, (value) => across.place(value), (value) => up.place(clipped ? Math.min(value, up.most) : value)))
  })
  if (series.length > 1) lines.push(...legend(series, width))
  return lines.join('\n')
}

function drawSeries({ points, style = 'line' }: Series, color: string, x: (value: number) => number, y: (value: number) => number): string {
  if (style === 'dots') {
    return points.map((point) => `<circle cx="${fixed(x(point[0]))}" cy="${fixed(y(point[1]))}" ${ring(color)}/>`).join('\n')
  }
  const path = points.map((point, i) => `${i === 0 ? 'M' : 'L'}${fixed(x(point[0]))} ${fixed(y(point[1]))}`).join('')
  const dashes = style === 'dashed' ? ' stroke-dasharray="5 4"' : ''
  return `<path d="${path}" fill="none" stroke="${color}" stroke-width="1.3"${dashes}/>`
}

/** Hollow: several may lie on one another. */
function ring(color: string): string {
  return `r="4" fill="none" stroke="${color}" stroke-width="1.5"`
}

function legend(series: readonly Series[], width: number): string[] {
  return series.flatMap(({ name, color, style }, i) => {
    const y = MARGIN.top + 12 + 14 * i
    const x = width - MARGIN.right - 8
    const ink = PALETTE[(color ?? i) % PALETTE.length]!
    const sign = style === 'dots' ? `<circle cx="${x - 9}" cy="${y - 4}" ${ring(ink)}/>`
      : `<path d="M${x - 18} ${y - 4}h18" stroke="${ink}" stroke-width="2"${style === 'dashed' ? ' stroke-dasharray="5 4"' : ''}/>`
    return [sign, text(x - 23, y, name, 'end')]
  })
}

interface Scale {
  readonly most: number
  readonly ticks: readonly number[]
  place(value: number): number
}

/** From values to pixels. */
function scale({ log = false, least, most }: Axis, values: readonly number[], from: number, to: number): Scale {
  const low = least ?? (log ? 10 ** Math.floor(Math.log10(smallest(values))) : Math.min(0, smallest(values)))
  const high = most ?? (log ? 10 ** Math.ceil(Math.log10(greatest(values))) : nice(greatest(values)))
  const bend = log ? Math.log10 : Number
  const share = (value: number): number => (bend(value) - bend(low)) / (bend(high) - bend(low))
  return {
    most: high,
    ticks: log ? decades(low, high) : steps(low, high),
    place: (value) => from + share(value) * (to - from),
  }
}

function smallest(values: readonly number[]): number {
  return values.reduce((least, value) => Math.min(least, value), Infinity)
}

function greatest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), 0)
}

/** A round figure that is no less. */
export function nice(value: number): number {
  const step = stepOf(value)
  return Math.max(step, Math.ceil(value / step) * step)
}

function stepOf(span: number): number {
  const unit = 10 ** Math.floor(Math.log10(span > 0 ? span : 1))
  return [0.1, 0.2, 0.25, 0.5, 1].map((part) => part * unit).find((step) => span / step <= 6) ?? unit * 2
}

export function steps(low: number, high: number): number[] {
  const step = stepOf(high - low)
  const ticks: number[] = []
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high * (1 + 1e-9); i++) ticks.push(i * step)
  return ticks
}

function decades(low: number, high: number): number[] {
  const ticks: number[] = []
  for (let power = Math.ceil(Math.log10(low) - 1e-9); power <= Math.log10(high) + 1e-9; power++) ticks.push(10 ** power)
  return ticks
}

/** Black to light by share. */
function shade(share: number): string {
  const at = Math.min(1, Math.max(0, share))
  const mix = (dark: number, light: number): number => Math.round(dark + (light - dark) * at * at)
  return `rgb(${mix(60, 205)},${mix(30, 235)},${mix(90, 205)})`
}

export function tick(value: number): string {
  return value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential(0).replace('e-', 'e−') : String(Number(value.toPrecision(6)))
}

export function text(x: number, y: number, content: string, anchor = 'middle', bold = false, fill?: string): string {
  const font = fill === undefined ? FONT : FONT.replace('#333', fill)
  return `<text ${font} x="${fixed(x)}" y="${fixed(y)}" text-anchor="${anchor}"${bold ? ' font-weight="bold"' : ''}>${escaped(content)}</text>`
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}

/** Pixels to a tenth. */
export function fixed(value: number): string {
  return String(Math.round(value * 10) / 10)
}
