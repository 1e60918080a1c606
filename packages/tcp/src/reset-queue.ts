import { DropReason, TcpFlags, writeTcp, writeTransportChecksum } from '@layerfour/wire'
import type { NetworkLayer, PacketMeta, TcpHeader } from '@layerfour/wire'

const TCP = 6
/** Words of an entry: source address, destination address, ports, sequence, acknowledgment, flags. */
const WORDS = 12

/**
 * Resets that answer segments of no connection (RFC 9293 §3.10.7.1), kept until the next poll since
 * nothing is sent while receiving. What finds it full is dropped: the peer will ask again.
 */
export class ResetQueue {
  private readonly entries: Int32Array
  private readonly capacity: number
  private count = 0

  constructor(capacity: number) {
    this.capacity = capacity
    this.entries = new Int32Array(capacity * WORDS)
  }

  get size(): number {
    return this.count
  }

  /** Queues the answer to the segment that `meta` and `header` describe; `length` is its SEG.LEN. */
  answer(meta: PacketMeta, header: TcpHeader, length: number): void {
    if (header.flags & TcpFlags.RST || this.count === this.capacity) return
    const acked = (header.flags & TcpFlags.ACK) !== 0
    const { entries } = this
    const at = this.count++ * WORDS
    const { source: from, destination: to } = meta
    entries[at] = to.w0
    entries[at + 1] = to.w1
    entries[at + 2] = to.w2
    entries[at + 3] = to.w3
    entries[at + 4] = from.w0
    entries[at + 5] = from.w1
    entries[at + 6] = from.w2
    entries[at + 7] = from.w3
    entries[at + 8] = (header.destinationPort << 16) | header.sourcePort
    // The reset takes its number from the segment's ACK, or acknowledges all of the segment.
    entries[at + 9] = acked ? header.acknowledgment : 0
    entries[at + 10] = acked ? 0 : header.sequence + length
    entries[at + 11] = acked ? TcpFlags.RST : TcpFlags.RST | TcpFlags.ACK
  }

  /** Sends what is queued. Returns `DeviceQueueFull` when some had to stay, else `None`. */
  flush(network: NetworkLayer, header: TcpHeader, meta: PacketMeta, now: number): DropReason {
    const { entries } = this
    let sent = 0
    let full: DropReason = DropReason.None
    for (; sent < this.count; sent++) {
      const at = sent * WORDS
      meta.source.w0 = entries[at]!
      meta.source.w1 = entries[at + 1]!
      meta.source.w2 = entries[at + 2]!
      meta.source.w3 = entries[at + 3]!
      meta.destination.w0 = entries[at + 4]!
      meta.destination.w1 = entries[at + 5]!
      meta.destination.w2 = entries[at + 6]!
      meta.destination.w3 = entries[at + 7]!
      header.sourcePort = entries[at + 8]! >>> 16
      header.destinationPort = entries[at + 8]! & 0xffff
      header.sequence = entries[at + 9]!
      header.acknowledgment = entries[at + 10]!
      header.flags = entries[at + 11]!
      header.window = 0
      const start = network.transportStart
      const length = writeTcp(header, network.scratch, start)
      writeTransportChecksum(meta.source, meta.destination, TCP, network.scratch, start, start + length)
      if (network.send(meta, length, now) === DropReason.DeviceQueueFull) {
        full = DropReason.DeviceQueueFull
        break
      }
    }
    entries.copyWithin(0, sent * WORDS, this.count * WORDS)
    this.count -= sent
    return full
  }
}
