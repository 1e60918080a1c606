import type { CountingBenchmark, Load, TimedBenchmark } from '../benchmark.ts'
import { collectGarbage } from '../host.ts'
import type { DrivenHosts } from '../hosts.ts'
import { drivenHosts } from '../hosts.ts'
import { layerfourOpens } from '../loads/layerfour-opens.ts'
import { addTimeWait } from '../loads/time-wait.ts'

const ENTRIES = 1_000_000
const ALONE = 'layerfour, alone'

/** What ends in here waits for 8 minutes, so all entries stay; when the table is full, the oldest makes room for one more. */
const hosts = (): DrivenHosts => drivenHosts({ tcp: { msl: 240_000, maxTimeWait: 1 << 20 } })

export const timeWait: TimedBenchmark = {
  kind: 'timed',
  group: 'scale',
  name: 'time-wait',
  title: 'TCP, open and close, at a server with 1,000,000 connections in TIME-WAIT',
  unit: 'connections/s',
  scale: 1,
  contenders: [
    { name: 'layerfour, beside 1,000,000 in TIME-WAIT', open: () => opens(ENTRIES) },
    { name: ALONE, open: () => opens(0) },
  ],
  baseline: ALONE,
}

export const timeWaitMemory: CountingBenchmark = {
  kind: 'counted',
  group: 'scale',
  name: 'time-wait-memory',
  title: 'Memory of a connection in TIME-WAIT, of 1,000,000',
  unit: 'bytes/entry',
  runtimes: ['Node', 'Deno', 'Bun'],
  count: () => {
    const server = hosts()
    const before = memory()
    addTimeWait(server, ENTRIES)
    const bytes = memory() - before
    const { flows } = server.server.accounting().protocols['tcp']!
    server.close()
    if (flows !== ENTRIES) throw new Error(`${flows} connections are in TIME-WAIT, expected ${ENTRIES}`)
    return Promise.resolve([{ name: 'layerfour', value: bytes / ENTRIES, parts: [] }])
  },
}

function opens(entries: number): Promise<Load> {
  const both = hosts()
  addTimeWait(both, entries)
  return layerfourOpens(both)
}

function memory(): number {
  collectGarbage()
  collectGarbage()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
