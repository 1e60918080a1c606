import process from 'node:process'
import type { Colours } from './colours.ts'
import { createColours, wantsColours } from './colours.ts'

/** Where a command writes: `out` is what it was asked for, `error` is everything else. */
export interface Terminal {
  out(text: string): void
  error(text: string): void
  /** For `out`. */
  readonly colours: Colours
  /** For `error`. */
  readonly errorColours: Colours
  /** Somebody watches `error` on a terminal: a progress bar makes sense. */
  readonly interactive: boolean
  /** `out` is a terminal, so a table may be redrawn in place. */
  readonly outIsTerminal: boolean
  /** Width of the terminal in characters. */
  readonly columns: number
}

/** The process's own. */
export function processTerminal(): Terminal {
  const { stdout, stderr, env } = process
  return {
    out: (text) => void stdout.write(text),
    error: (text) => void stderr.write(text),
    colours: createColours(wantsColours(env, stdout.isTTY)),
    errorColours: createColours(wantsColours(env, stderr.isTTY)),
    interactive: stderr.isTTY && env['TERM'] !== 'dumb',
    outIsTerminal: stdout.isTTY,
    columns: stderr.columns || stdout.columns || 80,
  }
}
