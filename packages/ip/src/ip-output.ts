import type { Arena } from '@layerfour/storage'
import {
  createIpAddress, DropReason, IPV4_HEADER_LENGTH, IPV6_HEADER_LENGTH, isIpv4, readIpv4Address, readIpv6Address,
} from '@layerfour/wire'
import type { MutableIpAddress, PacketMeta } from '@layerfour/wire'
import type { Drops } from './drops.ts'
import type { HeaderWriter } from './header-writer.ts'
import type { InterfaceTable } from './interfaces.ts'
import { REPLY_LIFETIME, REPLY_RETRY_INTERVAL } from './limits.ts'
import type { LinkOutput } from './link-output.ts'
import type { PacketBuffer } from './packet-buffer.ts'
import { QueuedKind } from './packet-queue.ts'
import type { PacketQueue } from './packet-queue.ts'
import type { PathMtuCache } from './path-mtu.ts'
import type { RouteCache } from './route-cache.ts'

/** What the length fields of both headers can say. */
const MAX_LENGTH = 65535

/**
 * The way out. A transport comes in by `send`, its segment in `scratch`; the layer's own replies come in by the queue, as whole
 * packets, and `flush` sends them.
 */
export class IpOutput {
  private readonly scratch: Uint8Array
  private readonly transportStart: number
  private readonly arena: Arena
  private readonly interfaces: InterfaceTable
  private readonly way: RouteCache
  private readonly pathMtus: PathMtuCache
  private readonly headers: HeaderWriter
  private readonly link: LinkOutput
  private readonly replies: PacketQueue
  private readonly drops: Drops
  private readonly source: MutableIpAddress = createIpAddress()
  private readonly destination: MutableIpAddress = createIpAddress()

  constructor(
    arena: Arena, interfaces: InterfaceTable, way: RouteCache, pathMtus: PathMtuCache, headers: HeaderWriter, link: LinkOutput,
    replies: PacketQueue, drops: Drops, scratch: PacketBuffer,
  ) {
    this.arena = arena
    this.scratch = scratch.bytes
    this.transportStart = scratch.transportStart
    this.interfaces = interfaces
    this.way = way
    this.pathMtus = pathMtus
    this.headers = headers
    this.link = link
    this.replies = replies
    this.drops = drops
  }

  /** As `NetworkLayer.send`. */
  send(meta: PacketMeta, length: number, now: number): DropReason {
    if (!(length >= 0 && length <= MAX_LENGTH)) throw new RangeError(`segment length is ${length}, expected 0 to ${MAX_LENGTH} bytes`)
    const { source, destination } = meta
    const { scratch, transportStart, link, way } = this
    const end = transportStart + length
    const found = way.find(destination, source, meta.interfaceIndex)
    const { iface } = way
    if (found !== DropReason.None || iface === undefined) {
      return this.drops.note(found, iface?.index ?? meta.interfaceIndex, scratch, transportStart, end, now)
    }
    const segmented = meta.segmentSize > 0
    const limit = segmented ? iface.port.offload.segmentation ?? 0 : Math.min(iface.port.mtu, this.pathMtus.mtu(destination))
    const size = length + (isIpv4(destination) ? IPV4_HEADER_LENGTH : IPV6_HEADER_LENGTH)
    if (size > limit && (segmented || meta.dontFragment || (isIpv4(destination) && size > MAX_LENGTH))) {
      return this.drops.note(DropReason.PacketTooBig, iface.index, scratch, transportStart, end, now)
    }
    const dontFragment = meta.dontFragment && !this.pathMtus.mustAllowFragments(destination)
    const start = this.headers.write(meta, dontFragment, scratch, transportStart, length)
    link.progress = 0
    link.segmentSize = meta.segmentSize
    const reason = link.emit(iface, way.nextHop, limit, scratch, start, end, now)
    if (reason === DropReason.None) return reason
    if (reason !== DropReason.DeviceQueueFull) return this.drops.note(reason, iface.index, scratch, start, end, now)
    if (link.progress === 0) return reason
    // Some of its fragments are out: the others follow when the device takes them.
    if (!this.replies.push(scratch, start, end, iface.index, QueuedKind.Packet, now)) {
      return this.drops.note(DropReason.OutOfMemory, iface.index, scratch, start, end, now)
    }
    this.replies.markLast(link.progress, link.fragmentIdentification)
    return DropReason.None
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
    const limit = Math.min(iface.port.mtu, this.pathMtus.mtu(destination))
    // A packet that waited for ARP may have been made with DF for a path that was wider then.
    if (ipv4 && end - start > limit && (bytes[start + 6]! & 0x40) !== 0) return DropReason.PacketTooBig
    return link.emit(iface, way.nextHop, limit, bytes, start, end, now)
  }
}
