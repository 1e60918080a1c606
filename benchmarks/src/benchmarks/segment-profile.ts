import { FULL_OFFLOAD } from '@layerfour/link'
import type { Count, CountingBenchmark } from '../benchmark.ts'
import type { HostsOptions } from '../hosts.ts'
import { drivenHosts } from '../hosts.ts'
import { oneWayOver } from '../loads/layerfour-one-way.ts'

/** How long a case is warmed up, looked at, and timed, in ms each. */
const TIME = 1200
const FIRST_LOOK = 50e6

interface Case {
  readonly name: string
  /** Text bytes of a segment. */
  readonly segment: number
  readonly hosts: HostsOptions
}

const cases: readonly Case[] = [
  { name: 'MTU 1500, JS kernels', segment: 1448, hosts: { kernels: 'js' } },
  { name: 'MTU 1500, WASM kernels', segment: 1448, hosts: { kernels: 'wasm' } },
  { name: 'MTU 1500, checksum offload', segment: 1448, hosts: { offload: FULL_OFFLOAD } },
  { name: '64 KiB segments, checksum offload', segment: 65_483, hosts: { mtu: 65_535, offload: FULL_OFFLOAD } },
]

/**
 * Where each nanosecond of a segment goes: both stacks, both applications, and the acknowledgments that belong to it. The shares are those
 * of a CPU profile; the whole is the CPU time of a run without a profiler.
 */
export const segmentProfile: CountingBenchmark = {
  kind: 'counted',
  group: 'bound',
  name: 'segment-profile',
  title: 'CPU time of a TCP segment from one application to the other, by part',
  unit: 'ns/segment',
  runtimes: ['Node'],
  count: async () => {
    const counts: Count[] = []
    for (const one of cases) counts.push(await profileOf(one))
    return counts
  },
}

async function profileOf({ name, segment, hosts }: Case): Promise<Count> {
  const { profileCpu } = await import('../profile/cpu-profiler.ts')
  const { shareOut } = await import('../profile/parts.ts')
  const load = await oneWayOver(drivenHosts(hosts))
  let bytes = FIRST_LOOK
  const warmUp = async (): Promise<void> => {
    const start = performance.now()
    while (performance.now() - start < TIME) await load.run(FIRST_LOOK)
    const before = performance.now()
    await load.run(FIRST_LOOK)
    bytes = Math.ceil(FIRST_LOOK * TIME / (performance.now() - before))
  }
  const functions = await profileCpu(warmUp, () => load.run(bytes))
  const before = process.cpuUsage()
  await load.run(bytes)
  const { user, system } = process.cpuUsage(before)
  await load.close()
  const value = (user + system) * 1000 / (bytes / segment)
  return { name, value, parts: shareOut(functions, value) }
}
