import type { Arena } from '@layerfour/storage'
import { HEADROOM, PACKET_BUFFER_BYTES } from './limits.ts'

/**
 * Room for one packet, with headroom for link and IP headers. In the arena's margin, if it has one, so that the bytes of a segment
 * travel between packet and ring within one memory: by `copyWithin`, several times as fast as any copy between two that makes no view.
 */
export interface PacketBuffer {
  /** The arena's memory, or the buffer's own. */
  readonly bytes: Uint8Array
  /** Where the transport header of a packet under construction begins; a multiple of 8. */
  readonly transportStart: number
  /** The end of the buffer. */
  readonly end: number
}

export function createPacketBuffer(arena: Arena): PacketBuffer {
  const offset = arena.allocateFixed(PACKET_BUFFER_BYTES)
  const bytes = offset < 0 ? new Uint8Array(PACKET_BUFFER_BYTES) : arena.bytes
  const start = offset < 0 ? 0 : offset
  return { bytes, transportStart: start + HEADROOM, end: start + PACKET_BUFFER_BYTES }
}
