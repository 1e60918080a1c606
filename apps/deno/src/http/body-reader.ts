import type { ByteReader } from './byte-reader.ts'
import { readFields } from './fields.ts'
import type { Framing } from './framing.ts'
import { HttpError } from './http-error.ts'
import type { HttpLimits } from './limits.ts'
import { CHUNK_LINE } from './limits.ts'

/** Bytes of a piece of a body, at most. */
const PIECE = 65_536

/** A message's body on its way in. */
export class IncomingBody {
  /** Resolves with whether all of it was read, so that the next message begins behind it; never rejects. */
  readonly ended: Promise<boolean>
  readonly #reader: ByteReader
  readonly #framing: Framing
  readonly #limits: HttpLimits
  /** Bytes that are left: of the body, or of the current chunk. */
  #left: number
  #total = 0
  #firstChunk = true
  #complete = false
  /** What is left is not for the user any more. */
  #discarded = false
  /** The last of those that wait for a piece: one at a time reads. */
  #last: Promise<unknown> = Promise.resolve()
  #end!: (complete: boolean) => void

  constructor(reader: ByteReader, framing: Framing, limits: HttpLimits) {
    this.#reader = reader
    this.#framing = framing
    this.#limits = limits
    this.#left = framing.kind === 'length' ? framing.length : 0
    this.ended = new Promise((resolve) => { this.#end = resolve })
    if (framing.kind === 'length' && framing.length === 0) this.#finish()
  }

  get complete(): boolean {
    return this.#complete
  }

  /**
   * The body for its user, read when it asks; errors come as `wrap` gives them. `onFirstRead` is called when the user wants the first
   * bytes, `onCancel` when it does not want the rest.
   */
  stream(
    wrap: (error: unknown) => unknown, onFirstRead: () => Promise<void>, onCancel: () => void,
  ): ReadableStream<Uint8Array<ArrayBuffer>> {
    let first = true
    return new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: async (controller) => {
        try {
          if (first) {
            first = false
            await onFirstRead()
          }
          const piece = await this.#next()
          if (this.#discarded) throw new TypeError('the body was not read before the response ended')
          if (piece === undefined) controller.close()
          else controller.enqueue(piece)
        } catch (error) {
          this.#end(false)
          controller.error(wrap(error))
        }
      },
      cancel: () => {
        this.#end(this.#complete)
        onCancel()
      },
    }, { highWaterMark: 0 })
  }

  /** Reads what is left and throws it away, up to `most` bytes; whether that was all. */
  async drain(most: number): Promise<boolean> {
    this.#discarded = !this.#complete
    try {
      for (let left = most; left >= 0;) {
        const piece = await this.#next()
        if (piece === undefined) return true
        left -= piece.length
      }
    } catch {
      // A broken body has no end.
    }
    this.#end(false)
    return false
  }

  /** The next piece, `undefined` at the end. @throws HttpError when the stream ends before the body does, or is no body. */
  #next(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const piece = this.#last.then(() => this.#readPiece())
    this.#last = piece.catch(() => undefined)
    return piece
  }

  async #readPiece(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (this.#complete) return undefined
    if (this.#framing.kind === 'chunked' && this.#left === 0 && !(await this.#nextChunk())) return undefined
    const limited = this.#framing.kind !== 'rest'
    const bytes = await this.#reader.some(limited ? Math.min(this.#left, PIECE) : PIECE)
    if (bytes === undefined) {
      if (limited) throw new HttpError(400, 'the stream ended within the body')
      this.#finish()
      return undefined
    }
    this.#total += bytes.length
    if (this.#total > this.#limits.body) throw new HttpError(413, `the body is longer than ${this.#limits.body} bytes`)
    if (limited) this.#left -= bytes.length
    if (this.#framing.kind === 'length' && this.#left === 0) this.#finish()
    return bytes as Uint8Array<ArrayBuffer>
  }

  /** RFC 9112 §7.1: the line before a chunk; false behind the last one. */
  async #nextChunk(): Promise<boolean> {
    const { head } = this.#limits
    if (!this.#firstChunk && (await this.#reader.line(0, 400)) !== '') throw new HttpError(400, 'a chunk is longer than it said')
    this.#firstChunk = false
    const line = await this.#reader.line(CHUNK_LINE, 400)
    const size = /^([0-9A-Fa-f]{1,13})[ \t]*(;|$)/.exec(line ?? '')?.[1]
    if (size === undefined) throw new HttpError(400, 'a chunk has no size')
    this.#left = parseInt(size, 16)
    if (this.#left > 0) return true
    // Trailer fields are read and dropped (RFC 9112 §7.1.2).
    await readFields(this.#reader, this.#limits, head)
    this.#finish()
    return false
  }

  #finish(): void {
    this.#complete = true
    this.#end(true)
  }
}
