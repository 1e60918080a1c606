import { writeFileSync } from 'node:fs'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { chromiumPath } from '../../../testing/missing.node.ts'
import { optional } from '../../../testing/optional.ts'
import { atLeast, command } from '../arguments.ts'
import { benchmarks } from '../benchmarks/index.ts'
import { chooseBenchmarks } from '../choose.ts'
import type { BenchmarkDocument } from '../document.ts'
import { machine } from '../machine.ts'
import { BenchBrowser } from './chromium.ts'

const usage = `npm run bench:browser -- [options] [NAME…]

The benchmarks of npm run bench that make sense there, in headless Chromium: /usr/bin/chromium, or CHROME_PATH.

  --json FILE    write the results as one JSON document
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
  const options = { rounds: atLeast(values.rounds, '--rounds', 1), turn: atLeast(values.turn, '--turn', 1) }
  const chosen = chooseBenchmarks(benchmarks, positionals).filter(({ runtimes }) => runtimes?.includes('Chromium') !== false)
  const path = chromiumPath()
  if (!optional('Chromium', path === undefined ? 'no /usr/bin/chromium, and CHROME_PATH names none' : '', 'benchmarks in a page')) return

  const browser = await BenchBrowser.open(path!)
  const documents: BenchmarkDocument[] = []
  try {
    for (const { name } of chosen) {
      try {
        documents.push(await browser.run(name, options, machine(), (text) => console.log(`\n${text}`)))
      } catch (error) {
        console.error(`\n${name} failed: ${(error as Error).message}`)
        process.exitCode = 1
      }
    }
  } finally {
    await browser.close()
  }
  if (values.json === undefined || documents.length === 0) return
  const document: BenchmarkDocument = { ...documents.at(-1)!, benchmarks: documents.flatMap((one) => one.benchmarks) }
  writeFileSync(values.json, `${JSON.stringify(document, null, 2)}\n`)
}

await command(main)
