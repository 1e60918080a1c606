import type { TcpSocket } from '@layerfour/socket'
import { Readiness } from '@layerfour/tcp'
import { Errno, errnoName } from '@layerfour/wire'
import { fillChargen } from './chargen.ts'
import type { Reader } from './reader.ts'
import { Sha256 } from './sha256.ts'

const CHUNK = 65_536

/** When an application ends its own direction, besides having sent everything. */
export type ClosingRule =
  /** At once. */
  | 'first'
  /** When the other side has ended its direction. */
  | 'second'
  /** When `closeNow` is called. */
  | 'told'

/** What an application tells of itself. */
export interface ApplicationEvents {
  readonly connected: () => void
  readonly sentAll: (bytes: number, sha256: string) => void
  /** It has read the other side's end. */
  readonly receivedAll: (bytes: number, sha256: string) => void
  readonly failed: (code: string) => void
}

/**
 * The program on one host: sends so many bytes of the RFC 864 pattern, reads whatever comes, and closes. It never
 * waits: whenever the stack says that something changed, it does what can be done until a call returns EAGAIN.
 */
export class Application {
  sent = 0
  received = 0
  readonly #toSend: number
  readonly #closing: ClosingRule
  readonly #reader: Reader
  readonly #events: ApplicationEvents
  readonly #chunk: Uint8Array = new Uint8Array(CHUNK)
  readonly #sentDigest: Sha256 = new Sha256()
  readonly #receivedDigest: Sha256 = new Sha256()
  #socket: TcpSocket | undefined
  #connected = false
  #allSent = false
  #endRead = false
  #shut = false

  constructor(toSend: number, closing: ClosingRule, reader: Reader, events: ApplicationEvents) {
    this.#toSend = toSend
    this.#closing = closing
    this.#reader = reader
    this.#events = events
    reader.read = (most) => this.#read(most)
  }

  /** Goes on with a socket that is connected or is being connected. */
  use(socket: TcpSocket): void {
    this.#socket = socket
    socket.onReady = () => this.#proceed(socket)
    this.#proceed(socket)
  }

  /** Ends its direction. */
  closeNow(): void {
    if (this.#shut) return
    this.#shut = true
    this.#socket?.shutdown('write')
    this.#finish()
  }

  /** The socket took everything that there is to send. */
  get allSent(): boolean {
    return this.#allSent
  }

  #proceed(socket: TcpSocket): void {
    const error = socket.getsockopt('SO_ERROR')
    if (error < 0) {
      this.#fail(error)
      return
    }
    if (socket.state === 'SYN-SENT' || socket.state === 'SYN-RECEIVED') return
    if (!this.#connected) {
      this.#connected = true
      this.#events.connected()
    }
    if (!this.#allSent) this.#send(socket)
    if ((socket.readiness & Readiness.Readable) !== 0) this.#reader.wanted()
  }

  #send(socket: TcpSocket): void {
    while (this.sent < this.#toSend) {
      const count = Math.min(CHUNK, this.#toSend - this.sent)
      fillChargen(this.#chunk, count, this.sent)
      const taken = socket.send(this.#chunk, 0, count)
      if (taken === Errno.EAGAIN) return
      if (taken < 0) {
        this.#fail(taken)
        return
      }
      this.#sentDigest.update(this.#chunk, 0, taken)
      this.sent += taken
    }
    this.#allSent = true
    this.#events.sentAll(this.sent, this.#sentDigest.digest())
    if (this.#closing === 'first' || (this.#closing === 'second' && this.#endRead)) this.closeNow()
  }

  /** Reads up to `most` bytes; how many, or undefined when there is nothing more to be had for now. */
  #read(most: number): number | undefined {
    const socket = this.#socket
    if (socket === undefined || this.#endRead) return undefined
    const count = socket.recv(this.#chunk, 0, Math.min(most, CHUNK))
    if (count === Errno.EAGAIN) return undefined
    if (count < 0) {
      this.#fail(count)
      return undefined
    }
    if (count > 0) {
      this.received += count
      this.#receivedDigest.update(this.#chunk, 0, count)
      return count
    }
    this.#endRead = true
    this.#events.receivedAll(this.received, this.#receivedDigest.digest())
    if (this.#closing === 'second' && this.#allSent) this.closeNow()
    this.#finish()
    return undefined
  }

  #finish(): void {
    if (this.#shut && this.#endRead) this.#socket?.close()
  }

  #fail(errno: number): void {
    this.#events.failed(errnoName(errno))
    this.#socket?.close()
  }
}
