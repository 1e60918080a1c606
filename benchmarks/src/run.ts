import type { Benchmark } from './benchmark.ts'
import type { BenchmarkDocument, BenchmarkEntry } from './document.ts'
import { countedEntry, timedEntry } from './document.ts'
import type { MeasureOptions } from './measure.ts'
import { measure } from './measure.ts'
import { countedReport, timedReport } from './report.ts'
import type { Machine } from './runtime.ts'
import { runtime, runtimeName } from './runtime.ts'

/** One benchmark after another, in every runtime; `print` gets a table of each. */
export async function runAll(
  chosen: readonly Benchmark[], options: MeasureOptions, print: (text: string) => void,
): Promise<BenchmarkEntry[]> {
  const entries: BenchmarkEntry[] = []
  for (const benchmark of chosen) {
    if (benchmark.runtimes?.includes(runtimeName()) === false) {
      print(`${benchmark.name}: not in ${runtimeName()}`)
    } else if (benchmark.kind === 'timed') {
      const result = await measure(benchmark, options)
      print(timedReport(result))
      entries.push(timedEntry(result))
    } else {
      const missing = await benchmark.missing?.()
      if (missing !== undefined) {
        print(`${benchmark.name}: left out, ${missing}`)
        continue
      }
      const counts = await benchmark.count()
      print(countedReport(benchmark, counts))
      entries.push(countedEntry(benchmark, counts))
    }
  }
  return entries
}

export function benchmarkDocument(entries: readonly BenchmarkEntry[], machine: Machine): BenchmarkDocument {
  return { schema: 1, runtime: runtime(machine), date: new Date().toISOString(), benchmarks: entries }
}
