type Paint = (text: string) => string

export interface Colours {
  readonly bold: Paint
  readonly dim: Paint
  readonly red: Paint
  readonly green: Paint
  readonly yellow: Paint
  readonly blue: Paint
  readonly magenta: Paint
  readonly cyan: Paint
}

/** Colours by ANSI sequences, or text as it is. */
export function createColours(enabled: boolean): Colours {
  const paint = (on: number, off: number): Paint => enabled ? (text) => `\x1b[${on}m${text}\x1b[${off}m` : (text) => text
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
    blue: paint(34, 39),
    magenta: paint(35, 39),
    cyan: paint(36, 39),
  }
}

/**
 * Whether to colour what goes to a stream: `NO_COLOR` (no-color.org) forbids it, `FORCE_COLOR`
 * demands it; else a terminal that is not dumb gets colours.
 */
export function wantsColours(environment: Readonly<Record<string, string | undefined>>, isTerminal: boolean): boolean {
  if (environment['NO_COLOR']) return false
  const force = environment['FORCE_COLOR']
  if (force !== undefined && force !== '') return force !== '0'
  return isTerminal && environment['TERM'] !== 'dumb'
}
