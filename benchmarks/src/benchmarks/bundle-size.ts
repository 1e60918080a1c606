import type { CountingBenchmark } from '../benchmark.ts'
import type * as Size from '../../../scripts/size.ts'

// As names that no bundler follows: a page has neither.
const BUILT = '../../../packages/socket/dist/index.js'
const SCRIPT = '../../../scripts/size.ts'

/** What a program imports, by package. */
type Imports = Readonly<Record<string, readonly string[]>>

const bundles: readonly Imports[] = [
  { wire: ['checksum'] },
  { ip: ['Ipv4Layer'], udp: ['UdpCore'] },
  { ip: ['Ipv4Layer'], udp: ['UdpCore'], tcp: ['TcpCore'] },
  { ip: ['Ipv4Layer'], socket: ['StackCore', 'udpBase'] },
  { ip: ['Ipv4Layer'], socket: ['StackCore', 'udpBase', 'tcpBase'] },
  { socket: ['Stack', 'udp'] },
  { socket: ['Stack', 'udp', 'tcp'] },
]

/** `npm run size` has more of them, with limits. */
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
    const { sizeOf } = await import(/* @vite-ignore */ SCRIPT) as typeof Size
    return Promise.all(bundles.map(async (imports) => {
      const lines = Object.entries(imports).map(([from, names]) => `import { ${names.join(', ')} } from '@layerfour/${from}'`)
      const { gzipped } = await sizeOf([...lines, `globalThis.kept = [${Object.values(imports).flat().join(', ')}]`].join('\n'))
      return { name: bundleName(imports), value: gzipped / 1000, parts: [] }
    }))
  },
}

function bundleName(imports: Imports): string {
  return Object.values(imports).flat().join(', ')
}
