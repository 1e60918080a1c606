import { createTcpHeader, TcpFlags } from '@layerfour/wire'
import type { TcpHeader } from '@layerfour/wire'

/**
 * The segment being processed: its header and the part of its text that is still of use. One object
 * is reused for all; `bytes` is lent for the time of one `receive`.
 */
export interface Segment {
  readonly header: TcpHeader
  bytes: Uint8Array
  /** Text that fits the receive window: `bytes[textStart, textEnd)`. */
  textStart: number
  textEnd: number
  /** Sequence number of the byte at `textStart`. */
  textSequence: number
  /** A FIN follows the text at `textEnd`. */
  fin: boolean
  /** Some of it lay beyond the receive window. */
  cut: boolean
  /** It stands for several segments, each with so many bytes of text but the last; 0: for itself. */
  segmentSize: number
  /** TOS or traffic class octet of its packet. */
  trafficClass: number
  /** Advertised window in bytes, scaled. */
  window: number
}

export function createSegment(): Segment {
  return {
    header: createTcpHeader(),
    bytes: new Uint8Array(0),
    textStart: 0,
    textEnd: 0,
    textSequence: 0,
    fin: false,
    cut: false,
    segmentSize: 0,
    trafficClass: 0,
    window: 0,
  }
}

/** SEG.LEN (RFC 9293 §3.4): text bytes, SYN and FIN counted one each. */
export function segmentLength(segment: Segment): number {
  const { flags } = segment.header
  let length = segment.textEnd - segment.textStart
  if (flags & TcpFlags.SYN) length++
  if (segment.fin) length++
  return length
}
