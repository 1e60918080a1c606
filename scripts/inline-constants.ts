import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'esbuild'

/**
 * Packages name their numbers (`DropReason.BadChecksum`, `State['SYN-SENT']`) in objects, which no bundler takes apart. Built packages have
 * the numbers themselves: minified they are shorter, and objects that nobody asks for names are left out of bundles.
 */

type Table = ReadonlyMap<string, string>

const declaration = /^export const (\w+) = \{\n((?: {2}.*\n|\n)*)\} as const$/gm
const member = /^ {2}(?:(\w+)|'([^']+)'): (-?\d+|0x[\da-f]+|1 << \d+),?$/gm
const comment = /\/\*[^]*?\*\/|\/\/.*/g

/** The objects of constants, whose values are all numbers, that a module declares. */
function declaredTables(source: string): Map<string, Table> {
  const tables = new Map<string, Table>()
  for (const [, name, body] of source.matchAll(declaration)) {
    const bare = body!.replace(comment, '').split('\n').map((line) => line.trimEnd()).filter((line) => line.trim() !== '')
    const members = [...bare.join('\n').matchAll(member)]
    if (members.length === 0 || members.length !== bare.length) continue
    tables.set(name!, new Map(members.map(([, plain, quoted, value]) => [(plain ?? quoted)!, /^\d+$/.test(value!) ? value! : `(${value!})`])))
  }
  return tables
}

const root = fileURLToPath(new URL('../', import.meta.url))

/** Those of all packages; a name that two of them have is not among them, so that it is never mistaken. */
function allTables(): Map<string, Table> {
  const tables = new Map<string, Table>()
  const twice = new Set<string>()
  for (const file of globSync('packages/*/src/**/*.ts', { cwd: root })) {
    for (const [name, table] of declaredTables(readFileSync(join(root, file), 'utf8'))) {
      if (tables.has(name)) twice.add(name)
      tables.set(name, table)
    }
  }
  for (const name of twice) tables.delete(name)
  return tables
}

/** A module with numbers in place of members of those objects that it declares or imports. */
export function inlineConstants(source: string, tables: ReadonlyMap<string, Table>): string {
  const known = new Map<string, Table>()
  for (const name of declaredTables(source).keys()) if (tables.has(name)) known.set(name, tables.get(name)!)
  for (const [, names] of source.matchAll(/^import \{([^}]*)\} from /gm)) {
    for (const [, name, alias] of names!.matchAll(/(\w+)(?: as (\w+))?/g)) {
      const table = tables.get(name!)
      if (table !== undefined) known.set(alias ?? name!, table)
    }
  }
  return source.replace(/(?<![\w.$#])([A-Z]\w*)(?:\.(\w+)\b(?!\()|\['([^']+)'\])/g, (whole, name: string, plain?: string, quoted?: string) =>
    known.get(name)?.get((plain ?? quoted)!) ?? whole)
}

export function constantsInlined(): Plugin {
  const tables = allTables()
  return {
    name: 'constants-inlined',
    setup(build) {
      build.onLoad({ filter: /[\\/]packages[\\/][^\\/]+[\\/]src[\\/].*\.ts$/ }, ({ path }) => (
        { contents: inlineConstants(readFileSync(path, 'utf8'), tables), loader: 'ts' }
      ))
    },
  }
}
