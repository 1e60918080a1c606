import type { Load, TimedBenchmark } from '../benchmark.ts'
import { drivenHosts } from '../hosts.ts'
import { openPairs } from '../loads/idle-pairs.ts'
import { layerfourRequests } from '../loads/layerfour-requests.ts'

const ALONE = 'layerfour, alone'

export const idleNeighbours: TimedBenchmark = {
  kind: 'timed',
  group: 'speed',
  name: 'idle-neighbours',
  title: 'TCP, 64 bytes there and back, with idle connections in the same stacks',
  unit: 'requests/s',
  scale: 1,
  contenders: [
    { name: 'layerfour, beside 10,000 idle connections', open: () => besideIdle(10_000) },
    { name: ALONE, open: () => besideIdle(0) },
  ],
  baseline: ALONE,
}

async function besideIdle(count: number): Promise<Load> {
  const hosts = drivenHosts()
  const pairs = await openPairs(hosts, count)
  const load = await layerfourRequests(hosts)
  // Held by the load, for as long as that runs.
  return { ...load, close: () => (void pairs, load.close()) }
}
