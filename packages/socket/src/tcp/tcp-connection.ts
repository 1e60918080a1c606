import { Readiness } from '@layerfour/tcp'
import { Errno } from '@layerfour/wire'
import { SocketReadable, SocketWritable } from '../_byte-streams.ts'
import { WAIT, WaitQueue } from '../_wait-queue.ts'
import type { AbortOptions } from '../abort-options.ts'
import type { SocketAddress } from '../socket-address.ts'
import { SocketError } from '../socket-error.ts'
import type { TcpSocket } from './tcp-socket.ts'
import type { TcpTuning } from './tcp-tuning.ts'

export interface ConnectOptions extends TcpTuning {
  /** An IP address as text, or `localhost`. */
  readonly hostname: string
  /** 1 to 65,535. */
  readonly port: number
  /** Our end, if it matters: one of the stack's addresses; a port, or 0 for an ephemeral one. */
  readonly local?: { readonly hostname?: string, readonly port?: number }
  /**
   * Bytes to begin with, which go with the SYN itself when this stack knows the server from before (RFC 7413), and with the handshake's
   * end otherwise. They may arrive twice, so a request must be one that does no harm then. They must not change until they are sent.
   */
  readonly fastOpen?: Uint8Array
  /** Gives up connecting. Of no effect once connected. */
  readonly signal?: AbortSignal
}

/** Both ends of a connection. */
export interface ConnectionAddresses {
  readonly localAddress: SocketAddress
  readonly remoteAddress: SocketAddress
}

/**
 * A TCP connection as promises and as Web Streams: `read` and `write`, or `readable` and `writable`, or one
 * for each direction. Every promise settles: at the latest when the connection breaks or is aborted, or its stack closes.
 *
 * A connection holds memory until both directions have ended (`read` gave `null` and `closeWrite` is done) or until `close` or
 * `abort`; `await using` calls `close`.
 */
export class TcpConnection implements ConnectionAddresses, AsyncDisposable {
  readonly localAddress: SocketAddress
  readonly remoteAddress: SocketAddress
  /** Resolves when the handshake is done. Connections of `stack.connect` and `listener.accept` are open already. */
  readonly opened: Promise<ConnectionAddresses>
  /**
   * Resolves when the connection is over: both directions have ended, or `close` is done. Rejects with a `SocketError` when
   * it broke (ECONNRESET, ETIMEDOUT), was aborted (ECONNABORTED), or its stack closed (ECANCELED).
   */
  readonly closed: Promise<void>

  readonly #socket: TcpSocket
  readonly #opens = new WaitQueue()
  readonly #reads = new WaitQueue()
  readonly #writes = new WaitQueue()
  /** Those who wait for our FIN to be acknowledged. */
  readonly #flushes = new WaitQueue()
  readonly #ends = new WaitQueue()
  #isOpen: boolean
  /** Nothing will be read any more: the peer's end was seen, or nobody wants it. */
  #readEnded = false
  /** A FIN is queued. */
  #writeEnded = false
  #closing = false
  #over = false
  /** What broke the connection. */
  #broken: SocketError | undefined
  #readable: SocketReadable | undefined
  #writable: SocketWritable | undefined

