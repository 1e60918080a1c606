import {
  BYTE_ORDER_MAGIC, ENHANCED_PACKET_BLOCK, IF_DESCRIPTION, IF_NAME, IF_TSOFFSET, IF_TSRESOL, INTERFACE_DESCRIPTION_BLOCK, OPT_COMMENT,
  padded, SECTION_HEADER_BLOCK, SHB_USERAPPL,
} from './_format.ts'
import { Output, optionLength, textOptionLength } from './_output.ts'
import { LinkType } from './link-type.ts'

export interface PcapngWriterOptions {
  /** Name of the program that writes the file. None by default: equal packets give equal files, wherever they are written. */
  readonly application?: string
  /** A remark about the whole capture. */
  readonly comment?: string
}

export interface PcapngInterfaceOptions {
  /** `ethernet`: Ethernet II frames without FCS. `raw`: IP packets of either version. */
  readonly linkType: 'ethernet' | 'raw'
  readonly name?: string
  readonly description?: string
  /** Bytes kept of each packet; longer ones are cut, and their real length is noted. 0, the default, keeps all. */
  readonly snapLength?: number
  /** Whole seconds since 1970 at the moment that the clock calls 0. Default 0. */
  readonly timeOffset?: number
}

const NANOSECONDS = 9
const SECTION_LENGTH_UNKNOWN = 0xffffffff
const LARGEST_SNAP_LENGTH = 0x7fffffff
/** About 584 years in ms: then 64 bits of nanoseconds are full. */
const TIME_LIMIT = 1.8446744e13

/**
 * Writes a pcapng file (draft-ietf-opsawg-pcapng), block by block, as the calls come. The bytes depend on the arguments alone.
 *
 * `write` is called once per block. The bytes are the caller's to keep: that memory is never written again. Neighbouring blocks may
 * share an ArrayBuffer, so copy before transferring one to another thread.
 */
export class PcapngWriter {
  readonly #write: (bytes: Uint8Array) => void
  readonly #output: Output = new Output()
  /** Of each interface, the bytes to keep. */
  readonly #snapLengths: number[] = []

  /** Throws `RangeError` when an option's text exceeds 65,535 bytes. */
  constructor(write: (bytes: Uint8Array) => void, options: PcapngWriterOptions = {}) {
    this.#write = write
    const { application, comment } = options
    const optionBytes = textOptionLength('the comment', comment) + textOptionLength('the application', application)
    const output = this.#output
    output.begin(SECTION_HEADER_BLOCK, 16 + (optionBytes > 0 ? optionBytes + 4 : 0))
    output.uint32(BYTE_ORDER_MAGIC)
    output.uint16(1) // version 1.0
    output.uint16(0)
    output.uint32(SECTION_LENGTH_UNKNOWN)
    output.uint32(SECTION_LENGTH_UNKNOWN)
    if (comment !== undefined) output.text(OPT_COMMENT, comment)
    if (application !== undefined) output.text(SHB_USERAPPL, application)
    if (optionBytes > 0) output.endOfOptions()
    write(output.end())
  }

  /** Says what packets will come from; returns the number to name it by, counted from 0. */
  addInterface(options: PcapngInterfaceOptions): number {
    const { linkType, name, description, snapLength = 0, timeOffset = 0 } = options
    if (linkType !== 'ethernet' && linkType !== 'raw') {
      throw new TypeError(`expected the link type 'ethernet' or 'raw', got ${JSON.stringify(linkType)}`)
    }
    if (!Number.isInteger(snapLength) || snapLength < 0 || snapLength > LARGEST_SNAP_LENGTH) {
      throw new RangeError(`expected a snap length from 0 to ${LARGEST_SNAP_LENGTH} bytes, got ${snapLength}`)
    }
    if (!Number.isSafeInteger(timeOffset)) throw new RangeError(`expected a time offset in whole seconds, got ${timeOffset}`)
    const texts = textOptionLength('the name', name) + textOptionLength('the description', description)
    const output = this.#output
    output.begin(INTERFACE_DESCRIPTION_BLOCK, 8 + texts + optionLength(1) + (timeOffset === 0 ? 0 : optionLength(8)) + 4)
    output.uint16(linkType === 'ethernet' ? LinkType.Ethernet : LinkType.Raw)
    output.uint16(0)
    output.uint32(snapLength)
    if (name !== undefined) output.text(IF_NAME, name)
    if (description !== undefined) output.text(IF_DESCRIPTION, description)
    output.octet(IF_TSRESOL, NANOSECONDS)
    if (timeOffset !== 0) output.int64(IF_TSOFFSET, timeOffset)
    output.endOfOptions()
    this.#write(output.end())
    return this.#snapLengths.push(snapLength === 0 ? LARGEST_SNAP_LENGTH : snapLength) - 1
  }

  /**
   * Writes the packet in `bytes[start, end)`, which is lent for this call alone.
   * @param time when it passed, in ms after the time offset, 0 or more; kept to the nanosecond.
   * @param comment what readers show beside the packet; at most 65,535 bytes in UTF-8.
   * @throws RangeError for an interface not added, a time that is negative or beyond 584 years, a range outside `bytes`.
   */
  packet(interfaceIndex: number, time: number, bytes: Uint8Array, start: number, end: number, comment?: string): void {
    const snapLength = this.#snapLengths[interfaceIndex]
    if (snapLength === undefined) {
      throw new RangeError(`expected an interface from 0 to ${this.#snapLengths.length - 1}, got ${interfaceIndex}`)
    }
    if (!(time >= 0 && time < TIME_LIMIT)) throw new RangeError(`expected a time from 0 to ${TIME_LIMIT} ms, got ${time}`)
    if (!(start >= 0 && start <= end && end <= bytes.length)) {
      throw new RangeError(`expected a range within ${bytes.length} bytes, got [${start}, ${end})`)
    }
    const kept = Math.min(end - start, snapLength)
    const commentBytes = textOptionLength('a comment', comment)

    const output = this.#output
    output.begin(ENHANCED_PACKET_BLOCK, 20 + padded(kept) + (commentBytes > 0 ? commentBytes + 4 : 0))
    output.uint32(interfaceIndex)
    this.#time(time)
    output.uint32(kept)
    output.uint32(end - start)
    output.copy(bytes, start, start + kept)
    if (comment !== undefined) {
      output.text(OPT_COMMENT, comment)
      output.endOfOptions()
    }
    this.#write(output.end())
  }

  /** Nanoseconds as two 32-bit halves, upper first. Today's date in nanoseconds exceeds 2^53, so halves are multiplied apart. */
  #time(time: number): void {
    const whole = Math.floor(time)
    const high = Math.floor(whole / 2 ** 32)
    const low = (whole % 2 ** 32) * 1e6 + Math.round((time - whole) * 1e6)
    this.#output.uint32(high * 1e6 + Math.floor(low / 2 ** 32))
    this.#output.uint32(low % 2 ** 32)
  }
}
