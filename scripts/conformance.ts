/**
 * `npm run conformance`: which requirements of RFC 9293 have a test. A test carries a requirement when its title names the
 * label, as in "MUST-23: …", and only tests that pass count: the files that name labels are run here. What has no test
 * must have a reason in docs/conformance/rfc9293-reasons.tsv. Fails when a MUST has neither, when a test that carries a
 * label fails, and when labels or reasons are out of date. With --write, docs/conformance/rfc9293.md is written anew.
 */
import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import process from 'node:process'

const root = join(import.meta.dirname, '..')
const folder = join(root, 'docs', 'conformance')
const levels = ['MUST', 'SHLD', 'REC', 'MAY'] as const

interface Requirement {
  readonly label: string
  readonly section: string
  readonly sentence: string
}

/** `n/a`: it asks nothing of this stack. `left out`: it could be done, and is not. */
interface Reason {
  readonly kind: 'n/a' | 'left out'
  readonly text: string
}

interface CarryingTest {
  readonly file: string
  readonly title: string
  readonly passed: boolean
}

export interface Conformance {
  readonly requirements: readonly Requirement[]
  readonly reasons: ReadonlyMap<string, Reason>
  /** Tests by the label that they carry. */
  readonly tests: ReadonlyMap<string, readonly CarryingTest[]>
}

const labelPattern = /\b(?:MUST|SHLD|REC|MAY)-\d+\b/g

export function labelsIn(text: string): string[] {
  return [...new Set(text.match(labelPattern))]
}

/** Rows of a table with a header line, cells parted by tabs. */
export function readTable(text: string, columns: number): string[][] {
  return text.trimEnd().split('\n').slice(1).map((line, index) => {
    const cells = line.split('\t')
    if (cells.length !== columns) throw new Error(`line ${index + 2} has ${cells.length} columns, expected ${columns}: ${line}`)
    return cells
  })
}

/** What is wrong, one line each; nothing when `npm run conformance` may succeed. */
export function problems({ requirements, reasons, tests }: Conformance): string[] {
  const known = new Set(requirements.map(({ label }) => label))
  const found: string[] = []
  for (const { label } of requirements) {
    const carrying = tests.get(label) ?? []
    const reason = reasons.get(label)
    for (const { file, title, passed } of carrying) if (!passed) found.push(`${label}: ${file} "${title}" fails`)
    if (carrying.length > 0 && reason) found.push(`${label} has a test, and still a reason for having none: ${reason.text}`)
    if (carrying.length === 0 && !reason) found.push(`${label} has neither a test nor a reason`)
    if (carrying.length === 0 && reason?.kind === 'left out' && label.startsWith('MUST')) found.push(`${label} is left out: ${reason.text}`)
  }
  for (const label of [...tests.keys(), ...reasons.keys()]) {
    if (!known.has(label)) found.push(`${label} is no label of RFC 9293: ${tests.get(label)?.[0]?.file ?? 'in the reasons'}`)
  }
  return found
}

export interface Count {
  readonly level: string
  readonly all: number
  readonly tested: number
  readonly notApplicable: number
  readonly leftOut: number
}

export function counts({ requirements, reasons, tests }: Conformance): Count[] {
  return levels.map((level) => {
    const labels = requirements.map(({ label }) => label).filter((label) => label.startsWith(`${level}-`))
    const bare = labels.filter((label) => !tests.has(label))
    return {
      level,
      all: labels.length,
      tested: labels.length - bare.length,
      notApplicable: bare.filter((label) => reasons.get(label)?.kind === 'n/a').length,
      leftOut: bare.filter((label) => reasons.get(label)?.kind !== 'n/a').length,
    }
  })
}

function summary(conformance: Conformance): string {
  const lines = ['level   all  tested  does not apply  left out']
  for (const { level, all, tested, notApplicable, leftOut } of counts(conformance)) {
    const share = all === notApplicable ? '' : `   ${(100 * tested / (all - notApplicable)).toFixed(0)} % of what applies`
    lines.push(
      `${level.padEnd(5)} ${String(all).padStart(5)}  ${String(tested).padStart(6)}  ${String(notApplicable).padStart(14)}  `
      + `${String(leftOut).padStart(8)}${share}`,
    )
  }
  return lines.join('\n')
}

