import { describe, expect, it } from 'vitest'
import { PcapngWriter } from '../src/index.ts'
import { file, hex, packetsOf } from './_file.ts'

const ignore = (): void => undefined

describe('PcapngWriter', () => {
  it('writes the blocks of the pcapng draft, bit by bit', () => {
    const bytes = file(
      (writer) => {
        writer.addInterface({ linkType: 'raw', name: 'a0' })
        writer.packet(0, 1.5, Uint8Array.of(9, 1, 2, 3, 4, 5, 9), 1, 6, 'hé')
      },
      { application: 'l4' },
    )
    expect(bytes).toEqual(hex(`
      0a0d0d0a 28000000 4d3c2b1a 0100 0000 ffffffffffffffff
        0400 0200 6c340000 00000000 28000000
      01000000 28000000 6500 0000 00000000
        0200 0200 61300000 0900 0100 09000000 00000000 28000000
      06000000 34000000 00000000 00000000 60e31600 05000000 05000000
        01020304 05000000
        0100 0300 68c3a900 00000000 34000000
    `))
  })

  it('a file without options says nothing of who wrote it or when', () => {
    expect(file(ignore)).toEqual(hex('0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ffffffffffffffff 1c000000'))
  })

  it('§4.3: the time is 64 bits of nanoseconds, exact at the dates of our days too', () => {
    const bytes = file((writer) => {
      writer.addInterface({ linkType: 'raw' })
      for (const time of [0, 0.000001, 4294.967295, 4294.967296, 0.9999999, 1_795_000_000_123.25]) {
        writer.packet(0, time, new Uint8Array(0), 0, 0)
      }
    })
    const view = new DataView(bytes.buffer)
    const times: bigint[] = []
    for (let at = 28 + view.getUint32(32, true); at < bytes.length; at += 32) {
      times.push((BigInt(view.getUint32(at + 12, true)) << 32n) | BigInt(view.getUint32(at + 16, true)))
    }
    expect(times).toEqual([0n, 1n, 4_294_967_295n, 4_294_967_296n, 1_000_000n, 1_795_000_000_123_250_000n])
  })

  it('§4.2: packets longer than the snap length are cut, and keep their original length', () => {
    const bytes = file((writer) => {
      writer.addInterface({ linkType: 'ethernet', snapLength: 3 })
      writer.packet(0, 0, Uint8Array.of(1, 2, 3, 4, 5), 0, 5)
      writer.packet(0, 0, Uint8Array.of(1, 2), 0, 2)
    })
    expect(packetsOf(bytes).map((packet) => [[...packet.bytes], packet.originalLength])).toEqual([[[1, 2, 3], 5], [[1, 2], 2]])
  })

  it('bytes handed out are never written again, and a borrowed packet may change after the call', () => {
    const parts: Uint8Array[] = []
    const writer = new PcapngWriter((bytes) => parts.push(bytes))
    writer.addInterface({ linkType: 'raw' })
    const packet = new Uint8Array(1500)
    for (let i = 0; i < 200; i++) {
      packet.fill(i)
      writer.packet(0, i, packet, 0, packet.length)
    }
    writer.packet(0, 200, new Uint8Array(200_000).fill(7), 0, 200_000)
    expect(parts.length).toBe(203)
    for (let i = 0; i < 200; i++) expect(parts[i + 2]!.subarray(28, 1528).every((byte) => byte === i)).toBe(true)
    expect(parts[202]!.length).toBe(200_032)
  })

  describe('misuse throws at once and writes nothing', () => {
    const made = (): { writer: PcapngWriter; count: () => number } => {
      let count = 0
      const writer = new PcapngWriter(() => count++)
      writer.addInterface({ linkType: 'raw' })
      return { writer, count: () => count }
    }
    const bytes = new Uint8Array(10)

    it.each([
      ['an unknown interface', 1, 0, 0, 1, 'expected an interface from 0 to 0, got 1'],
      ['a negative time', 0, -1, 0, 1, 'expected a time from 0 to 18446744000000 ms, got -1'],
      ['no time', 0, NaN, 0, 1, 'got NaN'],
      ['an endless time', 0, Infinity, 0, 1, 'got Infinity'],
      ['a range beyond the bytes', 0, 0, 5, 11, 'expected a range within 10 bytes, got [5, 11)'],
      ['a range turned round', 0, 0, 5, 4, 'got [5, 4)'],
    ])('%s', (_, index, time, start, end, message) => {
      const { writer, count } = made()
      expect(() => writer.packet(index, time, bytes, start, end)).toThrow(message)
      expect(() => writer.packet(index, time, bytes, start, end)).toThrow(RangeError)
      expect(count()).toBe(2)
    })

    it('text longer than an option holds', () => {
      const { writer, count } = made()
      expect(() => writer.packet(0, 0, bytes, 0, 1, 'é'.repeat(32_768))).toThrow('at most 65535 bytes in UTF-8, got 65536')
      expect(() => writer.addInterface({ linkType: 'raw', name: 'x'.repeat(65_536) })).toThrow(RangeError)
      expect(() => new PcapngWriter(ignore, { application: 'x'.repeat(65_536) })).toThrow(RangeError)
      expect(count()).toBe(2)
    })

    it('interface options', () => {
      const { writer } = made()
      expect(() => writer.addInterface({ linkType: 'ip' as 'raw' })).toThrow(`expected the link type 'ethernet' or 'raw', got "ip"`)
      expect(() => writer.addInterface({ linkType: 'raw', snapLength: -1 })).toThrow(RangeError)
      expect(() => writer.addInterface({ linkType: 'raw', timeOffset: 0.5 })).toThrow(RangeError)
    })
  })
})
