import { onesComplementSum } from '@layerfour/wire'
import type { Contender, Load, TimedBenchmark } from '../benchmark.ts'
import { kernelMemory } from '../loads/kernel-memory.ts'

const SEGMENT = 1448
const LARGE = 65_483
/** Both in the caches of a core, as packets are. */
const SPACE = 65_536

/** What moving and summing bytes costs by itself: the physical bound of everything else. */
export const copiesAndChecksums: TimedBenchmark = {
  kind: 'timed',
  group: 'bound',
  name: 'copies-and-checksums',
  title: 'Moving and summing bytes in the cache, nothing else',
  unit: 'MB/s',
  scale: 1e6,
  contenders: [
    ...both('copyWithin', (memory, length) => () => memory.copyWithin(SPACE, 0, length)),
    ...both('set with a view at hand', (memory, length) => {
      const from = memory.subarray(0, length)
      return () => memory.set(from, SPACE)
    }),
    ...both('set with a new view', (memory, length) => () => memory.set(memory.subarray(0, length), SPACE)),
    ...both('checksum, JS', (memory, length) => () => onesComplementSum(memory, 0, length)),
    ...both('checksum, WASM', (memory, length) => () => onesComplementSum(memory, 0, length), 'wasm'),
  ],
  baseline: 'copyWithin, 1448 bytes',
}

function both(name: string, work: (memory: Uint8Array, length: number) => () => unknown, kernels: 'js' | 'wasm' = 'js'): Contender[] {
  return [SEGMENT, LARGE].map((length) => ({
    name: `${name}, ${length} bytes`,
    open: () => Promise.resolve(loop(work(kernelMemory(kernels, 2 * SPACE).fill(0x5a), length), length)),
  }))
}

function loop(step: () => unknown, length: number): Load {
  return {
    run: (amount) => {
      for (let done = 0; done < amount; done += length) step()
      return Promise.resolve()
    },
    close: () => undefined,
  }
}
