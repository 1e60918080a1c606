import {
  BLOCK_HEADER_LENGTH, BYTE_ORDER_MAGIC, ENHANCED_PACKET_BLOCK, IF_DESCRIPTION, IF_NAME, IF_TSOFFSET, IF_TSRESOL,
  INTERFACE_DESCRIPTION_BLOCK, padded, SECTION_HEADER_BLOCK, SHB_USERAPPL, SIMPLE_PACKET_BLOCK, SMALLEST_BLOCK,
} from './_format.ts'
import type { OptionPlace } from './_options.ts'
import { commentsOf, readOptions, textOf } from './_options.ts'
import type { PcapngBlock, PcapngError, PcapngInterface, PcapngPacket, PcapngSection } from './pcapng-block.ts'

/**
 * Reads a pcapng file of either byte order and hands out its sections, interfaces and packets in order; other blocks are skipped.
 * Whatever the bytes are, nothing is thrown: a file that breaks off or contradicts itself ends with a block of type `error`.
 *
 *     for (const block of readPcapng(file)) if (block.type === 'packet') show(block.time, block.bytes)
 */
export function readPcapng(file: Uint8Array): Generator<PcapngBlock, void, undefined> {
  return new Reader(file).blocks()
}

const MAGIC_OF_CLASSIC_PCAP = [0xa1b2c3d4, 0xd4c3b2a1, 0xa1b23c4d, 0x4d3cb2a1]

/** One block between its header and its trailing length. */
interface Body {
  readonly at: number
  readonly start: number
  readonly end: number
}

