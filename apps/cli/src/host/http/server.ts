import type { TcpConnection } from '@layerfour/socket'
import type { TcpService } from '../tcp-services.ts'
import { discardUntilEnd } from '../tcp-services.ts'
import type { HttpRequest } from './request.ts'
import { parseRequest } from './request.ts'
import type { HttpResponse } from './response.ts'
import { sendResponse, textResponse } from './response.ts'

/** Longest head of a request, in bytes. */
const LONGEST_HEAD = 8192
/** How long a connection may be idle between requests, or within a head, in ms. */
const IDLE_TIMEOUT = 30_000

/** HTTP/1.1 for GET and HEAD with persistent connections and pipelining (RFC 9110, RFC 9112): enough to show a page. */
export function httpService(handle: (request: HttpRequest) => HttpResponse): TcpService {
  return async (connection) => {
    const heads = new HeadReader(connection)
    for (let open = true; open;) {
      const head = await heads.next()
      if (head === undefined) break
      const request = head === null ? 431 : parseRequest(head)
      if (typeof request === 'number') {
        open = false
        await sendResponse(connection, textResponse(request), { withoutBody: false, keepAlive: false })
      } else {
        open = request.keepAlive
        await sendResponse(connection, handle(request), { withoutBody: request.method === 'HEAD', keepAlive: open })
      }
    }
    await connection.closeWrite()
    // A request body that nobody reads would make the close a reset, and the answer might be lost.
    await discardUntilEnd(connection)
  }
}

/** Cuts the incoming stream into request heads. */
class HeadReader {
  readonly #connection: TcpConnection
  readonly #buffer = new Uint8Array(LONGEST_HEAD)
  #length = 0

  constructor(connection: TcpConnection) {
    this.#connection = connection
  }

  /** The next head without its empty line; undefined when there is no other, null when it is too long. */
  async next(): Promise<string | null | undefined> {
    for (;;) {
      const head = this.#take()
      if (head !== undefined) return head
      if (this.#length === LONGEST_HEAD) return null
      const count = await this.#read()
      if (count === null) return undefined
      this.#length += count
    }
  }

  #take(): string | undefined {
    // Bytes as they are: a head is ASCII, and anything else in it must not change its length.
    const text = String.fromCharCode(...this.#buffer.subarray(0, this.#length))
    // RFC 9112 §2.2: empty lines before a request are skipped.
    const begin = /^(\r\n)*/.exec(text)![0].length
    const end = text.indexOf('\r\n\r\n', begin)
    if (end < 0) return undefined
    this.#buffer.copyWithin(0, end + 4, this.#length)
    this.#length -= end + 4
    return text.slice(begin, end)
  }

  async #read(): Promise<number | null> {
    const idle = new AbortController()
    const timer = setTimeout(() => idle.abort(), IDLE_TIMEOUT)
    try {
      return await this.#connection.read(this.#buffer.subarray(this.#length), { signal: idle.signal })
    } catch (error) {
      if (idle.signal.aborted) return null
      throw error
    } finally {
      clearTimeout(timer)
    }
  }
}
