export { defaultConfig, type TcpConfig } from './config.ts'
export type { CongestionTrace } from './congestion-trace.ts'
export { Connection } from './connection.ts'
export { mssFor, windowScaleFor } from './handshake.ts'
export type { ConnectionInfo, TimerName } from './info.ts'
export { DEFAULT_HALF_OPEN, type ListenOptions, TcpListener } from './listener.ts'
export type { CongestionEvent, TcpObserver } from './observer.ts'
export { defaultSettings, type OpenOptions } from './open.ts'
export { Readiness } from './readiness.ts'
export { decodeSnapshot, encodeSnapshot } from './snapshot-codec.ts'
export { type ConnectionSnapshot, digest } from './snapshot.ts'
export {
  Cause, causeNames, isSynchronized, mayReceiveText, maySendText, nextState, State, type StateName, stateNames,
  type Transition, transitions,
} from './state-machine.ts'
export type { Counters, Negotiated, ReceiveSequence, SendSequence, Settings, Tcb, Timers, Timestamps } from './tcb.ts'
export { Tcp, type TcpOptions } from './tcp.ts'
export type { TimeWaitSnapshot } from './time-wait-snapshot.ts'
