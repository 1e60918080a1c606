import { Arena, ARENA_MAX_BYTES, ARENA_MIN_BLOCK } from '@layerfour/storage'

/** Memory is taken from the host in arenas of this size. The longest packet needs half of one. */
const LARGEST_ARENA = 2 ** 18

/**
 * Memory for packets up to a limit. It grows by one arena at a time, so that a link which holds
 * little costs little, and keeps what it has. A block's address counts through all arenas.
 */
export class PacketMemory {
  /** Most bytes that there can be. */
  readonly limit: number
  private readonly arenaSize: number
  private readonly arenaBits: number
  private readonly arenas: Arena[] = []
  /** The arena that had room last time. */
  private current = 0

  /**
   * @param limit bytes, a power of two of at most 2^30.
   * @param longest the largest packet in bytes; it must fit.
   */
  constructor(limit: number, longest: number) {
    let least = ARENA_MIN_BLOCK
    while (least < longest) least *= 2
    if (!Number.isInteger(limit) || limit < least || limit > ARENA_MAX_BYTES || (limit & (limit - 1)) !== 0) {
      throw new RangeError(`memory is ${limit}, expected a power of two from ${least} (for one packet of ${longest} bytes) to ${ARENA_MAX_BYTES}`)
    }
    this.limit = limit
    this.arenaSize = Math.min(limit, LARGEST_ARENA)
    this.arenaBits = 31 - Math.clz32(this.arenaSize)
  }

  /** Address of a block of at least `size` bytes; -1 when there is no room. */
  allocate(size: number): number {
    const { arenas } = this
    let offset = arenas.length === 0 ? -1 : arenas[this.current]!.allocate(size)
    for (let i = 0; offset === -1 && i < arenas.length; i++) {
      offset = arenas[i]!.allocate(size)
      if (offset !== -1) this.current = i
    }
    if (offset === -1) {
      if (arenas.length * this.arenaSize >= this.limit) return -1
      this.current = arenas.length
      arenas.push(new Arena(this.arenaSize))
      offset = arenas[this.current]!.allocate(size)
    }
    return (this.current << this.arenaBits) + offset
  }

  free(address: number): void {
    this.arenas[address >> this.arenaBits]!.free(this.offsetOf(address))
  }

  /** The array that the block is in, at `offsetOf` its address. */
  bytesOf(address: number): Uint8Array {
    return this.arenas[address >> this.arenaBits]!.bytes
  }

  offsetOf(address: number): number {
    return address & (this.arenaSize - 1)
  }
}
