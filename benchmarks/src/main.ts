import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { atLeast, command, UsageError } from './arguments.ts'
import { benchmarks } from './benchmarks/index.ts'
import type { Benchmark } from './benchmark.ts'
import type { BenchmarkDocument, BenchmarkEntry } from './document.ts'
import { countedEntry, timedEntry } from './document.ts'
import { measure } from './measure.ts'
import { countedReport, runtimeLine, timedReport } from './report.ts'
import { runtime } from './runtime.ts'

const usage = `npm run bench -- [options] [NAME…]

Runs the benchmarks of these names, or all:
${benchmarks.map(({ name, title }) => `  ${name.padEnd(22)}${title}`).join('\n')}

  --json FILE    write the results as one JSON document (README.md describes it)
  --rounds N     turns of each contender, 7 by default
  --turn MS      how long a turn takes, 200 ms by default
  --help`

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      json: { type: 'string' },
      rounds: { type: 'string', default: '7' },
      turn: { type: 'string', default: '200' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return console.log(usage)
  const rounds = atLeast(values.rounds, '--rounds', 1)
  const turn = atLeast(values.turn, '--turn', 1)
  const chosen = choose(positionals)

  console.log(runtimeLine(runtime()))
  const entries: BenchmarkEntry[] = []
  for (const benchmark of chosen) {
    if (benchmark.kind === 'timed') {
      const result = await measure(benchmark, { rounds, turn })
      console.log(`\n${timedReport(result)}`)
      entries.push(timedEntry(result))
    } else {
      const counts = await benchmark.count()
      console.log(`\n${countedReport(benchmark, counts)}`)
      entries.push(countedEntry(benchmark, counts))
    }
  }
  if (values.json !== undefined) {
    const document: BenchmarkDocument = { schema: 1, runtime: runtime(), date: new Date().toISOString(), benchmarks: entries }
    writeFileSync(values.json, `${JSON.stringify(document, null, 2)}\n`)
  }
}

function choose(names: readonly string[]): readonly Benchmark[] {
  if (names.length === 0) return benchmarks
  return names.map((name) => {
    const found = benchmarks.find((benchmark) => benchmark.name === name)
    if (found === undefined) throw new UsageError(`no benchmark is named '${name}'; --help lists them`)
    return found
  })
}

await command(main)
