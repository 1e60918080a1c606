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

/**
 * Every transition there is, from, cause and to in turn: figure 5 of RFC 9293 and the rows that its text adds. A LISTEN row
 * describes the connection that a listener spawns; the listener itself stays in LISTEN. What is sent and which RFC says so is in
 * `transitions.ts`.
 */
export const arrows: readonly number[] = [
  State.CLOSED, Cause.PassiveOpen, State.LISTEN,
  State.CLOSED, Cause.ActiveOpen, State['SYN-SENT'],

  State.LISTEN, Cause.ReceiveSyn, State['SYN-RECEIVED'],
  State.LISTEN, Cause.ActiveOpen, State['SYN-SENT'],
  State.LISTEN, Cause.Close, State.CLOSED,
  State.LISTEN, Cause.Abort, State.CLOSED,

  State['SYN-SENT'], Cause.ReceiveSynAck, State.ESTABLISHED,
  State['SYN-SENT'], Cause.ReceiveSyn, State['SYN-RECEIVED'],
  State['SYN-SENT'], Cause.ReceiveReset, State.CLOSED,
  State['SYN-SENT'], Cause.Close, State.CLOSED,
  State['SYN-SENT'], Cause.Abort, State.CLOSED,
  State['SYN-SENT'], Cause.Timeout, State.CLOSED,
  State['SYN-SENT'], Cause.Unreachable, State.CLOSED,

  State['SYN-RECEIVED'], Cause.ReceiveAckOfSyn, State.ESTABLISHED,
  State['SYN-RECEIVED'], Cause.ReceiveReset, State.CLOSED,
  State['SYN-RECEIVED'], Cause.Close, State['FIN-WAIT-1'],
  State['SYN-RECEIVED'], Cause.Abort, State.CLOSED,
  State['SYN-RECEIVED'], Cause.Timeout, State.CLOSED,
  State['SYN-RECEIVED'], Cause.Unreachable, State.CLOSED,

  State.ESTABLISHED, Cause.Close, State['FIN-WAIT-1'],
  State.ESTABLISHED, Cause.ReceiveFin, State['CLOSE-WAIT'],
  State.ESTABLISHED, Cause.ReceiveReset, State.CLOSED,
  State.ESTABLISHED, Cause.Abort, State.CLOSED,
  State.ESTABLISHED, Cause.Timeout, State.CLOSED,

  State['FIN-WAIT-1'], Cause.ReceiveAckOfFin, State['FIN-WAIT-2'],
  State['FIN-WAIT-1'], Cause.ReceiveFin, State.CLOSING,
  State['FIN-WAIT-1'], Cause.ReceiveReset, State.CLOSED,
  State['FIN-WAIT-1'], Cause.Abort, State.CLOSED,
  State['FIN-WAIT-1'], Cause.Timeout, State.CLOSED,

  State['FIN-WAIT-2'], Cause.ReceiveFin, State['TIME-WAIT'],
  State['FIN-WAIT-2'], Cause.ReceiveReset, State.CLOSED,
  State['FIN-WAIT-2'], Cause.Abort, State.CLOSED,
  State['FIN-WAIT-2'], Cause.Timeout, State.CLOSED,

  State['CLOSE-WAIT'], Cause.Close, State['LAST-ACK'],
  State['CLOSE-WAIT'], Cause.ReceiveReset, State.CLOSED,
  State['CLOSE-WAIT'], Cause.Abort, State.CLOSED,
  State['CLOSE-WAIT'], Cause.Timeout, State.CLOSED,

  State.CLOSING, Cause.ReceiveAckOfFin, State['TIME-WAIT'],
  State.CLOSING, Cause.ReceiveReset, State.CLOSED,
  State.CLOSING, Cause.Abort, State.CLOSED,
  State.CLOSING, Cause.Timeout, State.CLOSED,

  State['LAST-ACK'], Cause.ReceiveAckOfFin, State.CLOSED,
  State['LAST-ACK'], Cause.ReceiveReset, State.CLOSED,
  State['LAST-ACK'], Cause.Abort, State.CLOSED,
  State['LAST-ACK'], Cause.Timeout, State.CLOSED,

  State['TIME-WAIT'], Cause.Timeout, State.CLOSED,
  State['TIME-WAIT'], Cause.Abort, State.CLOSED,
  State['TIME-WAIT'], Cause.Reuse, State.CLOSED,
]

/** How many there are of each. */
const STATES = 11
const CAUSES = 13
const NONE = 255
const next = /* @__PURE__ */ tabulate()

function tabulate(): Uint8Array {
  const table = new Uint8Array(STATES * CAUSES).fill(NONE)
  for (let i = 0; i < arrows.length; i += 3) table[arrows[i]! * CAUSES + arrows[i + 1]!] = arrows[i + 2]!
  return table
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
  if (to === undefined) throw new Error(`no transition from ${stateNames[from]} by cause ${cause}`)
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
