import { writeFileSync } from 'node:fs'
import { release } from 'node:os'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { missingCommand, missingKernelHost } from '../../../testing/missing.node.ts'
import { optional } from '../../../testing/optional.ts'
import { atLeast, command, UsageError } from '../arguments.ts'
import { runtimeLine } from '../report.ts'
import { hostRuntime } from '../machine.ts'
import type { Comparison } from './comparison.ts'
import { compare, ratios, senderNames } from './comparison.ts'
import type { KernelComparisonDocument } from './document.ts'
import { markdown } from './markdown.ts'
import { comparisonReport } from './report.ts'
import { scenarios } from './scenarios.ts'
import { TestBed } from './test-bed.ts'

const usage = `npm run bench:kernel -- [options]

Our sender and the Linux kernel's over the same emulated paths, in real time. Needs Linux, root and TUN.

  --scenario NAME   only this one; may be given again:
${scenarios.map(({ name, title }) => `      ${name.padEnd(14)}${title}`).join('\n')}
  --sender NAME     only this one: ${senderNames.join(' or ')}
  --rounds N        turns of each sender, 3 by default
  --seconds N       how long a turn takes, 8 by default
  --json FILE       write every run with all its figures
  --write           write docs/kernel-comparison.md
  --help`

/** Without what a distribution or a host adds to it: 6.18.44. */
const kernel = /^[\d.]+/.exec(release())?.[0] ?? release()
const page = new URL('../../../docs/kernel-comparison.md', import.meta.url)

async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      scenario: { type: 'string', multiple: true },
      sender: { type: 'string' },
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '8' },
      json: { type: 'string' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return console.log(usage)
  const rounds = atLeast(values.rounds, '--rounds', 1)
  const duration = atLeast(values.seconds, '--seconds', 1) * 1000
  const chosen = choose('--scenario', values.scenario, scenarios.map(({ name }) => name))
  const senders = choose('--sender', values.sender === undefined ? undefined : [values.sender], senderNames)
  const missing = missingKernelHost() ?? ['ss', 'sysctl', 'chrt'].map(missingCommand).find(Boolean)
  if (!optional('a kernel test host', missing, 'the comparison with the Linux kernel')) return

  // Namespaces outlive their processes: leave in order, for `exit` removes them.
  for (const [signal, number] of [['SIGINT', 2], ['SIGTERM', 15]] as const) process.once(signal, () => process.exit(128 + number))
  const bed = new TestBed()
  const comparisons: Comparison[] = []
  try {
    await bed.open()
    console.log(`Linux ${kernel}, ${runtimeLine(hostRuntime())}; ${rounds} × ${duration / 1000} s`)
    for (const scenario of scenarios.filter(({ name }) => chosen.includes(name))) {
      const comparison = await compare(bed, scenario, senders, rounds, duration)
      console.log(`\n${comparisonReport(comparison)}`)
      comparisons.push(comparison)
    }
  } finally {
    await bed.close()
  }
  const each = comparisons.flatMap((comparison) => ratios(comparison)?.median ?? [])
  if (each.length > 0) console.log(`\nLeast ratio of the scenarios: ${Math.min(...each).toFixed(3)}`)

  const document: KernelComparisonDocument = {
    schema: 1, runtime: hostRuntime(), kernel, date: new Date().toISOString(), duration, comparisons,
  }
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(document, null, 2)}\n`)
  if (values.write) writeFileSync(page, markdown(document))
}

function choose<T extends string>(option: string, given: readonly string[] | undefined, known: readonly T[]): readonly T[] {
  if (given === undefined) return known
  return given.map((name) => {
    const found = known.find((one) => one === name)
    if (found === undefined) throw new UsageError(`${option} is '${name}', expected one of ${known.join(', ')}`)
    return found
  })
}

await command(main)
