import type { AckFacts, CongestionControl, SackBlocks, SendFacts } from '@layerfour/flow'
import type { Arena, SipHash } from '@layerfour/storage'
import type { IpAddress, NetworkLayer, PacketMeta, TcpHeader } from '@layerfour/wire'
import type { TcpConfig } from './config.ts'
import type { CongestionTrace } from './congestion-trace.ts'
import type { FastOpenCache } from './fast-open.ts'
import type { TcpObserver } from './observer.ts'
import type { ParkedBlocks } from './parked-block.ts'
import type { ParkingQueue } from './parking-queue.ts'
import type { ReplyQueue } from './reply-queue.ts'
import type { Segment } from './segment.ts'
import type { ConnectionSnapshot } from './snapshot.ts'
import type { Tables } from './tables.ts'
import type { Settings, Tcb } from './tcb.ts'

/** What the connection before had, for the next one to have too: objects that nobody changes. */
export interface SharedParts {
  settings: Readonly<Settings>
  /** An address of ours. */
  address: IpAddress
}

/** How connections become plain data: `connectionSnapshots`. */
export interface ConnectionSnapshots {
  take(context: TcpContext, tcb: Tcb, now: number): ConnectionSnapshot
  fingerprint(context: TcpContext, tcb: Tcb, now: number): string
}

/** How quiet connections give up their blocks: `parking`. */
export interface Parking {
  createBlocks(context: TcpContext): ParkedBlocks
  createQueue(): ParkingQueue
  parkQuiet(tables: Tables, now: number): void
}

/** What all connections of one TCP share: its surroundings, and the objects it reuses for every segment. */
export interface TcpContext {
  readonly network: NetworkLayer
  readonly arena: Arena
  readonly config: TcpConfig
  /** What connections have whose users changed none; shared, so never changed. */
  readonly settings: Settings
  readonly shared: SharedParts
  /** Congestion control algorithms in use; the first is the default one. */
  readonly controls: CongestionControl[]
  readonly observer: TcpObserver | undefined
  readonly hash: SipHash
  /** The segment being processed. */
  readonly segment: Segment
  /** The segment being built. */
  readonly header: TcpHeader
  readonly meta: PacketMeta
  readonly facts: AckFacts
  readonly blocks: SackBlocks
  readonly sendFacts: SendFacts
  readonly trace: CongestionTrace
  /** Bytes of new text that the connection whose turn it is may still send in this poll; negative: it had more. */
  turn: number
  readonly fastOpenCache: FastOpenCache
  /** Segments that belong to no connection block, sent at the next poll. */
  readonly replies: ReplyQueue
  /** Undefined where nobody wants them. */
  readonly snapshots: ConnectionSnapshots | undefined
  readonly parking: Parking | undefined
}
