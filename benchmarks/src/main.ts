import { writeFileSync } from 'node:fs'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { atLeast, command, UsageError } from './arguments.ts'
import { benchmarks } from './benchmarks/index.ts'
import { chooseBenchmarks } from './choose.ts'
import type { BenchmarkEntry } from './document.ts'
import { runIsolated } from './isolated.ts'
import { hostRuntime, machine } from './machine.ts'
import { collect, writePage } from './performance/collect.ts'
import { runtimeLine, table } from './report.ts'
import { benchmarkDocument, runAll } from './run.ts'
import { targetResults, targetRows } from './targets.ts'

const usage = `npm run bench -- [options] [NAME…]

Runs the benchmarks of these names, or of these groups (speed, bound, memory, scale), or all, each in a process of its own:
${benchmarks.map(({ name, title, group }) => `  ${name.padEnd(22)}${group.padEnd(8)}${title}`).join('\n')}

  --json FILE    write the results as one JSON document (README.md describes it)
  --rounds N     turns of each contender, 7 by default
  --turn MS      how long a turn takes, 200 ms by default
  --brief        nothing but the tables
  --write        all of them, in Node, Deno, Bun, Chromium and over TUN, as far as these are there: docs/performance.md, its plots and documents
  --page         docs/performance.md from the documents that are there
  --help`

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      json: { type: 'string' },
      rounds: { type: 'string', default: '7' },
      turn: { type: 'string', default: '200' },
      brief: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      page: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return console.log(usage)
  const { brief } = values
  const rounds = atLeast(values.rounds, '--rounds', 1)
  const turn = atLeast(values.turn, '--turn', 1)
  if (values.write || values.page) {
    if (positionals.length > 0 || values.json !== undefined) throw new UsageError('--write and --page go with neither names nor --json')
    return values.write ? collect(values.rounds, values.turn) : writePage()
  }
  const chosen = chooseBenchmarks(benchmarks, positionals)

  if (!brief) console.log(runtimeLine(hostRuntime()))
  let entries: BenchmarkEntry[]
  if (chosen.length === 1) {
    entries = await runAll(chosen, { rounds, turn }, (text) => console.log(`\n${text}`))
  } else {
    const run = await runIsolated(chosen, ['--rounds', values.rounds, '--turn', values.turn])
    entries = run.entries
    if (run.failed.length > 0) {
      console.error(`\nfailed: ${run.failed.join(', ')}`)
      process.exitCode = 1
    }
  }
  if (!brief) printTargets(entries)
  if (values.json !== undefined) {
    writeFileSync(values.json, `${JSON.stringify(benchmarkDocument(entries, machine()), null, 2)}\n`)
  }
}

function printTargets(entries: readonly BenchmarkEntry[]): void {
  const results = targetResults(entries)
  if (results.length > 0) console.log(`\n${table(targetRows(results))}`)
}

await command(main)
