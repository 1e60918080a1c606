import type { Profiler } from 'node:inspector'
import { Session } from 'node:inspector/promises'

/** Time that was spent in one function itself, not in those that it called. */
export interface FunctionTime {
  readonly name: string
  /** Of the script; empty for what is built in. */
  readonly url: string
  /** The functions that called it, from the innermost outwards. */
  readonly callers: readonly { readonly name: string, readonly url: string }[]
  /** In ms. */
  readonly time: number
}

/** In µs: as often as the profiler does it without slowing what it looks at by more than some hundredths. */
const INTERVAL = 100

/**
 * Where `work` spends its time. `warmUp` goes first, with the profiler at work as well: what the engine compiles while nobody profiles does
 * not tell inlined functions from those that they are inlined into.
 */
export async function profileCpu(warmUp: () => Promise<void>, work: () => Promise<void>): Promise<FunctionTime[]> {
  const session = new Session()
  session.connect()
  try {
    await session.post('Profiler.enable')
    await session.post('Profiler.setSamplingInterval', { interval: INTERVAL })
    await session.post('Profiler.start')
    await warmUp()
    await session.post('Profiler.stop')
    await session.post('Profiler.start')
    await work()
    const { profile } = await session.post('Profiler.stop')
    return functionTimes(profile)
  } finally {
    session.disconnect()
  }
}

function functionTimes({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): FunctionTime[] {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const parents = new Map(nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node] as const)))
  const times = new Map<number, number>()
  samples.forEach((id, i) => {
    // A sample stands for the time until the next one.
    times.set(id, (times.get(id) ?? 0) + (timeDeltas[i + 1] ?? INTERVAL) / 1000)
  })
  return [...times].map(([id, time]) => {
    const callers: { name: string, url: string }[] = []
    for (let parent = parents.get(id); parent !== undefined; parent = parents.get(parent.id)) {
      callers.push({ name: parent.callFrame.functionName, url: parent.callFrame.url })
    }
    const { functionName, url } = byId.get(id)!.callFrame
    return { name: functionName, url, callers, time }
  })
}
