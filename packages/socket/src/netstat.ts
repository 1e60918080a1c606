import type { SocketAddress } from './socket-address.ts'

/** One line of `stack.netstat()`: a socket, or a connection that no socket holds any more. */
export interface NetstatRow {
  readonly protocol: 'tcp' | 'udp'
  readonly local: SocketAddress
  /** Undefined for a listener and an unconnected datagram socket. */
  readonly remote: SocketAddress | undefined
  /** The TCP state's RFC name; `BOUND` or `CONNECTED` for UDP. */
  readonly state: string
  /** Bytes received and not yet read; a listener's connections not yet accepted. */
  readonly receiveQueue: number
  /** Bytes queued and not yet acknowledged; a listener's backlog. */
  readonly sendQueue: number
  /** Congestion window in bytes; TCP connections only. */
  readonly cwnd?: number
  /** Smoothed round-trip time in ms, once there is one. */
  readonly rtt?: number
  /** Timers that run, by name, and in how many ms they fire. */
  readonly timers: Readonly<Record<string, number>>
}
