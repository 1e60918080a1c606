import type { Arena } from '@layerfour/storage'
import { copyBytes } from '@layerfour/storage'
import {
  copyIpAddress, createIcmpHeader, createIcmpv6Header, createPacketMeta, DropReason, ICMP_HEADER_LENGTH, IcmpType, Icmpv6Type,
  IPV4_HEADER_LENGTH, IPV6_HEADER_LENGTH, IpProtocol, isIcmpError, isIcmpv6Error, isIpv4, writeIcmp, writeIcmpChecksum, writeIcmpv6,
  writeTransportChecksum,
} from '@layerfour/wire'
import type { IcmpHeader, Icmpv6Header, PacketMeta } from '@layerfour/wire'
import type { Drops } from './drops.ts'
import type { HeaderWriter } from './header-writer.ts'
import type { IcmpLimiter } from './icmp-limiter.ts'
import { ICMP_ERROR_BYTES_IPV4, ICMP_ERROR_BYTES_IPV6 } from './limits.ts'
import { QueuedKind } from './packet-queue.ts'
import type { PacketQueue } from './packet-queue.ts'
import type { ReceivedPacket } from './received-packet.ts'
import { findUpperLayer } from './upper-layer.ts'
import type { UpperLayer } from './upper-layer.ts'

/** Writes ICMP messages of both families, always about a packet that came in, into the queue of replies. */
export class IcmpOutput {
  private readonly arena: Arena
  private readonly headers: HeaderWriter
  private readonly replies: PacketQueue
  private readonly drops: Drops
  private readonly limiter: IcmpLimiter
  private readonly meta: PacketMeta = createPacketMeta()
  private readonly ipv4: IcmpHeader = createIcmpHeader()
  private readonly ipv6: Icmpv6Header = createIcmpv6Header()
  private readonly upper: UpperLayer = { field: 0, at: 0 }

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
    const at = this.begin(packet, packet.meta.trafficClass, end - transportStart, now)
    if (at < 0) return DropReason.OutOfMemory
    const into = this.arena.bytes
    copyBytes(bytes, transportStart, end, into, at)
    into[at] = isIpv4(packet.meta.source) ? IcmpType.EchoReply : Icmpv6Type.EchoReply
    into[at + 1] = 0
    this.finish(at, end - transportStart)
    return DropReason.None
  }

  /**
   * Tells the sender of `packet` that it was dropped, quoting as much of it as RFC 1812 §4.3.2.3 and RFC 4443 §2.4 (c)
   * want. Silent where RFC 1122 §3.2.2 and RFC 4443 §2.4 (e) forbid an answer, and over the rate limit.
   * @param pointer of a parameter problem: offset in the packet of what is wrong; else 0.
   */
  error(packet: ReceivedPacket, type: number, code: number, pointer: number, now: number): void {
    const { bytes, start, end } = packet
    if (packet.broadcast || this.isAboutError(packet)) return
    if (!this.limiter.take(packet.meta.source, now)) {
      this.drops.note(DropReason.IcmpRateLimited, packet.iface.index, bytes, start, end, now)
      return
    }
    const ipv4 = isIpv4(packet.meta.source)
    const room = ipv4 ? ICMP_ERROR_BYTES_IPV4 - IPV4_HEADER_LENGTH : ICMP_ERROR_BYTES_IPV6 - IPV6_HEADER_LENGTH
    const quoted = Math.min(end - start, room - ICMP_HEADER_LENGTH)
    const at = this.begin(packet, 0, ICMP_HEADER_LENGTH + quoted, now)
    if (at < 0) {
      this.drops.note(DropReason.OutOfMemory, packet.iface.index, bytes, start, end, now)
      return
    }
    const header = ipv4 ? this.ipv4 : this.ipv6
    header.type = type
    header.code = code
    header.pointer = pointer
    if (ipv4) writeIcmp(this.ipv4, this.arena.bytes, at)
    else writeIcmpv6(this.ipv6, this.arena.bytes, at)
    copyBytes(bytes, start, start + quoted, this.arena.bytes, at + ICMP_HEADER_LENGTH)
    this.finish(at, ICMP_HEADER_LENGTH + quoted)
  }

  /** Queues a packet with room for an ICMP message back to the sender; returns where that begins, or -1 when there is no room. */
  private begin(packet: ReceivedPacket, trafficClass: number, length: number, now: number): number {
    const { meta } = this
    const ipv4 = isIpv4(packet.meta.source)
    const headerLength = ipv4 ? IPV4_HEADER_LENGTH : IPV6_HEADER_LENGTH
    const start = this.replies.append(headerLength + length, -1, QueuedKind.Packet, now)
    if (start < 0) return -1
    copyIpAddress(packet.meta.destination, meta.source)
    copyIpAddress(packet.meta.source, meta.destination)
    meta.protocol = ipv4 ? IpProtocol.Icmp : IpProtocol.Icmpv6
    meta.trafficClass = trafficClass
    this.headers.write(meta, false, this.arena.bytes, start + headerLength, length)
    return start + headerLength
  }

  private finish(at: number, length: number): void {
    const { source, destination, protocol } = this.meta
    const { bytes } = this.arena
    if (protocol === IpProtocol.Icmp) writeIcmpChecksum(bytes, at, at + length)
    else writeTransportChecksum(source, destination, protocol, bytes, at, at + length)
  }

  /** Whether the packet is an ICMP error itself: an answer to it could go on for ever. */
  private isAboutError(packet: ReceivedPacket): boolean {
    const { meta, bytes, start, transportStart, end } = packet
    if (isIpv4(meta.source)) {
      return meta.protocol === IpProtocol.Icmp && transportStart < end && isIcmpError(bytes[transportStart]!)
    }
    const { upper } = this
    findUpperLayer(bytes, start, end, upper)
    return bytes[upper.field] === IpProtocol.Icmpv6 && upper.at < end && isIcmpv6Error(bytes[upper.at]!)
  }
}
