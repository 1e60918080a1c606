import { HttpError } from './http-error.ts'
import { withPatience } from './with-patience.ts'

const CR = 13
const LF = 10
const NOTHING: Uint8Array = new Uint8Array(0)

/** Reads a byte stream by lines and by counts, whatever pieces it comes in. One call at a time. */
export class ByteReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #patience: number
  /** What came and was not taken yet. */
  #chunk = NOTHING
  #ended = false
  /** The read under way: one that was begun to see whether anything comes may be joined by another. */
  #reading: Promise<void> | undefined

  /** @param patience ms to wait for the next bytes; then `HttpError` 408. */
  constructor(stream: ReadableStream<Uint8Array>, patience: number) {
    this.#reader = stream.getReader()
    this.#patience = patience
  }

  /** Bytes that can be had without waiting. */
  get buffered(): number {
    return this.#chunk.length
  }

  /** Waits for the next bytes, as long as it takes; false at the end. */
  async arrival(): Promise<boolean> {
    while (this.#chunk.length === 0 && !this.#ended) await this.#read()
    return this.#chunk.length > 0
  }

  /**
   * The next line without its CRLF, each byte a character. `undefined` at the end of the stream, if nothing came before it.
   * @throws HttpError `status` when it is longer than `limit`, 400 when it ends in anything but CRLF or the stream ends within it.
   */
  async line(limit: number, status: number): Promise<string | undefined> {
    let line = ''
    for (;;) {
      if (!(await this.#fill())) {
        if (line === '') return undefined
        throw new HttpError(400, 'the stream ended within a line')
      }
      const chunk = this.#chunk
      const end = chunk.indexOf(LF)
      const taken = end < 0 ? chunk.length : end + 1
      if (line.length + taken > limit + 2) throw new HttpError(status, `a line is longer than ${limit} bytes`)
      for (let i = 0; i < taken; i++) line += String.fromCharCode(chunk[i]!)
      this.#chunk = chunk.subarray(taken)
      if (end < 0) continue
      // RFC 9112 §2.2 lets a recipient take a lone LF for an end of line; but readers that differ can be played off against each other.
      if (line.charCodeAt(line.length - 2) !== CR) throw new HttpError(400, 'a line ends without CR')
      return line.slice(0, -2)
    }
  }

  /** One byte at least and `most` at most; `undefined` at the end of the stream. The bytes belong to the caller. */
  async some(most: number): Promise<Uint8Array | undefined> {
    if (!(await this.#fill())) return undefined
    const chunk = this.#chunk
    this.#chunk = chunk.subarray(most)
    // A piece of its own: who gets it may pass its buffer on, and the rest is still to be read.
    return chunk.length > most ? chunk.slice(0, most) : chunk
  }

  /** Gives the rest of the stream up. */
  cancel(): Promise<void> {
    this.#ended = true
    this.#chunk = NOTHING
    return this.#reader.cancel()
  }

  async #fill(): Promise<boolean> {
    if (this.#chunk.length > 0) return true
    if (this.#ended) return false
    return withPatience(this.arrival(), this.#patience, () => new HttpError(408, `nothing came for ${this.#patience} ms`))
  }

  #read(): Promise<void> {
    this.#reading ??= this.#reader.read().then(({ done, value }) => {
      if (done) this.#ended = true
      else if (!this.#ended) this.#chunk = value
    }).finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }
}
