import type { Arena } from '@layerfour/storage'
import { copyBytes } from '@layerfour/storage'
import { copyIpAddress, createPacketMeta, DropReason, ICMP_HEADER_LENGTH, isIpv4 } from '@layerfour/wire'
import type { PacketMeta } from '@layerfour/wire'
import type { Drops } from './drops.ts'
import type { HeaderWriter } from './header-writer.ts'
import type { IcmpLimiter } from './icmp-limiter.ts'
import type { IcmpMessages } from './icmp-messages.ts'
import { QueuedKind } from './packet-queue.ts'
import type { PacketQueue } from './packet-queue.ts'
import type { ReceivedPacket } from './received-packet.ts'

/** Writes ICMP messages of both families, always about a packet that came in, into the queue of replies. */
export class IcmpOutput {
  /** How each family writes them; one that is not there stays silent. */
  ipv4: IcmpMessages | undefined = undefined
  ipv6: IcmpMessages | undefined = undefined
  private readonly arena: Arena
  private readonly headers: HeaderWriter
  private readonly replies: PacketQueue
  private readonly drops: Drops
  private readonly limiter: IcmpLimiter
  private readonly meta: PacketMeta = createPacketMeta()

  constructor(arena: Arena, headers: HeaderWriter, replies: PacketQueue, drops: Drops, limiter: IcmpLimiter) {
    this.arena = arena
    this.headers = headers
    this.replies = replies
    this.drops = drops
    this.limiter = limiter
  }

  /** Answers an echo request with the same data and traffic class, from the address it was sent to (RFC 1122 §3.2.2.6, RFC 4443 §4.2). */
  echoReply(packet: ReceivedPacket, now: number): DropReason {
    const { bytes, transportStart, end } = packet
    const messages = this.messagesFor(packet)
    const length = end - transportStart
    const at = messages === undefined ? -1 : this.begin(packet, messages, packet.meta.trafficClass, length, now)
    if (messages === undefined || at < 0) return DropReason.OutOfMemory
    const into = this.arena.bytes
    copyBytes(bytes, transportStart, end, into, at)
    into[at] = messages.echoReply
    into[at + 1] = 0
    this.finish(messages, at, length)
    return DropReason.None
  }

  /** Nobody has the port that `packet` is for (RFC 1122 §3.2.2.1, RFC 4443 §3.1). */
  portUnreachable(packet: ReceivedPacket, now: number): void {
    const messages = this.messagesFor(packet)
    if (messages !== undefined) this.error(packet, messages.unreachable, messages.portUnreachable, 0, now)
  }

  /** Nothing here knows the protocol that `packet` carries. */
  protocolUnreachable(packet: ReceivedPacket, now: number): void {
    this.messagesFor(packet)?.protocolUnreachable(this, packet, now)
  }

  /** The fragments of a datagram did not all come; `packet` is what came. */
  reassemblyTimeExceeded(packet: ReceivedPacket, now: number): void {
    const messages = this.messagesFor(packet)
    // The code is 1 in both families (RFC 792, RFC 4443 §3.3).
    if (messages !== undefined) this.error(packet, messages.timeExceeded, 1, 0, now)
  }

  /**
   * Tells the sender of `packet` that it was dropped, quoting as much of it as RFC 1812 §4.3.2.3 and RFC 4443 §2.4 (c)
   * want. Silent where RFC 1122 §3.2.2 and RFC 4443 §2.4 (e) forbid an answer, and over the rate limit.
   * @param pointer of a parameter problem: offset in the packet of what is wrong; else 0.
   */
  error(packet: ReceivedPacket, type: number, code: number, pointer: number, now: number): void {
    const { bytes, start, end } = packet
    const messages = this.messagesFor(packet)
    if (messages === undefined || packet.broadcast || messages.isAboutError(packet)) return
    if (!this.limiter.take(packet.meta.source, now)) {
      this.drops.note(DropReason.IcmpRateLimited, packet.iface.index, bytes, start, end, now)
      return
    }
    const quoted = Math.min(end - start, messages.errorBytes - messages.ipHeaderLength - ICMP_HEADER_LENGTH)
    const length = ICMP_HEADER_LENGTH + quoted
    const at = this.begin(packet, messages, 0, length, now)
    if (at < 0) {
      this.drops.note(DropReason.OutOfMemory, packet.iface.index, bytes, start, end, now)
      return
    }
    messages.writeHeader(type, code, pointer, this.arena.bytes, at)
    copyBytes(bytes, start, start + quoted, this.arena.bytes, at + ICMP_HEADER_LENGTH)
    this.finish(messages, at, length)
  }

  private messagesFor(packet: ReceivedPacket): IcmpMessages | undefined {
    return isIpv4(packet.meta.source) ? this.ipv4 : this.ipv6
  }

  /** Queues a packet with room for an ICMP message back to the sender; returns where that begins, or -1 when there is no room. */
  private begin(packet: ReceivedPacket, messages: IcmpMessages, trafficClass: number, length: number, now: number): number {
    const { meta } = this
    const { ipHeaderLength } = messages
    const start = this.replies.append(ipHeaderLength + length, -1, QueuedKind.Packet, now)
    if (start < 0) return -1
    copyIpAddress(packet.meta.destination, meta.source)
    copyIpAddress(packet.meta.source, meta.destination)
    meta.protocol = messages.protocol
    meta.trafficClass = trafficClass
    this.headers.write(meta, false, this.arena.bytes, start + ipHeaderLength, length)
    return start + ipHeaderLength
  }

  private finish(messages: IcmpMessages, at: number, length: number): void {
    const { source, destination } = this.meta
    messages.writeChecksum(source, destination, this.arena.bytes, at, at + length)
  }
}
