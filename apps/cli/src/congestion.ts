import { bbr, cubic, dctcp, fixedWindow, newReno, reno, tahoe, vegas } from '@layerfour/flow'
import type { CongestionControl } from '@layerfour/flow'
import { InvalidArgumentError, Option } from 'commander'

/** What `--congestion` knows by name; the first is what runs without it. */
export const congestionControls: readonly CongestionControl[] = [cubic, newReno, reno, tahoe, vegas, bbr, dctcp]

/** `fixed:10` is a window of ten segments, whatever happens. */
const FIXED = /^fixed:([1-9]\d{0,4})$/
const names = `${congestionControls.map(({ name }) => name).join(', ')}, or fixed:SEGMENTS for a window that never changes`

function find(name: string): CongestionControl | undefined {
  const segments = FIXED.exec(name)?.[1]
  return segments === undefined ? congestionControls.find((control) => control.name === name) : fixedWindow(Number(segments))
}

/** The algorithm of a name. Throws RangeError when there is none. */
export function congestionControlOf(name: string): CongestionControl {
  const control = find(name)
  if (control === undefined) throw new RangeError(`the congestion control is ${name}, expected ${names}`)
  return control
}

/** A name of `--congestion`, checked. */
function parseCongestion(text: string): string {
  if (find(text) === undefined) throw new InvalidArgumentError(`Expected ${names}.`)
  return text
}

/** `--congestion NAME`, with the flags that the command wants for it. */
export function congestionOption(flags: string): Option {
  return new Option(flags, `congestion control: ${names} (default: ${cubic.name})`).argParser(parseCongestion)
}
