import { formatHead } from './fields.ts'
import type { Framing } from './framing.ts'
import { HttpError } from './http-error.ts'
import { withPatience } from './with-patience.ts'

const CRLF = [13, 10]
const LAST_CHUNK: Uint8Array = Uint8Array.from('0\r\n\r\n', (character) => character.charCodeAt(0))

/** Writes messages, each with the framing that its head announces. */
export class MessageWriter {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>
  readonly #patience: number

  /** @param patience ms to wait until a piece could be written; then `HttpError` 408. */
  constructor(stream: WritableStream<Uint8Array>, patience: number) {
    this.#writer = stream.getWriter()
    this.#patience = patience
    // Who writes next hears of it; who does not write has no use for it.
    this.#writer.closed.catch(() => undefined)
  }

  async head(startLine: string, headers: Headers): Promise<void> {
    await this.#write(formatHead(startLine, headers))
  }

  /**
   * Sends a body to its end.
   * @throws TypeError when it is shorter or longer than its Content-Length; whatever `body` throws.
   */
  async body(body: ReadableStream<Uint8Array>, framing: Framing): Promise<void> {
    const reader = body.getReader()
    let left = framing.kind === 'length' ? framing.length : Infinity
    try {
      for (;;) {
        const { done, value } = await reader.read()
        if (done) break
        if (!(value instanceof Uint8Array)) throw new TypeError(`a body gave a chunk that is ${typeof value}, expected a Uint8Array`)
        if (value.length > left) throw new TypeError('a body is longer than its Content-Length')
        left -= value.length
        if (value.length > 0) await this.#write(framing.kind === 'chunked' ? asChunk(value) : value)
      }
    } catch (error) {
      reader.cancel(error).catch(() => undefined)
      throw error
    }
    if (left > 0 && left < Infinity) throw new TypeError(`a body is ${left} bytes shorter than its Content-Length`)
    if (framing.kind === 'chunked') await this.#write(LAST_CHUNK)
  }

  async bytes(bytes: Uint8Array): Promise<void> {
    if (bytes.length > 0) await this.#write(bytes)
  }

  /** Ends our direction. */
  async end(): Promise<void> {
    await this.#writer.close()
  }

  async #write(bytes: Uint8Array): Promise<void> {
    await withPatience(this.#writer.write(bytes), this.#patience, () => new HttpError(408, 'the peer reads nothing'))
  }
}

/** RFC 9112 §7.1, as one piece: a size of its own would be a segment of its own. */
function asChunk(data: Uint8Array): Uint8Array {
  const size = Array.from(data.length.toString(16), (digit) => digit.charCodeAt(0))
  const chunk = new Uint8Array(size.length + 2 + data.length + 2)
  chunk.set([...size, ...CRLF])
  chunk.set(data, size.length + 2)
  chunk.set(CRLF, size.length + 2 + data.length)
  return chunk
}
