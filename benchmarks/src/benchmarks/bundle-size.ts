import type { CountingBenchmark } from '../benchmark.ts'
import type * as Size from '../../../scripts/size.ts'

// As names that no bundler follows: a page has neither.
const BUILT = '../../../packages/socket/dist/index.js'
const SCRIPT = '../../../scripts/size.ts'

/** The entries of `npm run size`, which holds them to limits. */
export const bundleSize: CountingBenchmark = {
  kind: 'counted',
  group: 'memory',
  name: 'bundle-size',
  title: 'What imports weigh in a bundle of the built packages, minified and gzipped',
  unit: 'KB',
  runtimes: ['Node'],
  missing: async () => {
    const { existsSync } = await import('node:fs')
    return existsSync(new URL(BUILT, import.meta.url)) ? undefined : 'the packages are not built: npm run build'
  },
  count: async () => {
    const { entries, sizeOf } = await import(/* @vite-ignore */ SCRIPT) as typeof Size
    return Promise.all(entries.map(async ({ what, program }) => {
      const { gzipped } = await sizeOf(program)
      return { name: what.replaceAll('`', ''), value: gzipped / 1000, parts: [] }
    }))
  },
}
