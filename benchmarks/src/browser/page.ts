import { benchmarks } from '../benchmarks/index.ts'
import type { BenchmarkDocument } from '../document.ts'
import type { MeasureOptions } from '../measure.ts'
import type { Machine } from '../runtime.ts'
import { benchmarkDocument, runAll } from '../run.ts'

/** What the program that opened the page calls: one benchmark, as `npm run bench NAME` does it. */
async function bench(name: string, options: MeasureOptions, machine: Machine): Promise<BenchmarkDocument> {
  const chosen = benchmarks.filter((benchmark) => benchmark.name === name)
  const entries = await runAll(chosen, options, (text) => console.log(text))
  return benchmarkDocument(entries, machine)
}

Object.assign(globalThis, { bench })
