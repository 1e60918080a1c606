import type { Transition } from '@layerfour/tcp'

type Cause = Transition['cause']

/** What happens, in as few letters as an arrow's label has room for. */
const short: Readonly<Record<Cause, string>> = {
  PassiveOpen: 'listen()',
  ActiveOpen: 'connect()',
  ReceiveSyn: 'SYN',
  ReceiveSynAck: 'SYN,ACK',
  ReceiveAckOfSyn: 'ACK of SYN',
  Close: 'close()',
  ReceiveFin: 'FIN',
  ReceiveAckOfFin: 'ACK of FIN',
  ReceiveReset: 'RST',
  Abort: 'abort()',
  Timeout: 'timeout',
  Reuse: 'newer SYN',
  Unreachable: 'unreachable',
}

const long: Readonly<Record<Cause, string>> = {
  PassiveOpen: 'listen() called',
  ActiveOpen: 'connect() called',
  ReceiveSyn: 'received a SYN',
  ReceiveSynAck: 'received SYN,ACK',
  ReceiveAckOfSyn: 'received the ACK of its SYN',
  Close: 'close() called',
  ReceiveFin: 'received a FIN',
  ReceiveAckOfFin: 'received the ACK of its FIN',
  ReceiveReset: 'received a reset',
  Abort: 'abort() called',
  Timeout: 'a timer ran out',
  Reuse: 'a newer SYN takes the ports over',
  Unreachable: 'ICMP: the destination cannot be reached',
}

/** `SYN / SYN,ACK`: what happens and what is sent. */
export function arrowLabel({ cause, sends }: Transition): string {
  return sends === '' ? short[cause] : `${short[cause]} / ${sends}`
}

/** As in `A: received a SYN`. */
export function causeText(cause: Cause): string {
  return long[cause]
}
