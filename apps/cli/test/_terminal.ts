import { createColours } from '../src/terminal/colours.ts'
import type { Terminal } from '../src/terminal/terminal.ts'

/** A terminal that remembers. */
export class FakeTerminal implements Terminal {
  written = ''
  complaints = ''
  readonly colours
  readonly errorColours
  readonly interactive
  readonly outIsTerminal
  readonly columns

  constructor({ colours = false, interactive = false, columns = 80 } = {}) {
    this.colours = this.errorColours = createColours(colours)
    this.interactive = this.outIsTerminal = interactive
    this.columns = columns
  }

  out(text: string): void {
    this.written += text
  }

  error(text: string): void {
    this.complaints += text
  }
}
