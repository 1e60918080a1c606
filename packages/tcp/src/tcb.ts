import type {
  CongestionState, LossRecovery, Pacer, PersistTimer, ReceiveWindow, RttEstimator, SegmentTimer,
} from '@layerfour/flow'
import { receiveWindowSize } from '@layerfour/flow'
import type { RangeSet, RingBuffer } from '@layerfour/storage'
import type { IpAddress } from '@layerfour/wire'
import type { Autotune } from './autotune.ts'
import type { EcnState } from './ecn.ts'
import type { FastOpenState } from './fast-open.ts'
import type { MtuSearch } from './path-mtu.ts'
import type { State } from './state-machine.ts'

/** Send sequence variables (RFC 9293 §3.3.1, table 2). Sequence numbers are int32 bit patterns. */
export interface SendSequence {
  /** Oldest unacknowledged sequence number. */
  una: number
  /** Next sequence number to be sent. */
  nxt: number
  /** One past the highest sequence number ever sent, which a window probe may put beyond `nxt`; what an acceptable ACK may not exceed. */
  max: number
  /** The peer's window in bytes, already scaled. */
  wnd: number
  /** Largest window that the peer ever offered (RFC 9293 §3.8.6.2.1, RFC 5961 §5.2). */
  maxWnd: number
  /** Sequence and acknowledgment number of the segment that last updated `wnd`. */
  wl1: number
  wl2: number
  /** Initial send sequence number. */
  iss: number
  /** Shift that the peer applies to windows it sends (RFC 7323 §2). */
  scale: number
  /** End of urgent data plus one, valid while `urgent` (RFC 6093). */
  up: number
  urgent: boolean
}

/** Receive sequence variables (RFC 9293 §3.3.1, table 3). */
export interface ReceiveSequence {
  /** Next sequence number expected. */
  nxt: number
  /** Initial receive sequence number. */
  irs: number
  /** Shift that we apply to windows we send. */
  scale: number
  /** Latest urgent pointer of the peer, valid while `urgent`. */
  up: number
  urgent: boolean
}

/** Deadlines in ms of the stack's clock; Infinity means off. */
export interface Timers {
  retransmission: number
  /** Tail loss probe (RFC 8985 §7). */
  lossProbe: number
  /** The reordering window of some segment ends (RFC 8985 §6). */
  reorder: number
  /** The pacer lets more segments go. */
  pacing: number
  /** Zero-window probes (RFC 9293 §3.8.6.1). */
  persist: number
  delayedAck: number
  /** 2MSL in TIME-WAIT; the wait for a FIN that may never come in an orphan's FIN-WAIT-2. */
  timeWait: number
  /** When an unanswered connection is given up (RFC 9293 §3.8.3, R2). */
  user: number
  keepAlive: number
  /** When what CLOSE left unacknowledged is given up (SO_LINGER). */
  linger: number
}

/** What the user may change while a connection lives; each begins as `TcpConfig` says. Times in ms. */
export interface Settings {
  /** Nagle's algorithm off (TCP_NODELAY, RFC 9293 MUST-17). */
  noDelay: boolean
  /** Send full segments only, until it is turned off or the FIN is queued (TCP_CORK). */
  cork: boolean
  /** Spread segments over the round trip, also with a congestion control that does not ask for it. */
  pacing: boolean
  /** Probe an idle peer (SO_KEEPALIVE, RFC 9293 §3.8.4). */
  keepAlive: boolean
  /** Idle time before the first probe (TCP_KEEPIDLE), time between probes, and probes without an answer to give up. */
  keepAliveIdle: number
  keepAliveInterval: number
  keepAliveCount: number
  /** How long sent text may stay unacknowledged (TCP_USER_TIMEOUT). */
  userTimeout: number
  /** Tell the peer our user timeout and heed its own (RFC 5482). */
  userTimeoutOption: boolean
  /** Hop limit of segments, 0 for the internet layer's default (IP_TTL, RFC 9293 MUST-49). */
  hopLimit: number
  /** Differentiated services field of segments, six bits shifted left by two (IP_TOS, RFC 9293 MUST-48, SHLD-21). */
  trafficClass: number
  /**
   * How long CLOSE may take to get everything acknowledged before it resets the connection (SO_LINGER); 0: it resets at once; -1: as
   * long as the user timeout lets it.
   */
  linger: number
}

