/** What both senders can be asked to do, and tell. */
export interface SenderCommands {
  /** Makes ready. */
  open(): void
  /** Connects and sends from then on, as fast as the connection takes it. */
  send(to: Destination): Promise<void>
  /** Stops sending, with a reset. */
  stop(): SenderReport
}

export interface Destination {
  readonly address: string
  readonly port: number
}

/** The sender's own figures of its connection. */
export interface SenderReport {
  readonly congestionControl: string
  /** Segments sent again. */
  readonly retransmissions: number
  /** Congestion window at the end, in bytes. */
  readonly cwnd: number
  /** Smoothed round-trip time at the end, in ms. */
  readonly rtt: number
  /** Least round-trip time, in ms: what the sender's own way to the path adds shows here. */
  readonly minRtt: number
}
