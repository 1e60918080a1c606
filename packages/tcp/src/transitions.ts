import type { StateName } from './state-machine.ts'
import { Cause, nextState, State, stateNames } from './state-machine.ts'

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

type Note = Pick<Transition, 'from' | 'cause' | 'sends' | 'section'>

const note = (from: StateName, cause: keyof typeof Cause, sends: Transition['sends'], section: string): Note => (
  { from, cause, sends, section }
)

const notes: readonly Note[] = /* @__PURE__ */ (() => [
  note('CLOSED', 'PassiveOpen', '', '3.10.1'),
  note('CLOSED', 'ActiveOpen', 'SYN', '3.10.1'),

  note('LISTEN', 'ReceiveSyn', 'SYN,ACK', '3.10.7.2'),
  note('LISTEN', 'ActiveOpen', 'SYN', '3.10.1'),
  note('LISTEN', 'Close', '', '3.10.4'),
  note('LISTEN', 'Abort', '', '3.10.5'),

  note('SYN-SENT', 'ReceiveSynAck', 'ACK', '3.10.7.3'),
  note('SYN-SENT', 'ReceiveSyn', 'SYN,ACK', '3.10.7.3'),
  note('SYN-SENT', 'ReceiveReset', '', '3.10.7.3'),
  note('SYN-SENT', 'Close', '', '3.10.4'),
  note('SYN-SENT', 'Abort', '', '3.10.5'),
  note('SYN-SENT', 'Timeout', '', '3.10.8'),
  note('SYN-SENT', 'Unreachable', '', '3.9.2.2'),

  note('SYN-RECEIVED', 'ReceiveAckOfSyn', '', '3.10.7.4'),
  note('SYN-RECEIVED', 'ReceiveReset', '', '3.10.7.4'),
  note('SYN-RECEIVED', 'Close', 'FIN', '3.10.4'),
  note('SYN-RECEIVED', 'Abort', 'RST', '3.10.5'),
  note('SYN-RECEIVED', 'Timeout', '', '3.10.8'),
  note('SYN-RECEIVED', 'Unreachable', '', '3.9.2.2'),

  note('ESTABLISHED', 'Close', 'FIN', '3.10.4'),
  note('ESTABLISHED', 'ReceiveFin', 'ACK', '3.10.7.4'),
  note('ESTABLISHED', 'ReceiveReset', '', '3.10.7.4'),
  note('ESTABLISHED', 'Abort', 'RST', '3.10.5'),
  note('ESTABLISHED', 'Timeout', '', '3.10.8'),

  note('FIN-WAIT-1', 'ReceiveAckOfFin', '', '3.10.7.4'),
  note('FIN-WAIT-1', 'ReceiveFin', 'ACK', '3.10.7.4'),
  note('FIN-WAIT-1', 'ReceiveReset', '', '3.10.7.4'),
  note('FIN-WAIT-1', 'Abort', 'RST', '3.10.5'),
  note('FIN-WAIT-1', 'Timeout', '', '3.10.8'),

  note('FIN-WAIT-2', 'ReceiveFin', 'ACK', '3.10.7.4'),
  note('FIN-WAIT-2', 'ReceiveReset', '', '3.10.7.4'),
  note('FIN-WAIT-2', 'Abort', 'RST', '3.10.5'),
  note('FIN-WAIT-2', 'Timeout', '', '3.10.8'),

  note('CLOSE-WAIT', 'Close', 'FIN', '3.10.4'),
  note('CLOSE-WAIT', 'ReceiveReset', '', '3.10.7.4'),
  note('CLOSE-WAIT', 'Abort', 'RST', '3.10.5'),
  note('CLOSE-WAIT', 'Timeout', '', '3.10.8'),

  note('CLOSING', 'ReceiveAckOfFin', '', '3.10.7.4'),
  note('CLOSING', 'ReceiveReset', '', '3.10.7.4'),
  note('CLOSING', 'Abort', '', '3.10.5'),
  note('CLOSING', 'Timeout', '', '3.10.8'),

  note('LAST-ACK', 'ReceiveAckOfFin', '', '3.10.7.4'),
  note('LAST-ACK', 'ReceiveReset', '', '3.10.7.4'),
  note('LAST-ACK', 'Abort', '', '3.10.5'),
  note('LAST-ACK', 'Timeout', '', '3.10.8'),

  note('TIME-WAIT', 'Timeout', '', '3.10.8'),
  note('TIME-WAIT', 'Abort', '', '3.10.5'),
  note('TIME-WAIT', 'Reuse', '', '3.6.1, RFC 6191'),
])()

/** Every arrow of the state machine with what is sent and where it is written. Diagrams and exhaustive tests are made from this table. */
export const transitions: readonly Transition[] = /* @__PURE__ */ notes.map((row): Transition => (
  { ...row, to: stateNames[nextState(State[row.from], Cause[row.cause])!]! }
))
