import type { StateName } from '../src/index.ts'

/**
 * What RFC 9293 §3.10.7 says a TCP does when a segment arrives, written down a second time as one pure function, from
 * the RFC and not from the implementation, with what RFC 5961 (blind attacks), RFC 1337 and RFC 6191 (TIME-WAIT) and
 * RFC 7323 §5 (PAWS) put in. It shares no code with `src`: sequence numbers are compared by functions of its own.
 *
 * Six answers are ours where the RFCs leave a choice or contradict each other:
 * - A SYN that also carries FIN is dropped in LISTEN, as Linux and the BSDs do: nobody opens and closes in one segment.
 * - The same SYN again in SYN-RECEIVED means that our SYN,ACK was lost: it is answered by the SYN,ACK, and not by a bare
 *   ACK. A SYN,ACK there has seen our SYN: it gets the ACK, or two that open at once would send SYN,ACKs for ever.
 * - Any other SYN in the window is challenged in SYN-RECEIVED too, whoever opened (RFC 5961 §4.2). By the letter of
 *   §3.10.7.4 a connection that came from LISTEN would return there, and one forged SYN would end a handshake.
 * - A FIN needs no room in the buffer: it is taken when the text before it is, even one past the right edge (as in Linux
 *   and the BSDs). By the letter of §3.4 it would wait for the window to open.
 * - A segment that begins before the window and reaches into it is judged by the part inside, even when it ends beyond
 *   the window; RST, though, only by its own sequence number (RFC 5961 §3.2).
 * - What is left of a connection that its user left in TIME-WAIT knows neither window: it ignores resets (RFC 1337), and
 *   acknowledges all but an empty segment at RCV.NXT.
 */

export const FIN = 1
export const SYN = 2
export const RST = 4
export const ACK = 16

/** What the rules know of the connection. Sequence numbers are int32. */
export interface Situation {
  state: StateName
  /** Came from LISTEN. */
  passive: boolean
  /** Somebody listens on the port. */
  listening: boolean
  iss: number
  /** SND.UNA; SND.NXT is one past the highest sequence number ever sent. */
  una: number
  nxt: number
  /** SND.WND, the largest window ever offered (RFC 5961's MAX.SND.WND), SND.WL1 and SND.WL2. */
  wnd: number
  maxWnd: number
  wl1: number
  wl2: number
  irs: number
  rcvNxt: number
  rcvWnd: number
  /** TS.Recent, undefined while timestamps are not in use (RFC 7323). */
  timestampRecent: number | undefined
  /** CLOSE was called for both directions: nobody will read. */
  orphan: boolean
  /** Only the few words of the TIME-WAIT table are left of the connection. */
  entry: boolean
  /** A new connection would use timestamps if the peer offers them. */
  timestamps: boolean
}

/** The segment. `text` counts bytes. */
export interface Arriving {
  sequence: number
  acknowledgment: number
  flags: number
  text: number
  window: number
  /** TSval; undefined when the option is absent. */
  timestamp: number | undefined
}

export interface Reply {
  flags: number
  sequence: number
  /** 0 without ACK. */
  acknowledgment: number
}

export interface Outcome {
  replies: Reply[]
  state: StateName
  /** Name of a `DropReason`; None when the segment was processed to its end. */
  reason: string
  una: number
  wnd: number
  rcvNxt: number
  /** What the user is told when the connection ended: refused, reset, or nothing. */
  error: '' | 'ECONNREFUSED' | 'ECONNRESET'
  /** The SYN,ACK of a connection that follows one in TIME-WAIT: its sequence number lies beyond the old ones. */
  newIss: boolean
}

const distance = (from: number, to: number): number => (to - from) | 0
const before = (a: number, b: number): boolean => distance(a, b) > 0
const within = (a: number, from: number, size: number): boolean => distance(from, a) >= 0 && distance(from, a) < size
const add = (a: number, n: number): number => (a + n) | 0

