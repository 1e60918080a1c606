import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  createTcpHeader, createTcpOptions, DropReason, readTcp, readTcpOptions, sackBlocksThatFit, TCP_MAX_OPTIONS_LENGTH, TcpFlags,
  tcpOptionsLength, writeTcp, writeTcpOptions,
} from '../src/index.ts'
import type { TcpHeader, TcpOptions } from '../src/index.ts'
import { captures } from './_captures.ts'
import { hex, toHex } from './_hex.ts'

function readOptions(text: string): { reason: DropReason, options: TcpOptions } {
  // What lies around the options must not matter: an end of list before, lengths behind.
  const bytes = hex(`00${text}0202`)
  const options = createTcpOptions()
  return { reason: readTcpOptions(bytes, 1, bytes.length - 2, options), options }
}

function writeOptions(fields: Partial<TcpOptions>): string {
  const options = { ...createTcpOptions(), ...fields }
  const bytes = new Uint8Array(64).fill(0xee)
  const length = writeTcpOptions(options, bytes, 2)
  expect(length).toBe(tcpOptionsLength(options))
  expect(toHex(bytes.subarray(0, 2)) + toHex(bytes.subarray(2 + length, 4 + length))).toBe('eeeeeeee')
  return toHex(bytes.subarray(2, 2 + length))
}

describe('RFC 9293 §3.1: the header', () => {
  test('a SYN of the Linux kernel is read and written again', () => {
    const { tcpSyn } = captures
    const header = createTcpHeader()
    expect(readTcp(tcpSyn, 20, tcpSyn.length, header)).toBe(DropReason.None)
    expect(header).toEqual({
      sourcePort: 0xd8be, destinationPort: 80, sequence: 0xc1b5a041 | 0, acknowledgment: 0, headerLength: 40, flags: TcpFlags.SYN,
      window: 64240, checksum: 0x9ba4, urgentPointer: 0,
      options: {
        ...createTcpOptions(), mss: 1460, sackPermitted: true, hasTimestamps: true, timestampValue: 0x79e57878, timestampEcho: 0,
        windowScale: 10,
      },
    })
    const bytes = new Uint8Array(44).fill(0xee)
    expect(writeTcp(header, bytes, 2)).toBe(40)
    expect(toHex(bytes)).toBe(`eeee${toHex(tcpSyn.subarray(20, 36))}0000${toHex(tcpSyn.subarray(38))}eeee`)
  })

  test('RFC 7413 §4.1.1: so is a SYN that asks for a fast open cookie', () => {
    const { tcpSynFastOpen } = captures
    const header = createTcpHeader()
    expect(readTcp(tcpSynFastOpen, 20, tcpSynFastOpen.length, header)).toBe(DropReason.None)
    expect(header.options.fastOpenLength).toBe(0)
    const bytes = new Uint8Array(44)
    expect(writeTcp(header, bytes, 0)).toBe(44)
    expect(toHex(bytes.subarray(20))).toBe(toHex(tcpSynFastOpen.subarray(40)))
  })

  test('MUST-1: every field is in its place, the window unsigned', () => {
    const header = createTcpHeader()
    const bytes = hex('0102 0304 05060708 f90a0b0c 5fff fe0f 1011 1213 aa')
    expect(readTcp(bytes, 0, bytes.length, header)).toBe(DropReason.None)
    expect(header).toEqual({
      sourcePort: 0x0102, destinationPort: 0x0304, sequence: 0x05060708, acknowledgment: 0xf90a0b0c | 0, headerLength: 20, flags: 0xff,
      window: 0xfe0f, checksum: 0x1011, urgentPointer: 0x1213, options: createTcpOptions(),
    })
    // Reserved bits are ignored on reading and 0 on writing.
    const written = new Uint8Array(20)
    expect(writeTcp(header, written, 0)).toBe(20)
    expect(toHex(written)).toBe('0102030405060708f90a0b0c50fffe0f00001213')
  })

  test('the control bits, from the lowest', () => {
    expect(TcpFlags).toEqual({ FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16, URG: 32, ECE: 64, CWR: 128 })
  })

  test.each([
    ['19 bytes', 19, 0x50, DropReason.Truncated],
    ['a data offset of 4 words', 20, 0x40, DropReason.BadHeaderLength],
    ['a data offset of 0', 20, 0x00, DropReason.BadHeaderLength],
    ['a data offset past the end', 20, 0x60, DropReason.Truncated],
    ['the largest header in one byte less', 59, 0xf0, DropReason.Truncated],
    ['the largest header', 60, 0xf0, DropReason.None],
  ])('%s: drop reason fits', (_, length, offset, reason) => {
    const bytes = new Uint8Array(64)
    bytes[12] = offset
    expect(readTcp(bytes, 0, length, createTcpHeader())).toBe(reason)
  })

  test('nothing stays from the segment before', () => {
    const header = createTcpHeader()
    readTcp(captures.tcpSynFastOpen, 20, captures.tcpSynFastOpen.length, header)
    readTcpOptions(hex('1c048001 050affff0000ffff0001 9903ff 00'), 0, 18, header.options)
    readTcp(hex('0102030405060708090a0b0c50100e0f10111213'), 0, 20, header)
    expect({ ...header.options, sackEdges: 0 }).toEqual({ ...createTcpOptions(), sackEdges: 0 })
  })

  test('options that take more than 40 bytes are misuse', () => {
    const header = createTcpHeader()
    header.options.hasTimestamps = true
    header.options.sackCount = 4
    expect(() => writeTcp(header, new Uint8Array(100), 0)).toThrow(new RangeError('got 48 bytes of TCP options, expected at most 40'))
  })
})

