import type { Hash } from 'node:crypto'
import { createHash } from 'node:crypto'
import type { SocketAddress, Stack, TcpSocket } from '@layerfour/socket'
import { Readiness } from '@layerfour/tcp'
import { Errno } from '@layerfour/wire'
import type { ByteSource } from './byte-source.ts'

const CHUNK = 65_536

/**
 * The client: connects, sends all bytes of a source and closes. It never waits: whenever the stack
 * says that something changed, it does what can be done until a call returns EAGAIN.
 */
export class Sender {
  readonly socket: TcpSocket
  /** Bytes that the send buffer took. */
  sent = 0
  /** Of what was sent so far. */
  readonly digest: Hash = createHash('sha256')
  /** Negative errno that ended the connection early, 0 for none. */
  error = 0
  readonly #source: ByteSource
  readonly #chunk = new Uint8Array(CHUNK)
  #at = 0
  #end = 0
  #allSent = false

  constructor(stack: Stack, server: SocketAddress, source: ByteSource, buffer: number) {
    this.#source = source
    this.socket = stack.socket('stream')
    this.socket.setsockopt('SO_SNDBUF', buffer)
    this.socket.setsockopt('SO_RCVBUF', buffer)
    this.socket.onReady = () => this.#proceed()
    const result = this.socket.connect(server.hostname, server.port)
    if (result !== Errno.EINPROGRESS) this.#fail(result)
  }

  #proceed(): void {
    const error = this.socket.getsockopt('SO_ERROR')
    if (error < 0) return this.#fail(error)
    // The stack may also call to say that a handshake takes long (RFC 9293 §3.8.3, R1).
    if ((this.socket.readiness & Readiness.Connected) === 0) return
    if (this.#allSent) this.#awaitEnd()
    else this.#send()
  }

  #send(): void {
    while (this.#refill()) {
      const count = this.socket.send(this.#chunk, this.#at, this.#end)
      if (count === Errno.EAGAIN) return
      if (count < 0) return this.#fail(count)
      this.#at += count
      this.sent += count
    }
    this.#allSent = true
    this.socket.shutdown('write')
    this.#awaitEnd()
  }

  /** Whether there is something to be sent. */
  #refill(): boolean {
    if (this.#at < this.#end) return true
    this.#at = 0
    this.#end = this.#source.read(this.#chunk)
    this.digest.update(this.#chunk.subarray(0, this.#end))
    return this.#end > 0
  }

  /** The server sends nothing but its FIN: then both directions have ended. */
  #awaitEnd(): void {
    const count = this.socket.recv(this.#chunk)
    if (count === Errno.EAGAIN) return
    if (count < 0) return this.#fail(count)
    this.socket.close()
  }

  #fail(errno: number): void {
    this.error = errno
    this.socket.close()
  }
}
