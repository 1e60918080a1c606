/** How much of a message is taken. Everything else streams and has no limit of its own. */
export interface HttpLimits {
  /** Bytes of a start line with all header fields, and of a chunked body's trailer: 16,384. */
  readonly head: number
  /** Header fields: 128. */
  readonly fields: number
  /** Bytes of a request's body, for which a longer one is answered 413: none. */
  readonly body: number
  /** Ms without a byte from the peer in the middle of a message, or without progress in writing to it: 30,000. */
  readonly patience: number
  /** Ms that a client has to close its side after the last response: 2000. */
  readonly linger: number
}

export const defaultLimits: HttpLimits = { head: 16_384, fields: 128, body: Infinity, patience: 30_000, linger: 2000 }

/** Bytes of the line before a chunk, extensions included. */
export const CHUNK_LINE = 1024
