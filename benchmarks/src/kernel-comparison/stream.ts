import { pseudoRandomBytes } from '../../../tests/kernel/_bytes.ts'

/** A prime near 1 MiB, so that no power of two of the protocols lines up with it. */
const PERIOD = 1_048_573

/** What every sender sends, over and over: who gets a piece of it at a known offset can tell whether each byte is right. */
export const block: Uint8Array<ArrayBuffer> = pseudoRandomBytes(PERIOD)
const expected = Buffer.from(block.buffer)

/** Checks text as it arrives, piece by piece, up to the first piece with a wrong byte. */
export class StreamCheck {
  /** Bytes that were as they should be. */
  offset = 0
  /** Whether all were so far. */
  sound = true

  add(bytes: Buffer, length: number): void {
    for (let at = 0; this.sound && at < length;) {
      const from = this.offset % PERIOD
      const count = Math.min(length - at, PERIOD - from)
      this.sound = expected.compare(bytes, at, at + count, from, from + count) === 0
      if (this.sound) this.offset += count
      at += count
    }
  }
}
