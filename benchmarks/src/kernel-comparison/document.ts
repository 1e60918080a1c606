import type { Runtime } from '../runtime.ts'
import type { Comparison } from './comparison.ts'

/** What `--json FILE` writes. */
export interface KernelComparisonDocument {
  readonly schema: 1
  readonly runtime: Runtime
  /** Release of the kernel: `6.18.44`. */
  readonly kernel: string
  /** When the run ended, ISO 8601 in UTC. */
  readonly date: string
  /** How long each connection sent, in ms. */
  readonly duration: number
  /** Every run with all its figures: text by time, the senders' counters, the path's. */
  readonly comparisons: readonly Comparison[]
}
