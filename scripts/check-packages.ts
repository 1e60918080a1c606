/**
 * What a user of npm gets, package by package: packed, inspected, and installed alone from its
 * tarball into an empty folder, where Node, Bun and Deno import it and TypeScript reads its types,
 * or where its command runs. Needs `npm run build` first; needs no network.
 */
import { execFile } from 'node:child_process'
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly exports?: Record<string, string | Record<string, string>>
  readonly bin?: Record<string, string>
  readonly dependencies?: Record<string, string>
}

interface Packed {
  readonly folder: string
  readonly manifest: Manifest
  readonly tarball: string
  readonly files: readonly string[]
}

const root = fileURLToPath(new URL('../', import.meta.url))
const bin = join(root, 'node_modules/.bin')
const run = promisify(execFile)

async function pack(folder: string, work: string): Promise<Packed> {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', work], { cwd: folder })
  const [report] = JSON.parse(stdout) as [{ filename: string, files: { path: string }[] }]
  return { folder, manifest, tarball: join(work, report.filename), files: report.files.map((file) => file.path) }
}

/** What is wrong with the list of files in a tarball. */
export function contentProblems(manifest: Manifest, files: readonly string[]): string[] {
  const problems: string[] = []
  for (const needed of ['package.json', 'README.md', 'LICENSE']) {
    if (!files.includes(needed)) problems.push(`lacks ${needed}`)
  }
  for (const file of files) {
    if (!/^(package\.json|README\.md|LICENSE|CHANGELOG\.md|dist\/.*|src\/.*)$/.test(file)) problems.push(`holds ${file}`)
    if (/(^|\/)tests?\/|\.test\.|tsbuildinfo|\.tgz$/.test(file)) problems.push(`holds the test or build file ${file}`)
  }
  if (!manifest.bin) problems.push(...libraryProblems(manifest))
  for (const [name, path] of Object.entries(manifest.bin ?? {})) {
    if (!files.includes(path.replace(/^\.\//, ''))) problems.push(`bin ${name} is ${path}, which is not in the tarball`)
  }
  for (const [name, target] of Object.entries(manifest.exports ?? {})) {
    for (const path of typeof target === 'string' ? [target] : Object.values(target)) {
      if (!files.includes(path.replace(/^\.\//, ''))) problems.push(`exports ${name} as ${path}, which is not in the tarball`)
    }
  }
  return problems
}

/** What is wrong with the exports of a package that is there to be imported. */
function libraryProblems(manifest: Manifest): string[] {
  const entry = manifest.exports?.['.']
  if (typeof entry !== 'object') return ['exports no "."']
  const problems = ['@layerfour/source', 'types', 'default']
    .filter((condition) => !entry[condition])
    .map((condition) => `exports["."] has no ${condition}`)
  if (manifest.exports?.['./package.json'] !== './package.json') problems.push('does not export ./package.json')
  return problems
}

/** Where npm put a dependency of the package in `folder`. */
function installedFolder(folder: string, name: string): string {
  const nested = join(folder, 'node_modules', name)
  return existsSync(nested) ? nested : join(root, 'node_modules', name)
}

/** Installs one tarball in an empty folder: its @layerfour dependencies from their tarballs, others from what is installed here. */
async function install(packed: Packed, all: readonly Packed[]): Promise<string> {
  const folder = join(dirname(packed.tarball), `with-${packed.manifest.name.replace('@layerfour/', '')}`)
  mkdirSync(folder)
  const ours = all.filter((other) => other !== packed).map((other) => [other.manifest.name, `file:${other.tarball}`])
  const foreign = Object.keys(packed.manifest.dependencies ?? {})
    .filter((name) => !name.startsWith('@layerfour/'))
    .map((name) => [name, `file:${installedFolder(packed.folder, name)}`])
  writeFileSync(join(folder, 'package.json'), JSON.stringify({
    name: 'consumer',
    private: true,
    type: 'module',
    dependencies: { [packed.manifest.name]: `file:${packed.tarball}` },
    overrides: Object.fromEntries([...ours, ...foreign]) as Record<string, string>,
  }))
  // Optional dependencies (koffi) are what a user may lack: the package must import without them.
  await run('npm', ['install', '--offline', '--omit=optional', '--no-package-lock', '--loglevel=error'], { cwd: folder })
  return folder
}

const check = (name: string): string => `
  const exported = Object.keys(await import('${name}'))
  if (exported.length === 0) throw new Error('${name} exports nothing')
`

// Every declaration file is read, not skipped, and without Node's types: a browser project has none.
const consumerOptions = { noEmit: true, strict: true, module: 'nodenext', target: 'es2023', lib: ['es2023', 'dom'], types: [] }

/** What must succeed with an installed package: [what, command, arguments]. */
function consumers({ name, bin: commands }: Manifest): [string, string, string[]][] {
  if (commands) {
    return Object.keys(commands).map((command) => [`${command} --help`, join('node_modules/.bin', command), ['--help']])
  }
  return [
    ['import in Node', join(bin, 'node'), ['--input-type=module', '--eval', check(name)]],
    ['import in Bun', join(bin, 'bun'), ['--eval', check(name)]],
    ['import in Deno', join(bin, 'deno'), ['eval', '--node-modules-dir=manual', check(name)]],
    ['types', join(bin, 'tsc'), ['-p', '.']],
  ]
}

async function problemsOf(packed: Packed, all: readonly Packed[]): Promise<string[]> {
  const { manifest, tarball, files } = packed
  const problems = contentProblems(manifest, files)
  const attempt = async (what: string, command: string, args: string[], cwd: string): Promise<void> => {
    try {
      await run(command, args, { cwd, env: { ...process.env, NO_COLOR: '1' } })
    } catch (error) {
      const { stdout, stderr } = error as { stdout?: string, stderr?: string }
      problems.push(`${what}: ${(`${stdout ?? ''}${stderr ?? ''}`.trim() || String(error))}`)
    }
  }
  await attempt('publint', join(bin, 'publint'), ['run', tarball, '--strict'], packed.folder)
  if (!manifest.bin) await attempt('attw', join(bin, 'attw'), [tarball, '--profile', 'esm-only', '--no-emoji', '--no-color'], packed.folder)
  try {
    const folder = await install(packed, all)
    writeFileSync(join(folder, 'consumer.ts'), `import * as all from '${manifest.name}'\nexport const names = Object.keys(all)\n`)
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: consumerOptions, files: ['consumer.ts'] }))
    for (const [what, command, args] of consumers(manifest)) await attempt(what, command, args, folder)
  } catch (error) {
    problems.push(`npm install: ${(error as { stderr?: string }).stderr ?? String(error)}`)
  }
  return problems
}

async function main(work: string): Promise<number> {
  const folders = globSync('{packages,apps}/*/package.json', { cwd: root }).sort()
    .filter((path) => !(JSON.parse(readFileSync(join(root, path), 'utf8')) as Manifest).private)
    .map((path) => join(root, dirname(path)))
  const unbuilt = folders.filter((folder) => !existsSync(join(folder, 'dist')))
  if (unbuilt.length > 0) {
    console.error(`not built, run npm run build first: ${unbuilt.join(', ')}`)
    return 1
  }
  const all: Packed[] = []
  for (const folder of folders) all.push(await pack(folder, work))
  let faulty = 0
  for (const packed of all) {
    const problems = await problemsOf(packed, all)
    const { name, version } = packed.manifest
    console.log(`${problems.length === 0 ? 'ok  ' : 'FAIL'} ${name}@${version}: ${packed.files.length} files`)
    for (const problem of problems) console.log(`     ${problem.replaceAll('\n', '\n     ')}`)
    if (problems.length > 0) faulty++
  }
  console.log(`${all.length - faulty} packages good, ${faulty} faulty: contents, exports, publint, attw, installed alone, `
    + 'imported in Node, Bun and Deno or run, types read by tsc')
  return faulty > 0 ? 1 : 0
}

if (import.meta.main) {
  const work = mkdtempSync(join(tmpdir(), 'l4-packages-'))
  try {
    process.exitCode = await main(work)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
