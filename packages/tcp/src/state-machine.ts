import type { TcpObserver } from './observer.ts'
import type { Tcb } from './tcb.ts'

/** The eleven connection states (RFC 9293 §3.3.2). */
export const State = {
  CLOSED: 0,
  LISTEN: 1,
  'SYN-SENT': 2,
  'SYN-RECEIVED': 3,
  ESTABLISHED: 4,
  'FIN-WAIT-1': 5,
  'FIN-WAIT-2': 6,
  'CLOSE-WAIT': 7,
  CLOSING: 8,
  'LAST-ACK': 9,
  'TIME-WAIT': 10,
} as const

export type State = (typeof State)[keyof typeof State]
export type StateName = keyof typeof State

/** Name of each state, indexed by its value. */
export const stateNames: readonly StateName[] = /* @__PURE__ */ Object.keys(State) as StateName[]

/** What makes a connection change state: calls of the user, arriving segments, timeouts (RFC 9293 §3.10). */
export const Cause = {
  PassiveOpen: 0,
  ActiveOpen: 1,
  ReceiveSyn: 2,
  ReceiveSynAck: 3,
  ReceiveAckOfSyn: 4,
  Close: 5,
  ReceiveFin: 6,
  ReceiveAckOfFin: 7,
  ReceiveReset: 8,
  Abort: 9,
  /** 2MSL passed in TIME-WAIT, or the user timeout anywhere else. */
  Timeout: 10,
  /** A newer SYN takes over the port pair (RFC 6191, RFC 9293 MAY-2). */
  Reuse: 11,
  /** ICMP said that the destination cannot be reached (RFC 9293 §3.9.2.2). */
  Unreachable: 12,
} as const

export type Cause = (typeof Cause)[keyof typeof Cause]

export const causeNames: readonly (keyof typeof Cause)[] = /* @__PURE__ */ Object.keys(Cause) as (keyof typeof Cause)[]

/** One arrow of the state diagram. */
export interface Transition {
  readonly from: StateName
  readonly cause: keyof typeof Cause
  readonly to: StateName
  /** What leaves with it, as figure 5 of RFC 9293 writes it. */
  readonly sends: '' | 'SYN' | 'SYN,ACK' | 'ACK' | 'FIN' | 'RST'
  /** Where RFC 9293 (or another RFC, named) says so. */
  readonly section: string
}

const row = (
  from: StateName,
  cause: keyof typeof Cause,
  to: StateName,
  sends: Transition['sends'],
  section: string,
): Transition => ({ from, cause, to, sends, section })

/**
 * Every transition there is: figure 5 of RFC 9293 and the rows that its text adds. A LISTEN row
 * describes the connection that a listener spawns; the listener itself stays in LISTEN.
 * Diagrams and exhaustive tests are made from this table.
 */
