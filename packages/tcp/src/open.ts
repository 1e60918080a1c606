import {
  createLossRecovery, createPersistTimer, createReceiveWindow, createRttEstimator, createSegmentTimer,
} from '@layerfour/flow'
import type { CongestionControl } from '@layerfour/flow'
import { createRing } from '@layerfour/storage'
import { isIpv4 } from '@layerfour/wire'
import type { IpAddress, Path } from '@layerfour/wire'
import type { TcpConfig } from './config.ts'
import type { TcpContext } from './context.ts'
import { firstLimit } from './autotune.ts'
import { createEcnState } from './ecn.ts'
import { controlIndex } from './control.ts'
import { mssFor, windowScaleFor } from './handshake.ts'
import { hashEnds, initialSequenceNumber } from './isn.ts'
import { createMtuSearch } from './path-mtu.ts'
import { State } from './state-machine.ts'
import type { Settings, Tcb } from './tcb.ts'

/** How long a peer may hold back an ACK without our timing out, in ms: what most stacks do at most. */
const MAX_ACK_DELAY = 40
/** The smallest segment that counts as full, in bytes: the default MSS of RFC 9293 §3.7.1. */
const LEAST_FULL_SEGMENT = 536

/** What differs between connections from the start; absent members take the settings of the `Tcp`. */
export interface OpenOptions {
  /** Send buffer limit in bytes, fixed. */
  readonly sendBuffer?: number | undefined
  /** Receive buffer limit in bytes, fixed. */
  readonly receiveBuffer?: number | undefined
  /** Text queued before the first poll may go with the SYN (RFC 7413), and so may arrive twice: false. */
  readonly fastOpen?: boolean | undefined
  /** Settings that differ from those of the `Tcp`. */
  readonly settings?: Partial<Settings> | undefined
  /** One of `@layerfour/flow`'s algorithms, or an object of your own. */
  readonly congestionControl?: CongestionControl | undefined
  /** Initial send sequence number (int32) instead of RFC 6528's: for tests that repeat. */
  readonly iss?: number | undefined
}

/** What a connection's settings are unless its user says otherwise. */
export function defaultSettings(config: TcpConfig): Settings {
  return {
    noDelay: false,
    pacing: config.pacing,
    cork: false,
    keepAlive: config.keepAlive,
    keepAliveIdle: config.keepAliveIdle,
    keepAliveInterval: config.keepAliveInterval,
    keepAliveCount: config.keepAliveCount,
    userTimeout: config.userTimeout,
    userTimeoutOption: false,
    hopLimit: config.hopLimit,
    trafficClass: 0,
    linger: -1,
  }
}

/** Settings of a new connection. Those who ask for nothing, or for the same as the last who did, share one object. */
function settingsFor(context: TcpContext, given: Partial<Settings> | undefined): Readonly<Settings> {
  if (given === undefined) return context.settings
  if (Object.keys(given).length === 0) return context.settings
  const { shared } = context
  const made = { ...context.settings, ...given }
  for (const name of Object.keys(made) as (keyof Settings)[]) {
    if (made[name] !== shared.settings[name]) {
      shared.settings = made
      break
    }
  }
  return shared.settings
}

/** One object for the address of ours that many connections have. */
function ownAddress({ shared }: TcpContext, { w0, w1, w2, w3 }: IpAddress): IpAddress {
  const { address } = shared
  if (address.w3 !== w3 || address.w2 !== w2 || address.w1 !== w1 || address.w0 !== w0) shared.address = { w0, w1, w2, w3 }
  return shared.address
}

/** A new block in CLOSED, with everything that the path and the settings decide. */
export function createTcb(
  context: TcpContext,
  local: IpAddress,
  localPort: number,
  remote: IpAddress,
  remotePort: number,
  path: Path,
  options: OpenOptions,
  now: number,
): Tcb {
  const { config } = context
  const control = controlIndex(context, options.congestionControl)
  const ends = hashEnds(context.hash, local, localPort, remote, remotePort)
  const offset = context.hash.high
  const iss = options.iss ?? initialSequenceNumber(ends, now)
  const greatest = options.receiveBuffer ?? config.receiveBuffer
  const ourMss = mssFor(path.mtu, isIpv4(remote))
  const receiveLimit = options.receiveBuffer ?? firstLimit(config, config.receiveBuffer, ourMss)
  return {
    state: State.CLOSED,
    localAddress: ownAddress(context, local),
    localPort,
    remoteAddress: { w0: remote.w0, w1: remote.w1, w2: remote.w2, w3: remote.w3 },
    remotePort,
    passive: false,
    halfOpen: false,
    snd: { una: iss, nxt: iss, max: iss, wnd: 0, maxWnd: 0, wl1: 0, wl2: 0, iss, scale: 0, up: 0, urgent: false },
    rcv: { nxt: 0, irs: 0, scale: config.windowScaling ? windowScaleFor(greatest) : 0, up: 0, urgent: false },
    timers: {
      retransmission: Infinity, lossProbe: Infinity, reorder: Infinity, pacing: Infinity, persist: Infinity,
      delayedAck: Infinity, timeWait: Infinity, user: Infinity, keepAlive: Infinity, linger: Infinity,
    },
    timestamps: { enabled: false, offset, recent: 0, recentAt: now, resent: offset, lastAckSent: 0 },
    negotiated: { peerMss: ourMss, ourMss, mss: ourMss, windowScaling: false, sack: false },
    counters: {
      segmentsIn: 0, segmentsOut: 0, bytesReceived: 0, bytesAcked: 0, retransmissions: 0, timeouts: 0,
      fastRetransmits: 0, duplicateAcks: 0, outOfOrder: 0, maxCwnd: 0,
    },
    sendRing: createRing(),
    sendLimit: options.sendBuffer ?? firstLimit(config, config.sendBuffer, ourMss),
    receiveRing: createRing(),
    receiveLimit,
    autotune: {
      receive: options.receiveBuffer === undefined, send: options.sendBuffer === undefined, read: 0, since: now,
    },
    reassembly: undefined,
    receivedOffset: 0,
    ackedOffset: 0,
    window: createReceiveWindow(0),
    rtt: createRttEstimator({ maxAckDelay: MAX_ACK_DELAY }),
    synTimer: createSegmentTimer(),
    persist: createPersistTimer(),
    control,
    congestion: context.controls[control]!.create(ourMss),
    recovery: createLossRecovery(),
    pacer: undefined,
    retries: 0,
    cwndLimited: false,
    synAcked: false,
    ecn: createEcnState(),
    fastOpen: { client: options.fastOpen ?? false, server: false, grant: false },
    ecnOffered: false,
    finQueued: false,
    finAcked: false,
    finReceived: false,
    finOffset: -1,
    orphan: false,
    settings: settingsFor(context, options.settings),
    ackNow: false,
    duplicateAcksOwed: 0,
    unackedText: 0,
    largestSegment: Math.min(LEAST_FULL_SEGMENT, ourMss),
    quickAcks: config.quickAcks,
    duplicateText: { from: -1, to: -1 },
    retransmitNow: false,
    lossProbeNow: false,
    probeNow: false,
    keepAliveProbes: 0,
    keepAliveNow: false,
    challenges: 0,
    challengeSecond: 0,
    lastSent: now,
    lastReceived: now,
    pathMtu: path.mtu,
    mtuSearch: createMtuSearch(path.mtu),
    checksumNeeded: path.checksumNeeded,
    segmentation: path.segmentation,
    latestOutOfOrder: 0,
    events: 0,
    sendBlocked: false,
    error: 0,
    softError: 0,
  }
}
