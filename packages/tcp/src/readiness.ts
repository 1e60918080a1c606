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
  /** The peer announced urgent text (RFC 9293 MUST-32). */
  Urgent: 64,
  /** A soft error was noted (RFC 9293 MUST-47). */
  SoftError: 128,
} as const
