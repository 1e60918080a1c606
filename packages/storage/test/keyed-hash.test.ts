import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { KeyedHash, SipHash } from '../src/index.ts'
import { halfSipHash } from './half-sip-hash.ts'

/** The key of the published vectors: bytes 00 01 02 … 0f. */
const key = Int32Array.of(0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c)

/** Vectors of the reference implementation (vectors.h) for messages 00 01 02 … of 0, 4, 8, … 60 bytes. */
const halfSipHash24 = [
  'a9359f5b', '2a6e4689', 'd0b8848f', '57f0872f', 'd9b5ac84', 'e34d1045', '27400c63', 'b0644000',
  'fee72112', 'e75cc6ec', 'b6bc1840', '7705d548', '69e12ce3', '3b85f3d4', 'a5c5b940', 'd4e76c73',
]
const sipHash24 = [
  '310e0edd47db6f72', 'b7877127e09427cf', '6224939a79f5f593', 'fbe50e86bc8f1e75', 'db9bc2577fcc2a3f', '98eea21af25cd6be',
  '94af49f6c650adb8', 'a5c91da7acaa4dde', 'ce7cf2722f512771', 'b4a31508beff4d31', 'd0a704536ba93e0e', 'f21df2e41d4535f9',
  '51a9cb9ecba312e6', 'b274cb8ebf87870a', 'bd838d3aafbf8db7', 'e1915f5cb1eca46c',
]

/** As the vectors print it: lowest byte first. */
function hex(word: number): string {
  return [0, 8, 16, 24].map((shift) => ((word >>> shift) & 0xff).toString(16).padStart(2, '0')).join('')
}

function messageWord(index: number): number {
  return (4 * index) | ((4 * index + 1) << 8) | ((4 * index + 2) << 16) | ((4 * index + 3) << 24)
}

describe('KeyedHash', () => {
  test('HalfSipHash-2-4: published vectors', () => {
    const hash = new KeyedHash(key)
    const results = halfSipHash24.map((_, words) => {
      for (let i = 0; i < words; i++) hash.word(messageWord(i))
      return hex(hash.finish())
    })
    expect(results).toEqual(halfSipHash24)
  })

  test('against a twin over bytes: any key and words, up to where the length byte wraps', () => {
    const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
    fc.assert(fc.property(int32, int32, fc.array(int32, { maxLength: 130, size: 'max' }), (key0, key1, words) => {
      const hash = new KeyedHash(Int32Array.of(key0, key1))
      for (const word of words) hash.word(word)
      expect(hash.finish()).toBe(halfSipHash(2, 4, key0, key1, words))
    }))
  })

  test('reset forgets an unfinished message, finish begins a new one', () => {
    const hash = new KeyedHash(key)
    hash.word(1)
    hash.reset()
    expect(hex(hash.finish())).toBe(halfSipHash24[0])
    expect(hex(hash.finish())).toBe(halfSipHash24[0])
  })

  test('a value counts modulo 2^32, and the hash is an int32', () => {
    const hash = new KeyedHash(key)
    hash.word(0xffffffff)
    const result = hash.finish()
    hash.word(-1)
    expect(hash.finish()).toBe(result)
    expect(result | 0).toBe(result)
  })

  test('too short a secret throws', () => {
    expect(() => new KeyedHash(new Int32Array(1))).toThrow('secret has 1 words, expected at least 2')
    expect(() => new SipHash(new Int32Array(3))).toThrow('secret has 3 words, expected at least 4')
  })
})

describe('SipHash', () => {
  test('SipHash-2-4: published vectors', () => {
    const hash = new SipHash(key)
    const results = sipHash24.map((_, words) => {
      for (let i = 0; i < words; i++) hash.word(messageWord(i))
      return hex(hash.finish()) + hex(hash.high)
    })
    expect(results).toEqual(sipHash24)
  })

  test('against a twin in 64-bit integers: any key and words', () => {
    const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
    fc.assert(fc.property(fc.array(int32, { minLength: 4, maxLength: 4 }), fc.array(int32, { maxLength: 130, size: 'max' }), (secret, words) => {
      const hash = new SipHash(Int32Array.from(secret))
      for (const word of words) hash.word(word)
      const expected = sipHash(secret, words)
      expect(hash.finish()).toBe(Number(BigInt.asIntN(32, expected)))
      expect(hash.high).toBe(Number(BigInt.asIntN(32, expected >> 32n)))
    }))
  })

  test('reset forgets an unfinished message, also half a pair', () => {
    const hash = new SipHash(key)
    hash.word(1)
    hash.reset()
    expect(hex(hash.finish()) + hex(hash.high)).toBe(sipHash24[0])
  })

  test('later changes of the secret array do not reach in', () => {
    const secret = key.slice()
    const hash = new SipHash(secret)
    secret.fill(0)
    hash.reset()
    expect(hex(hash.finish()) + hex(hash.high)).toBe(sipHash24[0])
  })
})

/** SipHash-2-4 as the paper writes it. */
function sipHash(secret: number[], words: number[]): bigint {
  const u64 = (low: number, high: number): bigint => BigInt.asUintN(32, BigInt(low)) | (BigInt.asUintN(32, BigInt(high)) << 32n)
  const rotate = (x: bigint, by: bigint): bigint => BigInt.asUintN(64, x << by) | (x >> (64n - by))
  const k0 = u64(secret[0]!, secret[1]!)
  const k1 = u64(secret[2]!, secret[3]!)
  let [a, b, c, d] = [k0 ^ 0x736f6d6570736575n, k1 ^ 0x646f72616e646f6dn, k0 ^ 0x6c7967656e657261n, k1 ^ 0x7465646279746573n]
  const rounds = (count: number): void => {
    for (let i = 0; i < count; i++) {
      a = BigInt.asUintN(64, a + b)
      b = rotate(b, 13n) ^ a
      a = rotate(a, 32n)
      c = BigInt.asUintN(64, c + d)
      d = rotate(d, 16n) ^ c
      a = BigInt.asUintN(64, a + d)
      d = rotate(d, 21n) ^ a
      c = BigInt.asUintN(64, c + b)
      b = rotate(b, 17n) ^ c
      c = rotate(c, 32n)
    }
  }
  const block = (m: bigint): void => {
    d ^= m
    rounds(2)
    a ^= m
  }
  const paired = words.length & ~1
  for (let i = 0; i < paired; i += 2) block(u64(words[i]!, words[i + 1]!))
  block(u64(paired < words.length ? words[paired]! : 0, (words.length * 4) << 24))
  c ^= 0xffn
  rounds(4)
  return a ^ b ^ c ^ d
}
