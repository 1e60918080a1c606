import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  addSum, checksum, createIpAddress, finishChecksum, onesComplementSum, parseIpAddress, pseudoHeaderSum, setSumKernel,
  updateChecksum16, updateChecksum32,
} from '../src/index.ts'
import { hex } from './_hex.ts'

/** RFC 1071 §4.1, word by word. */
function naiveSum(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let sum = 0
  for (let i = start; i < end; i += 2) {
    sum += bytes[i]! * 256 + (i + 1 < end ? bytes[i + 1]! : 0)
    if (sum > 0xffff) sum -= 0xffff
  }
  return sum
}

/** Bytes that repeat with no period of 2, 4 or 8. */
function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 167 + (i >> 8) * 31 + 13) & 0xff)
}

describe('the sum', () => {
  test('RFC 1071 §3: the worked example sums to ddf2, its checksum is 220d', () => {
    const bytes = hex('0001 f203 f4f5 f6f7')
    expect(onesComplementSum(bytes, 0, 8)).toBe(0xddf2)
    expect(checksum(bytes, 0, 8)).toBe(0x220d)
    expect(finishChecksum(0xddf2)).toBe(0x220d)
  })

  test('RFC 1071 §4.1: an odd last byte is the high octet of a word', () => {
    expect(onesComplementSum(hex('0001 f2'), 0, 3)).toBe(0xf201)
  })

  test('nothing sums to 0, and its checksum is ffff', () => {
    expect(onesComplementSum(new Uint8Array(4), 2, 2)).toBe(0)
    expect(checksum(new Uint8Array(200), 0, 200)).toBe(0xffff)
  })

  test('equals the naive sum at every alignment, start and length up to 300', () => {
    const buffer = pattern(400).buffer
    for (let byteOffset = 0; byteOffset < 8; byteOffset++) {
      const bytes = new Uint8Array(buffer, byteOffset)
      for (let start = 0; start < 9; start++) {
        for (let length = 0; length <= 300; length++) {
          const sum = onesComplementSum(bytes, start, start + length)
          if (sum !== naiveSum(bytes, start, start + length)) expect.fail(`offset ${byteOffset}, start ${start}, length ${length}`)
        }
      }
    }
  })

  test('equals the naive sum of any bytes, anywhere in any buffer', () => {
    const anything = fc.uint8Array({ minLength: 1, maxLength: 3000 })
    fc.assert(fc.property(anything, fc.nat(7), fc.nat(70), fc.nat(9), (data, byteOffset, start, less) => {
      // Exactly as long as needed: the buffer's length need not be a multiple of 4.
      const bytes = new Uint8Array(new ArrayBuffer(byteOffset + data.length), byteOffset)
      bytes.set(data)
      const from = Math.min(start, data.length)
      const to = Math.max(from, data.length - less)
      expect(onesComplementSum(bytes, from, to)).toBe(naiveSum(bytes, from, to))
    }))
  })

  test('stays exact over 20 MB of ff bytes and over 20 MB of others', () => {
    const bytes = new Uint8Array(20_000_003).fill(0xff)
    expect(onesComplementSum(bytes, 1, bytes.length - 2)).toBe(0xffff)
    const others = pattern(20_000_003)
    expect(onesComplementSum(others, 1, others.length)).toBe(naiveSum(others, 1))
  })

  test('holds over many buffers in turn, and over one that grew, shrank and grew', () => {
    const arrays = [pattern(500), pattern(501).reverse(), pattern(502).fill(7)]
    for (let i = 0; i < 12; i++) {
      const bytes = arrays[i % 3]!
      expect(onesComplementSum(bytes, 3, 499)).toBe(naiveSum(bytes, 3, 499))
    }
    type Resizable = ArrayBuffer & { resize(byteLength: number): void }
    const Buffer = ArrayBuffer as unknown as new (byteLength: number, options: { maxByteLength: number }) => Resizable
    const buffer = new Buffer(100, { maxByteLength: 4096 })
    const bytes = new Uint8Array(buffer)
    for (const length of [100, 2000, 90, 4096]) {
      buffer.resize(length)
      bytes.set(pattern(length))
      expect(onesComplementSum(bytes, 0, length)).toBe(naiveSum(bytes))
    }
  })

  test('a range outside the bytes is refused, even where the buffer goes on', () => {
    const bytes = new Uint8Array(new ArrayBuffer(1000), 100, 200)
    expect(() => onesComplementSum(bytes, 0, 201)).toThrow(new RangeError('got the range [0, 201), expected one within 200 bytes'))
    expect(() => onesComplementSum(bytes, -1, 100)).toThrow(RangeError)
    expect(() => onesComplementSum(bytes, 101, 100)).toThrow(RangeError)
    expect(() => onesComplementSum(bytes, Number.NaN, 100)).toThrow(RangeError)
  })
})

