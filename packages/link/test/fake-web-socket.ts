type Listener = (event: object) => void

/** The WebSocket interface with its network replaced by arrays. */
export class FakeWebSocket {
  binaryType = 'blob'
  readyState = 0
  bufferedAmount = 0
  closeCalls = 0
  readonly sent: Uint8Array<ArrayBuffer>[] = []
  readonly #listeners = new Map<string, Set<Listener>>()

  addEventListener(type: string, listener: Listener): void {
    const listeners = this.#listeners.get(type) ?? new Set()
    this.#listeners.set(type, listeners.add(listener))
  }

  removeEventListener(type: string, listener: Listener): void {
    this.#listeners.get(type)?.delete(listener)
  }

  send(data: Uint8Array<ArrayBuffer>): void {
    if (this.readyState === 0) throw new Error('InvalidStateError')
    this.sent.push(data)
    this.bufferedAmount += data.byteLength
  }

  close(): void {
    this.closeCalls++
    this.readyState = 2
  }

  open(): void {
    this.readyState = 1
  }

  emit(type: string, data?: unknown): void {
    for (const listener of this.#listeners.get(type) ?? []) listener({ data })
  }

  listenerCount(type: string): number {
    return this.#listeners.get(type)?.size ?? 0
  }
}
