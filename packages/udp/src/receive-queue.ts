import type { Arena, RingBuffer } from '@layerfour/storage'
import { createRing, ringConsume, ringPeek, ringRelease, ringReserve, ringWrite } from '@layerfour/storage'
import type { MutableIpAddress, PacketMeta } from '@layerfour/wire'
import { DropReason, readUint16, readUint32, writeUint16, writeUint32 } from '@layerfour/wire'
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

/** The record under construction. One serves all queues: nothing stays in it between two calls. */
const record = /* @__PURE__ */ new Uint8Array(QUEUE_OVERHEAD)

export function createReceiveQueue(): ReceiveQueue {
  return { ring: createRing(), datagrams: 0 }
}

/**
 * Queues the datagram whose data is `bytes[start, end)`. Returns `ReceiveQueueFull` when it would exceed the caps,
 * `OutOfMemory` when the arena has no room for the ring to grow, or `None`.
 */
export function enqueue(
  arena: Arena, queue: ReceiveQueue, maxBytes: number, maxDatagrams: number,
  meta: PacketMeta, sourcePort: number, bytes: Uint8Array, start: number, end: number,
): DropReason {
  const { ring } = queue
  const needed = ring.length + QUEUE_OVERHEAD + (end - start)
  if (queue.datagrams >= maxDatagrams || needed > maxBytes) return DropReason.ReceiveQueueFull
  if (needed > ring.capacity && !ringReserve(arena, ring, needed < SMALLEST_RING ? SMALLEST_RING : needed)) {
    return DropReason.OutOfMemory
  }
  writeUint32(record, 0, end - start)
  writeUint16(record, 4, sourcePort)
  record[6] = meta.hopLimit
  record[7] = meta.trafficClass
  writeAddress(meta.source, 8)
  writeAddress(meta.destination, 24)
  ringWrite(arena, ring, record, 0, QUEUE_OVERHEAD)
  ringWrite(arena, ring, bytes, start, end)
  queue.datagrams++
  return DropReason.None
}

/** Bytes of data of the first datagram; -1 when none is queued. */
export function firstLength(arena: Arena, queue: ReceiveQueue): number {
  if (queue.datagrams === 0) return -1
  ringPeek(arena, queue.ring, 0, record, 0, 4)
  return readUint32(record, 0)
}

/** Takes the first datagram: fills `info`, copies as much data as fits `into[start, end)`, and returns that count. */
export function dequeue(
  arena: Arena, queue: ReceiveQueue, into: Uint8Array, start: number, end: number, info: DatagramInfo,
): number {
  const { ring } = queue
  ringPeek(arena, ring, 0, record, 0, QUEUE_OVERHEAD)
  const length = readUint32(record, 0)
  info.length = length
  info.port = readUint16(record, 4)
  info.hopLimit = record[6]!
  info.trafficClass = record[7]!
  readAddress(8, info.address)
  readAddress(24, info.destination)
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

function writeAddress(address: MutableIpAddress, at: number): void {
  writeUint32(record, at, address.w0)
  writeUint32(record, at + 4, address.w1)
  writeUint32(record, at + 8, address.w2)
  writeUint32(record, at + 12, address.w3)
}

function readAddress(at: number, into: MutableIpAddress): void {
  into.w0 = readUint32(record, at)
  into.w1 = readUint32(record, at + 4)
  into.w2 = readUint32(record, at + 8)
  into.w3 = readUint32(record, at + 12)
}
