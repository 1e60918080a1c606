import type { CongestionControl } from '@layerfour/flow'
import type { ListenOptions, OpenOptions, Settings, TcpConfig } from '@layerfour/tcp'
import { DEFAULT_HALF_OPEN, defaultSettings } from '@layerfour/tcp'
import { Errno } from '@layerfour/wire'
import type { SocketParts } from './socket-parts.ts'
import { takeError } from './socket-parts.ts'

/**
 * Options of a TCP socket, in the units of POSIX and Linux; all values are integers, flags 0 or 1 (TCP_CONGESTION, whose value is a name,
 * is the one other). They may be set at any time unless it
 * says otherwise; connections inherit those of their listener as they were when the SYN came.
 */
export type TcpSocketOption =
  /** Get only: the error that ended the connection, negative errno, and forgets it; 0 for none. */
  | 'SO_ERROR'
  /** Bind although another socket that does not listen has the address too; set before bind. */
  | 'SO_REUSEADDR'
  /** Receive buffer limit in bytes, 256 to 2³⁰; set before connect. */
  | 'SO_RCVBUF'
  /** Send buffer limit in bytes, 256 to 2³⁰; set before connect. */
  | 'SO_SNDBUF'
  /** Probe an idle peer (RFC 9293 §3.8.4). */
  | 'SO_KEEPALIVE'
  /**
   * What `close` does about text that the peer has not acknowledged: -1, the default, goes on sending it; 0 drops it and resets the
   * connection; else so many seconds, up to 32,767, are left to send it, then a reset follows.
   */
  | 'SO_LINGER'
  /** Nagle's algorithm off (RFC 9293 §3.7.4). */
  | 'TCP_NODELAY'
  /** Send full segments only, until it is turned off or our direction ends. */
  | 'TCP_CORK'
  /** Spread segments over the round trip, also with a congestion control that does not ask for it. An option of ours: Linux has none. */
  | 'TCP_PACING'
  /** Idle seconds before the first keepalive probe, 1 to 32,767. */
  | 'TCP_KEEPIDLE'
  /** Seconds between keepalive probes, 1 to 32,767. */
  | 'TCP_KEEPINTVL'
  /** Keepalive probes without an answer that end the connection, 1 to 127. */
  | 'TCP_KEEPCNT'
  /** Milliseconds that sent text may stay unacknowledged, up to 2³¹ - 1; 0 for the stack's. */
  | 'TCP_USER_TIMEOUT'
  /** Listener: seconds that a connection waits for its first text before `accept` gets it, 0 (off) to 32,767. */
  | 'TCP_DEFER_ACCEPT'
  /** Listener: connections at once whose text came with the SYN (RFC 7413), up to 65,535; 0 turns fast open off. */
  | 'TCP_FASTOPEN'
  /** Text given to `send` before the next poll may go with the SYN, and may then arrive twice (RFC 7413); set before connect. */
  | 'TCP_FASTOPEN_CONNECT'
  /** Listener: handshakes under way, 1 to 65,535; beyond that SYNs are answered by cookies. Named after the sysctl of Linux. */
  | 'TCP_MAX_SYN_BACKLOG'
  /** Get only: text bytes in a full segment. */
  | 'TCP_MAXSEG'
  /** Traffic class of both families, 0 to 255; its two low bits are ECN's and stay as they are (RFC 3168). */
  | 'IP_TOS'
  | 'IPV6_TCLASS'
  /** Hop limit of both families, 1 to 255; 0 for the internet layer's default. */
  | 'IP_TTL'
  | 'IPV6_UNICAST_HOPS'

/** What the user of a socket has set, as plain data. What is absent is as the stack has it. */
export interface SocketOptions
  extends Pick<ListenOptions, 'sendBuffer' | 'receiveBuffer' | 'deferAccept' | 'fastOpenQueue' | 'halfOpen'>, Pick<OpenOptions, 'fastOpen'> {
  readonly reuseAddress: boolean
  /** Absent: the stack's. */
  readonly congestionControl?: CongestionControl | undefined
  /** Of the connection, or of those that a listener accepts. */
  readonly settings: Readonly<Partial<Settings>>
}

