import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { readmeExamples } from '../readme-examples.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const read = (path: string): string => (existsSync(root + path) ? readFileSync(root + path, 'utf8') : '')
const packages = globSync('packages/*/package.json', { cwd: root }).map((path) => dirname(path)).sort()

describe.each([...packages.map((path) => `${path}/README.md`), 'README.md'])('%s', (path) => {
  const examples = readmeExamples(read(path))

  test('has an example', () => {
    expect(examples.length, `${path} needs a ts block that begins with // example`).toBeGreaterThan(0)
  })

  for (const { line, code, output } of examples) {
    test(`the example of line ${line} prints what it says`, () => {
      // From the README's folder, so that it finds its own package as a user's module would.
      const run = spawnSync(process.execPath, ['--conditions=@layerfour/source', '--input-type=module-typescript', '-'], {
        cwd: root + dirname(path), input: code, encoding: 'utf8', timeout: 30_000,
      })
      expect(run.stderr).toBe('')
      expect(run.stdout.trimEnd()).toBe(output.trimEnd())
      expect(run.status).toBe(0)
    })
  }
})

describe('readmeExamples', () => {
  const fence = '```'

  test('takes a marked ts block and the text block after it', () => {
    const markdown = `# x\n\n${fence}ts\n// example\nconsole.log(1)\n${fence}\n\nprints\n\n${fence}text\n1\n${fence}\n`
    expect(readmeExamples(markdown)).toEqual([{ line: 4, code: '// example\nconsole.log(1)', output: '1' }])
  })

  test('leaves other blocks alone', () => {
    expect(readmeExamples(`${fence}ts\nconst x = 1\n${fence}\n${fence}text\n1\n${fence}\n`)).toEqual([])
  })

  test('refuses an example without its output', () => {
    expect(() => readmeExamples(`${fence}ts\n// example\n${fence}\n`)).toThrow('line 2')
    expect(() => readmeExamples(`${fence}ts\n// example\n${fence}\n${fence}sh\nls\n${fence}\n`)).toThrow('line 5')
  })
})