export const transitions: readonly Transition[] = /* @__PURE__ */ (() => [
  row('CLOSED', 'PassiveOpen', 'LISTEN', '', '3.10.1'),
  row('CLOSED', 'ActiveOpen', 'SYN-SENT', 'SYN', '3.10.1'),

  row('LISTEN', 'ReceiveSyn', 'SYN-RECEIVED', 'SYN,ACK', '3.10.7.2'),
  row('LISTEN', 'ActiveOpen', 'SYN-SENT', 'SYN', '3.10.1'),
  row('LISTEN', 'Close', 'CLOSED', '', '3.10.4'),
  row('LISTEN', 'Abort', 'CLOSED', '', '3.10.5'),

  row('SYN-SENT', 'ReceiveSynAck', 'ESTABLISHED', 'ACK', '3.10.7.3'),
  row('SYN-SENT', 'ReceiveSyn', 'SYN-RECEIVED', 'SYN,ACK', '3.10.7.3'),
  row('SYN-SENT', 'ReceiveReset', 'CLOSED', '', '3.10.7.3'),
  row('SYN-SENT', 'Close', 'CLOSED', '', '3.10.4'),
  row('SYN-SENT', 'Abort', 'CLOSED', '', '3.10.5'),
  row('SYN-SENT', 'Timeout', 'CLOSED', '', '3.10.8'),
  row('SYN-SENT', 'Unreachable', 'CLOSED', '', '3.9.2.2'),

  row('SYN-RECEIVED', 'ReceiveAckOfSyn', 'ESTABLISHED', '', '3.10.7.4'),
  row('SYN-RECEIVED', 'ReceiveReset', 'CLOSED', '', '3.10.7.4'),
  row('SYN-RECEIVED', 'Close', 'FIN-WAIT-1', 'FIN', '3.10.4'),
  row('SYN-RECEIVED', 'Abort', 'CLOSED', 'RST', '3.10.5'),
  row('SYN-RECEIVED', 'Timeout', 'CLOSED', '', '3.10.8'),
  row('SYN-RECEIVED', 'Unreachable', 'CLOSED', '', '3.9.2.2'),

  row('ESTABLISHED', 'Close', 'FIN-WAIT-1', 'FIN', '3.10.4'),
  row('ESTABLISHED', 'ReceiveFin', 'CLOSE-WAIT', 'ACK', '3.10.7.4'),
  row('ESTABLISHED', 'ReceiveReset', 'CLOSED', '', '3.10.7.4'),
  row('ESTABLISHED', 'Abort', 'CLOSED', 'RST', '3.10.5'),
  row('ESTABLISHED', 'Timeout', 'CLOSED', '', '3.10.8'),

  row('FIN-WAIT-1', 'ReceiveAckOfFin', 'FIN-WAIT-2', '', '3.10.7.4'),
  row('FIN-WAIT-1', 'ReceiveFin', 'CLOSING', 'ACK', '3.10.7.4'),
  row('FIN-WAIT-1', 'ReceiveReset', 'CLOSED', '', '3.10.7.4'),
  row('FIN-WAIT-1', 'Abort', 'CLOSED', 'RST', '3.10.5'),
  row('FIN-WAIT-1', 'Timeout', 'CLOSED', '', '3.10.8'),

  row('FIN-WAIT-2', 'ReceiveFin', 'TIME-WAIT', 'ACK', '3.10.7.4'),
  row('FIN-WAIT-2', 'ReceiveReset', 'CLOSED', '', '3.10.7.4'),
  row('FIN-WAIT-2', 'Abort', 'CLOSED', 'RST', '3.10.5'),
  row('FIN-WAIT-2', 'Timeout', 'CLOSED', '', '3.10.8'),

  row('CLOSE-WAIT', 'Close', 'LAST-ACK', 'FIN', '3.10.4'),
  row('CLOSE-WAIT', 'ReceiveReset', 'CLOSED', '', '3.10.7.4'),
  row('CLOSE-WAIT', 'Abort', 'CLOSED', 'RST', '3.10.5'),
  row('CLOSE-WAIT', 'Timeout', 'CLOSED', '', '3.10.8'),

  row('CLOSING', 'ReceiveAckOfFin', 'TIME-WAIT', '', '3.10.7.4'),
  row('CLOSING', 'ReceiveReset', 'CLOSED', '', '3.10.7.4'),
  row('CLOSING', 'Abort', 'CLOSED', '', '3.10.5'),
  row('CLOSING', 'Timeout', 'CLOSED', '', '3.10.8'),

  row('LAST-ACK', 'ReceiveAckOfFin', 'CLOSED', '', '3.10.7.4'),
  row('LAST-ACK', 'ReceiveReset', 'CLOSED', '', '3.10.7.4'),
  row('LAST-ACK', 'Abort', 'CLOSED', '', '3.10.5'),
  row('LAST-ACK', 'Timeout', 'CLOSED', '', '3.10.8'),

  row('TIME-WAIT', 'Timeout', 'CLOSED', '', '3.10.8'),
  row('TIME-WAIT', 'Abort', 'CLOSED', '', '3.10.5'),
  row('TIME-WAIT', 'Reuse', 'CLOSED', '', '3.6.1, RFC 6191'),
])()

const CAUSES = causeNames.length
const NONE = 255
const next = /* @__PURE__ */ arrows()

function arrows(): Uint8Array {
  const to = new Uint8Array(stateNames.length * CAUSES).fill(NONE)
  for (const arrow of transitions) to[State[arrow.from] * CAUSES + Cause[arrow.cause]] = State[arrow.to]
  return to
}

/** The state that `cause` leads to from `state`, or undefined where the table has no such arrow. */
export function nextState(state: State, cause: Cause): State | undefined {
  const to = next[state * CAUSES + cause]!
  return to === NONE ? undefined : (to as State)
}

/**
 * Moves a connection along one arrow of the table: the only place where a state changes.
 * Returns the new state. A missing arrow is a fault of ours, never of the network, and throws.
 */
export function transition(tcb: Tcb, cause: Cause, observer: TcpObserver | undefined): State {
  const from = tcb.state
  const to = nextState(from, cause)
  if (to === undefined) throw new Error(`no transition from ${stateNames[from]} by ${causeNames[cause]}`)
  tcb.state = to
  observer?.stateChanged?.(tcb, from, to, cause)
  return to
}

/** Both sides know each other's sequence numbers (RFC 9293 §3.3.2: "synchronized states"). */
export function isSynchronized(state: State): boolean {
  return state >= State.ESTABLISHED
}

/** The peer may still send text: no FIN from it yet. */
export function mayReceiveText(state: State): boolean {
  return state === State.ESTABLISHED || state === State['FIN-WAIT-1'] || state === State['FIN-WAIT-2']
}

/** The user may still queue text: no CLOSE yet. */
export function maySendText(state: State): boolean {
  return state === State.ESTABLISHED || state === State['CLOSE-WAIT'] || state === State['SYN-SENT'] || state === State['SYN-RECEIVED']
}
