/** What HTTP needs of a transport: `TcpConnection` of `@layerfour/socket` has it. */
export interface Connection {
  readonly readable: ReadableStream<Uint8Array>
  readonly writable: WritableStream<Uint8Array>
  /** Rejects when the connection breaks. */
  readonly closed: Promise<void>
  /** Ends both directions once everything that was written has been acknowledged. */
  close(): Promise<void>
  /** Ends both at once. */
  abort(): void
}
