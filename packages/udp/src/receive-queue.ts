import type { Arena, RingBuffer } from '@layerfour/storage'
import { createRing, ringConsume, ringPeek, ringRelease, ringReserve, ringWrite } from '@layerfour/storage'
import type { IpAddress, MutableIpAddress, PacketMeta } from '@layerfour/wire'
import { DropReason } from '@layerfour/wire'
import type { DatagramInfo } from './datagram-info.ts'
import { QUEUE_OVERHEAD } from './limits.ts'

/** Datagrams waiting for the user, in one ring: each is a record of QUEUE_OVERHEAD bytes, then its data. */
export interface ReceiveQueue {
  readonly ring: RingBuffer
  datagrams: number
}

/** First size of a ring, and the largest that an empty queue keeps, in bytes. */
const SMALLEST_RING = 1024
const KEPT_RING = 4096

/** A record that the ring's end cuts in two. One serves all queues: nothing stays in it between two calls. */
const recordView = /* @__PURE__ */ new DataView(new ArrayBuffer(QUEUE_OVERHEAD))
const record = /* @__PURE__ */ new Uint8Array(recordView.buffer)

export function createReceiveQueue(): ReceiveQueue {
  return { ring: createRing(), datagrams: 0 }
}

/**
 * Queues the datagram whose data is `bytes[start, end)`. Returns `ReceiveQueueFull` when it would exceed the caps, `OutOfMemory` when
 * the arena has no room for the ring to grow, or `None`.
 * @param view of all of the arena.
 */
export function enqueue(
  arena: Arena, view: DataView, queue: ReceiveQueue, maxBytes: number, maxDatagrams: number,
  meta: PacketMeta, sourcePort: number, bytes: Uint8Array, start: number, end: number,
): DropReason {
  const { ring } = queue
  const needed = ring.length + QUEUE_OVERHEAD + (end - start)
  if (queue.datagrams >= maxDatagrams || needed > maxBytes) return DropReason.ReceiveQueueFull
  if (needed > ring.capacity && !ringReserve(arena, ring, needed < SMALLEST_RING ? SMALLEST_RING : needed)) {
    return DropReason.OutOfMemory
  }
  const at = (ring.start + ring.length) & (ring.capacity - 1)
  if (at + QUEUE_OVERHEAD <= ring.capacity) {
    writeRecord(view, ring.offset + at, meta, sourcePort, end - start)
    ring.length += QUEUE_OVERHEAD
  } else {
    writeRecord(recordView, 0, meta, sourcePort, end - start)
    ringWrite(arena, ring, record, 0, QUEUE_OVERHEAD)
  }
  ringWrite(arena, ring, bytes, start, end)
  queue.datagrams++
  return DropReason.None
}

/** Bytes of data of the first datagram; -1 when none is queued. */
export function firstLength(arena: Arena, queue: ReceiveQueue): number {
  if (queue.datagrams === 0) return -1
  ringPeek(arena, queue.ring, 0, record, 0, 4)
  return recordView.getInt32(0)
}

/** Takes the first datagram: fills `info`, copies as much data as fits `into[start, end)`, and returns that count. */
export function dequeue(
  arena: Arena, view: DataView, queue: ReceiveQueue, into: Uint8Array, start: number, end: number, info: DatagramInfo,
): number {
  const { ring } = queue
  if (ring.start + QUEUE_OVERHEAD <= ring.capacity) {
    readRecord(view, ring.offset + ring.start, info)
  } else {
    ringPeek(arena, ring, 0, record, 0, QUEUE_OVERHEAD)
    readRecord(recordView, 0, info)
  }
  const { length } = info
  const count = length < end - start ? length : end - start
  info.truncated = count < length
  ringPeek(arena, ring, QUEUE_OVERHEAD, into, start, start + count)
  ringConsume(ring, QUEUE_OVERHEAD + length)
  queue.datagrams--
  // A burst is over: its memory goes back. A small ring stays, so that single datagrams allocate nothing.
  if (queue.datagrams === 0 && ring.capacity > KEPT_RING) ringRelease(arena, ring)
  return count
}

/** Puts datagrams into an empty queue as another one held them; false when the arena has no room. */
export function fillQueue(arena: Arena, queue: ReceiveQueue, bytes: Uint8Array, datagrams: number): boolean {
  if (datagrams === 0) return true
  if (!ringReserve(arena, queue.ring, Math.max(SMALLEST_RING, bytes.length))) return false
  ringWrite(arena, queue.ring, bytes, 0, bytes.length)
  queue.datagrams = datagrams
  return true
}

export function emptyQueue(arena: Arena, queue: ReceiveQueue): void {
  ringRelease(arena, queue.ring)
  queue.datagrams = 0
}

function writeRecord(view: DataView, at: number, meta: PacketMeta, sourcePort: number, length: number): void {
  view.setInt32(at, length)
  view.setUint16(at + 4, sourcePort)
  view.setUint8(at + 6, meta.hopLimit)
  view.setUint8(at + 7, meta.trafficClass)
  writeAddress(view, at + 8, meta.source)
  writeAddress(view, at + 24, meta.destination)
}

function readRecord(view: DataView, at: number, info: DatagramInfo): void {
  info.length = view.getInt32(at)
  info.port = view.getUint16(at + 4)
  info.hopLimit = view.getUint8(at + 6)
  info.trafficClass = view.getUint8(at + 7)
  readAddress(view, at + 8, info.address)
  readAddress(view, at + 24, info.destination)
}

function writeAddress(view: DataView, at: number, address: IpAddress): void {
  view.setInt32(at, address.w0)
  view.setInt32(at + 4, address.w1)
  view.setInt32(at + 8, address.w2)
  view.setInt32(at + 12, address.w3)
}

function readAddress(view: DataView, at: number, into: MutableIpAddress): void {
  into.w0 = view.getInt32(at)
  into.w1 = view.getInt32(at + 4)
  into.w2 = view.getInt32(at + 8)
  into.w3 = view.getInt32(at + 12)
}
