import type { HeapProfiler } from 'node:inspector'
import { Session } from 'node:inspector/promises'

/** Bytes that one function allocated. */
export interface AllocationSite {
  /** Name and place: `ringPeek ring-buffer.ts:107`; built-in functions have no place but their caller's. */
  readonly name: string
  readonly bytes: number
}

/** Every so many bytes a sample, on average: small, or what is rare goes unseen. */
const INTERVAL = 64

/**
 * What `work` allocates on the heap, by function, what was collected meanwhile included. V8 notes every allocation after which a random
 * counter of bytes (64 on average) is used up, and scales the sizes; so many small objects are found out as one large one is.
 * The sampler's own allocations are left out.
 */
export async function sampleAllocations(work: () => void | Promise<void>): Promise<AllocationSite[]> {
  const session = new Session()
  session.connect()
  try {
    await session.post('HeapProfiler.startSampling', {
      samplingInterval: INTERVAL, includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true,
    } as HeapProfiler.StartSamplingParameterType)
    await work()
    const { profile } = await session.post('HeapProfiler.stopSampling')
    return sites(profile.head)
  } finally {
    session.disconnect()
  }
}

function sites(head: HeapProfiler.SamplingHeapProfileNode): AllocationSite[] {
  const bytesBySite = new Map<string, number>()
  const visit = (node: HeapProfiler.SamplingHeapProfileNode, caller: string): void => {
    const { functionName, url, lineNumber } = node.callFrame
    if (url.startsWith('node:inspector')) return
    const place = url === '' ? `in ${caller}` : `${url.slice(url.lastIndexOf('/') + 1)}:${lineNumber + 1}`
    const name = `${functionName || '(anonymous)'} ${place}`
    if (node.selfSize > 0) bytesBySite.set(name, (bytesBySite.get(name) ?? 0) + node.selfSize)
    for (const child of node.children) visit(child, name)
  }
  visit(head, 'the host')
  return [...bytesBySite].map(([name, bytes]) => ({ name, bytes })).sort((a, b) => b.bytes - a.bytes)
}
