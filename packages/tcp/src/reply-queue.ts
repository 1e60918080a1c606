import { clearTcpOptions, DropReason, TcpFlags, writeTcp, writeTransportChecksum } from '@layerfour/wire'
import type { IpAddress, NetworkLayer, PacketMeta, TcpHeader } from '@layerfour/wire'

const TCP = 6
/** Words of an entry: two addresses, ports, sequence, acknowledgment, flags and window, MSS and bits, timestamps. */
const WORDS = 15
const HAS_TIMESTAMPS = 0x8000
const SACK_PERMITTED = 0x4000

/**
 * Segments that belong to no connection block: resets (RFC 9293 §3.10.7.1), acknowledgments from
 * TIME-WAIT, SYN,ACKs with cookies. They wait for the next poll, since nothing is sent while receiving;
 * what finds the queue full is dropped, and its peer will ask again.
 */
export class ReplyQueue {
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

  /** A reset that answers the segment of `meta` and `header`; `length` is its SEG.LEN. Resets are never answered. */
  reset(meta: PacketMeta, header: TcpHeader, length: number): void {
    if (header.flags & TcpFlags.RST) return
    const acked = (header.flags & TcpFlags.ACK) !== 0
    const at = this.begin(meta.destination, header.destinationPort, meta.source, header.sourcePort)
    if (at < 0) return
    // The reset takes its number from the segment's ACK, or acknowledges all of the segment.
    this.entries[at + 9] = acked ? header.acknowledgment : 0
    this.entries[at + 10] = acked ? 0 : header.sequence + length
    this.entries[at + 11] = acked ? TcpFlags.RST : TcpFlags.RST | TcpFlags.ACK
  }

  /** An ACK with a closed window: there is nothing left to receive into. */
  acknowledge(
    local: IpAddress, localPort: number, remote: IpAddress, remotePort: number, sequence: number, acknowledgment: number,
  ): number {
    const at = this.begin(local, localPort, remote, remotePort)
    if (at < 0) return at
    this.entries[at + 9] = sequence
    this.entries[at + 10] = acknowledgment
    this.entries[at + 11] = TcpFlags.ACK
    return at
  }

  /** A SYN,ACK that answers a SYN. `windowScale` -1 grants none. */
  grant(
    meta: PacketMeta, header: TcpHeader, iss: number, window: number, mss: number, windowScale: number, sack: boolean,
  ): number {
    const at = this.begin(meta.destination, header.destinationPort, meta.source, header.sourcePort)
    if (at < 0) return at
    this.entries[at + 9] = iss
    this.entries[at + 10] = header.sequence + 1
    this.entries[at + 11] = TcpFlags.SYN | TcpFlags.ACK | (window << 8)
    this.entries[at + 12] = (mss << 16) | (sack ? SACK_PERMITTED : 0) | (windowScale + 1)
    return at
  }

  /** Adds timestamps to the entry that was just queued. */
  stamp(at: number, value: number, echo: number): void {
    if (at < 0) return
    this.entries[at + 12]! |= HAS_TIMESTAMPS
    this.entries[at + 13] = value
    this.entries[at + 14] = echo
  }

  /** Sends what is queued. Returns `DeviceQueueFull` when some had to stay, else `None`. */
  flush(network: NetworkLayer, header: TcpHeader, meta: PacketMeta, now: number): DropReason {
    if (this.count === 0) return DropReason.None
    const { entries } = this
    let sent = 0
    let full: DropReason = DropReason.None
    for (; sent < this.count; sent++) {
      this.fill(sent * WORDS, header, meta)
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

  /** Place of a new entry with both ends filled in, -1 when there is none. */
  private begin(local: IpAddress, localPort: number, remote: IpAddress, remotePort: number): number {
    if (this.count === this.capacity) return -1
    const { entries } = this
    const at = this.count++ * WORDS
    entries.fill(0, at, at + WORDS)
    entries[at] = local.w0
    entries[at + 1] = local.w1
    entries[at + 2] = local.w2
    entries[at + 3] = local.w3
    entries[at + 4] = remote.w0
    entries[at + 5] = remote.w1
    entries[at + 6] = remote.w2
    entries[at + 7] = remote.w3
    entries[at + 8] = (localPort << 16) | remotePort
    return at
  }

  private fill(at: number, header: TcpHeader, meta: PacketMeta): void {
    const { entries } = this
    meta.segmentSize = 0
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
    header.flags = entries[at + 11]! & 0xff
    header.window = (entries[at + 11]! >>> 8) & 0xffff
    header.urgentPointer = 0
    const { options } = header
    clearTcpOptions(options)
    const bits = entries[at + 12]!
    if (header.flags & TcpFlags.SYN) {
      options.mss = bits >>> 16
      options.sackPermitted = (bits & SACK_PERMITTED) !== 0
      options.windowScale = (bits & 0xff) - 1
    }
    options.hasTimestamps = (bits & HAS_TIMESTAMPS) !== 0
    options.timestampValue = entries[at + 13]!
    options.timestampEcho = entries[at + 14]!
  }
}
