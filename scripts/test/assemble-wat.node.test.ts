import { describe, expect, test } from 'vitest'
import { assembleWat, checksumModule, checksumModuleInTree } from '../assemble-wat.ts'

/** The functions of a text, on a memory of one page. */
function run(text: string): Record<string, (...values: number[]) => number> {
  const memory = new WebAssembly.Memory({ initial: 1 })
  const module = new WebAssembly.Module(assembleWat(text) as Uint8Array<ArrayBuffer>)
  return new WebAssembly.Instance(module, { arena: { memory } }).exports as Record<string, (...values: number[]) => number>
}

const inModule = (body: string): string => `(module (import "arena" "memory" (memory 1)) (func (export "f") (param $x i32) (result i32) ${body}))`

test('the bytes in the tree are those of checksum.wat', () => {
  expect(checksumModuleInTree()).toBe(checksumModule())
})

describe('the assembler', () => {
  test('constants of every length, comments and names', () => {
    for (const value of [0, 1, -1, 63, 64, -64, -65, 127, 128, 8191, 8192, -8192, -8193, 65535, 2 ** 31 - 1, -(2 ** 31)]) {
      expect(run(inModule(`i32.const ${value} ;; and\n local.get $x i32.add`))['f']!(5)).toBe((value + 5) | 0)
    }
  })

  test('blocks, loops and branches: 0 + 1 + … + x', () => {
    const text = inModule(`(local $sum i32) block $done loop $next local.get $x i32.const 1 i32.lt_u br_if $done
      local.get $sum local.get $x i32.add local.set $sum local.get $x i32.const 1 i32.sub local.set $x br $next end end local.get $sum`)
    expect([0, 1, 10].map((x) => run(text)['f']!(x))).toEqual([0, 1, 55])
  })

  test.each([
    ['what is no module', '(func)', /expected \(module/],
    ['an unknown instruction', inModule('i32.mul'), /got i32\.mul/],
    ['an unknown name', inModule('local.get $y'), /got the name \$y/],
    ['an unknown type', '(module (func (param $x f64)))', /got type f64/],
    ['a block without an end', inModule('block'), /1 blocks have no end/],
    ['a parenthesis that is not closed', '(module', /not closed/],
    ['a parenthesis too many', '(module))', /too many/],
  ])('refuses %s', (_, text, message) => {
    expect(() => assembleWat(text)).toThrow(message)
  })
})