describe('sums in parts', () => {
  test('RFC 1071 §2 A, B: a sum may be cut anywhere, at odd offsets too', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), fc.nat(600), fc.nat(600), (bytes, i, j) => {
      const [first, second] = [Math.min(i, j, bytes.length), Math.min(Math.max(i, j), bytes.length)]
      let sum = onesComplementSum(bytes, 0, first)
      sum = addSum(sum, onesComplementSum(bytes, first, second), first)
      sum = addSum(sum, onesComplementSum(bytes, second, bytes.length), second)
      expect(sum).toBe(naiveSum(bytes))
    }))
  })

  test('a sum over an even number of bytes goes on as the initial value of the next', () => {
    const bytes = pattern(301)
    expect(onesComplementSum(bytes, 120, 301, onesComplementSum(bytes, 0, 120))).toBe(naiveSum(bytes))
  })

  test('the checksum of data that holds its checksum is 0', () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 2, maxLength: 200 }), (bytes) => {
      bytes[0] = 0
      bytes[1] = 0
      const value = checksum(bytes, 0, bytes.length)
      bytes[0] = value >> 8
      bytes[1] = value
      expect(checksum(bytes, 0, bytes.length)).toBe(0)
    }))
  })
})

describe('incremental update', () => {
  test('RFC 1624 §4: dd2f with 5555 changed to 3285 is 0000, where RFC 1141 got ffff', () => {
    expect(updateChecksum16(0xdd2f, 0x5555, 0x3285)).toBe(0x0000)
  })

  test('RFC 1624 §3: equals computing anew, for any 16 or 32 bits changed', () => {
    const data = fc.uint8Array({ minLength: 8, maxLength: 100 })
    fc.assert(fc.property(data, fc.nat(48), fc.nat(0xffff), fc.integer(), (bytes, word, new16, new32) => {
      // Headers are never all zero; there alone the two zeros of ones' complement would differ.
      bytes[0] = 0x45
      const view = new DataView(bytes.buffer)
      const at16 = 2 + 2 * (word % ((bytes.length - 2) >> 1))
      const before16 = checksum(bytes, 0, bytes.length)
      const old16 = view.getUint16(at16)
      view.setUint16(at16, new16)
      const after16 = checksum(bytes, 0, bytes.length)
      expect(updateChecksum16(before16, old16, new16)).toBe(after16)
      const at32 = 2 + 2 * (word % ((bytes.length - 4) >> 1))
      const old32 = view.getInt32(at32)
      view.setInt32(at32, new32)
      expect(updateChecksum32(after16, old32, new32)).toBe(checksum(bytes, 0, bytes.length))
      expect(updateChecksum32(after16, old32 >>> 0, new32 >>> 0)).toBe(checksum(bytes, 0, bytes.length))
    }))
  })
})

