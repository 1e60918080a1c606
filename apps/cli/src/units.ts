import { InvalidArgumentError } from 'commander'

/**
 * Reads figures with units from the command line. Every parser throws commander's
 * InvalidArgumentError, which names the option and becomes exit code 2.
 */

/** Bits per second: `10mbit`, `1.5Gbit/s`, `64000`; `unlimited` is Infinity. */
export function parseRate(text: string): number {
  if (text.toLowerCase() === 'unlimited') return Infinity
  const rate = quantity(text, { '': 1, bit: 1, kbit: 1e3, mbit: 1e6, gbit: 1e9 }, (unit) => unit.replace(/\/s$/, ''))
  if (rate === undefined || rate === 0) throw new InvalidArgumentError('Expected bits per second such as 10mbit, 512kbit, 1gbit, or unlimited.')
  return rate
}

/** Milliseconds: `20ms`, `1.5s`, `300us`; a number alone is milliseconds. */
export function parseDuration(text: string): number {
  const duration = quantity(text, { '': 1, us: 1e-3, µs: 1e-3, ms: 1, s: 1e3 })
  if (duration === undefined) throw new InvalidArgumentError('Expected a time such as 20ms, 300us or 1.5s.')
  return duration
}

/** A probability: `1%`, `0.01`. A bare 1 could mean either 1 % or always, so it is refused. */
export function parseProbability(text: string): number {
  const value = quantity(text, { '': 1, '%': 0.01 })
  if (value === undefined || value > 1) throw new InvalidArgumentError('Expected a probability such as 1% or 0.01.')
  if (value === 1 && !text.includes('%')) throw new InvalidArgumentError('Expected a unit: 1% for one in a hundred, 100% for always.')
  return value
}

/** What a queue holds: `100` or `100packets`; `64kB`, `256KiB`. */
export function parseQueue(text: string): { packets: number } | { bytes: number } {
  const packets = quantity(text, { '': 1, p: 1, packet: 1, packets: 1 })
  if (packets !== undefined && Number.isInteger(packets)) return { packets }
  const bytes = quantity(text, byteUnits)
  if (bytes !== undefined && Number.isInteger(bytes)) return { bytes }
  throw new InvalidArgumentError('Expected packets or bytes, such as 100, 100packets or 64kB.')
}

/** Bytes: `10MiB`, `50MB`, `1500`. */
export function parseByteCount(text: string): number {
  const bytes = quantity(text, { '': 1, ...byteUnits })
  if (bytes === undefined || !Number.isSafeInteger(bytes)) throw new InvalidArgumentError('Expected a size such as 10MiB, 50MB or 1500.')
  return bytes
}

/** A whole number from `least` to `most`. */
export function parseInteger(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN
    if (!(value >= least && value <= most)) throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`)
    return value
  }
}

const byteUnits: Readonly<Record<string, number>> = {
  b: 1, byte: 1, bytes: 1, kb: 1e3, mb: 1e6, gb: 1e9, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30,
}

/** A number of at least 0 and one of the units, in any case, with or without a space; undefined when it is none. */
function quantity(
  text: string, units: Readonly<Record<string, number>>, normalise: (unit: string) => string = (unit) => unit,
): number | undefined {
  const match = /^(\d+(?:\.\d+)?|\.\d+) ?([^\d\s]*)$/.exec(text)
  if (match === null) return undefined
  const name = normalise(match[2]!.toLowerCase())
  const scale = Object.hasOwn(units, name) ? units[name] : undefined
  if (scale === undefined) return undefined
  // Dividing by 100 is exact where multiplying by 0.01 is not: 7 % is 0.07.
  return scale < 1 ? Number(match[1]) / Math.round(1 / scale) : Number(match[1]) * scale
}
