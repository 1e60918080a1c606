import type { CongestionEvent as CongestionEventName, CongestionTrace, StateName } from '@layerfour/tcp'
import type { LinkDropCause } from '@layerfour/sim'
import type { HostName } from './settings.ts'

/** Where in the life of the connection something happened. */
export type Phase = 'handshake' | 'data' | 'close'

/** One host moved along an arrow of the state diagram. */
export interface StateEvent {
  readonly type: 'state'
  readonly phase: Phase
  /** Virtual time in ms. */
  readonly time: number
  readonly host: HostName
  readonly from: StateName
  readonly to: StateName
  /** Name of the `Cause`. */
  readonly cause: string
}

/** A host sent a segment, or the link lost it. */
export interface SegmentEvent {
  readonly type: 'segment'
  readonly phase: Phase
  readonly time: number
  readonly from: HostName
  /** Undefined: it was sent. */
  readonly dropped: LinkDropCause | undefined
  /** `SYN,ACK` and the like. */
  readonly flags: string
  /** Counted from the sender's initial sequence number, modulo 2³². */
  readonly sequence: number
  /** Counted from the peer's; undefined without ACK. */
  readonly acknowledgment: number | undefined
  /** Bytes of text. */
  readonly length: number
  /** The window field as it stands in the header. */
  readonly window: number
  /** The options that a SYN negotiates, and SACK blocks. */
  readonly options: readonly string[]
  /** Sent before: a retransmission. */
  readonly again: boolean
}

/** What congestion control and loss recovery of a host did. */
export interface CongestionEvent {
  readonly type: 'congestion'
  readonly phase: Phase
  readonly time: number
  readonly host: HostName
  readonly event: CongestionEventName
}

/** Where congestion control of a host stands: after every ACK, loss, timeout, tail loss probe and restart after idle time. */
export interface WindowEvent {
  readonly type: 'window'
  readonly phase: Phase
  readonly time: number
  readonly host: HostName
  /** Bytes, bytes per second, ms. */
  readonly trace: CongestionTrace
}

export type TransferEvent = StateEvent | SegmentEvent | CongestionEvent | WindowEvent
