/**
 * What a user of npm gets, package by package: packed, inspected, and installed alone from its
 * tarball into an empty folder, where Node, Bun and Deno import it and TypeScript reads its types.
 * Needs `npm run build` first; needs no network.
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
  const entry = manifest.exports?.['.']
  if (typeof entry !== 'object') problems.push('exports no "."')
  else {
    for (const condition of ['@layerfour/source', 'types', 'default']) {
      if (!entry[condition]) problems.push(`exports["."] has no ${condition}`)
    }
  }
  if (manifest.exports?.['./package.json'] !== './package.json') problems.push('does not export ./package.json')
  for (const [name, target] of Object.entries(manifest.exports ?? {})) {
    for (const path of typeof target === 'string' ? [target] : Object.values(target)) {
      if (!files.includes(path.replace(/^\.\//, ''))) problems.push(`exports ${name} as ${path}, which is not in the tarball`)
    }
  }
  return problems
}

/** Installs one tarball in an empty folder; its @layerfour dependencies come from their tarballs too. */
async function install(packed: Packed, all: readonly Packed[]): Promise<string> {
  const folder = join(dirname(packed.tarball), `with-${packed.manifest.name.replace('@layerfour/', '')}`)
  mkdirSync(folder)
  const others = all.filter((other) => other !== packed)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({
    name: 'consumer',
    private: true,
    type: 'module',
    dependencies: { [packed.manifest.name]: `file:${packed.tarball}` },
    overrides: Object.fromEntries(others.map((other) => [other.manifest.name, `file:${other.tarball}`])),
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

/** The programs that must accept an installed package: [what, command, arguments]. */
function consumers({ name }: Manifest): [string, string, string[]][] {
  return [
    ['Node', join(bin, 'node'), ['--input-type=module', '--eval', check(name)]],
    ['Bun', join(bin, 'bun'), ['--eval', check(name)]],
    ['Deno', join(bin, 'deno'), ['eval', '--node-modules-dir=manual', check(name)]],
    ['TypeScript', join(bin, 'tsc'), ['-p', '.']],
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
  await attempt('attw', join(bin, 'attw'), [tarball, '--profile', 'esm-only', '--no-emoji', '--no-color'], packed.folder)
  try {
    const folder = await install(packed, all)
    writeFileSync(join(folder, 'consumer.ts'), `import * as all from '${manifest.name}'\nexport const names = Object.keys(all)\n`)
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: consumerOptions, files: ['consumer.ts'] }))
    for (const [what, command, args] of consumers(manifest)) await attempt(`import in ${what}`, command, args, folder)
  } catch (error) {
    problems.push(`npm install: ${(error as { stderr?: string }).stderr ?? String(error)}`)
  }
  return problems
}

async function main(work: string): Promise<number> {
  const folders = globSync('packages/*/package.json', { cwd: root }).sort().map((path) => join(root, dirname(path)))
  const unbuilt = folders.filter((folder) => !existsSync(join(folder, 'dist/index.js')))
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
    + 'imported in Node, Bun and Deno, types read by tsc')
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
