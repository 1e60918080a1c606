import type { TcpOptions } from '@layerfour/wire'
import { isIpv4, sackBlocksThatFit, tcpOptionsLength } from '@layerfour/wire'
import { mssFor } from './handshake.ts'
import type { Tcb } from './tcb.ts'

/**
 * SACK blocks of an acknowledgment (RFC 2018 §4): the range that the latest out-of-order text belongs
 * to goes first, then as many others as fit, lowest first. They ride on segments without text only:
 * each out-of-order segment brings one, and text keeps its full size.
 */
export function fillSackBlocks(tcb: Tcb, options: TcpOptions): void {
  if (!tcb.negotiated.sack) return
  const ranges = tcb.reassembly
  const room = Math.min(sackBlocksThatFit(options), blocksThatPathCarries(tcb, options))
  let count = 0
  const duplicate = tcb.duplicateText
  if (duplicate.from >= 0 && room > 0) {
    // D-SACK: what came twice goes in front of everything, once (RFC 2883 §4).
    writeEdges(tcb, options, count++, duplicate.from, duplicate.to)
    duplicate.from = -1
  }
  if (ranges !== undefined && ranges.count > 0) {
    const latest = ranges.indexOf(tcb.latestOutOfOrder)
    if (latest >= 0 && count < room) writeBlock(tcb, options, count++, latest)
    for (let index = 0; index < ranges.count && count < room; index++) {
      if (index !== latest) writeBlock(tcb, options, count++, index)
    }
  }
  options.sackCount = count
}

/** On the smallest paths a header full of options is larger than a packet may be. */
function blocksThatPathCarries(tcb: Tcb, options: TcpOptions): number {
  const spare = mssFor(tcb.pathMtu, isIpv4(tcb.remoteAddress)) - tcpOptionsLength(options) - 4
  return spare < 8 ? 0 : spare >> 3
}

function writeBlock(tcb: Tcb, options: TcpOptions, block: number, index: number): void {
  const ranges = tcb.reassembly!
  writeEdges(tcb, options, block, ranges.fromAt(index), ranges.toAt(index))
}

function writeEdges(tcb: Tcb, options: TcpOptions, block: number, from: number, to: number): void {
  options.sackEdges[2 * block] = toSequence(tcb, from)
  options.sackEdges[2 * block + 1] = toSequence(tcb, to)
}

/** The sequence number of a stream offset. */
function toSequence(tcb: Tcb, offset: number): number {
  return (tcb.rcv.nxt + (offset - tcb.receivedOffset)) | 0
}
