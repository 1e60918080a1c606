import type { WaitQueue } from './_wait-queue.ts'
import { WAIT } from './_wait-queue.ts'

/** Largest chunk of a readable stream, in bytes: a WHATWG stream costs about 1 µs a chunk, whatever its size. */
const CHUNK = 65_536
/** Bytes that a writable stream takes before `writer.ready` waits. */
const WRITE_AHEAD = 65_536

/** Where a readable stream gets its bytes: a non-blocking socket. */
export interface ByteSource {
  /** Whether `receive` would not say `WAIT`. */
  ready(): boolean
  /** Bytes that `receive` could give now. */
  available(): number
  /** Count of bytes copied; `null` at the end; `WAIT`. Throws what broke the connection. */
  receive(into: Uint8Array): number | null | typeof WAIT
  /** The reader has gone. */
  cancel(): void
}

/**
 * A byte stream that asks the socket only when its reader asks: what nobody reads stays there and closes the window.
 *
 * Streams may run code of others (a pipe's) as soon as a chunk comes or an end; some engines do, some do so a little later. Hence they
 * are touched in microtasks of their own only, never from the stack's poll: what follows would happen in another order.
 */
export class SocketReadable {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>
  #controller!: ReadableByteStreamController
  #ended = false

  /** `reads` is the line in which those wait who read from the source. */
  constructor(source: ByteSource, reads: WaitQueue) {
    this.stream = new ReadableStream({
      type: 'bytes',
      start: (controller) => { this.#controller = controller },
      pull: async (controller) => {
        try {
          while (!this.#ended && !this.#pull(source, controller)) {
            await reads.run(() => this.#ended || source.ready() || WAIT)
          }
        } catch (error) {
          if (this.#ended) return
          this.#ended = true
          throw error
        }
      },
      cancel: () => {
        this.#ended = true
        source.cancel()
      },
    }, { highWaterMark: 0 })
  }

  /** Whether a chunk or the end was there. */
  #pull(source: ByteSource, controller: ReadableByteStreamController): boolean {
    const request = controller.byobRequest
    if (request?.view != null) {
      const { view } = request
      const count = source.receive(new Uint8Array(view.buffer, view.byteOffset, view.byteLength))
      if (count === WAIT) return false
      if (count === null) this.#close()
      else request.respond(count)
      return true
    }
    const chunk = new Uint8Array(Math.min(Math.max(source.available(), 1), CHUNK))
    const count = source.receive(chunk)
    if (count === WAIT) return false
    if (count === null) this.#close()
    else controller.enqueue(count === chunk.length ? chunk : chunk.subarray(0, count))
    return true
  }

  /** Closes the stream: the reader sees its end. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    queueMicrotask(() => this.#close())
  }

  /** Breaks the stream: the reader's promises reject. */
  error(reason: unknown): void {
    if (this.#ended) return
    this.#ended = true
    queueMicrotask(() => this.#controller.error(reason))
  }

  #close(): void {
    this.#ended = true
    this.#controller.close()
    // A reader that lent its buffer gets it back now.
    this.#controller.byobRequest?.respond(0)
  }
}

/** What a writable stream does with its chunks. */
export interface ByteSink {
  write(bytes: Uint8Array): Promise<unknown>
  close(): Promise<void>
  abort(reason: unknown): void
}

/** A stream whose `ready` waits for room in the socket's send buffer. Takes any `BufferSource`. */
export class SocketWritable {
  readonly stream: WritableStream<Uint8Array>
  #controller!: WritableStreamDefaultController

  constructor(sink: ByteSink) {
    this.stream = new WritableStream<Uint8Array>({
      start: (controller) => { this.#controller = controller },
      write: async (chunk) => { await sink.write(toBytes(chunk)) },
      close: () => sink.close(),
      abort: (reason) => sink.abort(reason),
    }, { highWaterMark: WRITE_AHEAD, size: (chunk) => chunk?.byteLength ?? 1 })
  }

  /** Nothing more can be written: `writer.ready` and `writer.closed` reject. */
  error(reason: unknown): void {
    queueMicrotask(() => this.#controller.error(reason))
  }
}

/** @throws TypeError when `chunk` holds no bytes. */
export function toBytes(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk)
  throw new TypeError(`chunk is ${chunk === null ? 'null' : typeof chunk}, expected an ArrayBuffer or a view of one`)
}