export const NO_OPTIONS: SocketOptions = { reuseAddress: false, settings: {} }

/** One option: how it is read, which values it takes and what these do. */
interface OptionRule {
  /** `config` has what holds where the user has set nothing. */
  get(parts: SocketParts, config: TcpConfig): number
  /** Least and greatest value; absent: nothing but a flag, of which everything else than 0 is on. */
  readonly range?: readonly [number, number]
  /** Of no use any more once there is a connection. */
  readonly early?: true
  /** Absent for what can only be read. */
  set?(parts: SocketParts, value: number, config: TcpConfig): void
}

const SECOND = 1000
const SECONDS_LIMIT = 32_767
const BUFFER_RANGE = [256, 2 ** 30] as const

/** Every option: the one place to look at, and to add to. */
const rules: Readonly<Record<TcpSocketOption, OptionRule>> = /* @__PURE__ */ (() => ({
  SO_ERROR: { get: takeError },
  TCP_MAXSEG: { get: ({ connection }) => connection?.look().negotiated.mss ?? 0 },

  SO_REUSEADDR: {
    get: ({ options }) => Number(options.reuseAddress),
    set: (parts, value) => changeOptions(parts, { reuseAddress: value !== 0 }),
  },
  SO_RCVBUF: {
    get: ({ connection, options }, config) => connection?.look().receiveLimit ?? options.receiveBuffer ?? config.receiveBuffer,
    range: BUFFER_RANGE,
    early: true,
    set: (parts, value) => changeOptions(parts, { receiveBuffer: value }),
  },
  SO_SNDBUF: {
    get: ({ connection, options }, config) => connection?.look().sendLimit ?? options.sendBuffer ?? config.sendBuffer,
    range: BUFFER_RANGE,
    early: true,
    set: (parts, value) => changeOptions(parts, { sendBuffer: value }),
  },

  SO_KEEPALIVE: flag('keepAlive'),
  TCP_KEEPIDLE: number('keepAliveIdle', [1, SECONDS_LIMIT], SECOND),
  TCP_KEEPINTVL: number('keepAliveInterval', [1, SECONDS_LIMIT], SECOND),
  TCP_KEEPCNT: number('keepAliveCount', [1, 127]),
  SO_LINGER: {
    get: (parts, config) => {
      const linger = settingOf(parts, config, 'linger')
      return linger < 0 ? -1 : Math.ceil(linger / SECOND)
    },
    range: [-1, SECONDS_LIMIT],
    set: (parts, value) => configure(parts, { linger: value < 0 ? -1 : value * SECOND }),
  },
  TCP_USER_TIMEOUT: {
    ...number('userTimeout', [0, 2 ** 31 - 1]),
    set: (parts, value, config) => configure(parts, { userTimeout: value === 0 ? config.userTimeout : value }),
  },
  TCP_NODELAY: flag('noDelay'),
  TCP_CORK: flag('cork'),
  TCP_PACING: flag('pacing'),
  IP_TOS: trafficClass(),
  IPV6_TCLASS: trafficClass(),
  IP_TTL: number('hopLimit', [0, 255]),
  IPV6_UNICAST_HOPS: number('hopLimit', [0, 255]),

  TCP_DEFER_ACCEPT: {
    get: ({ options }) => Math.ceil((options.deferAccept ?? 0) / SECOND),
    range: [0, SECONDS_LIMIT],
    set: (parts, value) => changeOptions(parts, { deferAccept: value * SECOND }),
  },
  TCP_FASTOPEN: {
    get: ({ options }) => options.fastOpenQueue ?? 0,
    range: [0, 65_535],
    set: (parts, value) => changeOptions(parts, { fastOpenQueue: value }),
  },
  TCP_MAX_SYN_BACKLOG: {
    get: ({ options }) => options.halfOpen ?? DEFAULT_HALF_OPEN,
    range: [1, 65_535],
    set: (parts, value) => changeOptions(parts, { halfOpen: value }),
  },
  TCP_FASTOPEN_CONNECT: {
    get: ({ options }) => Number(options.fastOpen ?? false),
    early: true,
    set: (parts, value) => changeOptions(parts, { fastOpen: value !== 0 }),
  },
}))()

