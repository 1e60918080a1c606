import type { RuntimeName } from './benchmark.ts'

/** What a figure hangs on besides the code. */
export interface Runtime {
  readonly name: RuntimeName
  readonly version: string
  /** The engine and its version: `V8 13.6.233.17`. */
  readonly engine: string
  readonly platform: string
  readonly cpu: string
  /** CPUs that this process may use. */
  readonly cpus: number
}

/** What pages cannot know of their machine. */
export type Machine = Pick<Runtime, 'platform' | 'cpu' | 'cpus'>

interface HostGlobals {
  /** A page has none. */
  readonly process?: { readonly versions: Record<string, string | undefined> }
  readonly Bun?: unknown
  readonly Deno?: unknown
}

const host = globalThis as HostGlobals

/** A runtime whose programs have the kernel's sockets, as Node has them; not a page. */
export const hasKernelSockets: boolean = host.process !== undefined

export function runtimeName(): RuntimeName {
  return host.Bun !== undefined ? 'Bun' : host.Deno !== undefined ? 'Deno' : hasKernelSockets ? 'Node' : 'Chromium'
}

export function runtime({ platform, cpu, cpus }: Machine): Runtime {
  const name = runtimeName()
  if (name === 'Chromium') {
    const version = /Chrom(?:e|ium)\/([\d.]+)/.exec(navigator.userAgent)?.[1] ?? 'unknown'
    return { name, version, engine: `V8 of Chromium ${version}`, platform, cpu, cpus }
  }
  const { versions } = host.process!
  return {
    name,
    version: versions[name.toLowerCase()] ?? 'unknown',
    engine: name === 'Bun' ? `JavaScriptCore ${versions['webkit'] ?? 'unknown'}` : `V8 ${versions['v8'] ?? 'unknown'}`,
    platform, cpu, cpus,
  }
}
