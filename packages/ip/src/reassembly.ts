import type { Arena } from '@layerfour/storage'
import { ARENA_MIN_BLOCK, copyBytes, RangeSet } from '@layerfour/storage'
import {
  checksum, copyIpAddress, createIpAddress, DropReason, ipAddressEquals, IPV6_HEADER_LENGTH, isIpv4, writeUint16,
} from '@layerfour/wire'
import type { MutableIpAddress } from '@layerfour/wire'
import type { Drops } from './drops.ts'
import {
  HEADROOM, MAX_FRAGMENT_RUNS, MAX_REASSEMBLIES, MIN_REASSEMBLY_BYTES, REASSEMBLY_SHARE, REASSEMBLY_TIMEOUT_IPV4,
  REASSEMBLY_TIMEOUT_IPV6,
} from './limits.ts'
import type { ReceivedPacket } from './received-packet.ts'

/** What length fields can say. */
const MAX_LENGTH = 65535
/** The block that the longest datagrams are to fit into, in bytes. */
const LARGEST_BLOCK = 65536
const CONGESTION_EXPERIENCED = 3

/** A datagram of which some fragments are here; entries are made once and reused. */
export interface PartialDatagram {
  readonly source: MutableIpAddress
  readonly destination: MutableIpAddress
  /** IPv4: part of the key. IPv6: 0, as only the first fragment's next header counts (RFC 8200 §4.5). */
  protocol: number
  identification: number
  /** Block of the arena; -1 while the entry is free. */
  block: number
  /** Where in it the data begins and the first fragment's IP header ends, in bytes. */
  headroom: number
  /** Which bytes of the data are here. */
  readonly received: RangeSet
  /** Bytes of data, known from the last fragment; -1 before. */
  total: number
  /** Bytes of the IP header; 0 before the first fragment came. */
  headerLength: number
  /** When the first one came, and when it is given up, in ms. */
  startedAt: number
  deadline: number
  interfaceIndex: number
  broadcast: boolean
  /** The medium vouched for all fragments. */
  checksumVerified: boolean
  congestionExperienced: boolean
}

/**
 * Joins fragments to datagrams (RFC 791 §3.2, RFC 815's idea of holes, RFC 8200 §4.5). A fragment's data goes straight to its place.
 * One that says something else than another about the same byte spoils the datagram (RFC 5722 §4); an exact repetition is ignored.
 * At most 16 datagrams wait, in blocks of the arena that grow with what has come, and take a quarter of it at most; the oldest
 * makes room. To find one of 16 by reading all of them needs no hash and no secret.
 */
export class Reassembly {
  /** Set when `add` completed a datagram, which is then in the packet; `release` it after use. */
  completed: PartialDatagram | undefined = undefined
  private readonly arena: Arena
  private readonly drops: Drops
  private readonly partials: PartialDatagram[] = []
  private count = 0
  /** Bytes of all blocks, and the most that they may be. */
  private held = 0
  private readonly maxHeld: number

  constructor(arena: Arena, drops: Drops) {
    this.arena = arena
    this.drops = drops
    this.maxHeld = Math.max(arena.capacity * REASSEMBLY_SHARE, MIN_REASSEMBLY_BYTES)
  }

  /** When the first of them is given up, in ms; Infinity for none. */
  get deadline(): number {
    let deadline = Infinity
    if (this.count > 0) for (const { block, deadline: own } of this.partials) if (block >= 0 && own < deadline) deadline = own
    return deadline
  }

  /**
   * Takes the fragment in `packet`, whose data is `[transportStart, end)`.
   * @param offset of the data in the datagram's, in bytes. @param more whether others follow it.
   */
  add(packet: ReceivedPacket, identification: number, offset: number, more: boolean, now: number): DropReason {
    this.completed = undefined
    const length = packet.end - packet.transportStart
    const to = offset + length
    if (length === 0 || (more && (length & 7) !== 0)) return DropReason.BadTotalLength
    const ipv4 = isIpv4(packet.meta.source)
    if (to > MAX_LENGTH) return DropReason.FragmentTooLarge
    const partial = this.obtain(packet, ipv4, identification, to, now)
    if (partial === undefined) return DropReason.OutOfMemory
    const reason = this.place(partial, packet, offset, to, more)
    if (reason !== DropReason.None) {
      this.release(partial)
      return reason
    }
    if (partial.total >= 0 && partial.received.total === partial.total) return this.complete(partial, packet, ipv4)
    return DropReason.None
  }

  /** A datagram that is given up, put into `packet` as far as it came, with its header if that came; `release` it after use. */
  takeExpired(packet: ReceivedPacket, now: number): PartialDatagram | undefined {
    if (this.count === 0) return undefined
    for (const partial of this.partials) {
      if (partial.block < 0 || partial.deadline > now) continue
      this.restore(partial, packet, partial.received.fromAt(0) === 0 ? partial.received.toAt(0) : 0)
      return partial
    }
    return undefined
  }

