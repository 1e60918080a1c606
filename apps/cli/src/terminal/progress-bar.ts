import type { Terminal } from './terminal.ts'

/** Redrawing more often than this, in ms, costs time and shows nothing more. */
const REDRAW_INTERVAL = 50

/** One line at the foot of the terminal that shows how far a job is. Writes nothing where nobody watches. */
export class ProgressBar {
  readonly #terminal: Terminal
  readonly #total: number | undefined
  readonly #clock: () => number
  #drawnAt = -Infinity
  #visible = false
  #line = ''

  /** Without a total only the note is shown. */
  constructor(terminal: Terminal, total: number | undefined, clock: () => number = () => performance.now()) {
    this.#terminal = terminal
    this.#total = total
    this.#clock = clock
  }

  /** `done` of the total; `note` stands behind the bar. */
  update(done: number, note: string): void {
    if (!this.#terminal.interactive) return
    const now = this.#clock()
    if (now - this.#drawnAt < REDRAW_INTERVAL) return
    this.#drawnAt = now
    this.#line = this.#format(done, note)
    this.#draw()
  }

  /** Takes the bar away, writes something that stays, and puts the bar back below. */
  above(write: () => void): void {
    const { interactive } = this.#terminal
    const visible = this.#visible
    this.clear()
    write()
    if (interactive && visible) this.#draw()
  }

  clear(): void {
    if (!this.#visible) return
    this.#visible = false
    this.#terminal.error('\r\x1b[K')
  }

  #draw(): void {
    this.#visible = true
    this.#terminal.error(`\r\x1b[K${this.#line}`)
  }

  #format(done: number, note: string): string {
    const { columns, errorColours } = this.#terminal
    if (this.#total === undefined) return note.slice(0, columns - 1)
    const share = this.#total === 0 ? 1 : Math.min(done / this.#total, 1)
    const percent = `${String(Math.floor(share * 100)).padStart(3)} %`
    // One column stays free: a full line would wrap.
    const width = Math.min(40, columns - percent.length - note.length - 5)
    if (width < 8) return `${percent} ${note}`.slice(0, columns - 1)
    const full = Math.round(share * width)
    return `${percent} ${errorColours.green('━'.repeat(full))}${errorColours.dim('─'.repeat(width - full))} ${note}`
  }
}