describe('reading options', () => {
  test('MUST-14: MSS', () => {
    expect(readOptions('020405b4')).toMatchObject({ reason: DropReason.None, options: { mss: 1460 } })
    expect(readOptions('0204ffff').options.mss).toBe(65535)
    expect(readOptions('02040000').options.mss).toBe(0)
  })

  test('RFC 7323 §2.2: window scale, as it came', () => {
    expect(readOptions('01030307').options.windowScale).toBe(7)
    expect(readOptions('010303ff').options.windowScale).toBe(255)
  })

  test('RFC 7323 §3.2: timestamps, aligned, unaligned or among others', () => {
    const expected = { hasTimestamps: true, timestampValue: 0xf0000001 | 0, timestampEcho: 0x7fffffff }
    expect(readOptions('0101080af00000017fffffff')).toMatchObject({ reason: DropReason.None, options: expected })
    expect(readOptions('080af00000017fffffff0000')).toMatchObject({ reason: DropReason.None, options: expected })
    expect(readOptions('0402080af00000017fffffff')).toMatchObject({ reason: DropReason.None, options: { ...expected, sackPermitted: true } })
    expect(readOptions('0101080af00000017fffffff020405b4')).toMatchObject({ reason: DropReason.None, options: { ...expected, mss: 1460 } })
  })

  test('RFC 2018 §3: one to four SACK blocks', () => {
    const blocks = ['000013880000157c', '00001964fffffffe', '7fffffff80000000', '0000000000000001']
    const edges = [5000, 5500, 6500, -2, 0x7fffffff, -0x80000000, 0, 1]
    for (let count = 1; count <= 4; count++) {
      const length = (2 + 8 * count).toString(16).padStart(2, '0')
      const { reason, options } = readOptions(`010105${length}${blocks.slice(0, count).join('')}`)
      expect(reason).toBe(DropReason.None)
      expect(options.sackCount).toBe(count)
      expect([...options.sackEdges.subarray(0, 2 * count)]).toEqual(edges.slice(0, 2 * count))
    }
  })

  test('RFC 5482 §3: user timeout in seconds or minutes; 0 is ignored', () => {
    expect(readOptions('1c04003c').options.userTimeout).toBe(60)
    expect(readOptions('1c048003').options.userTimeout).toBe(180)
    expect(readOptions('1c04ffff').options.userTimeout).toBe(0x7fff * 60)
    expect(readOptions('1c040000')).toMatchObject({ reason: DropReason.None, options: { userTimeout: -1 } })
    expect(readOptions('1c048000').options.userTimeout).toBe(-1)
  })

  test('RFC 7413 §4.1.1: fast open cookies of 4 to 16 bytes; other lengths are ignored', () => {
    const { options } = readOptions('220a0102030405060708 0101')
    expect(options.fastOpenLength).toBe(8)
    expect(toHex(options.fastOpenCookie.subarray(0, 8))).toBe('0102030405060708')
    expect(readOptions(`2212${'ab'.repeat(16)}0000`).options.fastOpenLength).toBe(16)
    expect(readOptions('2206aabbccdd0000').options.fastOpenLength).toBe(4)
    for (const text of ['2204aabb', '2203aa00', '2207aabbccddee00', `2214${'ab'.repeat(18)}`]) {
      expect(readOptions(text)).toMatchObject({ reason: DropReason.None, options: { fastOpenLength: -1, unknownCount: 1 } })
    }
  })

  test('MUST-4, MUST-6: end of list, no-operation, and unknown options are skipped by their length', () => {
    expect(readOptions('')).toEqual({ reason: DropReason.None, options: createTcpOptions() })
    expect(readOptions('01010101')).toEqual({ reason: DropReason.None, options: createTcpOptions() })
    expect(readOptions('00020405b4020405')).toEqual({ reason: DropReason.None, options: createTcpOptions() })
    expect(readOptions('fd06f9890102 1e08aabbccddeeff 020405b4 0000')).toMatchObject({
      reason: DropReason.None, options: { mss: 1460, unknownCount: 2 },
    })
    expect(readOptions('fe02')).toMatchObject({ reason: DropReason.None, options: { unknownCount: 1 } })
  })

  test('MUST-64: options begin on any byte', () => {
    expect(readOptions('01020405b4 0303 07 0402 00')).toMatchObject({
      reason: DropReason.None, options: { mss: 1460, windowScale: 7, sackPermitted: true },
    })
  })

  test('of an option that comes twice the last counts', () => {
    expect(readOptions('020405b402040218').options.mss).toBe(536)
  })

  test.each([
    ['length 0', '02000000'],
    ['length 1', 'fe010000'],
    ['length past the end', '020405'],
    ['an unknown option past the end', '01fe0400'],
    ['kind without a length', '01010102'],
    ['MSS of 3 bytes', '02030500'],
    ['MSS of 5 bytes', '020505b400'],
    ['window scale of 2 bytes', '03020000'],
    ['window scale of 4 bytes', '03040700'],
    ['SACK-permitted of 3 bytes', '04030000'],
    ['timestamps of 9 bytes', '080900000000000000'],
    ['timestamps of 12 bytes', '080c00000000000000000000'],
    ['aligned timestamps of 8 bytes', '010108080000000000000000'],
    ['SACK without blocks', '05020000'],
    ['SACK of one and a half blocks', '050e000000010000000200000003'],
    ['SACK of nine bytes', '050900000001000000'],
    ['SACK of five blocks', `052a${'00'.repeat(40)}`],
    ['user timeout of 3 bytes', '1c030100'],
    ['a good option before a bad one', '020405b4fe01'],
  ])('MUST-7: %s is a bad option', (_, text) => {
    expect(readOptions(text).reason).toBe(DropReason.BadOption)
  })

  test('a bad option makes the segment one that is dropped', () => {
    const bytes = captures.tcpSyn.slice()
    bytes[41] = 0
    expect(readTcp(bytes, 20, bytes.length, createTcpHeader())).toBe(DropReason.BadOption)
  })
})