  /** Frees a datagram and its memory. */
  release(partial: PartialDatagram): void {
    if (partial.block < 0) return
    this.held -= this.arena.blockSize(partial.block)
    this.arena.free(partial.block)
    partial.block = -1
    partial.received.clear()
    this.count--
  }

  private place(partial: PartialDatagram, packet: ReceivedPacket, offset: number, to: number, more: boolean): DropReason {
    const { received } = partial
    const { bytes } = this.arena
    // Less room than the header needs was left only if header and data are more than a datagram may have.
    const headerLength = offset === 0 ? headerLengthOf(packet) : partial.headerLength
    if (headerLength > partial.headroom) return DropReason.FragmentTooLarge
    const highest = received.count === 0 ? 0 : received.toAt(received.count - 1)
    const data = partial.block + partial.headroom
    if (received.covers(offset, to)) {
      const same = sameBytes(packet.bytes, packet.transportStart, packet.end, bytes, data + offset)
      return same && more === (to !== partial.total) ? DropReason.None : DropReason.FragmentOverlap
    }
    // Nothing may lie beyond the last fragment.
    if (more ? partial.total >= 0 && to >= partial.total : partial.total >= 0 || highest > to) return DropReason.FragmentOverlap
    const before = received.total
    if (!received.add(offset, to)) return DropReason.FragmentLimit
    if (received.total - before !== to - offset) return DropReason.FragmentOverlap
    copyBytes(packet.bytes, packet.transportStart, packet.end, bytes, data + offset)
    if (offset === 0) this.keepHeader(partial, packet)
    if (!more) partial.total = to
    partial.checksumVerified &&= packet.meta.checksumVerified
    partial.congestionExperienced ||= (packet.meta.trafficClass & CONGESTION_EXPERIENCED) === CONGESTION_EXPERIENCED
    return DropReason.None
  }

  /** The first fragment's header becomes the datagram's; of IPv6, the fixed one, as the others have been dealt with. */
  private keepHeader(partial: PartialDatagram, packet: ReceivedPacket): void {
    const { bytes } = this.arena
    const length = headerLengthOf(packet)
    const at = partial.block + partial.headroom - length
    copyBytes(packet.bytes, packet.start, packet.start + length, bytes, at)
    if (!isIpv4(packet.meta.source)) bytes[at + 6] = packet.meta.protocol
    partial.headerLength = length
  }

  private complete(partial: PartialDatagram, packet: ReceivedPacket, ipv4: boolean): DropReason {
    const { bytes } = this.arena
    const { headerLength, total } = partial
    const at = partial.block + partial.headroom - headerLength
    if (ipv4) {
      if (headerLength + total > MAX_LENGTH) {
        this.release(partial)
        return DropReason.FragmentTooLarge
      }
      writeUint16(bytes, at + 2, headerLength + total)
      writeUint16(bytes, at + 6, 0)
      if (partial.congestionExperienced) bytes[at + 1]! |= CONGESTION_EXPERIENCED
      writeUint16(bytes, at + 10, 0)
      writeUint16(bytes, at + 10, checksum(bytes, at, at + headerLength))
    } else if (partial.congestionExperienced) {
      // The traffic class lies across two bytes; its lower bits are the upper half of the second.
      bytes[at + 1]! |= CONGESTION_EXPERIENCED << 4
    }
    this.restore(partial, packet, total)
    this.completed = partial
    return DropReason.None
  }

  private restore(partial: PartialDatagram, packet: ReceivedPacket, length: number): void {
    const { bytes } = this.arena
    const { meta } = packet
    packet.bytes = bytes
    packet.transportStart = partial.block + partial.headroom
    packet.start = packet.transportStart - partial.headerLength
    packet.end = packet.transportStart + length
    packet.broadcast = partial.broadcast
    copyIpAddress(partial.source, meta.source)
    copyIpAddress(partial.destination, meta.destination)
    meta.checksumVerified = partial.checksumVerified
    if (isIpv4(partial.source)) {
      meta.protocol = partial.protocol
    } else if (partial.headerLength > 0) {
      writeUint16(bytes, packet.start + 4, length)
    }
  }

