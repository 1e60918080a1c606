/**
 * What imports from the built packages weigh in a bundle: with esbuild, minified, one file of all that is needed, and gzipped. Each has a
 * limit, a little above what it weighed when that was set: who makes something heavier says so by raising it. Needs `npm run build` first.
 */
import { gzipSync } from 'node:zlib'
import { existsSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

interface Entry {
  readonly what: string
  /** A program that keeps what it imports. */
  readonly program: string
  /** In bytes, gzipped. */
  readonly limit: number
}

const root = fileURLToPath(new URL('../', import.meta.url))

function imports(names: Readonly<Record<string, readonly string[]>>): string {
  const lines = Object.entries(names).map(([from, which]) => `import { ${which.join(', ')} } from '@layerfour/${from}'`)
  return [...lines, `globalThis.kept = [${Object.values(names).flat().join(', ')}]`].join('\n')
}

function whole(name: string, limit: number): Entry {
  return { what: `all of @layerfour/${name}`, program: `export * from '@layerfour/${name}'`, limit }
}

export const entries: readonly Entry[] = [
  { what: '`checksum`', program: imports({ wire: ['checksum'] }), limit: 1_000 },
  { what: '`Ipv4Layer`, `UdpCore`', program: imports({ ip: ['Ipv4Layer'], udp: ['UdpCore'] }), limit: 12_000 },
  {
    what: '`Ipv4Layer`, `UdpCore`, `TcpCore`',
    program: imports({ ip: ['Ipv4Layer'], udp: ['UdpCore'], tcp: ['TcpCore'] }),
    limit: 45_000,
  },
  {
    what: '`StackCore`, `udpBase`, `Ipv4Layer`',
    program: imports({ socket: ['StackCore', 'udpBase'], ip: ['Ipv4Layer'] }),
    limit: 15_400,
  },
  {
    what: '`StackCore`, `udpBase`, `tcpBase`, `Ipv4Layer`',
    program: imports({ socket: ['StackCore', 'udpBase', 'tcpBase'], ip: ['Ipv4Layer'] }),
    limit: 52_800,
  },
  { what: '`Stack`, `udp`', program: imports({ socket: ['Stack', 'udp'] }), limit: 35_100 },
  { what: '`Stack`, `tcp`, `udp`', program: imports({ socket: ['Stack', 'tcp', 'udp'] }), limit: 78_500 },
  whole('wire', 10_500),
  whole('storage', 5_900),
  whole('flow', 16_700),
  whole('ip', 24_200),
  whole('udp', 9_500),
  whole('tcp', 43_500),
  whole('link', 3_500),
  whole('pcap', 3_300),
  whole('sim', 7_100),
  whole('tun', 5_300),
  whole('socket', 83_000),
]

export interface Size {
  readonly minified: number
  readonly gzipped: number
}

export async function sizeOf(program: string): Promise<Size> {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: root },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2023',
    platform: 'node',
    external: ['koffi'],
    write: false,
    logLevel: 'error',
  })
  const { contents } = outputFiles[0]!
  return { minified: contents.length, gzipped: gzipSync(contents, { level: 9 }).length }
}

async function main(): Promise<number> {
  if (!existsSync(new URL('../packages/socket/dist/index.js', import.meta.url))) {
    console.error('not built, run npm run build first')
    return 1
  }
  const kilobytes = (bytes: number): string => (bytes / 1000).toFixed(1).padStart(6)
  let tooLarge = 0
  console.log('minified  gzipped    limit  KB of 1000 bytes')
  for (const { what, program, limit } of entries) {
    const { minified, gzipped } = await sizeOf(program)
    if (gzipped > limit) tooLarge++
    console.log(`${kilobytes(minified)}   ${kilobytes(gzipped)}   ${kilobytes(limit)}  ${what}${gzipped > limit ? `: OVER by ${gzipped - limit} bytes` : ''}`)
  }
  console.log(`${entries.length - tooLarge} within their limits, ${tooLarge} over`)
  return tooLarge > 0 ? 1 : 0
}

if (import.meta.main) process.exitCode = await main()
