/**
 * The lock file must install on every platform: npm forgets the optional binaries of the platforms
 * it did not run on, and `npm ci` elsewhere then dies with "Missing: … from lock file".
 * It must also name no registry host, so that a mirror serves as well as the original.
 */
import { readFileSync } from 'node:fs'

interface LockEntry {
  readonly version?: string
  readonly integrity?: string
  readonly resolved?: string
  readonly link?: boolean
  readonly dependencies?: Record<string, string>
  readonly optionalDependencies?: Record<string, string>
  readonly peerDependencies?: Record<string, string>
  readonly peerDependenciesMeta?: Record<string, { optional?: boolean }>
}

export interface LockFile {
  readonly packages: Record<string, LockEntry>
}

/** Where `name` resolves to for the package at `from`, by Node's walk up the node_modules folders. */
export function resolveEntry(lock: LockFile, from: string, name: string): string | undefined {
  let folder = from
  for (;;) {
    const candidate = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`
    if (lock.packages[candidate]) return candidate
    if (folder === '') return undefined
    // One step up: out of the innermost node_modules, or from a workspace's folder to its parent.
    const nested = folder.lastIndexOf('/node_modules/')
    if (nested >= 0) folder = folder.slice(0, nested)
    else if (folder.startsWith('node_modules/')) folder = ''
    else folder = folder.includes('/') ? folder.slice(0, folder.lastIndexOf('/')) : ''
  }
}

/** Everything wrong with a lock file, one line each; empty when it is complete. */
export function lockProblems(lock: LockFile): string[] {
  const problems: string[] = []
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (entry.link) continue
    for (const kind of ['dependencies', 'optionalDependencies'] as const) {
      for (const [name, range] of Object.entries(entry[kind] ?? {})) {
        if (!resolveEntry(lock, path, name)) problems.push(`${path || 'the root'}: ${kind} ${name}@${range} has no entry`)
      }
    }
    if (entry.resolved !== undefined && /^[a-z+]+:/i.test(entry.resolved)) {
      problems.push(`${path}: names the host it was fetched from, ${entry.resolved}`)
    }
    if (path.includes('node_modules/') && (!entry.version || !entry.integrity)) {
      problems.push(`${path}: without a ${entry.version ? 'digest (integrity)' : 'version'}`)
    }
  }
  return problems
}

if (import.meta.main) {
  const lock = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8')) as LockFile
  const problems = lockProblems(lock)
  for (const problem of problems) console.error(problem)
  const entries = Object.keys(lock.packages).length
  console.log(`package-lock.json: ${entries} entries, ${problems.length} problems`)
  if (problems.length > 0) process.exitCode = 1
}
