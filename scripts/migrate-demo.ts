/**
 * `npm run demo:migrate`: a live TCP connection with the Linux kernel moves from a Node process to a Deno process in the middle of
 * a transfer, and the kernel does not notice. Needs root and /dev/net/tun; all of it happens in a network namespace of its own.
 *
 * A program on the kernel's TCP sends 50 MB. A Node process with a stack on a TUN interface connects and reads a part, writes a
 * snapshot of its stack to a file, and ends. A Deno process restores it in a stack with another secret and another clock, and
 * reads the rest.
 * Exit code 0 when the SHA-256 of both ends are equal, 1 otherwise, 2 when the machine cannot do it.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { missingKernelHost } from '../testing/missing.node.ts'
import { checksumErrors, Namespace } from '../tests/kernel/_namespace.ts'
import { startAndWait } from '../tests/kernel/_programs.ts'

const LENGTH = 50_000_000
const FIRST_PART = 20_000_000
const INTERFACE = 'l4m'
const CONDITIONS = '--conditions=@layerfour/source'

interface Sent { readonly peer: string, readonly sha256: string, readonly error: string | null }
interface Started { readonly runtime: string, readonly length: number, readonly state: string, readonly snapshot: number }
interface Ended { readonly runtime: string, readonly length: number, readonly drops: Record<string, number> }

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const downloader = script('migrate-demo-downloader.ts')
const node: [string, ...string[]] = [process.execPath, CONDITIONS]
const deno: [string, ...string[]] = [script('../node_modules/.bin/deno'), 'run', '-A', '--quiet', CONDITIONS]

async function json<T>(namespace: Namespace, words: readonly [string, ...string[]]): Promise<T> {
  const { code, stdout, stderr } = await namespace.run(words)
  if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}: ${stderr}`)
  return JSON.parse(stdout.toString()) as T
}

async function migrate(namespace: Namespace, folder: string): Promise<boolean> {
  const [snapshot, download] = [join(folder, 'snapshot'), join(folder, 'download')]
  // It outlives the process that opens it, and so do the kernel's routes.
  namespace.ip('tuntap', 'add', 'dev', INTERFACE, 'mode', 'tun')
  namespace.ip('address', 'add', '10.9.0.1/24', 'dev', INTERFACE)
  namespace.ip('link', 'set', INTERFACE, 'up')
  const server = await startAndWait<{ port: number }>(namespace, [...node, script('migrate-demo-sender.ts'), String(LENGTH)])
  console.log(`kernel    10.9.0.1:${server.ready.port} sends ${LENGTH} bytes to who connects`)

  const first = await json<Started>(namespace, [
    ...node, downloader, 'start', INTERFACE, String(server.ready.port), String(FIRST_PART), snapshot, download,
  ])
  console.log(`${first.runtime.padEnd(14)} read ${first.length} bytes, then wrote its ${first.state} connection`
    + ` to a file of ${first.snapshot} bytes, and ended`)
  const second = await json<Ended>(namespace, [...deno, downloader, 'finish', INTERFACE, snapshot, download])
  console.log(`${second.runtime.padEnd(14)} restored it and read ${second.length} bytes to the end`)

  const ends = server.lines.slice(1) as Sent[]
  const counters = namespace.counters()
  const received = createHash('sha256').update(readFileSync(download)).digest('hex')
  const [end] = ends
  console.log(`kernel    ${ends.length} connection, from ${end?.peer}, ended with ${end?.error ?? 'no error'};`
    + ` segments retransmitted: ${counters.get('TcpRetransSegs')}, resets: ${counters.get('TcpEstabResets')}`)
  console.log(`sent      sha256 ${end?.sha256}`)
  console.log(`received  sha256 ${received}`)
  const failures = [
    ends.length === 1 && end?.error === null ? '' : `the kernel saw ${JSON.stringify(ends)}`,
    counters.get('TcpEstabResets') === 0 ? '' : 'a connection was reset',
    Object.keys(checksumErrors(counters)).length === 0 ? '' : `checksum errors: ${JSON.stringify(checksumErrors(counters))}`,
    first.state === 'ESTABLISHED' ? '' : `the connection was moved in ${first.state}`,
    first.length + second.length === LENGTH ? '' : `${first.length} + ${second.length} bytes are not ${LENGTH}`,
    received === end?.sha256 ? '' : 'the digests differ',
  ].filter((failure) => failure !== '')
  console.log(failures.length === 0 ? 'equal: the connection moved and nobody noticed' : failures.join('\n'))
  return failures.length === 0
}

const missing = missingKernelHost() ?? (existsSync(deno[0]) ? undefined : `no ${deno[0]}`)
if (missing === undefined) {
  const folder = mkdtempSync(join(tmpdir(), 'l4-migrate-'))
  const namespace = new Namespace()
  try {
    process.exitCode = (await migrate(namespace, folder)) ? 0 : 1
  } finally {
    await namespace.remove()
    rmSync(folder, { recursive: true, force: true })
  }
} else {
  console.error(`demo:migrate needs Linux, root, /dev/net/tun, iproute2 and Deno (npm install brings it): ${missing}`)
  process.exitCode = 2
}
