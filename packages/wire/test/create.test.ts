import { expect, test } from 'vitest'
import * as wire from '../src/index.ts'

/** Every field that is neither 0 nor false, as text. */
function* nonZero(value: object, path: string): Generator<string> {
  for (const [key, field] of Object.entries(value) as [string, unknown][]) {
    if (typeof field === 'object' && field !== null) yield* nonZero(field, `${path}.${key}`)
    else if (field !== 0 && field !== false) yield `${path}.${key} = ${String(field)}`
  }
}

test('a fresh header is all zeros with every option absent: nothing goes out that nobody set', () => {
  const creators = Object.entries(wire).filter(([name]) => name.startsWith('create')) as [string, () => object][]
  expect(creators.flatMap(([name, create]) => [...nonZero(create(), name)]).sort()).toEqual([
    'createIpv4Header.headerLength = 20',
    'createIpv6Header.fragmentHeader = -1',
    'createIpv6Header.headerLength = 40',
    'createIpv6Header.problemPointer = -1',
    'createPacketMeta.interfaceIndex = -1',
    'createPath.checksumNeeded = true',
    'createPath.interfaceIndex = -1',
    'createTcpHeader.headerLength = 20',
    'createTcpHeader.options.fastOpenLength = -1',
    'createTcpHeader.options.mss = -1',
    'createTcpHeader.options.userTimeout = -1',
    'createTcpHeader.options.windowScale = -1',
    'createTcpOptions.fastOpenLength = -1',
    'createTcpOptions.mss = -1',
    'createTcpOptions.userTimeout = -1',
    'createTcpOptions.windowScale = -1',
  ])
})
