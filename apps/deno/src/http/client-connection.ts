import { ByteReader } from './byte-reader.ts'
import { IncomingBody } from './body-reader.ts'
import type { Connection } from './connection.ts'
import { readHead } from './fields.ts'
import type { Framing } from './framing.ts'
import { hasNoBody, NO_BODY, responseFraming } from './framing.ts'
import { HttpError } from './http-error.ts'
import type { HttpLimits } from './limits.ts'
import { MessageWriter } from './message-writer.ts'
import { frameRequest } from './outgoing-framing.ts'
import type { ResponseHead } from './response-head.ts'
import { parseResponse } from './response-head.ts'

/** What `fetch` was asked for. */
export interface OutgoingRequest {
  readonly url: URL
  readonly method: string
  readonly headers: Headers
  /** Bytes can be sent again, on another connection; a stream cannot. */
  readonly body: Uint8Array | ReadableStream<Uint8Array> | null
  readonly signal: AbortSignal
}

/** Heads of 1xx responses that are skipped before the response itself. */
const MAX_INTERIM = 16

/** Sends requests on one connection, one after another. */
export class ClientConnection {
  readonly #connection: Connection
  readonly #limits: HttpLimits
  readonly #reader: ByteReader
  readonly #writer: MessageWriter
  /** Not a byte of the response to the current request has come. */
  #silent = true

  constructor(connection: Connection, limits: HttpLimits) {
    this.#connection = connection
    this.#limits = limits
    this.#reader = new ByteReader(connection.readable, limits.patience)
    this.#writer = new MessageWriter(connection.writable, limits.patience)
  }

  /** Whether the server gave no answer at all to the last request: a connection that it had closed meanwhile looks so. */
  get silent(): boolean {
    return this.#silent
  }

  /** Resolves when anything comes although nothing was asked for: the server's end, as a rule. Never rejects. */
  async disturbed(): Promise<void> {
    await this.#reader.arrival().catch(() => undefined)
  }

  /**
   * Sends a request and gives the response as soon as its head is here. `onReusable` is called when its body has been read to the end
   * and the connection can take another request; in every other case the connection closes by itself.
   */
  async exchange(request: OutgoingRequest, onReusable: () => void): Promise<Response> {
    const { signal } = request
    const onAbort = (): void => this.#connection.abort()
    signal.addEventListener('abort', onAbort, { once: true })
    this.#silent = true
    const sending = this.#send(request)
    try {
      const head = await Promise.race([this.#responseHead(), failureOf(sending)])
      const framing = responseFraming(request.method, head.status, head.headers, head.minorVersion)
      const incoming = new IncomingBody(this.#reader, framing, { ...this.#limits, body: Infinity })
      void incoming.ended.then(async (complete) => {
        signal.removeEventListener('abort', onAbort)
        if (!complete || !(await isDone(sending))) this.#connection.abort()
        else if (head.keepAlive && framing.kind !== 'rest') onReusable()
        else await this.close()
      })
      const body = hasNoBody(head.status) || framing === NO_BODY ? null : incoming.stream(
        (error) => (signal.aborted ? signal.reason : new TypeError('the response broke off', { cause: error })) as unknown,
        () => Promise.resolve(),
        () => this.#connection.abort(),
      )
      return new Response(body, { status: head.status, statusText: head.reason, headers: head.headers })
    } catch (error) {
      signal.removeEventListener('abort', onAbort)
      this.#connection.abort()
      throw error
    }
  }

  async close(): Promise<void> {
    await this.#connection.close()
  }

  async #send({ url, method, headers: given, body }: OutgoingRequest): Promise<void> {
    const headers = new Headers(given)
    headers.set('host', url.host)
    headers.set('connection', 'keep-alive')
    let framing: Framing = NO_BODY
    if (body instanceof Uint8Array) headers.set('content-length', String(body.length))
    else if (body !== null) framing = frameRequest(headers)
    else if (method === 'POST' || method === 'PUT') headers.set('content-length', '0')
    await this.#writer.head(`${method} ${url.pathname}${url.search} HTTP/1.1`, headers)
    if (body instanceof Uint8Array) await this.#writer.bytes(body)
    else if (body !== null) await this.#writer.body(body, framing)
  }

  async #responseHead(): Promise<ResponseHead> {
    for (let interim = 0; interim <= MAX_INTERIM; interim++) {
      if (!(await this.#reader.arrival())) throw new HttpError(400, 'the server closed the connection without a response')
      this.#silent = false
      const raw = await readHead(this.#reader, this.#limits)
      if (raw === undefined) throw new HttpError(400, 'the server closed the connection without a response')
      const head = parseResponse(raw)
      if (head.status === 101) throw new HttpError(400, 'the server switches protocols, which nobody asked for')
      if (head.status >= 200) return head
    }
    throw new HttpError(400, `more than ${MAX_INTERIM} interim responses`)
  }
}

/** Rejects as the promise does, and never resolves: a request that is out does not make a response. */
function failureOf(promise: Promise<void>): Promise<never> {
  return new Promise((_, reject) => {
    promise.catch(reject)
  })
}

/** Whether a promise has resolved already. */
async function isDone(promise: Promise<void>): Promise<boolean> {
  return Promise.race([promise.then(() => true, () => false), Promise.resolve().then(() => false)])
}
