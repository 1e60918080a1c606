import { UsageError } from './arguments.ts'
import type { Benchmark } from './benchmark.ts'

/** Those of these names or groups; all of them when none is given. Throws `UsageError` for a name that nothing has. */
export function chooseBenchmarks(benchmarks: readonly Benchmark[], names: readonly string[]): readonly Benchmark[] {
  if (names.length === 0) return benchmarks
  return names.flatMap((wanted) => {
    const found = benchmarks.filter(({ name, group }) => name === wanted || group === wanted)
    if (found.length === 0) throw new UsageError(`no benchmark or group is named '${wanted}'; --help lists them`)
    return found
  })
}
