import type { Arena } from '@layerfour/storage'
import { createIpAddress, DropReason, readIpv4Address, readIpv6Address } from '@layerfour/wire'
import type { MutableIpAddress } from '@layerfour/wire'
import type { Drops } from './drops.ts'
import type { InterfaceTable } from './interfaces.ts'
import type { IpOutput } from './ip-output.ts'
import { REPLY_LIFETIME, REPLY_RETRY_INTERVAL } from './limits.ts'
import type { LinkOutput } from './link-output.ts'
import { mtuTo } from './mtu-to.ts'
import { QueuedKind } from './packet-queue.ts'
import type { PacketQueue } from './packet-queue.ts'
import type { RouteCache } from './route-cache.ts'

/** The way out for the layer's own packets, which wait in a queue as whole packets or frames. */
export class ReplyOutput {
  private readonly arena: Arena
  private readonly interfaces: InterfaceTable
  private readonly way: RouteCache
  private readonly output: IpOutput
  private readonly link: LinkOutput
  private readonly replies: PacketQueue
  private readonly drops: Drops
  private readonly source: MutableIpAddress = createIpAddress()
  private readonly destination: MutableIpAddress = createIpAddress()

  constructor(
    arena: Arena, interfaces: InterfaceTable, way: RouteCache, output: IpOutput, link: LinkOutput, replies: PacketQueue, drops: Drops,
  ) {
    this.arena = arena
    this.interfaces = interfaces
    this.way = way
    this.output = output
    this.link = link
    this.replies = replies
    this.drops = drops
  }

  /** Sends what is queued. What a device refuses stays, for a second at most. */
  flush(now: number): void {
    const { replies, link } = this
    if (replies.size === 0) return
    link.segmentSize = 0
    for (let left = replies.size; left > 0; left--) {
      link.progress = replies.headProgress
      link.fragmentIdentification = replies.headIdentification
      const reason = this.sendHead(now)
      if (reason === DropReason.DeviceQueueFull && now - replies.headTime < REPLY_LIFETIME) {
        replies.markHead(link.progress, link.fragmentIdentification)
        replies.rotate()
        continue
      }
      if (reason !== DropReason.None) {
        this.drops.note(reason, replies.headInterface, this.arena.bytes, replies.headStart, replies.headEnd, now)
      }
      replies.shift()
    }
    replies.postpone(now + REPLY_RETRY_INTERVAL)
  }

  private sendHead(now: number): DropReason {
    const { replies, link, way, source, destination } = this
    const { bytes } = this.arena
    const { headStart: start, headEnd: end } = replies
    if (replies.headKind === QueuedKind.Frame) {
      return link.emitFrame(this.interfaces.at(replies.headInterface), bytes, start, end, now)
    }
    const ipv4 = bytes[start]! >> 4 === 4
    if (ipv4) {
      readIpv4Address(bytes, start + 12, source)
      readIpv4Address(bytes, start + 16, destination)
    } else {
      readIpv6Address(bytes, start + 8, source)
      readIpv6Address(bytes, start + 24, destination)
    }
    const found = way.find(destination, source, replies.headInterface)
    const { iface } = way
    if (found !== DropReason.None || iface === undefined) return found
    const limit = mtuTo(destination, iface, this.output.pathMtus)
    // A packet that waited for ARP may have been made with DF for a path that was wider then.
    if (ipv4 && end - start > limit && (bytes[start + 6]! & 0x40) !== 0) return DropReason.PacketTooBig
    return link.emit(iface, way.nextHop, limit, bytes, start, end, now)
  }
}
