import { describe, expect, test } from 'vitest'
import { partOf, shareOut } from '../src/profile/parts.ts'

const at = (name: string, path: string, callers: readonly string[] = []) => ({
  name, url: path === '' || path.startsWith('node:') ? path : `file:///somewhere/${path}`,
  callers: callers.map((caller) => ({ name: 'f', url: caller === '' ? '' : `file:///somewhere/${caller}` })),
})

describe('a CPU profile by parts', () => {
  test('a function belongs to its package, or to what its file is for', () => {
    expect(partOf(at('sumWords', 'packages/wire/src/checksum.ts'))).toBe('checksums')
    expect(partOf(at('readTcp', 'packages/wire/src/tcp.ts'))).toBe('headers')
    expect(partOf(at('copyBytes', 'packages/storage/src/copy-bytes.ts'))).toBe('copies')
    expect(partOf(at('find', 'packages/storage/src/flow-table.ts'))).toBe('tables')
    expect(partOf(at('poll', 'packages/socket/src/stack.ts'))).toBe('socket')
    expect(partOf(at('run', 'packages/socket/src/run-real-time.ts'))).toBe('driver')
    expect(partOf(at('processTimers', 'node:internal/timers'))).toBe('driver')
    expect(partOf(at('send', 'benchmarks/src/loads/layerfour-one-way.ts'))).toBe('application')
    expect(partOf({ name: 'wasm-function[0]', url: 'wasm://wasm/1ff6247e', callers: [] })).toBe('checksums')
  })

  test('what is built in belongs to its caller, but copies are copies', () => {
    expect(partOf(at('max', '', ['', 'packages/flow/src/cubic.ts', 'packages/tcp/src/tcp.ts']))).toBe('flow')
    expect(partOf(at('set', '', ['packages/tcp/src/tcp.ts']))).toBe('copies')
    expect(partOf(at('(garbage collector)', ''))).toBe('garbage')
    expect(partOf(at('(program)', '', ['']))).toBe('engine')
    expect(partOf(at('(idle)', ''))).toBeUndefined()
  })

  test('the total is shared out by time, idle time left out', () => {
    const functions = [
      { ...at('(idle)', ''), time: 100 },
      { ...at('poll', 'packages/ip/src/internet-layer.ts'), time: 1 },
      { ...at('a', 'packages/tcp/src/tcp.ts'), time: 1 }, { ...at('b', 'packages/tcp/src/output.ts'), time: 2 },
    ]
    expect(shareOut(functions, 2000)).toEqual([{ name: 'tcp', value: 1500 }, { name: 'ip', value: 500 }])
  })
})