  /** The datagram that the fragment belongs to, begun if need be, with memory for its data up to `to`. */
  private obtain(packet: ReceivedPacket, ipv4: boolean, identification: number, to: number, now: number): PartialDatagram | undefined {
    const { meta } = packet
    const protocol = ipv4 ? meta.protocol : 0
    for (const partial of this.partials) {
      if (partial.block >= 0 && partial.identification === identification && partial.protocol === protocol
        && ipAddressEquals(partial.source, meta.source) && ipAddressEquals(partial.destination, meta.destination)) {
        return this.reserve(partial, headroomFor(ipv4, to), to, now) ? partial : undefined
      }
    }
    const partial = this.takeFree(now)
    const headroom = headroomFor(ipv4, to)
    const block = this.allocate(headroom + to, 0, undefined, now)
    if (block < 0) return undefined
    copyIpAddress(meta.source, partial.source)
    copyIpAddress(meta.destination, partial.destination)
    partial.protocol = protocol
    partial.identification = identification
    partial.block = block
    partial.headroom = headroom
    partial.total = -1
    partial.headerLength = 0
    partial.startedAt = now
    partial.deadline = now + (ipv4 ? REASSEMBLY_TIMEOUT_IPV4 : REASSEMBLY_TIMEOUT_IPV6)
    partial.interfaceIndex = packet.iface.index
    partial.broadcast = packet.broadcast
    partial.checksumVerified = true
    partial.congestionExperienced = false
    this.count++
    return partial
  }

  /** Sees to memory for data up to `to`, with `wanted` bytes at most before it; false when there is none. */
  private reserve(partial: PartialDatagram, wanted: number, to: number, now: number): boolean {
    const { arena } = this
    const headroom = Math.min(partial.headroom, wanted)
    const size = arena.blockSize(partial.block)
    const fits = headroom + to <= size
    if (fits && headroom === partial.headroom) return true
    const block = fits ? partial.block : this.allocate(headroom + to, size, partial, now)
    if (block < 0) return false
    // A header that no longer fits is cut here: `place` drops the datagram.
    const headerLength = Math.min(partial.headerLength, headroom)
    arena.bytes.copyWithin(block + headroom - headerLength, partial.block + partial.headroom - headerLength, partial.block + size)
    if (!fits) {
      arena.free(partial.block)
      this.held -= size
    }
    partial.block = block
    partial.headroom = headroom
    return true
  }

  /**
   * A block of `size` bytes, for which the oldest datagrams go while there would be too many bytes; -1 when there is none.
   * @param replaced size of the block that it is to replace, 0 for none. @param keep the datagram it is for.
   */
  private allocate(size: number, replaced: number, keep: PartialDatagram | undefined, now: number): number {
    const rounded = blockSizeFor(size)
    while (this.held - replaced + rounded > this.maxHeld) {
      const oldest = this.oldest(keep)
      if (oldest === undefined) return -1
      this.evict(oldest, now)
    }
    const block = this.arena.allocate(size)
    if (block >= 0) this.held += rounded
    return block
  }

  private takeFree(now: number): PartialDatagram {
    for (const partial of this.partials) if (partial.block < 0) return partial
    const oldest = this.oldest(undefined)
    if (oldest === undefined || this.partials.length < MAX_REASSEMBLIES) {
      const added = createPartialDatagram()
      this.partials.push(added)
      return added
    }
    this.evict(oldest, now)
    return oldest
  }

  /** Of those in use but `except`, the one that began first. */
  private oldest(except: PartialDatagram | undefined): PartialDatagram | undefined {
    let oldest: PartialDatagram | undefined
    for (const partial of this.partials) {
      if (partial.block < 0 || partial === except) continue
      if (oldest === undefined || partial.startedAt < oldest.startedAt) oldest = partial
    }
    return oldest
  }

  private evict(partial: PartialDatagram, now: number): void {
    this.drops.note(DropReason.FragmentLimit, partial.interfaceIndex, this.arena.bytes, partial.block, partial.block, now)
    this.release(partial)
  }
}

function createPartialDatagram(): PartialDatagram {
  return {
    source: createIpAddress(), destination: createIpAddress(), protocol: 0, identification: 0, block: -1, headroom: 0,
    received: new RangeSet(MAX_FRAGMENT_RUNS), total: -1, headerLength: 0, startedAt: 0, deadline: 0, interfaceIndex: -1,
    broadcast: false, checksumVerified: false, congestionExperienced: false,
  }
}

/** What is kept of the first fragment's header: for IPv6 the fixed one. */
function headerLengthOf(packet: ReceivedPacket): number {
  return isIpv4(packet.meta.source) ? packet.transportStart - packet.start : IPV6_HEADER_LENGTH
}

/**
 * Room for the header before data up to `to`. Near the largest datagram it is no more than what that leaves of 64 KiB: in IPv4,
 * header and data together are that long, so what the data takes the header cannot have. Only IPv6 with its last 39 bytes needs more.
 */
function headroomFor(ipv4: boolean, to: number): number {
  const left = (LARGEST_BLOCK - to) & ~3
  return Math.min(HEADROOM, ipv4 ? left : Math.max(left, IPV6_HEADER_LENGTH))
}

/** What the arena makes of a size. */
function blockSizeFor(size: number): number {
  return size <= ARENA_MIN_BLOCK ? ARENA_MIN_BLOCK : 1 << (32 - Math.clz32(size - 1))
}

function sameBytes(a: Uint8Array, start: number, end: number, b: Uint8Array, at: number): boolean {
  for (let i = start, j = at; i < end; i++, j++) if (a[i] !== b[j]) return false
  return true
}
