import type { Count, CountingBenchmark } from '../benchmark.ts'
import { giveMemoryBack, sleep } from '../host.ts'
import { drivenHosts } from '../hosts.ts'
import { openPairs } from '../loads/idle-pairs.ts'

/** The ends of connections that are opened before anything is counted: code is compiled, tables have their first size. */
const WARM_UP = 2000
const MB = 1e6

/** Bytes that the process has grown by. */
interface Growth {
  /** Heap and the memory of typed arrays. */
  readonly used: number
  /** Of the whole process, as the kernel counts it, without what V8 has in reserve: up to 100 MB after many objects were made. */
  readonly resident: number
}

export const idleMemory: CountingBenchmark = {
  kind: 'counted',
  group: 'memory',
  name: 'idle-memory',
  title: 'Memory of an established connection that does nothing: one end of it, the socket that the application holds included',
  unit: 'bytes/connection',
  runtimes: ['Node', 'Deno', 'Bun'],
  count: async () => [await perConnection(10_000)],
}

export const idleMemoryMany: CountingBenchmark = {
  kind: 'counted',
  group: 'scale',
  name: 'idle-memory-100k',
  title: '100,000 pairs of connections that do nothing, both ends in this process: what it has grown by, the two stacks included',
  unit: 'MB',
  runtimes: ['Node', 'Deno', 'Bun'],
  count: async () => {
    const { used, resident } = await growth(100_000)
    return [
      { name: 'resident memory', value: resident / MB, parts: [] },
      { name: 'heap and typed arrays', value: used / MB, parts: [] },
    ]
  },
}

async function perConnection(pairs: number): Promise<Count> {
  const { used } = await growth(pairs)
  return { name: `layerfour, ${pairs.toLocaleString('en')} pairs`, value: used / (2 * pairs), parts: [] }
}

async function growth(pairs: number): Promise<Growth> {
  await warmUp()
  const before = await settledMemory()
  const hosts = drivenHosts({ tcp: { maxConnections: 1 << 17 } })
  const held = await openPairs(hosts, pairs)
  const after = await settledMemory()
  if (held.clients.length !== pairs || held.servers.length !== pairs) throw new Error('connections are missing')
  hosts.close()
  return { used: after.used - before.used, resident: after.resident - before.resident }
}

async function warmUp(): Promise<void> {
  const hosts = drivenHosts()
  await openPairs(hosts, WARM_UP)
  hosts.close()
}

async function settledMemory(): Promise<Growth> {
  for (let i = 0; i < 3; i++) {
    giveMemoryBack()
    await sleep(20)
  }
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage()
  return { used: heapUsed + arrayBuffers, resident: rss }
}
