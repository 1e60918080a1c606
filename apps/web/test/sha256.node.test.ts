import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { Sha256 } from '../src/transfer/sha256.ts'

const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7919) >> 3)
const expected = (end: number): string => createHash('sha256').update(bytes.subarray(0, end)).digest('hex')

test('FIPS 180-4: every length around the blocks has the digest that Node gives', () => {
  for (let length = 0; length < 300; length++) {
    const hash = new Sha256()
    hash.update(bytes, 0, length)
    expect(hash.digest()).toBe(expected(length))
  }
})

test('bytes may come in pieces of any size', () => {
  for (const size of [1, 3, 55, 63, 64, 65, 127, 128, 500]) {
    const hash = new Sha256()
    for (let at = 0; at < bytes.length; at += size) hash.update(bytes, at, Math.min(bytes.length, at + size))
    expect(hash.digest()).toBe(expected(bytes.length))
  }
})