/** SEG.LEN (§3.4): SYN and FIN count. */
export function segmentLength({ flags, text }: Arriving): number {
  return text + (flags & SYN ? 1 : 0) + (flags & FIN ? 1 : 0)
}

/** §3.10.7. */
export function segmentArrives(here: Situation, segment: Arriving): Outcome {
  switch (here.state) {
    case 'CLOSED': return inClosed(here, segment)
    case 'LISTEN': return inListen(here, segment)
    case 'SYN-SENT': return inSynSent(here, segment)
    default: return otherwise(here, segment)
  }
}

/** Nothing but a reason: the segment is dropped. */
function drop(here: Situation, reason: string, ...replies: Reply[]): Outcome {
  const { state, una, wnd, rcvNxt } = here
  return { replies, state, reason, una, wnd, rcvNxt, error: '', newIss: false }
}

/** <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK> */
const acknowledge = (here: Situation): Reply => ({ flags: ACK, sequence: here.nxt, acknowledgment: here.rcvNxt })

/** §3.10.7.1: <SEQ=SEG.ACK><CTL=RST>, or <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>. */
function reset(segment: Arriving): Reply {
  return segment.flags & ACK
    ? { flags: RST, sequence: segment.acknowledgment, acknowledgment: 0 }
    : { flags: RST | ACK, sequence: 0, acknowledgment: add(segment.sequence, segmentLength(segment)) }
}

/** §3.10.7.1. */
function inClosed(here: Situation, segment: Arriving): Outcome {
  return segment.flags & RST ? drop(here, 'NoConnection') : drop(here, 'NoConnection', reset(segment))
}

/** §3.10.7.2. */
function inListen(here: Situation, segment: Arriving): Outcome {
  const { flags, sequence } = segment
  if (flags & RST) return drop(here, 'ResetIgnored')
  if (flags & ACK) return drop(here, 'NoConnection', reset(segment))
  if (!(flags & SYN) || flags & FIN) return drop(here, 'BadFlags')
  // Text may be "queued for processing later"; the SYN,ACK acknowledges the SYN alone.
  return {
    ...drop(here, 'None', { flags: SYN | ACK, sequence: here.iss, acknowledgment: add(sequence, 1) }),
    state: 'SYN-RECEIVED', una: here.iss, wnd: segment.window, rcvNxt: add(sequence, 1),
  }
}

/** §3.10.7.3. */
function inSynSent(here: Situation, segment: Arriving): Outcome {
  const { flags, sequence, acknowledgment } = segment
  const acks = (flags & ACK) !== 0
  if (acks && (!before(here.iss, acknowledgment) || before(here.nxt, acknowledgment))) {
    return flags & RST ? drop(here, 'AckUnacceptable') : drop(here, 'AckUnacceptable', reset(segment))
  }
  if (flags & RST) {
    return acks ? { ...drop(here, 'None'), state: 'CLOSED', error: 'ECONNREFUSED' } : drop(here, 'ResetUnacceptable')
  }
  if (!(flags & SYN)) return drop(here, 'BadFlags')
  const synchronized: Situation = { ...here, irs: sequence, rcvNxt: add(sequence, 1) }
  if (!acks) {
    return {
      ...drop(synchronized, 'None', { flags: SYN | ACK, sequence: here.iss, acknowledgment: synchronized.rcvNxt }),
      state: 'SYN-RECEIVED', wnd: segment.window,
    }
  }
  const established: Situation = { ...synchronized, state: 'ESTABLISHED', una: acknowledgment, wnd: segment.window }
  // "continue processing at the sixth step": text and FIN; in any case the SYN is acknowledged.
  const outcome = takeText(established, { ...segment, sequence: add(sequence, 1), flags: flags & ~SYN })
  if (outcome.replies.length === 0) outcome.replies.push(acknowledge(established))
  return outcome
}

