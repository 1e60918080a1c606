import type { IpAddress } from '@layerfour/wire'
import type { TcpContext } from './context.ts'
import type { StateName } from './state-machine.ts'
import { stateNames } from './state-machine.ts'
import type { Tcb } from './tcb.ts'
import { receiveWindow, textInFlight } from './tcb.ts'

/** One connection's figures, much as `ss -tino` shows them. Bytes and milliseconds. */
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
  readonly congestionControl: string
  readonly cwnd: number
  readonly ssthresh: number
  readonly maxCwnd: number
  /** Whether fast recovery is under way. */
  readonly recovering: boolean
  readonly inFlight: number
  /** Smoothed round-trip time and its variation; -1 before the first sample. */
  readonly rtt: number
  readonly rttVariation: number
  readonly minRtt: number
  readonly rto: number
  readonly mss: number
  readonly pathMtu: number
  readonly sendWindow: number
  readonly receiveWindow: number
  readonly sendScale: number
  readonly receiveScale: number
  readonly timestamps: boolean
  readonly sack: boolean
  readonly segmentsIn: number
  readonly segmentsOut: number
  readonly bytesReceived: number
  readonly bytesAcked: number
  readonly retransmissions: number
  readonly timeouts: number
  readonly fastRetransmits: number
  readonly duplicateAcks: number
  readonly outOfOrder: number
  /** Running timers and their deadlines. */
  readonly timers: Readonly<Partial<Record<TimerName, number>>>
}

export type TimerName = 'retransmission' | 'persist' | 'delayedAck' | 'timeWait' | 'user' | 'keepAlive'

const timerNames: readonly TimerName[] = ['retransmission', 'persist', 'delayedAck', 'timeWait', 'user', 'keepAlive']

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
    congestionControl: context.congestionControl.name,
    cwnd: tcb.congestion.cwnd,
    ssthresh: tcb.congestion.ssthresh,
    recovering: tcb.recovery.inRecovery,
    inFlight: textInFlight(tcb),
    rtt: sampled ? rtt.srtt : -1,
    rttVariation: sampled ? rtt.rttvar : -1,
    minRtt: sampled ? rtt.min : -1,
    rto: rtt.rto,
    mss: negotiated.mss,
    pathMtu: tcb.pathMtu,
    sendWindow: snd.wnd,
    receiveWindow: receiveWindow(tcb),
    sendScale: snd.scale,
    receiveScale: rcv.scale,
    timestamps: tcb.timestamps.enabled,
    sack: negotiated.sack,
    ...counters,
    timers,
  }
}
