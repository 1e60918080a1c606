import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { benchCommands } from '../command-lines.ts'
import type { BenchmarkDocument } from '../document.ts'
import { run } from '../isolated.ts'
import { table } from '../report.ts'
import { targetResults, targetRows } from '../targets.ts'
import { performancePage } from './page.ts'

const docs = new URL('../../../docs/', import.meta.url)
const DIRECTORY = 'performance'
const directory = new URL(`${DIRECTORY}/`, docs)
/** What the other runtimes run. */
const ELSEWHERE = ['speed', 'bound', 'memory', 'churn', 'active-connections', 'time-wait']
/** Their rounds. */
const FEWER = '4'

const program = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const source = '--conditions=@layerfour/source'

/** Where each document comes from; `options` are those of the turns. */
function commands(rounds: string, turn: string): readonly { readonly name: string, readonly words: readonly string[] }[] {
  const elsewhere = [...ELSEWHERE, '--rounds', FEWER, '--turn', turn]
  return [
    { name: 'node', words: [...benchCommands.Node, '--rounds', rounds, '--turn', turn] },
    { name: 'deno', words: [...benchCommands.Deno, ...elsewhere] },
    { name: 'bun', words: [...benchCommands.Bun, ...elsewhere] },
    { name: 'chromium', words: ['node', source, program('../browser/main.ts'), ...elsewhere] },
    { name: 'tun', words: ['node', source, program('../tun/main.ts'), '--rounds', '3', '--seconds', '2'] },
  ]
}

/**
 * Runs everything in every runtime that is there, one after another, keeps the documents in docs/performance, and writes the page. What
 * fails or is missing is named and left out.
 */
export async function collect(rounds: string, turn: string): Promise<void> {
  mkdirSync(directory, { recursive: true })
  // For the sizes of bundles.
  if (await run('turbo', ['run', 'build', '--output-logs=errors-only']) !== 0) console.error('the packages could not be built')
  const left: string[] = []
  for (const { name, words: [first, ...args] } of commands(rounds, turn)) {
    console.log(`\n=== ${name}`)
    const file = place(name)
    rmSync(file, { force: true })
    const code = await run(first!, [...args, '--json', file])
    if (code !== 0 || !existsSync(file)) left.push(name)
  }
  if (left.length > 0) console.error(`\nnot complete: ${left.join(', ')}`)
  writePage()
}

/** Writes the page from the documents that are in docs/performance. */
export function writePage(): void {
  const node = read('node')
  if (node === undefined) throw new Error(`${place('node')} is missing: --write makes it`)
  const tun = read('tun')
  const others = ['deno', 'bun', 'chromium'].map(read).filter((document) => document !== undefined)
  const { markdown, plots } = performancePage({ node, others, tun }, DIRECTORY)
  for (const { file, svg } of plots) writeFileSync(new URL(file, directory), svg)
  writeFileSync(new URL('performance.md', docs), markdown)
  console.log(`\n${table(targetRows(targetResults([...node.benchmarks, ...tun?.benchmarks ?? []])))}`)
}

function place(name: string): string {
  return fileURLToPath(new URL(`${name}.json`, directory))
}

function read(name: string): BenchmarkDocument | undefined {
  return existsSync(place(name)) ? JSON.parse(readFileSync(place(name), 'utf8')) as BenchmarkDocument : undefined
}
