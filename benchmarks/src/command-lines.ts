import process from 'node:process'
import { fileURLToPath } from 'node:url'
import type { RuntimeName } from './benchmark.ts'
import { runtimeName } from './runtime.ts'

const main = fileURLToPath(new URL('main.ts', import.meta.url))
const CONDITION = '--conditions=@layerfour/source'

/** A program and its first arguments. */
export type CommandLine = readonly [program: string, ...args: string[]]

/** How `npm run bench` runs in a runtime; pages have no command line. */
export const benchCommands: Readonly<Record<Exclude<RuntimeName, 'Chromium'>, CommandLine>> = {
  Node: ['node', CONDITION, '--expose-gc', main],
  Deno: ['deno', 'run', '--allow-all', CONDITION, '--v8-flags=--expose-gc', main],
  Bun: ['bun', CONDITION, '--expose-gc', main],
}

/** The same in the runtime of this process, by the program that it is. */
export function benchAgain(): CommandLine {
  const name = runtimeName()
  if (name === 'Chromium') throw new Error('a page starts no processes')
  const [, ...args] = benchCommands[name]
  return [process.execPath, ...args]
}
