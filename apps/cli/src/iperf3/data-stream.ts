import type { TcpSocket } from '@layerfour/socket'
import { Errno } from '@layerfour/wire'
import { PseudoRandomBody } from '../host/pseudo-random-body.ts'
import type { StreamResult } from './results.ts'

/** What the streams of a test share. */
export interface StreamPool {
  /** What is sent, again and again. */
  readonly payload: Uint8Array
  /** Where received bytes go. */
  readonly sink: Uint8Array
  /** Bytes that may still be sent, by all streams together; Infinity while there is no end. */
  left: number
  now(): number
}

/** Large, so that a burst is one call. */
const SINK = 1_048_576

export function createPool(blockSize: number, left: number, now: () => number): StreamPool {
  const payload = new Uint8Array(blockSize)
  new PseudoRandomBody(blockSize).fill(payload)
  return { payload, sink: new Uint8Array(SINK), left, now }
}

/**
 * One data connection of a test, in one direction. It works in the socket's readiness callback, with buffers that all streams share:
 * no promise and no memory per chunk, since it is throughput that is measured.
 */
export class DataStream {
  readonly id: number
  readonly sending: boolean
  /** Bytes sent or received. */
  bytes = 0
  /** When bytes moved last, by the pool's clock. */
  movedAt = 0
  /** The peer has ended the stream. */
  ended = false
  /** Negative errno of what broke the stream; 0. */
  errno = 0
  readonly #socket: TcpSocket
  readonly #pool: StreamPool
  #retransmissionsBefore = 0

  constructor(socket: TcpSocket, id: number, sending: boolean, pool: StreamPool) {
    this.#socket = socket
    this.id = id
    this.sending = sending
    this.#pool = pool
    // Nobody sends before both ends know that the test runs.
    socket.onReady = sending ? null : () => this.#receive()
    if (!sending) this.#receive()
  }

  startSending(): void {
    this.#socket.onReady = () => this.#send()
    this.#send()
  }

  /** Sends no more; what was queued is on its way. */
  stopSending(): void {
    this.#socket.onReady = null
  }

  /** What was counted up to now does not count. */
  reset(): void {
    this.#retransmissionsBefore = this.retransmissions
    this.bytes = 0
  }

  /** Bytes that were sent and that the peer has not acknowledged. */
  get unacknowledged(): number {
    return this.#socket.info()?.sendQueue ?? 0
  }

  /** Segments sent again. */
  get retransmissions(): number {
    return (this.#socket.info()?.retransmissions ?? 0) - this.#retransmissionsBefore
  }

  get socket(): TcpSocket {
    return this.#socket
  }

  /** @param end when the test ended; what was received later counts too, and so does the time that it took. */
  result(start: number, end: number): StreamResult {
    const last = this.sending ? end : Math.max(end, this.movedAt)
    return {
      id: this.id,
      bytes: this.bytes,
      time: (last - start) / 1000,
      retransmissions: this.sending ? this.retransmissions : undefined,
    }
  }

  /** Gives the socket up: what was sent goes on to its end. */
  close(): void {
    this.#socket.onReady = null
    this.#socket.close()
  }

  abort(): void {
    this.#socket.abort()
  }

  #send(): void {
    const socket = this.#socket
    const pool = this.#pool
    const { payload } = pool
    while (pool.left > 0) {
      const count = socket.send(payload, 0, Math.min(payload.length, pool.left))
      if (count < 0) {
        if (count !== Errno.EAGAIN) this.#break(count)
        break
      }
      this.bytes += count
      pool.left -= count
    }
    this.movedAt = pool.now()
  }

  #receive(): void {
    const socket = this.#socket
    const { sink } = this.#pool
    let count = socket.recv(sink)
    if (count > 0) this.movedAt = this.#pool.now()
    while (count > 0) {
      this.bytes += count
      count = socket.recv(sink)
    }
    if (count === 0) this.ended = true
    if (count < 0 && count !== Errno.EAGAIN) this.#break(count)
  }

  #break(errno: number): void {
    this.errno = errno
    this.#socket.onReady = null
  }
}

/** Bytes that all streams have moved: changes as long as something moves. */
export function totalBytes(streams: readonly DataStream[]): number {
  let total = 0
  for (const stream of streams) total += stream.bytes
  return total
}
