import type { Stack, TcpConnection } from '@layerfour/socket'
import type { HttpLimits } from './http/limits.ts'
import { defaultLimits } from './http/limits.ts'
import type { ServerSettings } from './http/server-connection.ts'
import { ServerConnection } from './http/server-connection.ts'

/** An end of a connection, as Deno writes it. */
export interface NetAddr {
  readonly transport: 'tcp'
  readonly hostname: string
  readonly port: number
}

export interface ServeInfo {
  /** The client. */
  readonly remoteAddr: NetAddr
}

export type ServeHandler = (request: Request, info: ServeInfo) => Response | Promise<Response>

export interface ServeOptions {
  /** 1 to 65,535, or 0 for an ephemeral one, which `addr` tells; 80. */
  readonly port?: number
  /** One of the stack's addresses; `0.0.0.0` for any IPv4 address, `::` (the default) for any. */
  readonly hostname?: string
  /** Ends the server and all its connections at once. */
  readonly signal?: AbortSignal
  /** Answers when the handler throws; by default the error goes to the console, and 500 to the client. */
  readonly onError?: (error: unknown) => Response | Promise<Response>
  /** Connections at a time: 1024. Further ones wait in the listener's backlog. */
  readonly maxConnections?: number
  /** Ms that a connection may wait for its next request: 30,000. */
  readonly idleTimeout?: number
  readonly limits?: Partial<HttpLimits>
}

/** A server under way, shaped like `Deno.HttpServer`. */
export interface HttpServer extends AsyncDisposable {
  readonly addr: NetAddr
  /** Resolves when the server and all its connections have ended. */
  readonly finished: Promise<void>
  /** Takes no more connections, lets the requests under way come to their end, and resolves then. */
  shutdown(): Promise<void>
}

/**
 * Serves HTTP/1.1 on a stack, as `Deno.serve` does on the kernel's: `serve(stack, { port: 80 }, (request) => new Response('hello'))`.
 * @throws SocketError EADDRINUSE, EADDRNOTAVAIL…
 */
export function serve(stack: Stack, options: ServeOptions, handler: ServeHandler): HttpServer {
  const { port = 80, hostname = '::', signal, maxConnections = 1024, idleTimeout = 30_000 } = options
  signal?.throwIfAborted()
  const listener = stack.listen({ port, hostname })
  const addr: NetAddr = { transport: 'tcp', ...listener.localAddress }
  const connections = new Set<ServerConnection>()
  let oneLess: (() => void) | undefined

  const settings = (remoteAddr: NetAddr): ServerSettings => ({
    limits: { ...defaultLimits, ...options.limits },
    idleTimeout,
    authority: `${addr.hostname.includes(':') ? `[${addr.hostname}]` : addr.hostname}:${addr.port}`,
    handle: (request) => handler(request, { remoteAddr }),
    onError: options.onError ?? internalServerError,
  })
  const serveOne = async (accepted: TcpConnection): Promise<void> => {
    // Heads and bodies are written one after another; the second is not to wait for the first one's acknowledgment.
    accepted.socket.setsockopt('TCP_NODELAY', 1)
    const connection = new ServerConnection(accepted, settings({ transport: 'tcp', ...accepted.remoteAddress }))
    connections.add(connection)
    await connection.run()
    connections.delete(connection)
    oneLess?.()
  }
  const acceptAll = async (): Promise<void> => {
    const running = new Set<Promise<void>>()
    for await (const accepted of listener) {
      const run = serveOne(accepted)
      running.add(run)
      void run.then(() => running.delete(run))
      while (connections.size >= maxConnections) await new Promise<void>((resolve) => { oneLess = resolve })
    }
    await Promise.all(running)
  }

  const finished = acceptAll()
  const abort = (): void => {
    listener.close()
    for (const connection of connections) connection.abort()
  }
  signal?.addEventListener('abort', abort, { once: true })
  const shutdown = async (): Promise<void> => {
    listener.close()
    for (const connection of connections) connection.shutdown()
    await finished
    signal?.removeEventListener('abort', abort)
  }
  return { addr, finished, shutdown, [Symbol.asyncDispose]: shutdown }
}

function internalServerError(error: unknown): Response {
  console.error(error)
  return new Response('500 Internal Server Error\n', { status: 500, headers: { 'content-type': 'text/plain; charset=utf-8' } })
}
