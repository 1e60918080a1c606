import { parseIpAddress } from '@layerfour/wire'
import { expect, test } from 'vitest'
import { LastAddress } from '../src/_last-address.ts'

test('texts are those of the address asked for, again or another one', () => {
  const last = new LastAddress()
  const address = { ...parseIpAddress('::')! }
  for (const text of ['::', '10.0.0.1', '10.0.0.1', 'fd00::1', '10.0.0.2', 'fd00::1', '::']) {
    // The caller's object is used again for the next one.
    Object.assign(address, parseIpAddress(text))
    expect(last.textOf(address)).toBe(text)
    expect(last.textOf(address)).toBe(text)
  }
})
