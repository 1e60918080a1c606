import { Errno } from '@layerfour/wire'
import type { Listener, Stack, TcpConnection, TcpSocket } from '../../src/index.ts'
import { SocketError } from '../../src/index.ts'

/** One TCP connection as the conformance suite uses it, whatever facade is behind it. */
export interface Channel {
  /** Some bytes, at most `max`; null at the end. */
  read(max?: number): Promise<Uint8Array | null>
  /** All bytes are in the send buffer. */
  write(bytes: Uint8Array): Promise<void>
  /** Our direction has ended and all of it is acknowledged. */
  end(): Promise<void>
  close(): Promise<void>
  abort(): void
  readonly closed: Promise<void>
  readonly socket: TcpSocket
}

export interface Acceptor {
  readonly port: number
  accept(): Promise<Channel>
  close(): void
}

/** One of the ways to use TCP sockets. */
export interface Facade {
  readonly name: string
  connect(stack: Stack, hostname: string, port: number): Promise<Channel>
  listen(stack: Stack, options?: { hostname?: string, port?: number, backlog?: number }): Acceptor
}

/** The base, with promises made by hand: a call, and after EAGAIN again when the socket says that it is ready. */
class BaseChannel implements Channel {
  readonly socket: TcpSocket
  readonly closed: Promise<void>
  #wakers: (() => void)[] = []
  #error = 0

  constructor(socket: TcpSocket) {
    this.socket = socket
    const wake = (): void => {
      const wakers = this.#wakers
      this.#wakers = []
      for (const waker of wakers) waker()
    }
    socket.onReady = wake
    socket.watchState(wake)
    this.closed = this.#closed()
    this.closed.catch(() => undefined)
  }

  ready(): Promise<void> {
    return new Promise((resolve) => this.#wakers.push(resolve))
  }

  async opened(): Promise<void> {
    while (this.socket.state === 'SYN-SENT') await this.ready()
    const error = this.#takeError()
    if (error < 0) throw this.#fail(error, 'connect')
  }

  async #closed(): Promise<void> {
    while (this.socket.state !== 'TIME-WAIT' && this.socket.state !== 'CLOSED') await this.ready()
    const error = this.#takeError()
    if (error < 0 && error !== Errno.EBADF) throw this.#fail(error, 'read')
  }

  /** SO_ERROR is told once; here it stays. */
  #takeError(): number {
    if (this.#error === 0) this.#error = this.socket.getsockopt('SO_ERROR')
    return this.#error
  }

  #fail(errno: number, syscall: string): SocketError {
    this.#error = errno
    return new SocketError(errno, syscall, this.socket.remoteAddress)
  }

  async read(max = 65_536): Promise<Uint8Array | null> {
    const into = new Uint8Array(max)
    for (;;) {
      const count = this.socket.recv(into)
      if (count > 0) return into.subarray(0, count)
      if (count === 0 && this.#error !== 0) throw this.#fail(this.#error, 'read')
      if (count === 0) return null
      if (count !== Errno.EAGAIN) throw this.#fail(count, 'read')
      await this.ready()
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const count = this.socket.send(bytes, at)
      if (count === Errno.EAGAIN) await this.ready()
      else if (count < 0) throw this.#fail(count, 'write')
      else at += count
    }
  }

  async end(): Promise<void> {
    const result = this.socket.shutdown('write')
    if (result < 0) throw this.#fail(result, 'shutdown')
    while (!this.socket.flushed) {
      if (this.socket.state === 'CLOSED') throw this.#fail(this.#takeError() || Errno.ECONNRESET, 'shutdown')
      await this.ready()
    }
  }

  close(): Promise<void> {
    this.socket.close()
    return Promise.resolve()
  }

  abort(): void {
    this.socket.abort()
  }
}

