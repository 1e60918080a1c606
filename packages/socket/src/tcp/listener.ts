import { Errno } from '@layerfour/wire'
import { WAIT, WaitQueue } from '../_wait-queue.ts'
import type { AbortOptions } from '../abort-options.ts'
import type { SocketAddress } from '../socket-address.ts'
import { SocketError } from '../socket-error.ts'
import { TcpConnection } from './tcp-connection.ts'
import type { TcpSocket } from './tcp-socket.ts'
import type { SocketOptions } from './tcp-socket-options.ts'
import type { TcpTuning } from './tcp-tuning.ts'
import { inRange, tuningSettings } from './tcp-tuning.ts'

/** Beside its own figures, what the accepted connections inherit. */
export interface ListenOptions extends TcpTuning {
  /** One of the stack's addresses; `0.0.0.0` for any IPv4 address, `::` (the default) for any address. */
  readonly hostname?: string
  /** 1 to 65,535, or 0 for an ephemeral one, which `localAddress` tells. */
  readonly port: number
  /** Connections that wait to be accepted, at most: 128. */
  readonly backlog?: number
  /** Share the port with a listener of a wider or narrower address: false. */
  readonly reuseAddress?: boolean
  /** Handshakes under way, at most, 1 to 65,535: 256. Beyond that SYNs are answered by cookies. */
  readonly halfOpen?: number
  /** How long a connection waits for its first text before it is accepted without, in ms: 0. */
  readonly deferAccept?: number
  /** Connections at once whose text came with the SYN (RFC 7413) and may come twice, at most 65,535: 0, fast open is off. */
  readonly fastOpen?: number
}

/** The same as options of a base socket, the congestion control left out. @throws RangeError for a figure out of range. */
export function listenerOptions(options: ListenOptions): SocketOptions {
  const { reuseAddress = false, halfOpen, deferAccept, fastOpen } = options
  return {
    reuseAddress,
    settings: tuningSettings(options),
    ...(halfOpen === undefined ? {} : { halfOpen: inRange('halfOpen', halfOpen, 1, 65_535) }),
    ...(deferAccept === undefined ? {} : { deferAccept: inRange('deferAccept', deferAccept, 0, 2 ** 31) }),
    ...(fastOpen === undefined ? {} : { fastOpenQueue: inRange('fastOpen', fastOpen, 0, 65_535) }),
  }
}

/** Accepts TCP connections: `for await (const connection of listener)`. */
export class Listener implements AsyncIterable<TcpConnection>, AsyncDisposable {
  readonly localAddress: SocketAddress
  readonly #socket: TcpSocket
  readonly #accepts = new WaitQueue()
  #closed = false

  /** Wraps a base socket that listens; it belongs to the listener from here on. */
  constructor(socket: TcpSocket) {
    this.#socket = socket
    this.localAddress = socket.localAddress!
    socket.onReady = () => this.#accepts.pump()
  }

  /** The next connection. Rejects with ECANCELED when the listener or its stack closes. */
  accept(options: AbortOptions = {}): Promise<TcpConnection> {
    return this.#accepts.run(() => {
      const accepted = this.#closed ? Errno.ECANCELED : this.#socket.accept()
      if (accepted === Errno.EAGAIN) return WAIT
      if (typeof accepted !== 'number') return new TcpConnection(accepted)
      throw new SocketError(accepted, 'accept', this.localAddress)
    }, options.signal)
  }

  /** Stops listening. Connections that nobody accepted are reset; accepted ones go on. Idempotent. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#socket.close()
    this.#accepts.pump()
  }

  /** Every connection; ends when the listener or its stack closes. */
  async *[Symbol.asyncIterator](): AsyncGenerator<TcpConnection, void, undefined> {
    for (;;) {
      let connection: TcpConnection
      try {
        connection = await this.accept()
      } catch (error) {
        if (error instanceof SocketError && error.errno === Errno.ECANCELED) return
        throw error
      }
      yield connection
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close()
    return Promise.resolve()
  }
}
