import { arch, availableParallelism, cpus, platform } from 'node:os'

/** What a figure hangs on besides the code. */
export interface Runtime {
  /** `Node`, `Deno` or `Bun`. */
  readonly name: string
  readonly version: string
  /** The engine and its version: `V8 13.6.233.17`. */
  readonly engine: string
  readonly platform: string
  readonly cpu: string
  /** CPUs that this process may use. */
  readonly cpus: number
}

export function runtime(): Runtime {
  const { versions } = process as { versions: Record<string, string | undefined> }
  const name = versions['bun'] !== undefined ? 'Bun' : versions['deno'] !== undefined ? 'Deno' : 'Node'
  return {
    name,
    version: versions[name.toLowerCase()] ?? 'unknown',
    engine: name === 'Bun' ? `JavaScriptCore ${versions['webkit'] ?? 'unknown'}` : `V8 ${versions['v8'] ?? 'unknown'}`,
    platform: `${platform()} ${arch()}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cpus: availableParallelism(),
  }
}