class Reader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  /** Of this section. */
  #littleEndian = true
  #interfaces: PcapngInterface[] = []

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  *blocks(): Generator<PcapngBlock, void, undefined> {
    const size = this.#bytes.length
    for (let at = 0; at < size; ) {
      const problem = this.#begin(at)
      if (problem !== undefined) return yield failure(at, problem)
      const type = this.#view.getUint32(at, this.#littleEndian)
      const length = this.#view.getUint32(at + 4, this.#littleEndian)
      if (length < SMALLEST_BLOCK || length % 4 !== 0) return yield failure(at, `a block says it has ${length} bytes`)
      if (length > size - at) return yield failure(at, `the file ends within a block of ${length} bytes`)
      if (this.#view.getUint32(at + length - 4, this.#littleEndian) !== length) {
        return yield failure(at, 'the two lengths of a block differ')
      }
      const block = this.#block(type, { at, start: at + BLOCK_HEADER_LENGTH, end: at + length - 4 })
      if (block !== undefined) yield block
      if (block?.type === 'error') return
      at += length
    }
  }

  /** Looks at the first bytes of a block; a section header says the byte order of all that follows. */
  #begin(at: number): string | undefined {
    if (this.#bytes.length - at < SMALLEST_BLOCK) return 'the file ends within a block'
    if (this.#view.getUint32(at, true) === SECTION_HEADER_BLOCK) {
      const magic = this.#view.getUint32(at + 8, true)
      this.#littleEndian = magic === BYTE_ORDER_MAGIC
      if (!this.#littleEndian && this.#view.getUint32(at + 8) !== BYTE_ORDER_MAGIC) return 'a section header without byte-order magic'
      return undefined
    }
    if (at > 0) return undefined
    return MAGIC_OF_CLASSIC_PCAP.includes(this.#view.getUint32(0))
      ? 'this is a classic pcap file, not pcapng (editcap converts it)'
      : 'this is no pcapng file: it does not begin with a section header'
  }

  #block(type: number, body: Body): PcapngBlock | undefined {
    switch (type) {
      case SECTION_HEADER_BLOCK: return this.#section(body)
      case INTERFACE_DESCRIPTION_BLOCK: return this.#interface(body)
      case ENHANCED_PACKET_BLOCK: return this.#packet(body)
      case SIMPLE_PACKET_BLOCK: return this.#simplePacket(body)
      default: return undefined
    }
  }

  #section(body: Body): PcapngSection | PcapngError {
    if (body.end - body.start < 16) return failure(body.at, 'a section header is too short')
    const version = this.#uint16(body.start + 4)
    // Version 1.2 was written by some programs and is the same (draft-ietf-opsawg-pcapng §4.1).
    if (version !== 1) return failure(body.at, `version ${version}.${this.#uint16(body.start + 6)} of pcapng is not known`)
    const options = this.#options(body.start + 16, body.end)
    if (options === undefined) return failure(body.at, 'a section header has a malformed option')
    this.#interfaces = []
    return {
      type: 'section',
      byteOrder: this.#littleEndian ? 'little-endian' : 'big-endian',
      application: textOf(this.#bytes, options, SHB_USERAPPL),
      comments: commentsOf(this.#bytes, options),
    }
  }

  #interface(body: Body): PcapngInterface | PcapngError {
    if (body.end - body.start < 8) return failure(body.at, 'an interface description is too short')
    const options = this.#options(body.start + 8, body.end)
    if (options === undefined) return failure(body.at, 'an interface description has a malformed option')
    const resolution = options.find((option) => option.code === IF_TSRESOL && option.end - option.start === 1)
    const offset = options.find((option) => option.code === IF_TSOFFSET && option.end - option.start === 8)
    const described: PcapngInterface = {
      type: 'interface',
      index: this.#interfaces.length,
      linkType: this.#uint16(body.start),
      snapLength: this.#uint32(body.start + 4),
      name: textOf(this.#bytes, options, IF_NAME),
      description: textOf(this.#bytes, options, IF_DESCRIPTION),
      ticksPerSecond: resolution === undefined ? 1e6 : ticksPerSecond(this.#bytes[resolution.start]!),
      timeOffset: offset === undefined ? 0 : Number(this.#view.getBigInt64(offset.start, this.#littleEndian)),
      comments: commentsOf(this.#bytes, options),
    }
    this.#interfaces.push(described)
    return described
  }

  #packet(body: Body): PcapngPacket | PcapngError {
    if (body.end - body.start < 20) return failure(body.at, 'a packet block is too short')
    const interfaceIndex = this.#uint32(body.start)
    const source = this.#interfaces[interfaceIndex]
    if (source === undefined) return failure(body.at, `a packet names interface ${interfaceIndex}, which was not described`)
    const length = this.#uint32(body.start + 12)
    const first = body.start + 20
    if (length > body.end - first) return failure(body.at, `a packet block has no room for ${length} bytes`)
    const options = this.#options(first + padded(length), body.end)
    if (options === undefined) return failure(body.at, 'a packet block has a malformed option')
    const ticks = this.#uint32(body.start + 4) * 2 ** 32 + this.#uint32(body.start + 8)
    return {
      type: 'packet',
      interfaceIndex,
      linkType: source.linkType,
      time: source.timeOffset * 1000 + milliseconds(ticks, source.ticksPerSecond),
      bytes: this.#bytes.subarray(first, first + length),
      originalLength: this.#uint32(body.start + 16),
      comments: commentsOf(this.#bytes, options),
    }
  }

  #simplePacket(body: Body): PcapngPacket | PcapngError {
    const source = this.#interfaces[0]
    if (source === undefined) return failure(body.at, 'a packet comes before any interface')
    if (body.end - body.start < 4) return failure(body.at, 'a packet block is too short')
    const originalLength = this.#uint32(body.start)
    // The block does not say how much was kept: it follows from the interface's snap length.
    const length = source.snapLength === 0 ? originalLength : Math.min(originalLength, source.snapLength)
    const first = body.start + 4
    if (length > body.end - first) return failure(body.at, `a packet block has no room for ${length} bytes`)
    return {
      type: 'packet',
      interfaceIndex: 0,
      linkType: source.linkType,
      time: undefined,
      bytes: this.#bytes.subarray(first, first + length),
      originalLength,
      comments: [],
    }
  }

  #options(start: number, end: number): OptionPlace[] | undefined {
    return readOptions(this.#view, start, end, this.#littleEndian)
  }

  #uint16(at: number): number {
    return this.#view.getUint16(at, this.#littleEndian)
  }

  #uint32(at: number): number {
    return this.#view.getUint32(at, this.#littleEndian)
  }
}

/** if_tsresol: a power of ten, or with the upper bit set a power of two. */
function ticksPerSecond(resolution: number): number {
  const base = resolution >= 0x80 ? 2 : 10
  let ticks = 1
  for (let i = resolution & 0x7f; i > 0; i--) ticks *= base
  return ticks
}

/** Rounds once where it can: 1,500,000 ns are 1.5 ms, not 1.4999999999999998. */
function milliseconds(ticks: number, perSecond: number): number {
  return perSecond % 1000 === 0 ? ticks / (perSecond / 1000) : (ticks * 1000) / perSecond
}

function failure(at: number, message: string): PcapngError {
  return { type: 'error', message, at }
}
