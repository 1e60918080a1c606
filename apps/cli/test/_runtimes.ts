import { existsSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

export const root: string = fileURLToPath(new URL('../../../', import.meta.url))
export const main: string = fileURLToPath(new URL('../src/main.ts', import.meta.url))

const source = '--conditions=@layerfour/source'

function installed(name: string): string | undefined {
  const path = `${root}node_modules/.bin/${name}`
  return existsSync(path) ? path : undefined
}

/** The Node that runs the tests, or the one that npm installed. */
function node(): string | undefined {
  return 'deno' in process.versions || 'bun' in process.versions ? installed('node') : process.execPath
}

/** How to run `l4` from its sources in each runtime; undefined where the runtime is missing. */
export const runtimes: Readonly<Record<'node' | 'deno' | 'bun', readonly string[] | undefined>> = {
  node: withPath(node(), [source, main]),
  deno: withPath(installed('deno'), ['run', '--quiet', '--allow-all', source, main]),
  bun: withPath(installed('bun'), [source, main]),
}

function withPath(path: string | undefined, words: readonly string[]): readonly string[] | undefined {
  return path === undefined ? undefined : [path, ...words]
}
