import { mkdirSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { command, UsageError } from '../arguments.ts'
import { table } from '../report.ts'
import type { Finding } from './document.ts'
import { checkLine, congestionDocument } from './document.ts'
import { experiments } from './experiments/index.ts'
import { markdown } from './markdown.ts'

const usage = `npm run bench:congestion -- [options]

Congestion control in virtual time: tables, plots and what must hold. Ends with 1 when something does not hold.

  --only NAME   only this one; may be given again:
${experiments.map(({ name, title }) => `      ${name.padEnd(10)}${title}`).join('\n')}
  --quick       fewer and shorter runs: half a minute instead of some minutes
  --json FILE   write tables and checks
  --write       write docs/congestion.md and the plots in docs/congestion; of all experiments in full
  --help`

const PLOTS = 'congestion'
const docs = new URL('../../../docs/', import.meta.url)

async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string', multiple: true },
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return console.log(usage)
  const { only, quick, json, write } = values
  const unknown = only?.find((name) => !experiments.some((experiment) => experiment.name === name))
  if (unknown !== undefined) {
    throw new UsageError(`--only is '${unknown}', expected one of ${experiments.map(({ name }) => name).join(', ')}`)
  }
  if (write && (quick || only !== undefined)) throw new UsageError('--write goes with neither --quick nor --only: the page has all in full')

  const findings: Finding[] = []
  for (const experiment of experiments) {
    if (only !== undefined && !only.includes(experiment.name)) continue
    console.log(`\n${experiment.title}`)
    const outcome = experiment.run(quick)
    for (const { title, rows } of outcome.tables) console.log(`\n${title}\n${table(rows)}`)
    if (outcome.checks.length > 0) console.log(`\n${outcome.checks.map(checkLine).join('\n')}`)
    findings.push({ experiment, outcome })
    // Time for the signals of an impatient user: a run computes without a pause.
    await new Promise((resolve) => setImmediate(resolve))
  }

  if (json !== undefined) writeFileSync(json, `${JSON.stringify(congestionDocument(findings, quick), null, 2)}\n`)
  if (write) {
    mkdirSync(new URL(`${PLOTS}/`, docs), { recursive: true })
    for (const { file, svg } of findings.flatMap(({ outcome }) => outcome.plots)) writeFileSync(new URL(`${PLOTS}/${file}`, docs), svg)
    writeFileSync(new URL('congestion.md', docs), markdown(findings, PLOTS))
  }
  const checks = findings.flatMap(({ outcome }) => outcome.checks)
  const failed = checks.filter(({ passed }) => !passed).length
  console.log(`\n${checks.length - failed} of ${checks.length} checks pass`)
  if (failed > 0) process.exitCode = 1
}

await command(main)
