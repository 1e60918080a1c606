import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readUtf8, utf8Length, writeUtf8 } from '../src/_utf8.ts'
import { readPcapng } from '../src/index.ts'
import type { PcapngBlock } from '../src/index.ts'
import { concatenate, file, packetsOf } from './_file.ts'

const packet = fc.record({
  time: fc.double({ min: 0, max: 1e9, noNaN: true }).map((time) => Math.round(time * 1e6) / 1e6),
  bytes: fc.uint8Array({ maxLength: 50 }),
  comment: fc.option(fc.string({ unit: 'grapheme' }), { nil: undefined }),
})

describe('properties', () => {
  it('what is written is read again', () => {
    fc.assert(fc.property(fc.array(packet), (packets) => {
      const bytes = file((writer) => {
        writer.addInterface({ linkType: 'raw' })
        for (const { time, bytes, comment } of packets) writer.packet(0, time, bytes, 0, bytes.length, comment)
      })
      expect(packetsOf(bytes).map(({ time, bytes, comments: [comment] }) => ({ time, bytes, comment }))).toEqual(packets)
    }))
  })

  it('no bytes make the reader throw, and an error is the last block', () => {
    const good = file((writer) => {
      writer.addInterface({ linkType: 'ethernet', name: 'eth', snapLength: 100 })
      for (let i = 0; i < 4; i++) writer.packet(0, i, new Uint8Array(i * 7), 0, i * 7, `packet ${i}`)
    }, { application: 'x' })
    const change = fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 }))
    const tails = fc.uint8Array({ maxLength: 40 })
    fc.assert(fc.property(fc.array(change, { maxLength: 8 }), fc.nat(good.length), tails, (changes, cut, tail) => {
      const bytes = concatenate([good.subarray(0, good.length - cut), tail])
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value
      const blocks: PcapngBlock[] = [...readPcapng(bytes)]
      expect(blocks.findIndex((block) => block.type === 'error') + 1).toBeOneOf([0, blocks.length])
    }), { numRuns: 2000 })
  })

  it('UTF-8 is as the platform has it, for text and for any bytes', () => {
    const letter = fc.oneof(fc.nat(0xff), fc.nat(0xd7ff), fc.integer({ min: 0xe000, max: 0x10ffff }))
    const anyText = fc.array(letter).map((codes) => String.fromCodePoint(...codes))
    fc.assert(fc.property(anyText, (text) => {
      const expected = new TextEncoder().encode(text)
      const bytes = new Uint8Array(utf8Length(text))
      expect(writeUtf8(text, bytes, 0)).toBe(expected.length)
      expect(bytes).toEqual(expected)
      expect(readUtf8(bytes, 0, bytes.length)).toBe(text)
    }))
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
    const likely = fc.oneof(fc.integer({ min: 0x70, max: 0xff }), fc.constantFrom(0xe0, 0xed, 0xf0, 0xf4, 0x80, 0x9f, 0xa0, 0xbf))
    fc.assert(fc.property(fc.array(likely, { maxLength: 6 }), (values) => {
      const bytes = Uint8Array.from(values)
      const expected = decoder.decode(bytes)
      const text = readUtf8(bytes, 0, bytes.length)
      const wellFormed = String(new TextEncoder().encode(expected)) === String(bytes)
      // Of what is not well-formed, it is only said that the text shows it.
      expect(wellFormed ? text : text.includes('\ufffd')).toBe(wellFormed ? expected : true)
    }), { numRuns: 2000 })
  })

  it('a lone surrogate is written as U+FFFD', () => {
    const text = 'a\ud800b\udc00'
    const bytes = new Uint8Array(utf8Length(text))
    writeUtf8(text, bytes, 0)
    expect(bytes).toEqual(new TextEncoder().encode(text))
  })
})