/** RFC 7323 timestamps, agreed in the handshake. */
export interface Timestamps {
  enabled: boolean
  /** Added to our clock, so that uptime does not show (RFC 7323 §5.4). */
  offset: number
  /** TS.Recent: the value that we echo. */
  recent: number
  /** When `recent` was taken; it may be ignored after 24 days (RFC 7323 §5.5). */
  recentAt: number
  /** TSval of our latest retransmission. */
  resent: number
  /** Last.ACK.sent: which segment's timestamp is echoed (RFC 7323 §4.3). */
  lastAckSent: number
}

/** What each side announced or granted in the handshake, and the sizes that follow from it. */
export interface Negotiated {
  /** SendMSS: what the peer said it can take, in bytes of text with no options (RFC 9293 §3.7.1). */
  peerMss: number
  /** What we announced. */
  ourMss: number
  /** Eff.snd.MSS: text bytes in a full segment now, path MTU and options subtracted. */
  mss: number
  windowScaling: boolean
  sack: boolean
}

/** Counters that `info()` reports. */
export interface Counters {
  segmentsIn: number
  segmentsOut: number
  bytesReceived: number
  bytesAcked: number
  /** Segments sent again, for whatever reason. */
  retransmissions: number
  /** Retransmission timeouts. */
  timeouts: number
  fastRetransmits: number
  duplicateAcks: number
  /** Segments that arrived ahead of missing ones. */
  outOfOrder: number
  maxCwnd: number
}

/**
 * Transmission control block (RFC 9293 §3.3.1): the whole state of one connection as plain data.
 * Nothing in here is a function, so it can be compared, copied and moved.
 */
export interface Tcb {
  state: State
  readonly localAddress: IpAddress
  readonly localPort: number
  readonly remoteAddress: IpAddress
  readonly remotePort: number
  /** Came from a listener: a reset in SYN-RECEIVED tells nobody (RFC 9293 §3.10.7.4). */
  passive: boolean
  /** Still counted among its listener's handshakes. */
  halfOpen: boolean
  readonly snd: SendSequence
  readonly rcv: ReceiveSequence
  readonly timers: Timers
  readonly timestamps: Timestamps
  readonly negotiated: Negotiated
  readonly counters: Counters

  /** Text from `snd.una` on: sent and unacknowledged, then queued. */
  readonly sendRing: RingBuffer
  sendLimit: number
  /** Text up to `rcv.nxt` that the user has not read, and behind it what arrived out of order. */
  readonly receiveRing: RingBuffer
  receiveLimit: number
  readonly autotune: Autotune
  /** Out-of-order text as stream offsets; made when first needed. */
  reassembly: RangeSet | undefined
  /** Bytes of text received in order so far: the stream offset of `rcv.nxt`. */
  receivedOffset: number
  /** Bytes of text acknowledged so far: the stream offset of `snd.una`. */
  ackedOffset: number

  /** What was promised to the peer: RCV.WND as a right edge in stream offsets. */
  readonly window: ReceiveWindow
  readonly rtt: RttEstimator
  /** Times our SYN, until it is acknowledged; segments have their own times in `recovery`. */
  synTimer: SegmentTimer | undefined
  readonly persist: PersistTimer
  /** Which congestion control: its place in the context's list. */
  control: number
  congestion: CongestionState
  /** What was sent and is not acknowledged, what of it is lost, and how that is repaired. */
  readonly recovery: LossRecovery
  /** Made when segments are first spread. */
  pacer: Pacer | undefined
  /** Retransmission timeouts in a row for the same data. */
  retries: number
  /** Whether the congestion window, not the user, limited what was sent last (RFC 7661 §4.3). */
  cwndLimited: boolean

  synAcked: boolean
  readonly ecn: EcnState
  readonly fastOpen: FastOpenState
  /** Our SYN, as it was answered, asked for ECN. */
  ecnOffered: boolean
  /** CLOSE was called: a FIN follows the queued text. */
  finQueued: boolean
  finAcked: boolean
  /** The peer's FIN was received in order. */
  finReceived: boolean
  /** Stream offset of a FIN that came ahead of missing text, -1 for none. */
  finOffset: number
  /** Nobody will read again: text that arrives meets a reset (RFC 9293 §3.10.4, RFC 1122 §4.2.2.13). */
  orphan: boolean
  /** Shared with other connections until one is changed: replace it, do not write to it. */
  settings: Readonly<Settings>

