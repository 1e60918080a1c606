/** What the user may do now without meeting EAGAIN, as bits. */
export const Readiness = {
  /** Text, or the end of it, is there to be received. */
  Readable: 1,
  /** The send buffer has room again after it was full. */
  Writable: 2,
  /** A listener has a connection to be accepted. */
  Acceptable: 4,
  /** The handshake is done. */
  Connected: 8,
  /** The connection reached CLOSED; nothing more will happen. */
  Closed: 16,
  /** An error waits: the next call returns it. */
  Error: 32,
} as const
