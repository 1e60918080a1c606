import type { Arena } from './arena.ts'
import { copyBytes } from './copy-bytes.ts'

/**
 * A first-in, first-out queue of bytes in a block of an `Arena`, as plain data. The window is
 * `capacity` bytes from the first one queued: `length` of them are queued in order, and the rest is
 * free, or holds out-of-order bytes that `ringWriteAt` put in their place ahead of a gap.
 */
export interface RingBuffer {
  /** Where the block begins in the arena; -1 while there is none. */
  offset: number
  /** Size of the block in bytes, a power of two; 0 while there is none. */
  capacity: number
  /** Place of the first queued byte, relative to the block. */
  start: number
  /** Bytes queued in order. */
  length: number
  /** The most that `length` was, half of it forgotten with each `ringRelease`: what `ringResume` goes by. */
  peak: number
}

/** An empty ring, which takes no memory of an arena before `ringReserve`. */
export function createRing(): RingBuffer {
  return { offset: -1, capacity: 0, start: 0, length: 0, peak: 0 }
}

/**
 * Makes the ring's capacity at least `capacity` bytes (rounded up to a power of two), keeping the
 * whole window: queued bytes and out-of-order ones beyond them. False when the arena has no block
 * that large; the ring is as it was. It never shrinks. Growing holds both blocks for a moment.
 */
export function ringReserve(arena: Arena, ring: RingBuffer, capacity: number): boolean {
  if (capacity <= ring.capacity) return true
  const offset = arena.allocate(capacity)
  if (offset < 0) return false
  if (ring.capacity > 0) {
    const block = ring.offset
    const first = ring.capacity - ring.start
    copyBytes(arena.bytes, block + ring.start, block + ring.capacity, arena.bytes, offset)
    copyBytes(arena.bytes, block, block + ring.start, arena.bytes, offset + first)
    arena.free(block)
  }
  ring.offset = offset
  ring.capacity = arena.blockSize(offset)
  ring.start = 0
  return true
}

/**
 * As `ringReserve`, but a ring that was released takes as much again as it needed last time, while half of the arena is free: who gives
 * everything back between two bursts would otherwise move each of them through rings of all sizes.
 */
export function ringResume(arena: Arena, ring: RingBuffer, capacity: number): boolean {
  const usual = 2 * ring.peak
  if (ring.capacity === 0 && usual > capacity && 2 * arena.used < arena.capacity && ringReserve(arena, ring, usual)) return true
  return ringReserve(arena, ring, capacity)
}

/** Gives the memory back and forgets the contents. An empty ring may stay in use: reserve again. */
export function ringRelease(arena: Arena, ring: RingBuffer): void {
  if (ring.capacity > 0) arena.free(ring.offset)
  ring.offset = -1
  ring.capacity = 0
  ring.start = 0
  ring.length = 0
  ring.peak >>= 1
}

/** Bytes that `ringWrite` would take now. */
export function ringSpace(ring: RingBuffer): number {
  return ring.capacity - ring.length
}

/** Appends as much of `bytes[start, end)` as there is space for; returns the count of bytes taken. */
export function ringWrite(arena: Arena, ring: RingBuffer, bytes: Uint8Array, start: number, end: number): number {
  const count = ringWriteAt(arena, ring, ring.length, bytes, start, end)
  ring.length += count
  if (ring.length > ring.peak) ring.peak = ring.length
  return count
}

/**
 * Puts `bytes[start, end)` at `at` bytes after the first queued one without changing `length`: for
 * data that came out of order. What lies beyond the window is cut off; returns the count of bytes
 * put. Once the gap before them is closed, `ringExtend` queues them.
 * @throws RangeError when `at` is negative.
 */
export function ringWriteAt(
  arena: Arena, ring: RingBuffer, at: number, bytes: Uint8Array, start: number, end: number,
): number {
  if (!(at >= 0)) throw new RangeError(`writing at ${at}, expected 0 or more bytes after the first queued one`)
  const room = ring.capacity - at
  const count = end - start < room ? end - start : room
  if (count <= 0) return 0
  const place = (ring.start + at) & (ring.capacity - 1)
  const first = ring.capacity - place
  if (count <= first) {
    copyBytes(bytes, start, start + count, arena.bytes, ring.offset + place)
  } else {
    copyBytes(bytes, start, start + first, arena.bytes, ring.offset + place)
    copyBytes(bytes, start + first, start + count, arena.bytes, ring.offset)
  }
  return count
}

/**
 * Queues `count` bytes that `ringWriteAt` has already put right after the queued ones.
 * @throws RangeError when the window has no room for that many.
 */
export function ringExtend(ring: RingBuffer, count: number): void {
  if (!(count >= 0 && count <= ring.capacity - ring.length)) {
    throw new RangeError(`extending by ${count} bytes, expected 0 to ${ring.capacity - ring.length}`)
  }
  ring.length += count
  if (ring.length > ring.peak) ring.peak = ring.length
}

/**
 * Copies queued bytes, beginning `at` bytes after the first one, to `into[start, end)`, and leaves them queued.
 * Returns the count of bytes copied: less than asked for at the end of the queue.
 * @throws RangeError when `at` is negative.
 */
export function ringPeek(
  arena: Arena, ring: RingBuffer, at: number, into: Uint8Array, start: number, end: number,
): number {
  if (!(at >= 0)) throw new RangeError(`peeking at ${at}, expected 0 or more bytes after the first queued one`)
  const available = ring.length - at
  const count = end - start < available ? end - start : available
  if (count <= 0) return 0
  const place = (ring.start + at) & (ring.capacity - 1)
  const first = ring.capacity - place
  const block = ring.offset
  if (count <= first) {
    copyBytes(arena.bytes, block + place, block + place + count, into, start)
  } else {
    copyBytes(arena.bytes, block + place, block + ring.capacity, into, start)
    copyBytes(arena.bytes, block, block + count - first, into, start + first)
  }
  return count
}

/**
 * Forgets the first `count` queued bytes; the window moves on by as much.
 * @throws RangeError when fewer are queued.
 */
export function ringConsume(ring: RingBuffer, count: number): void {
  if (!(count >= 0 && count <= ring.length)) {
    throw new RangeError(`consuming ${count} bytes, expected 0 to ${ring.length}`)
  }
  if (count === 0) return
  ring.start = (ring.start + count) & (ring.capacity - 1)
  ring.length -= count
}
