import process from 'node:process'
import { reasonOf } from '../cli-error.ts'
import { ExitCode } from '../exit-codes.ts'
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

/** Ends the process when nothing can be written to stdout. */
export function endForOutput(error: Error & { readonly code?: string }): never {
  // `l4 transfer | head`: whoever reads has had enough.
  if (error.code === 'EPIPE') process.exit(ExitCode.Ok)
  process.stderr.write(`l4: cannot write the output: ${reasonOf(error)}\n`)
  process.exit(ExitCode.Io)
}

/** The process's own. */
export function processTerminal(): Terminal {
  const { stdout, stderr, env } = process
  return {
    out: (text) => {
      try {
        stdout.write(text)
      } catch (error) {
        // Deno throws what Node and Bun emit.
        endForOutput(error as Error)
      }
    },
    error: (text) => void stderr.write(text),
    colours: createColours(wantsColours(env, stdout.isTTY)),
    errorColours: createColours(wantsColours(env, stderr.isTTY)),
    interactive: stderr.isTTY && env['TERM'] !== 'dumb',
    outIsTerminal: stdout.isTTY,
    columns: stderr.columns || stdout.columns || 80,
  }
}