export const base: Facade = {
  name: 'base',
  async connect(stack, hostname, port) {
    const socket = stack.socket('stream')
    const result = socket.connect(hostname, port)
    if (result !== Errno.EINPROGRESS) {
      socket.close()
      throw new SocketError(result, 'connect', { hostname, port })
    }
    const channel = new BaseChannel(socket)
    try {
      await channel.opened()
    } catch (error) {
      socket.close()
      throw error
    }
    return channel
  },
  listen(stack, { hostname = '0.0.0.0', port = 0, backlog = 128 } = {}) {
    const socket = stack.socket('stream')
    const result = socket.bind(hostname, port) || socket.listen(backlog)
    if (result < 0) throw new SocketError(result, 'listen')
    let wakers: (() => void)[] = []
    socket.onReady = () => {
      const all = wakers
      wakers = []
      for (const waker of all) waker()
    }
    return {
      port: socket.localAddress!.port,
      async accept() {
        for (;;) {
          const accepted = socket.accept()
          if (typeof accepted !== 'number') return new BaseChannel(accepted)
          if (accepted !== Errno.EAGAIN) throw new SocketError(accepted, 'accept')
          await new Promise<void>((resolve) => wakers.push(resolve))
        }
      },
      close: () => void socket.close(),
    }
  },
}

class PromiseChannel implements Channel {
  readonly connection: TcpConnection

  constructor(connection: TcpConnection) {
    this.connection = connection
  }

  get socket(): TcpSocket {
    return this.connection.socket
  }

  get closed(): Promise<void> {
    return this.connection.closed
  }

  async read(max = 65_536): Promise<Uint8Array | null> {
    const into = new Uint8Array(max)
    const count = await this.connection.read(into)
    return count === null ? null : into.subarray(0, count)
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.connection.write(bytes)
  }

  end(): Promise<void> {
    return this.connection.closeWrite()
  }

  close(): Promise<void> {
    return this.connection.close()
  }

  abort(): void {
    this.connection.abort()
  }
}

/** Reads through a default reader, or a BYOB reader when a size is asked for. */
class StreamChannel extends PromiseChannel {
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined

  get writer(): WritableStreamDefaultWriter<Uint8Array> {
    this.#writer ??= this.connection.writable.getWriter()
    return this.#writer
  }

  override async read(max?: number): Promise<Uint8Array | null> {
    if (max === undefined) {
      const reader = this.connection.readable.getReader()
      try {
        const { value, done } = await reader.read()
        return done ? null : value
      } finally {
        reader.releaseLock()
      }
    }
    const reader = this.connection.readable.getReader({ mode: 'byob' })
    try {
      const { value, done } = await reader.read(new Uint8Array(max))
      return done ? null : value ?? null
    } finally {
      reader.releaseLock()
    }
  }

  override async write(bytes: Uint8Array): Promise<void> {
    await this.writer.write(bytes)
  }

  override async end(): Promise<void> {
    await this.writer.close()
  }
}

function overListener(name: string, wrap: (connection: TcpConnection) => Channel): Facade {
  return {
    name,
    async connect(stack, hostname, port) {
      return wrap(await stack.connect({ hostname, port }))
    },
    listen(stack, options = {}) {
      const listener: Listener = stack.listen({ hostname: '0.0.0.0', port: 0, ...options })
      return {
        port: listener.localAddress.port,
        accept: async () => wrap(await listener.accept()),
        close: () => listener.close(),
      }
    },
  }
}

export const promises: Facade = overListener('promises', (connection) => new PromiseChannel(connection))
export const streams: Facade = overListener('streams', (connection) => new StreamChannel(connection))
export const facades: readonly Facade[] = [base, promises, streams]

export async function readAll(channel: Channel, max?: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for (let chunk = await channel.read(max); chunk !== null; chunk = await channel.read(max)) chunks.push(chunk.slice())
  const all = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.length
  }
  return all
}

/** Reads exactly `length` bytes. */
export async function readExactly(channel: Channel, length: number): Promise<Uint8Array> {
  const all = new Uint8Array(length)
  for (let at = 0; at < length;) {
    const chunk = await channel.read(length - at)
    if (chunk === null) throw new Error(`the stream ended after ${at} of ${length} bytes`)
    all.set(chunk, at)
    at += chunk.length
  }
  return all
}

/** How a promise settled: `'ok'` or the error's code (its name, if it has none). */
export async function fate(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'ok'
  } catch (error) {
    if (error instanceof SocketError) return error.code
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  }
}
