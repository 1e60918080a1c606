import { fileURLToPath } from 'node:url'
import { ESLint, type Linter } from 'eslint'
import tseslint from 'typescript-eslint'
import { describe, expect, test } from 'vitest'
import { floors } from '../floors.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
// A snippet has no file that the type checker could know, so the typed rules rest here.
const untyped = { files: ['**/*.ts'], ...tseslint.configs.disableTypeChecked } as Linter.Config
const eslint = new ESLint({ cwd: root, overrideConfig: [untyped] })

/** The architecture rules that a snippet breaks as the content of `file`. */
async function broken(file: string, snippet: string): Promise<string[]> {
  const [result] = await eslint.lintText(`${snippet}\n`, { filePath: `${root}${file}` })
  const fatal = result!.messages.find((message) => message.fatal)
  if (fatal) throw new Error(`${fatal.message}: ${snippet}`)
  return result!.messages.map((message) => message.ruleId ?? '').filter((rule) => rule.startsWith('no-restricted-'))
}

const core = Object.keys(floors).filter((name) => floors[name]!.core)

describe('floors', () => {
  test.each(Object.entries(floors))('%s may import what its room allows and nothing else of ours', async (name, room) => {
    for (const other of Object.keys(floors)) {
      const allowed = room.imports.includes(other)
      const snippets = [`import { x } from '@layerfour/${other}'\nx()`, `export * from '@layerfour/${other}'`]
      for (const snippet of snippets) {
        expect(await broken(`packages/${name}/src/a.ts`, snippet), snippet).toEqual(allowed ? [] : ['no-restricted-imports'])
      }
    }
  })

  test.each([
    ['a type', `import type { X } from '@layerfour/tcp'\nexport type Y = X`],
    ['a path below a name', `import { x } from '@layerfour/tcp/src/tcb.ts'\nx()`],
    ['another package by its files', `import { x } from '../../tcp/src/index.ts'\nx()`],
    ['an app', `import { x } from '../../../apps/cli/src/main.ts'\nx()`],
    ['an app by its name', `import { x } from '@layerfour/cli'\nx()`],
    ['a Node module', `import { readFileSync } from 'node:fs'\nreadFileSync('x')`],
  ])('flow may not import %s', async (_what, snippet) => {
    expect(await broken('packages/flow/src/a.ts', snippet)).not.toEqual([])
    expect(await broken('packages/flow/src/deeper/a.ts', snippet.replaceAll(`'../`, `'../../`))).not.toEqual([])
  })

  test('a package reaches its own files', async () => {
    expect(await broken('packages/tcp/src/a.ts', `import { x } from './segment-arrives/rst.ts'\nx()`)).toEqual([])
    expect(await broken('packages/tcp/src/segment-arrives/a.ts', `import { x } from '../tcb.ts'\nx()`)).toEqual([])
  })

  test("packages' tests may not import an app", async () => {
    expect(await broken('packages/tcp/test/a.test.ts', `import { x } from '../../../apps/cli/src/main.ts'\nx()`)).not.toEqual([])
  })
})

describe('sans-IO', () => {
  test.each([
    'Date.now()',
    'performance.now()',
    'Math.random()',
    'crypto.getRandomValues(new Uint8Array(4))',
    'setTimeout(() => {}, 1)',
    'setInterval(() => {}, 1)',
    'queueMicrotask(() => {})',
    'console.log(1)',
    'globalThis.Date.now()',
    'void Promise.resolve()',
    'export function later(): Promise<void> { return x }\ndeclare const x: Promise<void>',
    'export class Bell extends EventTarget {}',
    'export async function f(): X {}\ndeclare type X = never',
    'export const f = async () => {}',
    'export class C { async f() {} }',
    'export const load = () => import("./a.ts")',
    'export const x = Math.pow(2, 3)',
    'export const x = Math.exp(1)',
    'export const x = Math.log(2)',
    'export const x = Math.cbrt(8)',
    'const { random } = Math\nexport const x = random',
    'export const f = (n: number) => 2 ** n',
    'export const x = 10 ** 3',
    'export let x = 2\nx **= 2',
  ])('no core package may say: %s', async (snippet) => {
    for (const name of core) expect(await broken(`packages/${name}/src/a.ts`, snippet), name).not.toEqual([])
    expect(await broken('packages/socket/src/a.ts', snippet)).toEqual([])
  })

  test('integer and exact arithmetic pass', async () => {
    const snippet = 'export const x = Math.sqrt(2) + Math.imul(3, 4) + Math.floor(1.5) + (1 << 3) + 7 / 2 + 2 ** 32'
    for (const name of core) expect(await broken(`packages/${name}/src/a.ts`, snippet), name).toEqual([])
  })
})