describe('writing options', () => {
  test('each alone is padded to four bytes', () => {
    expect(writeOptions({})).toBe('')
    expect(writeOptions({ mss: 1460 })).toBe('020405b4')
    expect(writeOptions({ mss: 0 })).toBe('02040000')
    expect(writeOptions({ windowScale: 0 })).toBe('01030300')
    expect(writeOptions({ sackPermitted: true })).toBe('01010402')
    expect(writeOptions({ hasTimestamps: true, timestampValue: -1, timestampEcho: 2 })).toBe('0101080affffffff00000002')
    expect(writeOptions({ sackCount: 1, sackEdges: Int32Array.of(1, -2) })).toBe('0101050a00000001fffffffe')
    expect(writeOptions({ userTimeout: 60 })).toBe('1c04003c')
    expect(writeOptions({ fastOpenLength: 0 })).toBe('22020101')
    expect(writeOptions({ fastOpenLength: 4, fastOpenCookie: hex('01020304') })).toBe('2206010203040101')
    expect(writeOptions({ fastOpenLength: 6, fastOpenCookie: hex('010203040506') })).toBe('2208010203040506')
  })

  test('SACK-permitted takes the place of the no-operations before timestamps', () => {
    expect(writeOptions({ sackPermitted: true, hasTimestamps: true, timestampValue: 1 })).toBe('0402080a0000000100000000')
  })

  test('RFC 5482 §3: a long user timeout is sent in minutes, rounded up, and never as 0', () => {
    expect(writeOptions({ userTimeout: 0x7fff })).toBe('1c047fff')
    expect(writeOptions({ userTimeout: 0x8000 })).toBe('1c048223')
    expect(writeOptions({ userTimeout: 1e9 })).toBe('1c04ffff')
    expect(writeOptions({ userTimeout: 0 })).toBe('1c040001')
  })

  test('RFC 2018 §3: four SACK blocks fit alone, three beside timestamps', () => {
    const fits = (fields: Partial<TcpOptions>) => sackBlocksThatFit({ ...createTcpOptions(), ...fields })
    expect(fits({})).toBe(4)
    expect(fits({ hasTimestamps: true })).toBe(3)
    expect(fits({ hasTimestamps: true, sackCount: 2 })).toBe(3)
    expect(fits({ mss: 1460, windowScale: 7, hasTimestamps: true, userTimeout: 5 })).toBe(1)
    expect(fits({ mss: 1460, windowScale: 7, hasTimestamps: true, fastOpenLength: 16 })).toBe(0)
    expect(writeOptions({ sackCount: 4 })).toHaveLength(2 * 36)
    expect(TCP_MAX_OPTIONS_LENGTH).toBe(40)
  })
})