  /** Wraps a base socket that has a connection; it belongs to this object from here on. */
  constructor(socket: TcpSocket, state: 'connecting' | 'accepted' = 'accepted') {
    this.#socket = socket
    this.#isOpen = state === 'accepted'
    this.localAddress = socket.localAddress!
    this.remoteAddress = socket.remoteAddress!
    this.opened = this.#opens.run(() => this.#checkOpen())
    this.closed = this.#ends.run(() => this.#checkOver())
    // Who does not look at them must not meet unhandled rejections.
    this.opened.catch(() => undefined)
    this.closed.catch(() => undefined)
    socket.onReady = () => this.#update()
    socket.watchState(() => this.#update())
    this.#update()
  }

  /** The base socket, for options and `info()`. */
  get socket(): TcpSocket {
    return this.#socket
  }

  /** Changes how the connection behaves from now on. @throws RangeError for a figure out of range. */
  configure(tuning: TcpTuning): void {
    this.#socket.configure(tuning)
  }

  /**
   * Reads what there is, waiting for one byte at least. Gives the count, up to `into.length`; `null` once the peer has sent
   * all. Several reads wait in line.
   */
  read(into: Uint8Array, options?: AbortOptions): Promise<number | null> {
    const signal = options?.signal
    if (signal !== undefined || this.#reads.size > 0) return this.#reads.run(() => this.#read(into), signal)
    // The most frequent ways, with nothing made beside the promise where there is something to read.
    try {
      const count = this.#read(into)
      return count === WAIT ? this.#waitToRead(into) : Promise.resolve(count)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #read(into: Uint8Array): number | null | typeof WAIT {
    return into.length === 0 ? 0 : this.#receive(into)
  }

  #waitToRead(into: Uint8Array): Promise<number | null> {
    return this.#reads.wait(() => this.#read(into))
  }

  /**
   * Writes all of `bytes`, waiting for room in the send buffer; until then they must not change. Gives their count. Several
   * writes wait in line. When `signal` aborts in the middle, the part already written stays written.
   */
  write(bytes: Uint8Array, options?: AbortOptions): Promise<number> {
    const signal = options?.signal
    if (signal !== undefined || this.#writes.size > 0) return this.#waitToWrite(bytes, 0, signal)
    try {
      const at = this.#send(bytes, 0)
      return at < bytes.length ? this.#waitToWrite(bytes, at, undefined) : Promise.resolve(at)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #waitToWrite(bytes: Uint8Array, at: number, signal: AbortSignal | undefined): Promise<number> {
    return this.#writes.run(() => {
      at = this.#send(bytes, at)
      return at < bytes.length ? WAIT : at
    }, signal)
  }

  /**
   * Ends our direction behind what was written; the peer's goes on. Resolves when the peer has acknowledged all of it;
   * rejects when the connection broke before.
   */
  async closeWrite(): Promise<void> {
    await this.#writes.run(() => this.#endWriting())
    await this.#flushes.run(() => this.#checkFlushed())
  }

  /**
   * Ends both directions: pending reads reject with ECANCELED, what was written is still sent. Resolves when the peer has
   * acknowledged all of it or the connection is over; never rejects (`closed` tells how it went). Data that the peer sends
   * afterwards is answered by a reset (RFC 1122 §4.2.2.13). A peer that never reads keeps it waiting: `abort` or `linger` ends that.
   *
   * With `linger` 0 it resets, as `abort`. With `linger` above 0 it rejects when not everything was acknowledged: with ETIMEDOUT
   * when that time has passed, or with what broke the connection before.
   */
  async close(): Promise<void> {
    const linger = this.#socket.parts.connection?.settings.linger ?? -1
    if (linger === 0) this.abort()
    if (!this.#closing) {
      this.#closing = true
      this.#endReading()
    }
    if (linger > 0) this.#socket.startLinger()
    try {
      await this.closeWrite()
    } catch (error) {
      // Else `closed` alone rejects with it.
      if (linger > 0) throw error
    } finally {
      this.#finish()
    }
  }

  /** Resets the connection: nothing more is sent or read, and everything pending rejects with ECONNABORTED. */
  abort(): void {
    if (this.#over) return
    this.#break(Errno.ECONNABORTED, 'abort')
    this.#socket.abort()
    this.#update()
  }

  /** What the peer sends, as a byte stream with BYOB readers; made when first asked for. Cancelling it throws the rest away. */
  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    if (this.#readable === undefined) {
      this.#readable = new SocketReadable({
        ready: () => this.#closing || this.#readEnded || this.#broken !== undefined
          || (this.#socket.readiness & Readiness.Readable) !== 0,
        available: () => this.#socket.receiveQueue,
        receive: (into) => this.#receive(into),
        cancel: () => this.#endReading(),
      }, this.#reads)
      if (this.#readEnded && this.#broken === undefined) this.#readable.end()
    }
    return this.#readable.stream
  }

  /**
   * What we send, as chunks of any `BufferSource`; made when first asked for. Closing it ends our direction, aborting it resets
   * the connection. Takes 64 KiB ahead of the send buffer before `writer.ready` waits.
   */
  get writable(): WritableStream<Uint8Array> {
    if (this.#writable === undefined) {
      this.#writable = new SocketWritable({
        write: (bytes) => this.write(bytes),
        close: () => this.closeWrite(),
        abort: () => this.abort(),
      })
      if (this.#broken !== undefined) this.#writable.error(this.#broken)
    }
    return this.#writable.stream
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #receive(into: Uint8Array): number | null | typeof WAIT {
    if (this.#closing) throw this.#broken ?? this.#error(Errno.EBADF, 'read')
    if (this.#readEnded) return null
    const count = this.#socket.recv(into)
    // Text that came before the connection broke is given first.
    if (this.#broken !== undefined) this.#releaseWhenDone()
    if (count > 0) return count
    if (count === Errno.EAGAIN) return WAIT
    if (count < 0) throw this.#break(count, 'read')
    if (this.#broken !== undefined) throw this.#broken
    this.#readEnded = true
    this.#releaseWhenDone()
    return null
  }

  /** Sends of `bytes` from `at` on what there is room for; gives how far it came. */
  #send(bytes: Uint8Array, at: number): number {
    if (this.#broken !== undefined) throw this.#broken
    if (this.#writeEnded) throw this.#error(Errno.EPIPE, 'write')
    while (at < bytes.length) {
      const count = this.#socket.send(bytes, at)
      if (count === Errno.EAGAIN) break
      if (count < 0) throw this.#break(count, 'write')
      at += count
    }
    return at
  }

  #endWriting(): undefined {
    if (this.#writeEnded) return
    if (this.#broken !== undefined) throw this.#broken
    this.#writeEnded = true
    const result = this.#socket.shutdown('write')
    if (result < 0) throw this.#break(result, 'shutdown')
  }

  #endReading(): void {
    if (!this.#readEnded) {
      this.#readEnded = true
      this.#socket.shutdown('read')
    }
    this.#readable?.end()
    this.#reads.rejectAll(this.#broken ?? this.#error(Errno.ECANCELED, 'read'))
    this.#releaseWhenDone()
  }

  #checkOpen(): ConnectionAddresses | typeof WAIT {
    if (this.#isOpen) return this
    if (this.#broken !== undefined) throw this.#broken
    return WAIT
  }

  #checkFlushed(): undefined | typeof WAIT {
    if (this.#socket.flushed) return
    if (this.#broken !== undefined) throw this.#broken
    return WAIT
  }

  #checkOver(): undefined | typeof WAIT {
    if (this.#broken !== undefined) throw this.#broken
    return this.#over ? undefined : WAIT
  }

  /** Something happened to the connection. */
  #update(): void {
    this.#look()
    this.#opens.pump()
    this.#reads.pump()
    this.#writes.pump()
    this.#flushes.pump()
    this.#ends.pump()
    this.#releaseWhenDone()
  }

  #look(): void {
    if (this.#over) return
    const { readiness, state, flushed } = this.#socket
    if ((readiness & Readiness.Connected) !== 0) this.#isOpen = true
    if ((readiness & Readiness.Error) !== 0) {
      const error = this.#socket.getsockopt('SO_ERROR')
      // What the peer does when it has acknowledged all and nobody reads any more is its own affair.
      if (!(this.#closing && flushed)) this.#break(error, this.#isOpen ? 'read' : 'connect')
    }
    if (state === 'CLOSED' && !flushed && this.#broken === undefined) {
      // A reset that TCP takes for the end of the connection, although not all was acknowledged; or closed before it opened.
      this.#break(this.#isOpen ? Errno.ECONNRESET : Errno.ECONNABORTED, this.#isOpen ? 'shutdown' : 'connect')
    }
    if (state === 'TIME-WAIT' || state === 'CLOSED') this.#over = true
  }

  /** The socket is not needed any more when both directions have ended, or the connection is broken and read empty. */
  #releaseWhenDone(): void {
    if (this.#closing) return
    const done = this.#broken === undefined
      ? this.#readEnded && this.#socket.flushed
      : this.#readEnded || this.#socket.receiveQueue === 0
    if (done) this.#finish()
  }

  #finish(): void {
    this.#socket.watchState(null)
    this.#socket.close()
    this.#over = true
    this.#ends.pump()
  }

  #break(errno: number, syscall: string): SocketError {
    if (this.#broken === undefined) {
      this.#broken = this.#error(errno, syscall)
      this.#over = true
      this.#writable?.error(this.#broken)
      // Text that came before can still be read; then the stream meets the error by itself.
      if (this.#socket.receiveQueue === 0) this.#readable?.error(this.#broken)
    }
    return this.#broken
  }

  #error(errno: number, syscall: string): SocketError {
    return new SocketError(errno, syscall, this.remoteAddress)
  }
}
