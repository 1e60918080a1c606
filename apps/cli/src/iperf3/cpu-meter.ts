import process from 'node:process'
import type { CpuUse } from './results.ts'

/** What of this process's CPU time a test took. */
export class CpuMeter {
  readonly #used = process.cpuUsage()
  readonly #since = process.hrtime.bigint()

  /** Since the meter was made. */
  read(): CpuUse {
    const { user, system } = process.cpuUsage(this.#used)
    const microseconds = Math.max(Number(process.hrtime.bigint() - this.#since) / 1000, 1)
    const percent = (time: number): number => (100 * time) / microseconds
    return { total: percent(user + system), user: percent(user), system: percent(system) }
  }
}