describe('pseudo-headers', () => {
  const word = fc.integer()

  test('RFC 9293 §3.1: over IPv4 it is source, destination, zero, protocol, 16-bit length', () => {
    fc.assert(fc.property(word, word, fc.nat(255), fc.nat(0xffff), (source, destination, protocol, length) => {
      const bytes = new Uint8Array(12)
      const view = new DataView(bytes.buffer)
      view.setInt32(0, source)
      view.setInt32(4, destination)
      bytes[9] = protocol
      view.setUint16(10, length)
      const v4 = (w3: number) => ({ w0: 0, w1: 0, w2: 0xffff, w3 })
      // ffff and 0 are one number here; a segment behind it makes them the same sum.
      expect(pseudoHeaderSum(v4(source), v4(destination), protocol, length) % 0xffff).toBe(naiveSum(bytes) % 0xffff)
    }))
  })

  test('RFC 8200 §8.1: over IPv6 it is source, destination, 32-bit length, zeros, next header', () => {
    const address = fc.record({ w0: word, w1: word, w2: word, w3: word })
    fc.assert(fc.property(address, address, fc.nat(255), fc.nat(0x7fffffff), (source, destination, protocol, length) => {
      const bytes = new Uint8Array(40)
      const view = new DataView(bytes.buffer)
      const words = [source.w0, source.w1, source.w2, source.w3, destination.w0, destination.w1, destination.w2, destination.w3]
      for (const [i, value] of [...words, length, protocol].entries()) view.setInt32(4 * i, value)
      expect(pseudoHeaderSum(source, destination, protocol, length)).toBe(naiveSum(bytes))
    }))
  })

  test('is within 16 bits', () => {
    const ones = { w0: -1, w1: -1, w2: -1, w3: -1 }
    expect(pseudoHeaderSum(ones, ones, 255, 0xffffffff)).toBe(255)
    expect(pseudoHeaderSum(createIpAddress(), parseIpAddress('::1')!, 6, 20)).toBe(27)
  })
})

describe('a kernel for the memory', () => {
  const buffer = pattern(200_000).buffer
  const ranges: [number, number][] = []
  setSumKernel(buffer, (start, end) => {
    ranges.push([start, end])
    const bytes = new Uint8Array(buffer)
    let sum = 0
    for (let i = start; i < end; i++) sum += (i - start) % 2 === 0 ? bytes[i]! : bytes[i]! * 256
    return sum
  })

  test('is asked for ranges of 24 bytes to 64 KiB, by their places in the buffer, and gives the same sums', () => {
    const bytes = new Uint8Array(buffer, 5)
    const plain = pattern(200_000).subarray(5)
    for (const [start, end] of [[0, 23], [3, 27], [4, 1465], [1, 65_537], [1, 65_538], [0, 199_995]] as const) {
      expect(checksum(bytes, start, end, 77), `${start} to ${end}`).toBe(checksum(plain, start, end, 77))
    }
    expect(ranges).toEqual([[8, 32], [9, 1470], [6, 65_542]])
  })

  test('is not asked for other memory, whatever the order', () => {
    const others = [pattern(100), pattern(300), pattern(500)]
    ranges.length = 0
    for (let turn = 0; turn < 3; turn++) {
      for (const bytes of others) {
        expect(checksum(bytes, 0, 100)).toBe(finishChecksum(naiveSum(bytes, 0, 100)))
        checksum(new Uint8Array(buffer), 0, 100)
      }
    }
    expect(ranges).toHaveLength(9)
  })

  test('is asked for an array of the buffer that was summed before without it', () => {
    const late = new Uint8Array(pattern(120).buffer)
    const views = [late, late.subarray(1)]
    for (const view of views) expect(checksum(view, 0, 100)).toBe(finishChecksum(naiveSum(view, 0, 100)))
    let asked = 0
    setSumKernel(late.buffer, () => (asked++, 0))
    for (const view of views) expect(checksum(view, 0, 100)).toBe(0xffff)
    expect(asked).toBe(2)
  })
})