/** `getsockopt` of a socket. */
export function getOption(parts: SocketParts, config: TcpConfig, option: TcpSocketOption): number {
  return Object.hasOwn(rules, option) ? rules[option].get(parts, config) : Errno.ENOPROTOOPT
}

/** `setsockopt` of a socket. */
export function setOption(parts: SocketParts, config: TcpConfig, option: TcpSocketOption, value: number): number {
  const rule = Object.hasOwn(rules, option) ? rules[option] : undefined
  if (rule?.set === undefined) return Errno.ENOPROTOOPT
  if (rule.early === true && parts.connection !== undefined) return Errno.EISCONN
  const [least, greatest] = rule.range ?? [-Infinity, Infinity]
  const fits = rule.range === undefined ? typeof value === 'number' && !Number.isNaN(value) : Number.isInteger(value)
  if (!fits || value < least || value > greatest) return Errno.EINVAL
  rule.set(parts, value, config)
  return 0
}

/** Settings for the connection from now on, or for those that a listener accepts from now on. */
export function configure(parts: SocketParts, settings: Readonly<Partial<Settings>>): void {
  changeOptions(parts, { settings: { ...parts.options.settings, ...settings } })
  parts.connection?.configure(settings)
}

export function changeOptions(parts: SocketParts, changes: Partial<SocketOptions>): void {
  parts.options = { ...parts.options, ...changes }
  parts.listener?.configure(listenOptions(parts.options))
}

/** For `Tcp.connect`. */
export function openOptions({ settings, sendBuffer, receiveBuffer, fastOpen, congestionControl }: SocketOptions): OpenOptions {
  return { settings, sendBuffer, receiveBuffer, fastOpen, congestionControl }
}

/** For `Tcp.listen`. */
export function listenOptions(options: SocketOptions): ListenOptions {
  const { settings, sendBuffer, receiveBuffer, deferAccept, fastOpenQueue, halfOpen, congestionControl } = options
  return { settings, sendBuffer, receiveBuffer, deferAccept, fastOpenQueue, halfOpen, congestionControl }
}

function settingOf<Name extends keyof Settings>({ connection, options }: SocketParts, config: TcpConfig, name: Name): Settings[Name] {
  return connection?.settings[name] ?? options.settings[name] ?? defaultSettings(config)[name]
}

function flag(name: 'keepAlive' | 'noDelay' | 'cork' | 'pacing'): OptionRule {
  return {
    get: (parts, config) => Number(settingOf(parts, config, name)),
    set: (parts, value) => configure(parts, { [name]: value !== 0 }),
  }
}

type NumberName = 'keepAliveIdle' | 'keepAliveInterval' | 'keepAliveCount' | 'userTimeout' | 'hopLimit'

/** `unit`: what one of the option is in the setting. */
function number(name: NumberName, range: readonly [number, number], unit = 1): OptionRule {
  return {
    get: (parts, config) => Math.ceil(settingOf(parts, config, name) / unit),
    range,
    set: (parts, value) => configure(parts, { [name]: value * unit }),
  }
}

function trafficClass(): OptionRule {
  return {
    get: (parts, config) => settingOf(parts, config, 'trafficClass'),
    range: [0, 255],
    set: (parts, value) => configure(parts, { trafficClass: value & ~3 }),
  }
}