test('any header survives writing and reading', () => {
  const word = fc.integer()
  const uint16 = fc.nat(65535)
  const orAbsent = (present: fc.Arbitrary<number>) => fc.oneof(fc.constant(-1), present)
  const options = fc.record({
    mss: orAbsent(uint16), windowScale: orAbsent(fc.nat(255)), sackPermitted: fc.boolean(), hasTimestamps: fc.boolean(),
    timestampValue: word, timestampEcho: word, sackCount: fc.nat(4), sackEdges: fc.array(word, { minLength: 8, maxLength: 8 }),
    userTimeout: orAbsent(fc.oneof(fc.integer({ min: 1, max: 0x7fff }), fc.integer({ min: 600, max: 0x7fff }).map((n) => n * 60))),
    fastOpenLength: fc.constantFrom(-1, 0, 4, 6, 8, 16), fastOpenCookie: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  })
  const fields = fc.record({
    sourcePort: uint16, destinationPort: uint16, sequence: word, acknowledgment: word, flags: fc.nat(255), window: uint16,
    urgentPointer: uint16,
  })
  let written = 0
  fc.assert(fc.property(fields, options, (plain, { sackEdges, fastOpenCookie, ...rest }) => {
    const header: TcpHeader = { ...createTcpHeader(), ...plain, options: { ...createTcpOptions(), ...rest } }
    header.options.sackEdges.set(sackEdges)
    header.options.fastOpenCookie.set(fastOpenCookie)
    const length = tcpOptionsLength(header.options)
    fc.pre(length <= 40)
    written++
    const bytes = new Uint8Array(3 + 20 + length)
    expect(writeTcp(header, bytes, 3)).toBe(20 + length)
    const into = createTcpHeader()
    expect(readTcp(bytes, 3, bytes.length, into)).toBe(DropReason.None)
    const expected = structuredClone({ ...header, headerLength: 20 + length })
    // Where an option is absent its other fields say nothing.
    expected.options.sackEdges.fill(0, 2 * rest.sackCount)
    expected.options.fastOpenCookie.fill(0, Math.max(0, rest.fastOpenLength))
    if (!rest.hasTimestamps) {
      expected.options.timestampValue = 0
      expected.options.timestampEcho = 0
    }
    expect(into).toEqual(expected)
  }), { numRuns: 500 })
  expect(written).toBe(500)
})
