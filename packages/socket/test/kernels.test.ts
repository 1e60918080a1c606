import { pair } from '@layerfour/link'
import { checksum } from '@layerfour/wire'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { Stack, tcp, udp } from '../src/index.ts'
import type { KernelChoice } from '../src/index.ts'
import { createKernelMemory } from '../src/kernels/kernels.ts'
import { pattern } from './support/hosts.ts'

function make(kernels?: KernelChoice): Stack {
  return new Stack({ protocols: [udp()], memory: 1 << 16, ...(kernels === undefined ? {} : { kernels }) })
}

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('the checksum kernel of WebAssembly', () => {
  const { buffer } = createKernelMemory('wasm', 3 * 65_536)
  const fast = new Uint8Array(buffer!)
  const slow = new Uint8Array(fast.length)
  const fill = (bytes: Uint8Array): void => {
    fast.set(bytes)
    slow.set(bytes)
  }

  test('equals the loop of JavaScript at every start and length up to 300', () => {
    fill(pattern(1000))
    for (let start = 0; start < 17; start++) {
      for (let length = 0; length <= 300; length++) {
        if (checksum(fast, start, start + length) !== checksum(slow, start, start + length)) expect.fail(`start ${start}, length ${length}`)
      }
    }
  })

  test('equals it for all that fits in a packet and beyond, also where sums are greatest and where they are 0', () => {
    for (const bytes of [pattern(3 * 65_536), new Uint8Array(3 * 65_536).fill(255), new Uint8Array(3 * 65_536)]) {
      fill(bytes)
      for (const length of [1460, 1480, 9000, 65_515, 65_534, 65_535, 65_536, 65_537, 131_073]) {
        expect(checksum(fast, 3, 3 + length, 0x1234), `length ${length}`).toBe(checksum(slow, 3, 3 + length, 0x1234))
      }
    }
  })

  test('serves views at any offset of the memory', () => {
    fill(pattern(3000))
    expect(checksum(fast.subarray(7, 1507), 1, 1499)).toBe(checksum(slow, 8, 1506))
  })
})

describe('chosen when a stack is made', () => {
  test('auto, which is the default, takes WebAssembly where it is there', () => {
    expect([make().kernels, make('auto').kernels, make('wasm').kernels, make('js').kernels]).toEqual(['wasm', 'wasm', 'wasm', 'js'])
  })

  test.each([
    ['there is no WebAssembly', (): unknown => undefined],
    ['the page forbids it', (): unknown => ({ ...WebAssembly, Module: class { constructor() { throw new WebAssembly.CompileError('CSP') } } })],
    ['there is no memory', (): unknown => ({
      Module: WebAssembly.Module, Instance: WebAssembly.Instance, Memory: class { constructor() { throw new RangeError('out of memory') } },
    })],
  ])('where %s, auto falls back and wasm throws', async (_, stub) => {
    vi.resetModules()
    const fresh = await import('../src/kernels/kernels.ts')
    vi.stubGlobal('WebAssembly', stub())
    expect(fresh.createKernelMemory('auto', 65_536)).toEqual({ kernels: 'js', buffer: undefined })
    expect(() => fresh.createKernelMemory('wasm', 65_536)).toThrow(/this host does not allow/)
  })

  test('anything else throws, and so does a budget that is none, as before', () => {
    expect(() => make('simd' as 'wasm')).toThrow(/kernels is 'simd', expected 'auto', 'js' or 'wasm'/)
    for (const memory of [1000, Number.NaN, 2 ** 40, -1]) expect(() => new Stack({ protocols: [], memory })).toThrow(/arena size is/)
  })
})

test('stacks with different kernels understand each other', () => {
  const [a, b] = pair()
  const clock = { now: 0 }
  const [client, server] = (['js', 'wasm'] as const).map((kernels, i) => {
    const stack = new Stack({ protocols: [tcp()], clock: () => clock.now, kernels })
    stack.addInterface([a, b][i]!, { addresses: [`10.0.0.${i + 1}/24`] })
    return stack
  }) as [Stack, Stack]
  const listener = server.socket('stream')
  listener.bind('0.0.0.0', 80)
  listener.listen()
  const got: number[] = []
  const into = new Uint8Array(5000)
  listener.onReady = () => {
    const accepted = listener.accept()
    if (typeof accepted === 'number') return
    accepted.onReady = () => {
      for (let count = accepted.recv(into); count > 0; count = accepted.recv(into)) got.push(...into.subarray(0, count))
    }
  }
  const sender = client.socket('stream')
  sender.connect('10.0.0.2', 80)
  const data = pattern(40_000)
  sender.onReady = () => {
    sender.onReady = null
    expect(sender.send(data)).toBe(data.length)
  }
  for (let turn = 0; turn < 200 && got.length < data.length; turn++) {
    clock.now += 10
    client.poll()
    server.poll()
  }
  expect(Uint8Array.from(got)).toEqual(data)
  expect([client.drops(), server.drops()]).toEqual([{}, {}])
})
