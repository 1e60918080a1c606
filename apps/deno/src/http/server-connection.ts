import { ByteReader } from './byte-reader.ts'
import { IncomingBody } from './body-reader.ts'
import type { Connection } from './connection.ts'
import { readHead } from './fields.ts'
import { requestFraming } from './framing.ts'
import { HttpError } from './http-error.ts'
import type { HttpLimits } from './limits.ts'
import { MessageWriter } from './message-writer.ts'
import { frameResponse } from './outgoing-framing.ts'
import { reasonOf } from './reasons.ts'
import type { RequestHead } from './request-head.ts'
import { parseRequest } from './request-head.ts'
import { withPatience } from './with-patience.ts'

export interface ServerSettings {
  readonly limits: HttpLimits
  /** Ms that a connection may wait for the next request. */
  readonly idleTimeout: number
  /** The server's own name and port, for clients that name none. */
  readonly authority: string
  handle(request: Request): Response | Promise<Response>
  /** What to answer when `handle` throws. */
  onError(error: unknown): Response | Promise<Response>
}

/** Of a body that nobody read, so many bytes are read for the sake of the next request. */
const DRAIN = 1 << 18
/** Bytes that a client may still send after the last response. */
const LINGER_BYTES = 1 << 20

/** Serves the requests of one connection, one after another. */
export class ServerConnection {
  readonly #connection: Connection
  readonly #settings: ServerSettings
  readonly #reader: ByteReader
  readonly #writer: MessageWriter
  /** Aborts the request under way when the connection breaks. */
  readonly #broken = new AbortController()
  #idle = false
  #draining = false

  constructor(connection: Connection, settings: ServerSettings) {
    this.#connection = connection
    this.#settings = settings
    this.#reader = new ByteReader(connection.readable, settings.limits.patience)
    this.#writer = new MessageWriter(connection.writable, settings.limits.patience)
    connection.closed.catch((error: unknown) => this.#broken.abort(error))
  }

  /** Resolves when the connection is over; never rejects. */
  async run(): Promise<void> {
    try {
      while (await this.#exchange());
      await this.#writer.end()
      await withPatience(this.#linger(), this.#settings.limits.linger, () => new HttpError(408, 'the client does not close'))
    } catch {
      // Broken, or the client takes too long over it: nobody is there to be told.
      this.#connection.abort()
    }
    await this.#connection.close()
  }

  /** Lets the request under way come to its end, and no other one begin. */
  shutdown(): void {
    this.#draining = true
    if (this.#idle) this.#reader.cancel().catch(() => undefined)
  }

  abort(): void {
    this.#connection.abort()
  }

  /** One request and its response; whether another may follow. */
  async #exchange(): Promise<boolean> {
    if (!(await this.#requestComes())) return false
    const { limits, authority } = this.#settings
    let head: RequestHead
    let incoming: IncomingBody
    try {
      const raw = await readHead(this.#reader, limits)
      if (raw === undefined) return false
      head = parseRequest(raw, authority)
      const framing = requestFraming(head.headers, head.minorVersion)
      if (framing.kind === 'length' && framing.length > limits.body) throw new HttpError(413, 'the body is too long')
      incoming = new IncomingBody(this.#reader, framing, limits)
    } catch (error) {
      if (!(error instanceof HttpError)) throw error
      await this.#respond(refusal(error), 'GET', 1, false)
      return false
    }
    return this.#answer(head, incoming)
  }

  async #requestComes(): Promise<boolean> {
    if (this.#draining) return false
    this.#idle = true
    try {
      return await withPatience(this.#reader.arrival(), this.#settings.idleTimeout, () => new HttpError(408, 'idle'))
    } catch (error) {
      if (error instanceof HttpError) return false
      throw error
    } finally {
      this.#idle = false
    }
  }

  async #answer(head: RequestHead, incoming: IncomingBody): Promise<boolean> {
    let failure: unknown
    let continued = !head.expectsContinue
    let answered = false
    const invite = async (): Promise<void> => {
      if (continued || answered) return
      continued = true
      await this.#writer.head('HTTP/1.1 100 Continue', new Headers())
    }
    const body = incoming.stream((error) => (failure = error), invite, () => undefined)
    const takesBody = head.method !== 'GET' && head.method !== 'HEAD'
    let response: Response
    try {
      const request = new Request(head.url, {
        method: head.method, headers: head.headers, body: takesBody && !incoming.complete ? body : null, duplex: 'half',
        signal: this.#broken.signal,
      } as RequestInit)
      response = usable(await this.#settings.handle(request))
    } catch (error) {
      response = failure instanceof HttpError ? refusal(failure) : usable(await this.#settings.onError(error))
    }
    // The response's body may come out of the request's.
    if (response.status < 300 && response.body !== null) await invite()
    answered = true
    // A client that waits for 100 (Continue) may or may not send its body after another answer.
    const keepAlive = head.keepAlive && continued && failure === undefined && !this.#draining
    const reusable = await this.#respond(response, head.method, head.minorVersion, keepAlive)
    return reusable && failure === undefined && incoming.drain(DRAIN)
  }

  /** Sends a response; whether the connection can go on after it. */
  async #respond(response: Response, method: string, minorVersion: number, keepAlive: boolean): Promise<boolean> {
    const { status, statusText } = response
    const headers = new Headers(response.headers)
    if (!headers.has('date')) headers.set('date', new Date().toUTCString())
    const framing = frameResponse(status, headers, response.body, minorVersion)
    const reusable = keepAlive && framing.kind !== 'rest' && headers.get('connection') !== 'close'
    headers.set('connection', reusable ? 'keep-alive' : 'close')
    await this.#writer.head(`HTTP/1.1 ${status} ${statusText || reasonOf(status)}`, headers)
    if (response.body !== null) {
      if (method === 'HEAD') await response.body.cancel()
      else await this.#writer.body(response.body, framing)
    }
    return reusable
  }

  /** Input that nobody reads would make the close a reset, and the client might lose the response. */
  async #linger(): Promise<void> {
    for (let left = LINGER_BYTES; left > 0;) {
      const bytes = await this.#reader.some(left)
      if (bytes === undefined) return
      left -= bytes.length
    }
    throw new HttpError(413, 'the client goes on sending')
  }
}

function refusal(error: HttpError): Response {
  const text = `${error.status} ${reasonOf(error.status)}: ${error.message}\n`
  return new Response(text, {
    status: error.status, headers: { 'content-type': 'text/plain; charset=utf-8', 'content-length': String(new TextEncoder().encode(text).length) },
  })
}

/** @throws TypeError when a handler gave something that cannot be sent. */
function usable(response: unknown): Response {
  if (!(response instanceof Response)) throw new TypeError(`the handler gave ${typeof response}, expected a Response`)
  if (response.bodyUsed) throw new TypeError('the handler gave a Response whose body has been read already')
  if (response.status < 200) throw new TypeError(`the handler gave a Response of status ${response.status}, expected 200 to 599`)
  return response
}
