import { DropReason, IPV4_HEADER_LENGTH, IPV6_HEADER_LENGTH, isIpv4 } from '@layerfour/wire'
import type { PacketMeta } from '@layerfour/wire'
import type { Drops } from './drops.ts'
import type { HeaderWriter } from './header-writer.ts'
import type { LinkOutput } from './link-output.ts'
import { mtuTo } from './mtu-to.ts'
import type { PacketBuffer } from './packet-buffer.ts'
import { QueuedKind } from './packet-queue.ts'
import type { PacketQueue } from './packet-queue.ts'
import type { PathMtuCache } from './path-mtu.ts'
import type { RouteCache } from './route-cache.ts'

/** What the length fields of both headers can say. */
const MAX_LENGTH = 65535

/** The way out for transports, whose segment is in `scratch`; the layer's own packets take `ReplyOutput`. */
export class IpOutput {
  private readonly scratch: Uint8Array
  private readonly transportStart: number
  /** What ICMP said of paths, and where packets wait that are half out in fragments; undefined where the layer has no such parts. */
  pathMtus: PathMtuCache | undefined = undefined
  replies: PacketQueue | undefined = undefined
  private readonly way: RouteCache
  private readonly headers: HeaderWriter
  private readonly link: LinkOutput
  private readonly drops: Drops

  constructor(way: RouteCache, headers: HeaderWriter, link: LinkOutput, drops: Drops, scratch: PacketBuffer) {
    this.scratch = scratch.bytes
    this.transportStart = scratch.transportStart
    this.way = way
    this.headers = headers
    this.link = link
    this.drops = drops
  }

  /** As `NetworkLayer.send`. */
  send(meta: PacketMeta, length: number, now: number): DropReason {
    if (!(length >= 0 && length <= MAX_LENGTH)) throw new RangeError(`segment length is ${length}, expected 0 to ${MAX_LENGTH} bytes`)
    const { source, destination } = meta
    const { scratch, transportStart, link, pathMtus, replies, way } = this
    const end = transportStart + length
    const found = way.find(destination, source, meta.interfaceIndex)
    const { iface } = way
    if (found !== DropReason.None || iface === undefined) {
      return this.drops.note(found, iface?.index ?? meta.interfaceIndex, scratch, transportStart, end, now)
    }
    const segmented = meta.segmentSize > 0
    const limit = segmented ? iface.port.offload.segmentation ?? 0 : mtuTo(destination, iface, pathMtus)
    const size = length + (isIpv4(destination) ? IPV4_HEADER_LENGTH : IPV6_HEADER_LENGTH)
    if (size > limit && (segmented || meta.dontFragment || (isIpv4(destination) && size > MAX_LENGTH))) {
      return this.drops.note(DropReason.PacketTooBig, iface.index, scratch, transportStart, end, now)
    }
    const dontFragment = meta.dontFragment && !(pathMtus !== undefined && pathMtus.mustAllowFragments(destination))
    const start = this.headers.write(meta, dontFragment, scratch, transportStart, length)
    link.progress = 0
    link.segmentSize = meta.segmentSize
    const reason = link.emit(iface, way.nextHop, limit, scratch, start, end, now)
    if (reason === DropReason.None) return reason
    if (reason !== DropReason.DeviceQueueFull) return this.drops.note(reason, iface.index, scratch, start, end, now)
    if (link.progress === 0 || replies === undefined) return reason
    // Some of its fragments are out: the others follow when the device takes them.
    if (!replies.push(scratch, start, end, iface.index, QueuedKind.Packet, now)) {
      return this.drops.note(DropReason.OutOfMemory, iface.index, scratch, start, end, now)
    }
    replies.markLast(link.progress, link.fragmentIdentification)
    return DropReason.None
  }
}
