/**
 * Assembles the WebAssembly text of packages/socket/src/kernels and writes the bytes into a module beside it. `--check` only says
 * whether that is up to date. Understands what the text uses and no more: one imported memory, functions whose instructions stand
 * one after another (not folded), named locals and labels.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

type Expression = string | Expression[]

const VALUE_TYPES: Readonly<Record<string, number>> = { i32: 0x7f, v128: 0x7b }

type Immediate = 'block' | 'label' | 'local' | 'const' | 'memory' | 'lane'

/** Opcodes, and which immediates follow in the text. */
const INSTRUCTIONS: Readonly<Record<string, readonly [code: readonly number[], immediate?: Immediate]>> = {
  'block': [[0x02], 'block'],
  'loop': [[0x03], 'block'],
  'if': [[0x04], 'block'],
  'end': [[0x0b]],
  'br': [[0x0c], 'label'],
  'br_if': [[0x0d], 'label'],
  'local.get': [[0x20], 'local'],
  'local.set': [[0x21], 'local'],
  'i32.load8_u': [[0x2d], 'memory'],
  'i32.load16_u': [[0x2f], 'memory'],
  'i32.const': [[0x41], 'const'],
  'i32.lt_u': [[0x49]],
  'i32.add': [[0x6a]],
  'i32.sub': [[0x6b]],
  'i32.and': [[0x71]],
  'i32.shr_u': [[0x76]],
  'v128.load': [[0xfd, 0x00], 'memory'],
  'i32x4.extract_lane': [[0xfd, 0x1b], 'lane'],
  'i32x4.extadd_pairwise_i16x8_u': [[0xfd, 0x7f]],
  'i32x4.add': [[0xfd, 0xae, 0x01]],
}

/** An unsigned number in LEB128. */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)]
}

/** A signed number in LEB128. */
function signed(value: number): number[] {
  return value >= -0x40 && value < 0x40 ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(value >> 7)]
}

const vector = (items: readonly number[][]): number[] => [...unsigned(items.length), ...items.flat()]
const sized = (bytes: readonly number[]): number[] => [...unsigned(bytes.length), ...bytes]
const name = (text: string): number[] => sized(Array.from(new TextEncoder().encode(JSON.parse(text) as string)))

function parse(text: string): Expression[] {
  const open: Expression[][] = [[]]
  for (const token of text.replace(/;;.*/g, '').match(/[()]|"[^"]*"|[^\s()"]+/g) ?? []) {
    if (token === '(') open.push([])
    else if (token === ')') {
      const closed = open.pop()!
      if (open.length === 0) throw new SyntaxError('there is a ) too many')
      open.at(-1)!.push(closed)
    } else open.at(-1)!.push(token)
  }
  if (open.length !== 1) throw new SyntaxError('a ( is not closed')
  return open[0]!
}

function valueType(text: Expression | undefined): number {
  const type = typeof text === 'string' ? VALUE_TYPES[text] : undefined
  if (type === undefined) throw new SyntaxError(`got type ${String(text)}, expected ${Object.keys(VALUE_TYPES).join(' or ')}`)
  return type
}

interface Func {
  readonly type: number[]
  readonly exported: string
  readonly body: number[]
}

function assembleFunction(parts: readonly Expression[]): Func {
  const headed = (head: string): Expression[][] => parts.filter((part): part is Expression[] => Array.isArray(part) && part[0] === head)
  const params = headed('param')
  const locals = headed('local')
  const names = [...params, ...locals].map((local) => String(local[1]))
  const words = parts.filter((part) => typeof part === 'string')
  const labels: string[] = []
  const code: number[] = []
  const place = (list: readonly string[], wanted: string | undefined): number => {
    const index = list.lastIndexOf(wanted ?? '')
    if (index < 0) throw new SyntaxError(`got the name ${String(wanted)}, expected one of ${list.join(' ')}`)
    return index
  }
  for (let i = 0; i < words.length; i++) {
    const instruction = INSTRUCTIONS[words[i]!]
    if (instruction === undefined) throw new SyntaxError(`got ${words[i]!}, expected an instruction that is in the table`)
    const [opcode, immediate] = instruction
    code.push(...opcode)
    if (words[i] === 'end') labels.pop()
    if (immediate === 'block') {
      labels.push(words[i + 1]?.startsWith('$') === true ? words[++i]! : '')
      code.push(0x40)
    }
    if (immediate === 'label') code.push(...unsigned(labels.length - 1 - place(labels, words[++i])))
    if (immediate === 'local') code.push(...unsigned(place(names, words[++i])))
    if (immediate === 'const') code.push(...signed(Number(words[++i])))
    if (immediate === 'lane') code.push(Number(words[++i]))
    // Alignment is a hint: 0 promises none.
    if (immediate === 'memory') code.push(0, ...unsigned(Number(words[++i]!.replace(/^offset=/, ''))))
  }
  if (labels.length > 0) throw new SyntaxError(`${labels.length} blocks have no end`)
  const types = (list: readonly Expression[][], at: number): number[] => vector(list.map((item) => [valueType(item[at])]))
  return {
    type: [0x60, ...types(params, 2), ...types(headed('result'), 1)],
    exported: String(headed('export')[0]?.[1]),
    body: sized([...vector(locals.map((local) => [1, valueType(local[2])])), ...code, 0x0b]),
  }
}

/** The binary module for a text, by the WebAssembly specification, chapter 5. @throws SyntaxError for what it does not understand. */
export function assembleWat(text: string): Uint8Array {
  const [module] = parse(text)
  if (!Array.isArray(module) || module[0] !== 'module') throw new SyntaxError('expected (module …)')
  const fields = module.slice(1) as Expression[][]
  const imports = fields.filter(([head]) => head === 'import')
  const functions = fields.filter(([head]) => head === 'func').map((func) => assembleFunction(func.slice(1)))
  const section = (id: number, items: number[][]): number[] => [id, ...sized(vector(items))]
  return Uint8Array.from([
    0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, functions.map(({ type }) => type)),
    // A memory (2) with a least size in pages and no greatest one (0).
    ...section(2, imports.map(([, from, what, memory]) => [
      ...name(String(from)), ...name(String(what)), 2, 0, ...unsigned(Number(memory![1])),
    ])),
    ...section(3, functions.map((_, i) => unsigned(i))),
    ...section(7, functions.map(({ exported }, i) => [...name(exported), 0, ...unsigned(i)])),
    ...section(10, functions.map(({ body }) => body)),
  ])
}

const directory = new URL('../packages/socket/src/kernels/', import.meta.url)
const target = new URL('checksum-wasm.ts', directory)

/** The module that holds the bytes, as it should be. */
export function checksumModule(): string {
  const bytes = Array.from(assembleWat(readFileSync(new URL('checksum.wat', directory), 'utf8')))
  const lines = Array.from({ length: Math.ceil(bytes.length / 20) }, (_, i) => `  ${bytes.slice(20 * i, 20 * i + 20).join(', ')},`)
  return [
    '/** checksum.wat in binary. Made by `npm run kernels`. */',
    'export const checksumWasm: Uint8Array<ArrayBuffer> = /* @__PURE__ */ Uint8Array.of(',
    ...lines,
    ')',
    '',
  ].join('\n')
}

/** What stands there. */
export function checksumModuleInTree(): string {
  return readFileSync(target, 'utf8')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!process.argv.includes('--check')) writeFileSync(target, checksumModule())
  else if (checksumModuleInTree() !== checksumModule()) {
    console.error('checksum-wasm.ts is not what checksum.wat says: run npm run kernels')
    process.exitCode = 1
  }
}
