import { MAX_SENT_RECORDS, MTU_PROBE, noteSent, RecoveryPhase } from '@layerfour/flow'
import { isIpv4 } from '@layerfour/wire'
import { mssFor, TIMESTAMPS_LENGTH } from './handshake.ts'
import { pacedBurst } from './pacing.ts'
import type { Tcb } from './tcb.ts'

/*
 * Full segments of new text that the windows let go leave in a train: what is the same for all of them is found out once. Where the medium
 * cuts segments itself, or carries long ones (segmentation offload), several of them are one packet, with one header, one copy and one
 * call of the device. To windows, loss recovery and pacing they are what they will be on the wire: segments of their own.
 */

/** Bytes of text that one packet takes: a segment, or several for the medium to cut. */
export function packetText(tcb: Tcb): number {
  const { mss } = tcb.negotiated
  if (tcb.segmentation === 0) return mss
  const header = tcb.timestamps.enabled ? TIMESTAMPS_LENGTH : 0
  const most = mssFor(tcb.segmentation, isIpv4(tcb.remoteAddress)) - header
  return most > mss ? most : mss
}

/**
 * Bytes of new text, more than one segment, that may go in one train, of the `length` that the windows let go, at most about `turn`;
 * `mss` where one segment is to go alone. Only full segments join, unless `tail`: `length` is all there is, and the short end of it need
 * not wait.
 */
export function trainLength(tcb: Tcb, length: number, turn: number, tail: boolean): number {
  const { mss } = tcb.negotiated
  if (!mayJoin(tcb)) return mss
  let most = turn + mss - 1
  const paced = pacedBurst(tcb)
  const records = (MAX_SENT_RECORDS - tcb.recovery.sent.count) * mss
  if (paced < most) most = paced
  if (records < most) most = records
  if (length <= most && tail) return length
  const full = length < most ? length : most
  return full > mss ? full - full % mss : mss
}

/**
 * What says something of one segment alone keeps segments apart: the CWR flag, for the first one (RFC 3168 §6.1.2), the urgent pointer,
 * whose distance would grow from one to the next; and while losses are mended, or text was sent before, it counts what goes when.
 */
function mayJoin(tcb: Tcb): boolean {
  const { snd, ecn, recovery } = tcb
  return recovery.phase === RecoveryPhase.Open && !ecn.reduced && !snd.urgent && snd.max === snd.nxt && !tcb.lossProbeNow && !tcb.probeNow
}

/** Notes what was sent from `start` to `end`, stream offsets, as the segments that it is cut into. `mark`: 0 or `MTU_PROBE`. */
export function noteSegments(tcb: Tcb, start: number, end: number, mark: number, now: number): void {
  const { recovery, negotiated: { mss } } = tcb
  // Our FIN takes an offset of its own and travels with the last segment.
  const textEnd = tcb.ackedOffset + tcb.sendRing.length
  const text = (end < textEnd ? end : textEnd) - start
  let last = start
  if (text > mss && mark !== MTU_PROBE) {
    last += text - 1 - (text - 1) % mss
    noteSent(recovery, start, last, mark, now, mss)
  }
  noteSent(recovery, last, end, mark, now)
}