/** §3.10.7.4: the eight checks. */
function otherwise(here: Situation, segment: Arriving): Outcome {
  const { flags, sequence } = segment
  const reset = (flags & RST) !== 0

  // RFC 6191 and §3.6.1 (MAY-2): a newer SYN that somebody listens for ends TIME-WAIT.
  if (here.state === 'TIME-WAIT' && (flags & (SYN | ACK | RST | FIN)) === SYN && here.listening && isNewerSyn(here, segment)) {
    return {
      ...drop(here, 'None', { flags: SYN | ACK, sequence: here.nxt, acknowledgment: add(sequence, 1) }),
      state: 'SYN-RECEIVED', newIss: true, una: 0, wnd: segment.window, rcvNxt: add(sequence, 1),
    }
  }

  if (here.entry) return inTimeWaitEntry(here, segment)

  // RFC 7323 §5.3, R1, and §3.2: before all others; a reset is exempt.
  if (here.timestampRecent !== undefined && !reset) {
    if (segment.timestamp === undefined) return drop(here, 'TimestampMissing')
    if (before(segment.timestamp, here.timestampRecent)) return drop(here, 'PawsRejected', acknowledge(here))
  }

  // Our SYN,ACK got lost.
  if (here.state === 'SYN-RECEIVED' && (flags & (SYN | ACK | RST)) === SYN && sequence === here.irs) {
    return drop(here, 'SequenceUnacceptable', { flags: SYN | ACK, sequence: here.iss, acknowledgment: here.rcvNxt })
  }

  // First: the sequence number.
  if (!isAcceptable(here, segment)) {
    return reset ? drop(here, 'SequenceUnacceptable') : drop(here, 'SequenceUnacceptable', acknowledge(here))
  }

  // Second: RST, exact (RFC 5961 §3.2).
  if (reset) {
    if (here.state === 'TIME-WAIT') return drop(here, 'ResetIgnored')
    if (sequence === here.rcvNxt) return ended(here)
    if (within(sequence, here.rcvNxt, here.rcvWnd)) return drop(here, 'ResetUnacceptable', acknowledge(here))
    return drop(here, 'SequenceUnacceptable')
  }

  // Fourth: SYN (RFC 5961 §4.2).
  if (flags & SYN) return drop(here, 'SynUnacceptable', acknowledge(here))

  // Fifth: ACK.
  if (!(flags & ACK)) return drop(here, 'AckMissing')
  const acked = takeAck(here, segment)
  if ('reason' in acked) return acked
  // Sixth to eighth.
  return takeText(acked, segment)
}

/** RFC 6191 §2. */
function isNewerSyn(here: Situation, { sequence, timestamp }: Arriving): boolean {
  const newerSequence = before(here.rcvNxt, sequence)
  if (here.timestampRecent === undefined) return newerSequence || (here.timestamps && timestamp !== undefined)
  if (timestamp === undefined || timestamp === here.timestampRecent) return newerSequence
  return before(here.timestampRecent, timestamp)
}

/** §3.4, table 6, with the allowance of §3.10.7.4 for a closed window: at RCV.NXT, ACK, URG and RST still count. */
function isAcceptable(here: Situation, segment: Arriving): boolean {
  const { rcvNxt, rcvWnd } = here
  const { sequence } = segment
  if (rcvWnd === 0) return sequence === rcvNxt
  if (within(sequence, rcvNxt, rcvWnd)) return true
  const last = add(sequence, segmentLength(segment) - 1)
  return before(sequence, rcvNxt) && !before(last, rcvNxt)
}

function inTimeWaitEntry(here: Situation, segment: Arriving): Outcome {
  if (segment.flags & RST) return drop(here, 'ResetIgnored')
  if (segment.sequence === here.rcvNxt && segmentLength(segment) === 0) return drop(here, 'None')
  return drop(here, 'SequenceUnacceptable', acknowledge(here))
}

