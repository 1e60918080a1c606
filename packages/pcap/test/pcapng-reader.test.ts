import { describe, expect, it } from 'vitest'
import { LinkType, readPcapng } from '../src/index.ts'
import type { PcapngBlock } from '../src/index.ts'
import { concatenate, file, hex, packetsOf } from './_file.ts'

const read = (bytes: Uint8Array): PcapngBlock[] => [...readPcapng(bytes)]

const SECTION = hex('0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ffffffffffffffff 1c000000')
const INTERFACE = hex('01000000 14000000 0100 0000 00000000 14000000')
const PACKET = hex('06000000 24000000 00000000 00000000 e8030000 01000000 01000000 aa000000 24000000')

describe('readPcapng', () => {
  it('reads what PcapngWriter writes', () => {
    const bytes = file(
      (writer) => {
        writer.addInterface({ linkType: 'ethernet', name: 'left', description: 'the left one', snapLength: 96, timeOffset: 1000 })
        writer.packet(0, 1.5, Uint8Array.of(1, 2, 3), 0, 3, 'SYN')
        writer.addInterface({ linkType: 'raw' })
        writer.packet(1, 2.000001, Uint8Array.of(4), 0, 1)
      },
      { application: 'test', comment: 'two hosts' },
    )
    expect(read(bytes)).toEqual([
      { type: 'section', byteOrder: 'little-endian', application: 'test', comments: ['two hosts'] },
      {
        type: 'interface', index: 0, linkType: LinkType.Ethernet, snapLength: 96, name: 'left', description: 'the left one',
        ticksPerSecond: 1e9, timeOffset: 1000, comments: [],
      },
      {
        type: 'packet', interfaceIndex: 0, linkType: LinkType.Ethernet, time: 1_000_001.5, bytes: Uint8Array.of(1, 2, 3),
        originalLength: 3, comments: ['SYN'],
      },
      {
        type: 'interface', index: 1, linkType: LinkType.Raw, snapLength: 0, name: undefined, description: undefined,
        ticksPerSecond: 1e9, timeOffset: 0, comments: [],
      },
      {
        type: 'packet', interfaceIndex: 1, linkType: LinkType.Raw, time: 2.000001, bytes: Uint8Array.of(4), originalLength: 1,
        comments: [],
      },
    ])
  })

  it('§3.6: a big-endian section, after a little-endian one in the same file', () => {
    const bytes = concatenate([SECTION, INTERFACE, PACKET, hex(`
      0a0d0d0a 00000028 1a2b3c4d 0001 0000 ffffffffffffffff 0004 0003 6c696600 0000 0000 00000028
      00000001 0000002c 0071 0000 00000100 0009 0001 06000000 000e 0008 ffffffffffffffff 0000 0000 0000002c
      00000006 00000034 00000000 00000001 00000002 00000002 00000005 abcd0000 0001 0002 68690000 0001 0001 21000000 00000034
    `)])
    expect(read(bytes).slice(3)).toEqual([
      { type: 'section', byteOrder: 'big-endian', application: 'lif', comments: [] },
      {
        type: 'interface', index: 0, linkType: 113, snapLength: 256, name: undefined, description: undefined,
        ticksPerSecond: 1e6, timeOffset: -1, comments: [],
      },
      {
        type: 'packet', interfaceIndex: 0, linkType: 113, time: 4_293_967.298, bytes: Uint8Array.of(0xab, 0xcd), originalLength: 5,
        comments: ['hi', '!'],
      },
    ])
  })

  it('§4.2: without if_tsresol the time is in microseconds', () => {
    expect(packetsOf(concatenate([SECTION, INTERFACE, PACKET]))[0]!.time).toBe(1)
  })

  it.each([['03', 1000], ['00', 1_000_000], ['8a', 1000 / 1024 * 1000], ['09', 0.001]])(
    '§4.2: if_tsresol %s',
    (resolution, time) => {
      const described = hex(`01000000 20000000 0100 0000 00000000 0900 0100 ${resolution}000000 00000000 20000000`)
      expect(packetsOf(concatenate([SECTION, described, PACKET]))[0]!.time).toBe(time)
    },
  )

  it('unknown blocks and options are skipped', () => {
    const custom = hex('ad0b0000 14000000 01020304 05060708 14000000')
    const described = hex('01000000 20000000 0100 0000 00000000 7777 0500 0102030405 000000 20000000')
    const types = read(concatenate([SECTION, custom, described, custom, PACKET, custom])).map((block) => block.type)
    expect(types).toEqual(['section', 'interface', 'packet'])
  })

  it('§4.4: a simple packet has no time, and is cut at the snap length of interface 0', () => {
    const described = hex('01000000 14000000 0100 0000 02000000 14000000')
    const simple = hex('03000000 14000000 05000000 aabb0000 14000000')
    expect(packetsOf(concatenate([SECTION, described, simple]))).toEqual([
      {
        type: 'packet', interfaceIndex: 0, linkType: 1, time: undefined, bytes: Uint8Array.of(0xaa, 0xbb), originalLength: 5,
        comments: [],
      },
    ])
  })

  it('reads a view that begins anywhere in its buffer', () => {
    const whole = concatenate([Uint8Array.of(1, 2, 3), SECTION, INTERFACE, PACKET])
    expect(packetsOf(whole.subarray(3))[0]!.bytes).toEqual(Uint8Array.of(0xaa))
  })

  it('an empty file has no blocks', () => expect(read(new Uint8Array(0))).toEqual([]))

  describe('what is malformed ends with an error that says where', () => {
    const before = SECTION.length + INTERFACE.length
    it.each<[string, string, number, number, RegExp]>([
      ['text', '68656c6c6f20776f726c64210a', 0, 0, /no pcapng file/],
      ['classic pcap', 'd4c3b2a1 02000400 00000000', 0, 0, /classic pcap/],
      ['a file that breaks off in a header', '06000000 20000000', 2, 0, /ends within a block$/],
      ['a file that breaks off in a body', '06000000 24000000 00000000', 2, 0, /ends within a block of 36 bytes/],
      ['a length of 0', '06000000 00000000 00000000', 2, 0, /a block says it has 0 bytes/],
      ['an odd length', '06000000 0d000000 00000000 00', 2, 0, /a block says it has 13 bytes/],
      ['two lengths', '07000000 0c000000 10000000', 2, 0, /two lengths of a block differ/],
      ['no magic', '0a0d0d0a 1c000000 11111111 01000000 0000000000000000 1c000000', 2, 0, /byte-order magic/],
      ['a version to come', '0a0d0d0a 1c000000 4d3c2b1a 0200 0100 ffffffffffffffff 1c000000', 2, 0, /version 2.1/],
      ['a short section', '0a0d0d0a 10000000 4d3c2b1a 10000000', 2, 0, /section header is too short/],
      ['a short interface', '01000000 10000000 01000000 10000000', 2, 0, /interface description is too short/],
      ['a short packet', '06000000 10000000 00000000 10000000', 2, 0, /packet block is too short/],
      ['a short simple packet', '03000000 0c000000 0c000000', 2, 0, /packet block is too short/],
      ['a packet of nowhere', '06000000 20000000 01000000 0000000000000000 00000000 00000000 20000000', 2, 0, /interface 1, which was not/],
      ['a packet too long', '06000000 24000000 00000000 0000000000000000 05000000 05000000 aabbccdd 24000000', 2, 0, /no room for 5 bytes/],
      ['a huge packet', '06000000 24000000 00000000 0000000000000000 ffffffff 05000000 aabbccdd 24000000', 2, 0, /no room for 4294967295/],
      ['a simple packet too long', '03000000 14000000 05000000 aabb0000 14000000', 2, 0, /no room for 5 bytes/],
      ['an option too long', '01000000 18000000 01000000 00000000 02000100 18000000', 2, 0, /interface description has a malformed option/],
      ['a packet\'s option', '06000000 28000000 00000000 0000000000000000 01000000 01000000 aa000000 01000900 28000000', 2, 0, /packet block has a mal/],
    ])('%s', (_, block, context, at, message) => {
      const bytes = concatenate([...(context > 0 ? [SECTION, INTERFACE] : []), hex(block)])
      const last = read(bytes).at(-1)
      expect(last).toEqual({ type: 'error', message: expect.stringMatching(message) as string, at: (context > 0 ? before : 0) + at })
    })

    it('a packet before any interface', () => {
      expect(read(concatenate([SECTION, PACKET])).at(-1)).toMatchObject({ type: 'error', at: 28 })
      expect(read(concatenate([SECTION, hex('03000000 10000000 00000000 10000000')])).at(-1)).toMatchObject({ type: 'error', at: 28 })
    })
  })
})