function untested({ requirements, reasons, tests }: Conformance): string {
  return requirements.filter(({ label }) => !tests.has(label)).map(({ label, section }) => {
    const reason = reasons.get(label)
    return `${label} (§${section}) ${reason ? `${reason.kind}: ${reason.text}` : 'no test, no reason'}`
  }).join('\n')
}

/** The report as a page. */
export function markdown(conformance: Conformance): string {
  const { requirements, reasons, tests } = conformance
  const cell = (text: string): string => text.replaceAll('|', '\\|')
  const rows = requirements.map(({ label, section, sentence }) => {
    const titles = new Map((tests.get(label) ?? []).map(({ file, title }) => [`${file} ${title}`, `\`${file}\`: ${cell(title)}`]))
    const reason = reasons.get(label)
    const shown = titles.size > 0 ? [...titles.values()].join('<br>') : reason ? `${reason.kind}: ${cell(reason.text)}` : ''
    return `| ${label} | ${section} | ${cell(sentence)} | ${shown} |`
  })
  return [
    '# RFC 9293, requirement by requirement', '',
    'Written by `npm run conformance -- --write`: each requirement of RFC 9293 by its label, with the sentence of the RFC that states',
    'it and the tests that carry the label in their title, or why there is none.', '',
    '```text', summary(conformance), '```', '',
    '| label | § | RFC 9293 says | tests |', '|---|---|---|---|', ...rows, '',
  ].join('\n')
}

interface JsonReport {
  testResults: { name: string, assertionResults: { title: string, status: string }[] }[]
}

/** Runs the test files that name a label, and files their tests by label. */
function runTests(): Map<string, CarryingTest[]> {
  const files = globSync('packages/*/test/**/*.test.ts', { cwd: root })
    .filter((file) => !file.includes('isn-at') && labelsIn(readFileSync(join(root, file), 'utf8')).length > 0)
  const work = mkdtempSync(join(tmpdir(), 'conformance-'))
  try {
    const outputFile = join(work, 'report.json')
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
    const run = spawnSync(process.execPath, [vitest, 'run', '--reporter=json', `--outputFile=${outputFile}`, ...files], {
      cwd: root, stdio: ['ignore', 'ignore', 'inherit'],
    })
    if (run.error) throw run.error
    const report = JSON.parse(readFileSync(outputFile, 'utf8')) as JsonReport
    return byLabel(report)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

function byLabel(report: JsonReport): Map<string, CarryingTest[]> {
  const tests = new Map<string, CarryingTest[]>()
  for (const { name, assertionResults } of report.testResults) {
    for (const { title, status } of assertionResults) {
      if (status !== 'passed' && status !== 'failed') continue
      for (const label of labelsIn(title)) {
        const carrying = tests.get(label) ?? []
        carrying.push({ file: relative(root, name), title, passed: status === 'passed' })
        tests.set(label, carrying)
      }
    }
  }
  // Files come in the order in which they happened to finish.
  const place = ({ file, title }: CarryingTest): string => `${file} ${title}`
  for (const carrying of tests.values()) carrying.sort((a, b) => (place(a) < place(b) ? -1 : 1))
  return tests
}

function readReasons(): Map<string, Reason> {
  const rows = readTable(readFileSync(join(folder, 'rfc9293-reasons.tsv'), 'utf8'), 3)
  return new Map(rows.map(([label, kind, text]) => {
    if (kind !== 'n/a' && kind !== 'left out') throw new Error(`${label}: the kind of a reason is "n/a" or "left out", not "${kind}"`)
    return [label!, { kind, text: text! }]
  }))
}

function main(): void {
  const conformance: Conformance = {
    requirements: readTable(readFileSync(join(folder, 'rfc9293-requirements.tsv'), 'utf8'), 3)
      .map(([label, section, sentence]) => ({ label: label!, section: section!, sentence: sentence! })),
    reasons: readReasons(),
    tests: runTests(),
  }
  console.log(`${untested(conformance)}\n\n${summary(conformance)}`)
  const wrong = problems(conformance)
  if (wrong.length > 0) console.error(`\n${wrong.join('\n')}`)
  if (process.argv.includes('--write')) writeFileSync(join(folder, 'rfc9293.md'), markdown(conformance))
  process.exitCode = wrong.length > 0 ? 1 : 0
}

if (import.meta.main) main()
