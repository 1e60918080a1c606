import type { Stack } from '@layerfour/socket'
import type { OutgoingRequest } from './http/client-connection.ts'
import { ClientConnection } from './http/client-connection.ts'
import type { HttpLimits } from './http/limits.ts'
import { defaultLimits } from './http/limits.ts'

export interface ClientOptions {
  /** Ms that a connection is kept for the next request: 10,000, less than servers wait. */
  readonly idleTimeout?: number
  /** Idle connections that are kept for one server: 16. */
  readonly maxIdle?: number
  readonly limits?: Partial<HttpLimits>
}

interface Idle {
  readonly connection: ClientConnection
  readonly timer: ReturnType<typeof setTimeout>
}

/** HTTP/1.1 requests over a stack, on connections that are kept alive. */
export class HttpClient {
  readonly #stack: Stack
  readonly #idleTimeout: number
  readonly #maxIdle: number
  readonly #limits: HttpLimits
  readonly #idle = new Map<string, Idle[]>()

  constructor(stack: Stack, options: ClientOptions = {}) {
    this.#stack = stack
    this.#idleTimeout = options.idleTimeout ?? 10_000
    this.#maxIdle = options.maxIdle ?? 16
    this.#limits = { ...defaultLimits, ...options.limits }
  }

  /** Connections that wait for a request. */
  get idle(): number {
    let count = 0
    for (const { length } of this.#idle.values()) count += length
    return count
  }

  /**
   * As the global `fetch`, to `http:` URLs whose host is an IP address or `localhost`. Redirects are not followed: the caller gets
   * them. The body is to be read or cancelled; its connection stays busy until then.
   *
   * Rejects with a TypeError whose `cause` is the `SocketError` (ECONNREFUSED, ECONNRESET…) or tells what was no HTTP; with the
   * signal's reason when that aborts, which breaks a body that is being read as well.
   */
  async fetch(input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
    const request = await outgoing(input, init)
    try {
      return await this.#exchange(request)
    } catch (error) {
      request.signal.throwIfAborted()
      throw new TypeError(`fetch failed: ${request.method} ${request.url.href}`, { cause: error })
    }
  }

  /** Ends the idle connections. Others go on. */
  async close(): Promise<void> {
    const all = [...this.#idle.values()].flat()
    this.#idle.clear()
    await Promise.all(all.map(({ connection, timer }) => {
      clearTimeout(timer)
      return connection.close()
    }))
  }

  async #exchange(request: OutgoingRequest): Promise<Response> {
    const { host } = request.url
    for (;;) {
      const reused = this.#take(host)
      const connection = reused ?? await this.#connect(request)
      try {
        return await connection.exchange(request, () => this.#keep(host, connection))
      } catch (error) {
        // RFC 9112 §9.3.1: the server may have closed it when the request was on its way. What may be done twice is done again.
        const again = reused !== undefined && connection.silent && isRepeatable(request) && !request.signal.aborted
        if (!again) throw error
      }
    }
  }

  async #connect({ url, signal }: OutgoingRequest): Promise<ClientConnection> {
    const connection = await this.#stack.connect({ hostname: url.hostname, port: Number(url.port || 80), noDelay: true, signal })
    return new ClientConnection(connection, this.#limits)
  }

  #take(host: string): ClientConnection | undefined {
    const last = this.#idle.get(host)?.pop()
    clearTimeout(last?.timer)
    return last?.connection
  }

  #keep(host: string, connection: ClientConnection): void {
    const waiting = this.#idle.get(host) ?? []
    this.#idle.set(host, waiting)
    if (waiting.length >= this.#maxIdle) {
      void connection.close()
      return
    }
    const drop = (): void => {
      const at = waiting.indexOf(idle)
      if (at < 0) return
      waiting.splice(at, 1)
      clearTimeout(idle.timer)
      void connection.close()
    }
    const idle: Idle = { connection, timer: setTimeout(drop, this.#idleTimeout) }
    waiting.push(idle)
    void connection.disturbed().then(drop)
  }
}

/** RFC 9110 §9.2.2: these have the same effect however often they are sent. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])

function isRepeatable({ method, body }: OutgoingRequest): boolean {
  return IDEMPOTENT.has(method) && !(body instanceof ReadableStream)
}

async function outgoing(input: string | URL | Request, init: RequestInit): Promise<OutgoingRequest> {
  // The platform's own Request checks and normalizes; `duplex` is what it wants for streams.
  const request = new Request(input, { ...init, duplex: 'half' } as RequestInit)
  request.signal.throwIfAborted()
  const url = new URL(request.url)
  if (url.protocol !== 'http:') throw new TypeError(`the URL is ${url.href}, expected an http: one`)
  const streams = init.body instanceof ReadableStream || (init.body == null && input instanceof Request && input.body !== null)
  return {
    url,
    method: request.method,
    headers: request.headers,
    body: request.body === null ? null : streams ? request.body : new Uint8Array(await request.arrayBuffer()),
    signal: request.signal,
  }
}
