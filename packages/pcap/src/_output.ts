import { padded } from './_format.ts'
import { utf8Length, writeUtf8 } from './_utf8.ts'

const CHUNK_SIZE = 65_536
export const LONGEST_OPTION = 65_535

/** Bytes of one option with its padding. */
export function optionLength(value: number): number {
  return 4 + padded(value)
}

/**
 * Builds blocks in little-endian order. A block is handed out as a view of a larger chunk that is never written there again: the
 * receiver may keep it, and no copy and no buffer per packet is needed.
 */
export class Output {
  bytes: Uint8Array = new Uint8Array(0)
  at: number = 0
  #view: DataView = new DataView(this.bytes.buffer)
  #blockStart = 0

  /** Begins a block whose body takes `length` bytes, a multiple of four. */
  begin(type: number, length: number): void {
    const total = length + 12
    if (this.bytes.length - this.at < total) {
      this.bytes = new Uint8Array(Math.max(CHUNK_SIZE, total))
      this.#view = new DataView(this.bytes.buffer)
      this.at = 0
    }
    this.#blockStart = this.at
    this.uint32(type)
    this.uint32(total)
  }

  /** Ends the block and returns it. */
  end(): Uint8Array {
    this.uint32(this.at + 4 - this.#blockStart)
    return this.bytes.subarray(this.#blockStart, this.at)
  }

  uint16(value: number): void {
    this.#view.setUint16(this.at, value, true)
    this.at += 2
  }

  uint32(value: number): void {
    this.#view.setUint32(this.at, value, true)
    this.at += 4
  }

  copy(bytes: Uint8Array, start: number, end: number): void {
    this.bytes.set(bytes.subarray(start, end), this.at)
    this.at += padded(end - start)
  }

  text(code: number, text: string): void {
    const length = utf8Length(text)
    this.uint16(code)
    this.uint16(length)
    writeUtf8(text, this.bytes, this.at)
    this.at += padded(length)
  }

  octet(code: number, value: number): void {
    this.uint16(code)
    this.uint16(1)
    this.uint32(value)
  }

  int64(code: number, value: number): void {
    this.uint16(code)
    this.uint16(8)
    this.#view.setBigInt64(this.at, BigInt(value), true)
    this.at += 8
  }

  endOfOptions(): void {
    this.uint32(0)
  }
}

/** Bytes that a text option will take; 0 without text. Throws `RangeError` when it is too long for an option. */
export function textOptionLength(name: string, text: string | undefined): number {
  if (text === undefined) return 0
  const length = utf8Length(text)
  if (length > LONGEST_OPTION) throw new RangeError(`expected ${name} of at most ${LONGEST_OPTION} bytes in UTF-8, got ${length}`)
  return optionLength(length)
}
