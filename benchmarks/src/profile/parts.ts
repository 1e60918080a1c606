import type { Part } from '../benchmark.ts'
import type { FunctionTime } from './cpu-profiler.ts'

/** What a segment's time goes to, in the order of its way. */
export type PartName =
  'application' | 'socket' | 'tcp' | 'flow' | 'ip' | 'link' | 'headers' | 'tables' | 'copies' | 'checksums' | 'driver' | 'garbage' | 'engine'

/** A file of the project by its end, or a whole package. The first one that fits counts. */
const places: readonly (readonly [RegExp, PartName])[] = [
  [/^wasm:/, 'checksums'],
  [/packages\/wire\/src\/(?:checksum|_checksum-memory|transport-checksum)\.ts$/, 'checksums'],
  [/packages\/socket\/src\/kernels\//, 'checksums'],
  [/packages\/storage\/src\/(?:copy-bytes|_kept-views|ring-buffer)\.ts$/, 'copies'],
  [/packages\/ip\/src\/packet-copier\.ts$/, 'copies'],
  [/packages\/socket\/src\/(?:run-real-time|_host[\w-]*)\.ts$/, 'driver'],
  [/packages\/storage\//, 'tables'],
  [/packages\/wire\//, 'headers'],
  [/packages\/tcp\//, 'tcp'],
  [/packages\/flow\//, 'flow'],
  [/packages\/ip\//, 'ip'],
  [/packages\/link\//, 'link'],
  [/packages\/socket\//, 'socket'],
  [/benchmarks\/src\//, 'application'],
  [/^node:inspector/, 'engine'],
  [/^node:/, 'driver'],
]
/** Methods of typed arrays that move bytes. */
const COPIES = new Set(['set', 'copyWithin', 'fill'])

/** Where the time of one function belongs; undefined for time in which nothing ran. */
export function partOf({ name, url, callers }: Pick<FunctionTime, 'name' | 'url' | 'callers'>): PartName | undefined {
  if (name === '(idle)') return undefined
  if (name === '(garbage collector)') return 'garbage'
  if (url === '' && COPIES.has(name)) return 'copies'
  // Built-in functions work for whoever called them; what nobody called is the engine's own.
  const place = url !== '' ? url : callers.find((caller) => caller.url !== '')?.url ?? ''
  return places.find(([pattern]) => pattern.test(place))?.[1] ?? 'engine'
}

/** Shares out `total` by what the functions took; the largest first. */
export function shareOut(functions: readonly FunctionTime[], total: number): Part[] {
  const times = new Map<PartName, number>()
  let all = 0
  for (const one of functions) {
    const part = partOf(one)
    if (part === undefined) continue
    times.set(part, (times.get(part) ?? 0) + one.time)
    all += one.time
  }
  return [...times].map(([name, time]) => ({ name, value: total * time / all })).sort((a, b) => b.value - a.value)
}