/** Second check: what a reset that counts leads to. */
function ended(here: Situation): Outcome {
  const gone: Outcome = { ...drop(here, 'None'), state: 'CLOSED' }
  switch (here.state) {
    case 'SYN-RECEIVED':
      return here.passive ? { ...gone, state: 'LISTEN' } : { ...gone, error: 'ECONNREFUSED' }
    case 'CLOSING':
    case 'LAST-ACK':
      return gone
    default:
      return { ...gone, error: 'ECONNRESET' }
  }
}

/** Fifth check. The situation after it, or the end of the matter. */
function takeAck(here: Situation, segment: Arriving): Situation | Outcome {
  const { acknowledgment, sequence, window } = segment
  const fresh = before(here.una, acknowledgment) && !before(here.nxt, acknowledgment)
  if (here.state === 'SYN-RECEIVED') {
    if (!fresh) return drop(here, 'AckUnacceptable', reset(segment))
    return { ...here, state: 'ESTABLISHED', una: acknowledgment, wnd: window, wl1: sequence, wl2: acknowledgment }
  }
  // RFC 5961 §5.2: SND.UNA - MAX.SND.WND =< SEG.ACK =< SND.NXT.
  if (before(acknowledgment, add(here.una, -here.maxWnd)) || before(here.nxt, acknowledgment)) {
    return drop(here, 'AckUnacceptable', acknowledge(here))
  }
  const after: Situation = { ...here }
  if (fresh) after.una = acknowledgment
  const current = !before(acknowledgment, here.una)
  if (current && (before(here.wl1, sequence) || (here.wl1 === sequence && !before(acknowledgment, here.wl2)))) {
    after.wnd = window
    after.wl1 = sequence
    after.wl2 = acknowledgment
  }
  // What remains unacknowledged in these states ends with our FIN.
  if (acknowledgment !== here.nxt) return after
  switch (here.state) {
    case 'FIN-WAIT-1': return { ...after, state: 'FIN-WAIT-2' }
    case 'CLOSING': return { ...after, state: 'TIME-WAIT' }
    case 'LAST-ACK': return { ...drop(after, 'None'), state: 'CLOSED' }
    default: return after
  }
}

/** Seventh and eighth check; `segment` is acceptable and carries no SYN. */
function takeText(here: Situation, segment: Arriving): Outcome {
  const outcome = drop(here, 'None')
  const { state, rcvNxt, rcvWnd } = here
  let fin = (segment.flags & FIN) !== 0
  const receiving = state === 'ESTABLISHED' || state === 'FIN-WAIT-1' || state === 'FIN-WAIT-2'

  // Only what lies in the window counts.
  let from = segment.sequence
  let text = segment.text
  const old = Math.min(text, Math.max(0, distance(from, rcvNxt)))
  from = add(from, old)
  text -= old
  const room = Math.max(0, distance(from, add(rcvNxt, rcvWnd)))
  const cut = text > room
  if (cut) {
    text = room
    fin = false
  }

  if (!receiving) {
    // "This should not occur since a FIN has been received from the remote side. Ignore the segment text."
    if (text > 0) outcome.reason = 'TextAfterClose'
    if (cut) outcome.replies.push(acknowledge(here))
    return outcome
  }
  if (here.orphan && text > 0) {
    // §3.6.1, SHLD-3: a reset shows that text was lost.
    return { ...outcome, state: 'CLOSED', replies: [{ ...acknowledge(here), flags: RST | ACK }] }
  }
  if (text === 0 && !fin && !cut) return outcome
  if (from === rcvNxt) {
    outcome.rcvNxt = add(rcvNxt, text + (fin ? 1 : 0))
    if (fin) outcome.state = ({ 'FIN-WAIT-1': 'CLOSING', 'FIN-WAIT-2': 'TIME-WAIT', ESTABLISHED: 'CLOSE-WAIT' } as const)[state]
  }
  outcome.replies.push({ ...acknowledge(here), acknowledgment: outcome.rcvNxt })
  return outcome
}
