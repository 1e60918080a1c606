/** What the user may do now without meeting EAGAIN, as bits; the same bits as TCP's. */
export const UdpReadiness = {
  /** A datagram is there to be received. */
  Readable: 1,
  /** The device takes datagrams; sending met EAGAIN before. */
  Writable: 2,
  /** An error waits: the next call returns it. */
  Error: 32,
} as const
