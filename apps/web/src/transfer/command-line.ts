import { formatExactBytes } from '../format.ts'
import type { Settings } from './settings.ts'
import { defaultSettings } from './settings.ts'

/** What `l4 transfer` cannot be told: there these have the values that they have here by default. */
const fixed = [
  'sendB', 'open', 'close', 'receiveBuffer', 'readerPause', 'readerRate', 'delayedAck', 'nagle', 'timestamps', 'windowScaling',
  'sack', 'tailLossProbe',
] as const satisfies readonly (keyof Settings)[]

/** The command that makes the same segments at the same times, but for the length of TIME-WAIT; undefined when there is none. */
export function commandLine(settings: Settings): string | undefined {
  if (fixed.some((key) => settings[key] !== defaultSettings[key])) return undefined
  const { sendA, rate, delay, jitter, loss, reorder, duplicate, queue, mtu, seed, congestion, pacing } = settings
  // What `l4 transfer` does when it is not told anything.
  const options: [string, string, string][] = [
    ['--size', formatExactBytes(sendA).replaceAll(/[ ,]/g, ''), '10MiB'],
    ['--rate', rate === 0 ? 'unlimited' : `${rate}mbit`, '10mbit'],
    ['--delay', `${delay}ms`, '5ms'],
    ['--jitter', `${jitter}ms`, '0ms'],
    ['--loss', `${loss}%`, '1%'],
    ['--reorder', `${reorder}%`, '1%'],
    ['--duplicate', `${duplicate}%`, '0%'],
    ['--queue', `${queue}packets`, '100packets'],
    ['--mtu', String(mtu), '1500'],
    ['--congestion', congestion, 'cubic'],
    ['--seed', String(seed), '1'],
  ]
  const told = options.filter(([, value, standard]) => value !== standard).map(([name, value]) => `${name} ${value}`)
  return ['l4 transfer', ...told, ...(pacing ? ['--pacing'] : [])].join(' ')
}
