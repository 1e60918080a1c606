import type { Hash } from 'node:crypto'
import { createHash } from 'node:crypto'
import type { SocketAddress, Stack, TcpSocket } from '@layerfour/socket'
import { Errno } from '@layerfour/wire'

const CHUNK = 65_536

/** The server: accepts one connection, hashes what arrives and closes when the client has. */
export class Receiver {
  /** Of the connection, once there is one. */
  socket: TcpSocket | undefined
  received = 0
  readonly digest: Hash = createHash('sha256')
  /** When the client's end was seen, ms of the stack's clock. */
  endedAt: number | undefined
  /** Negative errno that ended the connection early, 0 for none. */
  error = 0
  readonly #stack: Stack
  readonly #listener: TcpSocket
  readonly #chunk = new Uint8Array(CHUNK)

  constructor(stack: Stack, at: SocketAddress, buffer: number) {
    this.#stack = stack
    this.#listener = stack.socket('stream')
    this.#listener.setsockopt('SO_SNDBUF', buffer)
    this.#listener.setsockopt('SO_RCVBUF', buffer)
    this.#listener.onReady = () => this.#accept()
    this.#listener.bind(at.hostname, at.port)
    this.#listener.listen(1)
  }

  #accept(): void {
    const accepted = this.#listener.accept()
    if (typeof accepted === 'number') return
    this.#listener.close()
    this.socket = accepted
    accepted.onReady = () => this.#receive(accepted)
    this.#receive(accepted)
  }

  #receive(socket: TcpSocket): void {
    for (;;) {
      const count = socket.recv(this.#chunk)
      if (count === Errno.EAGAIN) return
      if (count < 0) this.error = count
      else if (count === 0) this.endedAt = this.#stack.now()
      if (count <= 0) {
        socket.close()
        return
      }
      this.received += count
      this.digest.update(this.#chunk.subarray(0, count))
    }
  }
}
