import type { TcpConnection } from '@layerfour/socket'
import type { Clock } from './clock.ts'
import { describeServerError, Iperf3Error } from './iperf3-error.ts'
import { stateName, TestState } from './test-state.ts'

/** How long the other end may take for a message, in ms. */
const PATIENCE = 15_000
/** How long the end of the connection may take, in ms. */
const CLOSE_PATIENCE = 2000
const LENGTH_FIELD = 4

/** What the other end says next, or what hinders it; neither for now. */
export interface Heard {
  readonly state: number | undefined
  readonly error: Error | undefined
}

export function isHeard({ state, error }: Heard): boolean {
  return state !== undefined || error !== undefined
}

/**
 * The control connection of a test: one-byte states, and JSON behind its length in four bytes, big-endian. Whatever waits for the
 * other end has a limit in time, and messages have one in size: then, and when the connection ends, it throws `Iperf3Error`. Once
 * `signal` aborts, reading throws its reason.
 */
export class ControlChannel {
  readonly #connection: TcpConnection
  readonly #clock: Clock
  readonly #signal: AbortSignal | undefined

  constructor(connection: TcpConnection, clock: Clock, signal?: AbortSignal) {
    this.#connection = connection
    this.#clock = clock
    this.#signal = signal
  }

  /** Reads one state, whenever it comes. Nothing else may be read until then. */
  listen(): Heard {
    const heard: { state: number | undefined, error: Error | undefined } = { state: undefined, error: undefined }
    this.#read(1, Infinity).then(([state]) => { heard.state = state! }, (error: unknown) => { heard.error = error as Error })
    return heard
  }

  /** Reads one state, which must be `expected`. */
  async expectState(expected: TestState): Promise<void> {
    const state = (await this.#read(1, PATIENCE))[0]!
    if (state !== expected) throw await this.explain(state, stateName(expected))
  }

  /** Why a server says `state` where another one was expected. Reads what belongs to an error. */
  async explain(state: number, expected: string): Promise<Iperf3Error> {
    if (state === TestState.ACCESS_DENIED) return new Iperf3Error('the server is busy with another test; try again later')
    if (state === TestState.SERVER_TERMINATE) return new Iperf3Error('the server has ended the test')
    if (state === TestState.CLIENT_TERMINATE) return new Iperf3Error('the client has ended the test')
    if (state !== TestState.SERVER_ERROR) return new Iperf3Error(`the peer says ${stateName(state)}, expected ${expected}`)
    const numbers = new DataView((await this.#read(8, PATIENCE)).buffer)
    const errno = numbers.getInt32(4)
    return new Iperf3Error(`the server refuses: ${describeServerError(numbers.getInt32(0))}${errno === 0 ? '' : ` (errno ${errno})`}`)
  }

  async writeState(state: TestState): Promise<void> {
    await this.#connection.write(Uint8Array.of(state))
  }

  /** SERVER_ERROR with iperf3's number. */
  async writeError(code: number): Promise<void> {
    const bytes = new Uint8Array(9)
    bytes[0] = TestState.SERVER_ERROR
    new DataView(bytes.buffer).setInt32(1, code)
    await this.#connection.write(bytes)
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#connection.write(bytes)
  }

  /** The next message as JSON.parse gives it; it may be anything. One of more than `limit` bytes is not read. */
  async readJson(limit: number): Promise<unknown> {
    const length = new DataView((await this.#read(LENGTH_FIELD, PATIENCE)).buffer).getUint32(0)
    if (length > limit) throw new Iperf3Error(`a message of ${length} bytes is announced, expected ${limit} at most`)
    const text = new TextDecoder().decode(await this.#read(length, PATIENCE))
    try {
      return JSON.parse(text) as unknown
    } catch {
      throw new Iperf3Error('a message is no JSON')
    }
  }

  async writeJson(value: unknown): Promise<void> {
    await this.#connection.write(frameJson(value))
  }

  /** Ends the connection behind what was written. What the other end still sends is thrown away. Never rejects. */
  async close(): Promise<void> {
    const closed = new AbortController()
    this.#clock.sleep(CLOSE_PATIENCE, { signal: closed.signal }).then(() => this.#connection.abort(), () => undefined)
    await this.#connection.close()
    closed.abort()
  }

  abort(): void {
    this.#connection.abort()
  }

  async #read(length: number, patience: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(length)
    const overdue = new AbortController()
    const arrived = new AbortController()
    const signal = this.#signal === undefined ? overdue.signal : AbortSignal.any([overdue.signal, this.#signal])
    if (patience < Infinity) {
      this.#clock.sleep(patience, { signal: arrived.signal }).then(() => overdue.abort(), () => undefined)
    }
    try {
      for (let at = 0; at < length;) {
        const count = await this.#connection.read(bytes.subarray(at), { signal })
        if (count === null) throw new Iperf3Error('the peer has closed the control connection')
        at += count
      }
      return bytes
    } catch (error) {
      if (overdue.signal.aborted) throw new Iperf3Error(`the peer says nothing for ${patience / 1000} s`)
      throw error
    } finally {
      arrived.abort()
    }
  }
}

/** Length and JSON, as they go over the wire. */
export function frameJson(value: unknown): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(value))
  const bytes = new Uint8Array(LENGTH_FIELD + text.length)
  new DataView(bytes.buffer).setUint32(0, text.length)
  bytes.set(text, LENGTH_FIELD)
  return bytes
}
