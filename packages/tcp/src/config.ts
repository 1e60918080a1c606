/** Settings of one TCP, all optional in `new Tcp(…)`; the figures after each are the defaults. */
export interface TcpConfig {
  /** Connections in any state but CLOSED, listeners not counted: 16,384. */
  readonly maxConnections: number
  /** Greatest send buffer limit that tuning gives a connection, in bytes: 4 MiB. Memory is taken as text is queued. */
  readonly sendBuffer: number
  /** Greatest receive buffer limit, in bytes: 4 MiB; also bounds the window. Memory is taken as text arrives. */
  readonly receiveBuffer: number
  /** What both limits begin with, in bytes: 65,536. */
  readonly initialBuffer: number
  /** Maximum segment lifetime in ms: 30,000. TIME-WAIT lasts two. */
  readonly msl: number
  /** How long sent text may stay unacknowledged before the connection ends, in ms: 300,000 (RFC 9293 §3.8.3: at least 100 s). */
  readonly userTimeout: number
  /** The same for an unanswered SYN, in ms: 180,000 (RFC 9293 MUST-23: at least 3 minutes). */
  readonly synTimeout: number
  /**
   * How often a listener's SYN,ACK is sent again without an answer: 7, for the three minutes of an opening (RFC 9293 MUST-23). Fewer make a
   * host that answers forged SYNs quieter, and lose connections over very bad paths: 5, as Linux has it, gives up after 63 s.
   */
  readonly synAckRetries: number
  /** Probe idle connections (RFC 9293 MUST-25: off unless asked for): false. */
  readonly keepAlive: boolean
  /** Idle time in ms before the first keepalive probe: 7,200,000 (RFC 9293 MUST-28: two hours at least by default). */
  readonly keepAliveIdle: number
  /** Time between keepalive probes in ms: 75,000. */
  readonly keepAliveInterval: number
  /** Keepalive probes without an answer after which the connection ends: 9. */
  readonly keepAliveCount: number
  /** How long an orphan waits in FIN-WAIT-2, in ms: 60,000. */
  readonly finWait2Timeout: number
  /** Delayed acknowledgment in ms: 40 (RFC 9293 MUST-40: less than 500). */
  readonly delayedAck: number
  /** Offer and accept RFC 7323 timestamps: true. */
  readonly timestamps: boolean
  /** Offer and accept RFC 7323 window scaling: true. */
  readonly windowScaling: boolean
  /** Offer and send selective acknowledgments (RFC 2018): true. */
  readonly sack: boolean
  /** Try smaller segments when full ones vanish, and larger ones again later (RFC 4821): true. */
  readonly mtuProbing: boolean
  /** Probe for lost tails before the retransmission timer would (RFC 8985 §7); needs SACK: true. */
  readonly tailLossProbe: boolean
  /** Spread segments over the round trip, also with algorithms that do not ask for it: false. */
  readonly pacing: boolean
  /** Offer and accept explicit congestion notification (RFC 3168): false. */
  readonly ecn: boolean
  /** Challenge ACKs a connection may send in one second (RFC 5961 §10): 10. */
  readonly challengeAcks: number
  /** Resets, TIME-WAIT acknowledgments and cookies that wait for the next poll: 256. */
  readonly replyQueue: number
  /** Connections in TIME-WAIT that their users have left, 64 bytes each: 65,536. The oldest makes room for one more. */
  readonly maxTimeWait: number
  /**
   * How long a connection is quiet, in ms, until a record of some 200 bytes takes the place of its block (ours): Infinity, never. `tcp()`
   * of `@layerfour/socket` has 100. See `Connection.tcb`.
   */
  readonly parkAfter: number
  /** Answer SYNs beyond a listener's half-open cap with cookies (RFC 4987 §3.6): true. */
  readonly synCookies: boolean
  /** Segments at the start of a connection, and after reordering, that are acknowledged at once: 16. */
  readonly quickAcks: number
  /** Hop limit of outgoing segments (RFC 9293 MUST-49); 0 takes the internet layer's default: 0. */
  readonly hopLimit: number
}

export const defaultConfig: TcpConfig = {
  maxConnections: 16_384,
  sendBuffer: 1 << 22,
  receiveBuffer: 1 << 22,
  initialBuffer: 1 << 16,
  msl: 30_000,
  userTimeout: 300_000,
  synTimeout: 180_000,
  synAckRetries: 7,
  keepAlive: false,
  keepAliveIdle: 7_200_000,
  keepAliveInterval: 75_000,
  keepAliveCount: 9,
  finWait2Timeout: 60_000,
  delayedAck: 40,
  timestamps: true,
  windowScaling: true,
  sack: true,
  mtuProbing: true,
  tailLossProbe: true,
  pacing: false,
  ecn: false,
  challengeAcks: 10,
  quickAcks: 16,
  replyQueue: 256,
  maxTimeWait: 65_536,
  parkAfter: Infinity,
  synCookies: true,
  hopLimit: 0,
}

const limits: Partial<Record<keyof TcpConfig, readonly [number, number]>> = {
  maxConnections: [1, 1 << 20],
  sendBuffer: [256, 1 << 30],
  receiveBuffer: [256, 1 << 30],
  initialBuffer: [256, 1 << 30],
  msl: [1, 240_000],
  userTimeout: [1, Infinity],
  synTimeout: [1, Infinity],
  synAckRetries: [0, 255],
  keepAliveIdle: [1, 2 ** 31],
  keepAliveInterval: [1, 2 ** 31],
  keepAliveCount: [1, 127],
  finWait2Timeout: [1, Infinity],
  delayedAck: [0, 499],
  challengeAcks: [1, 1000],
  quickAcks: [0, 1000],
  replyQueue: [1, 65_536],
  maxTimeWait: [1, 1 << 24],
  parkAfter: [1, Infinity],
  hopLimit: [0, 255],
}

/** Fills in the defaults; a figure out of range throws RangeError. */
export function resolveConfig(given: Partial<TcpConfig>): TcpConfig {
  const config: TcpConfig = { ...defaultConfig, ...given }
  for (const name of Object.keys(limits) as (keyof TcpConfig)[]) {
    const [low, high] = limits[name]!
    const value = config[name]
    if (typeof value !== 'number' || !(value >= low && value <= high)) {
      throw new RangeError(`TCP setting ${name} is ${String(value)}; expected a number from ${low} to ${high}`)
    }
  }
  return config
}
