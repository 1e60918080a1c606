import { arch, availableParallelism, cpus, platform } from 'node:os'
import type { Machine, Runtime } from './runtime.ts'
import { runtime } from './runtime.ts'

export function machine(): Machine {
  return { platform: `${platform()} ${arch()}`, cpu: cpus()[0]?.model.trim() ?? 'unknown', cpus: availableParallelism() }
}

/** What this very process runs on. */
export function hostRuntime(): Runtime {
  return runtime(machine())
}
