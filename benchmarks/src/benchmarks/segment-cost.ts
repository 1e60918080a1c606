import type { Load, TimedBenchmark } from '../benchmark.ts'
import { drivenHosts } from '../hosts.ts'
import { openPairs } from '../loads/idle-pairs.ts'
import { oneWayOver } from '../loads/layerfour-one-way.ts'

const SEGMENT = 1448
const ALONE = 'layerfour, alone'

/** What a segment costs must not depend on how many connections there are that have nothing to do with it. */
export const segmentCost: TimedBenchmark = {
  kind: 'timed',
  group: 'scale',
  name: 'segment-cost',
  title: 'TCP, one way at MTU 1500, with idle connections in the same stacks',
  unit: 'segments/s',
  scale: SEGMENT,
  contenders: [
    { name: 'layerfour, beside 100,000 idle connections', open: () => besideIdle(100_000) },
    { name: 'layerfour, beside 10,000 idle connections', open: () => besideIdle(10_000) },
    { name: ALONE, open: () => besideIdle(0) },
  ],
  baseline: ALONE,
}

async function besideIdle(count: number): Promise<Load> {
  const hosts = drivenHosts({ tcp: { maxConnections: 1 << 17 } })
  const pairs = await openPairs(hosts, count)
  const load = await oneWayOver(hosts)
  return { ...load, close: () => (void pairs, load.close()) }
}
