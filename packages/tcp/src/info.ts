import { bytesInFlight, RecoveryPhase } from '@layerfour/flow'
import type { IpAddress } from '@layerfour/wire'
import type { TcpContext } from './context.ts'
import { controlOf } from './control.ts'
import { EcnMode } from './ecn.ts'
import type { StateName } from './state-machine.ts'
import { stateNames } from './state-machine.ts'
import type { Tcb } from './tcb.ts'
import { receiveWindow, textSent } from './tcb.ts'

/** One connection's figures, much as `ss -tino` shows them. Bytes and milliseconds; points in time are those of the stack's clock. */
export interface ConnectionInfo {
  readonly state: StateName
  readonly localAddress: IpAddress
  readonly localPort: number
  readonly remoteAddress: IpAddress
  readonly remotePort: number
  /** Text received and not read. */
  readonly receiveQueue: number
  /** Text queued and not acknowledged. */
  readonly sendQueue: number
  /** Text of it that was never sent. */
  readonly notSent: number
  /** Limits of the two buffers now, and the memory that they take. */
  readonly sendLimit: number
  readonly receiveLimit: number
  readonly sendMemory: number
  readonly receiveMemory: number
  readonly congestionControl: string
  readonly cwnd: number
  readonly ssthresh: number
  readonly maxCwnd: number
  /** Whether fast recovery is under way. */
  readonly recovering: boolean
  readonly inFlight: number
  /** The congestion window, not the user or the peer's window, limited what was sent last. */
  readonly cwndLimited: boolean
  /** Smoothed round-trip time and its variation; -1 before the first sample. */
  readonly rtt: number
  readonly rttVariation: number
  readonly minRtt: number
  readonly rto: number
  /** How often `rto` was doubled since the last sample (RFC 6298 §5.5). */
  readonly backoff: number
  /** Retransmission timeouts in a row for the text that waits now. */
  readonly retries: number
  /** Text bytes in a full segment that we send, and what we announced to the peer. */
  readonly mss: number
  readonly advertisedMss: number
  readonly pathMtu: number
  readonly sendWindow: number
  readonly receiveWindow: number
  readonly sendScale: number
  readonly receiveScale: number
  readonly timestamps: boolean
  readonly sack: boolean
  /** Explicit congestion notification as agreed: of RFC 3168, or none. */
  readonly ecn: 'classic' | 'off'
  /** RFC 7413: our SYN might carry text, or the peer's brought text with a valid cookie. */
  readonly fastOpen: 'client' | 'server' | 'off'
  readonly segmentsIn: number
  readonly segmentsOut: number
  readonly bytesReceived: number
  /** Text sent at least once, not counting repetitions. */
  readonly bytesSent: number
  readonly bytesAcked: number
  readonly retransmissions: number
  readonly timeouts: number
  readonly fastRetransmits: number
  readonly duplicateAcks: number
  readonly outOfOrder: number
  /** When text was sent last, and when the peer was heard last; when the connection began if never. */
  readonly lastSent: number
  readonly lastReceived: number
  /** Keepalive probes since then. */
  readonly keepAliveProbes: number
  /** Running timers and their deadlines. */
  readonly timers: Readonly<Partial<Record<TimerName, number>>>
}

export type TimerName =
  | 'retransmission' | 'lossProbe' | 'reorder' | 'pacing' | 'persist' | 'delayedAck' | 'timeWait' | 'user' | 'keepAlive' | 'linger'

const timerNames: readonly TimerName[] = [
  'retransmission', 'lossProbe', 'reorder', 'pacing', 'persist', 'delayedAck', 'timeWait', 'user', 'keepAlive', 'linger',
]

export function connectionInfo(tcb: Tcb, context: TcpContext): ConnectionInfo {
  const { rtt, negotiated, snd, rcv, counters } = tcb
  const timers: Partial<Record<TimerName, number>> = {}
  for (const name of timerNames) if (tcb.timers[name] !== Infinity) timers[name] = tcb.timers[name]
  const sampled = rtt.samples > 0
  return {
    state: stateNames[tcb.state]!,
    localAddress: tcb.localAddress,
    localPort: tcb.localPort,
    remoteAddress: tcb.remoteAddress,
    remotePort: tcb.remotePort,
    receiveQueue: tcb.receiveRing.length,
    sendQueue: tcb.sendRing.length,
    notSent: tcb.sendRing.length - textSent(tcb),
    sendLimit: tcb.sendLimit,
    receiveLimit: tcb.receiveLimit,
    sendMemory: tcb.sendRing.capacity,
    receiveMemory: tcb.receiveRing.capacity,
    congestionControl: controlOf(context, tcb).name,
    cwnd: tcb.congestion.cwnd,
    ssthresh: tcb.congestion.ssthresh,
    recovering: tcb.recovery.phase === RecoveryPhase.Recovery,
    inFlight: bytesInFlight(tcb.recovery.sent),
    cwndLimited: tcb.cwndLimited,
    rtt: sampled ? rtt.srtt : -1,
    rttVariation: sampled ? rtt.rttvar : -1,
    minRtt: sampled ? rtt.min : -1,
    rto: rtt.rto,
    backoff: rtt.backoff,
    retries: tcb.retries,
    mss: negotiated.mss,
    advertisedMss: negotiated.ourMss,
    pathMtu: tcb.pathMtu,
    sendWindow: snd.wnd,
    receiveWindow: receiveWindow(tcb),
    sendScale: snd.scale,
    receiveScale: rcv.scale,
    timestamps: tcb.timestamps.enabled,
    sack: negotiated.sack,
    ecn: tcb.ecn.mode === EcnMode.Off ? 'off' : 'classic',
    fastOpen: tcb.fastOpen.server ? 'server' : tcb.fastOpen.client ? 'client' : 'off',
    bytesSent: tcb.ackedOffset + textSent(tcb),
    ...counters,
    lastSent: tcb.lastSent,
    lastReceived: tcb.lastReceived,
    keepAliveProbes: tcb.keepAliveProbes,
    timers,
  }
}