  /** An ACK is owed with the next output. */
  ackNow: boolean
  /** Duplicate ACKs owed, one for each out-of-order segment (RFC 5681 §3.2). */
  duplicateAcksOwed: number
  /** Bytes received in order and not yet acknowledged (RFC 9293 §3.8.6.3). */
  unackedText: number
  /** Most text that a segment of the peer's has brought: what counts as a full one. */
  largestSegment: number
  /** Segments still to be acknowledged at once: the peer's window is opening, or it waits for a gap to close. */
  quickAcks: number
  /** Text that arrived twice, as stream offsets, to be told in the next ACK (RFC 2883); `from` -1 for none. */
  readonly duplicateText: { from: number, to: number }
  /** The SYN is to be sent again now. */
  retransmitNow: boolean
  /** A tail loss probe is to be sent now. */
  lossProbeNow: boolean
  /** A probe of the closed window is to be sent now. */
  probeNow: boolean
  /** Keepalive probes sent since the peer was last heard. */
  keepAliveProbes: number
  keepAliveNow: boolean
  /** Challenge ACKs sent in the second that began at `challengeSecond` (RFC 5961 §10). */
  challenges: number
  challengeSecond: number
  lastSent: number
  lastReceived: number
  /** Largest IP packet on the way to the peer, in bytes. */
  pathMtu: number
  readonly mtuSearch: MtuSearch
  /** Whether outgoing segments need a real checksum; a medium may make it needless. */
  checksumNeeded: boolean
  /** Largest IP packet, in bytes, with several segments in one that the medium cuts; 0: it cuts none. */
  segmentation: number
  /** Where the latest out-of-order text begins, as a stream offset: its SACK block goes first (RFC 2018 §4). */
  latestOutOfOrder: number
  /** `Readiness` bits that changed and that the user has not heard of. */
  events: number
  /** The user met a full send buffer and waits for room. */
  sendBlocked: boolean
  /** Negative errno that the user has not been told yet, 0 for none. */
  error: number
  /** The latest soft error, which ends nothing by itself: negative errno, 0 for none (RFC 9293 MUST-47). */
  softError: number
}

/** Sequence number of the first byte in the send ring. */
export function sendRingSequence(tcb: Tcb): number {
  return tcb.synAcked ? tcb.snd.una : (tcb.snd.iss + 1) | 0
}

/** Sequence number that our FIN has or will have, while it is unacknowledged. */
export function finSequence(tcb: Tcb): number {
  return (sendRingSequence(tcb) + tcb.sendRing.length) | 0
}

/**
 * Stream offset of a sequence number at or after SND.UNA, as `flow` counts: bytes since the start, our FIN one more.
 */
export function sendOffset(tcb: Tcb, sequence: number): number {
  return tcb.ackedOffset + ((sequence - sendRingSequence(tcb)) | 0)
}

/** Bytes of text from `snd.una` up to `sequence`, SYN and FIN not counted. */
function textBefore(tcb: Tcb, sequence: number): number {
  const count = (sequence - sendRingSequence(tcb)) | 0
  return count <= 0 ? 0 : count > tcb.sendRing.length ? tcb.sendRing.length : count
}

/** Bytes of text between `snd.una` and `snd.nxt`. */
export function textInFlight(tcb: Tcb): number {
  return textBefore(tcb, tcb.snd.nxt)
}

/** Bytes of unacknowledged text that were sent at least once, whether or not SND.NXT went back since. */
export function textSent(tcb: Tcb): number {
  return textBefore(tcb, tcb.snd.max)
}

/** RCV.WND: how far beyond RCV.NXT the peer may send. */
export function receiveWindow(tcb: Tcb): number {
  return receiveWindowSize(tcb.window, tcb.receivedOffset)
}

export function clearTimers(tcb: Tcb): void {
  const { timers } = tcb
  timers.retransmission = Infinity
  timers.lossProbe = Infinity
  timers.reorder = Infinity
  timers.pacing = Infinity
  timers.persist = Infinity
  timers.delayedAck = Infinity
  timers.timeWait = Infinity
  timers.user = Infinity
  timers.keepAlive = Infinity
  timers.linger = Infinity
}
