/** Smallest block, in bytes: smaller requests are rounded up to it. */
export const ARENA_MIN_BLOCK = 256
/** Largest arena, in bytes (1 GiB): offsets stay small integers in every engine. */
export const ARENA_MAX_BYTES: number = 2 ** 30
/** Largest margin, in bytes (1 MiB): it is for a handful of buffers. */
const MAX_MARGIN = 2 ** 20
/** What buffers in the margin are aligned to, in bytes: a cache line. */
const MARGIN_ALIGNMENT = 64

const MIN_BLOCK_BITS = 8
/** `state` of a block's first unit: FREE or USED, plus its order. 0 marks a unit inside a block. */
const FREE = 0x40
const USED = 0x80
const ORDER = 0x3f

/**
 * A fixed budget of memory, handed out in blocks of a power of two by the buddy method: a block of
 * order k is 256·2^k bytes; a larger free block is halved until it fits, and a freed block joins
 * its other half ("buddy") again when that is free too. All of it is exact: `used` is the sum of the
 * blocks handed out, and the arena never grows. Allocating and freeing take at most 22 steps.
 *
 * Of each order, one freed block is kept as it is, for who takes such a block next: buffers that fill and empty in turns would
 * otherwise split and join the whole arena each time. They join the others before anything is refused, in at most 23 times 22 steps.
 *
 * Behind the blocks there may be a margin for buffers that live as long as the arena: bytes between them and blocks travel by
 * `copyWithin`, within one memory. The margin is beside the budget: neither `capacity` nor `used` counts it.
 *
 * State is typed arrays and numbers only. They start as zeros, so an unused arena costs address
 * space but hardly any memory.
 */
export class Arena {
  /** All the memory; blocks are named by their offset in it. Fresh blocks hold what the last owner left. */
  readonly bytes: Uint8Array
  /** What blocks are made of, in bytes, a power of two. */
  readonly capacity: number
  private usedBytes = 0
  private peakBytes = 0
  /** Where the free part of the margin begins. */
  private marginStart: number
  private readonly topOrder: number
  /** Bit k is set when a block of order k is free. */
  private freeOrders = 0
  /** Per unit of 256 bytes: FREE | order or USED | order where a block begins, else 0. */
  private readonly state: Uint8Array
  /** First free block of each order, as unit number + 1; 0 ends a list. `next` and `previous` likewise. */
  private readonly heads: Int32Array
  private readonly next: Int32Array
  private readonly previous: Int32Array
  /** The block kept of each order, as unit number + 1, 0 for none; its `state` is 0. Bit k of `keptOrders`: there is one. */
  private readonly kept: Int32Array
  private keptOrders = 0

  /**
   * @param byteLength a power of two from 256 to 2^30.
   * @param margin bytes behind the blocks for `allocateFixed`, 0 to 2^20.
   * @param buffer memory to use, such as that of a WebAssembly module; it must hold both and keep its length.
   */
  constructor(byteLength: number, margin = 0, buffer?: ArrayBuffer) {
    if (!Number.isInteger(byteLength) || byteLength < ARENA_MIN_BLOCK || byteLength > ARENA_MAX_BYTES
      || (byteLength & (byteLength - 1)) !== 0) {
      throw new RangeError(`arena size is ${byteLength}, expected a power of two from ${ARENA_MIN_BLOCK} to ${ARENA_MAX_BYTES}`)
    }
    if (!Number.isInteger(margin) || margin < 0 || margin > MAX_MARGIN) {
      throw new RangeError(`arena margin is ${margin}, expected 0 to ${MAX_MARGIN} bytes`)
    }
    if (buffer !== undefined && buffer.byteLength < byteLength + margin) {
      throw new RangeError(`buffer has ${buffer.byteLength} bytes, expected at least ${byteLength + margin}`)
    }
    const units = byteLength >> MIN_BLOCK_BITS
    this.bytes = new Uint8Array(buffer ?? new ArrayBuffer(byteLength + margin), 0, byteLength + margin)
    this.marginStart = byteLength
    this.capacity = byteLength
    this.topOrder = 31 - Math.clz32(units)
    this.state = new Uint8Array(units)
    this.heads = new Int32Array(this.topOrder + 1)
    this.next = new Int32Array(units)
    this.previous = new Int32Array(units)
    this.kept = new Int32Array(this.topOrder + 1)
    this.pushFree(0, this.topOrder)
  }

  /** Bytes handed out: the sum of the sizes of all blocks in use. */
  get used(): number {
    return this.usedBytes
  }

  /** The most that `used` ever was. */
  get peak(): number {
    return this.peakBytes
  }

  /** Size in bytes of the largest block that `allocate` could give now; 0 when all is in use. */
  get largestFree(): number {
    this.joinKept()
    return this.freeOrders === 0 ? 0 : ARENA_MIN_BLOCK << (31 - Math.clz32(this.freeOrders))
  }

  /**
   * Takes a block of at least `size` bytes and returns its offset, a multiple of the block's size;
   * -1 when no free block is large enough. Size 0 takes the smallest block.
   * @throws RangeError when `size` is not a whole number of bytes.
   */
  allocate(size: number): number {
    if (!Number.isInteger(size) || size < 0) {
      throw new RangeError(`block size is ${size}, expected a whole number of bytes`)
    }
    if (size > this.capacity) return -1
    const order = orderFor(size)
    let unit = this.takeKept(order)
    if (unit < 0) unit = this.takeFree(order)
    if (unit < 0) {
      this.joinKept()
      unit = this.takeFree(order)
      if (unit < 0) return -1
    }
    this.state[unit] = USED | order
    this.usedBytes += ARENA_MIN_BLOCK << order
    if (this.usedBytes > this.peakBytes) this.peakBytes = this.usedBytes
    return unit << MIN_BLOCK_BITS
  }

  /**
   * Takes `size` bytes of the margin for as long as the arena lives, and returns their offset, a multiple of 64; -1 when the margin
   * has not so many left.
   * @throws RangeError when `size` is not a whole number of bytes.
   */
  allocateFixed(size: number): number {
    if (!Number.isInteger(size) || size < 0) {
      throw new RangeError(`buffer size is ${size}, expected a whole number of bytes`)
    }
    const offset = Math.ceil(this.marginStart / MARGIN_ALIGNMENT) * MARGIN_ALIGNMENT
    if (offset + size > this.bytes.length) return -1
    this.marginStart = offset + size
    return offset
  }

  /**
   * Gives back the block at `offset`.
   * @throws RangeError when no block in use begins there: freed twice, or never allocated.
   */
  free(offset: number): void {
    const order = this.usedOrder(offset)
    const unit = offset >> MIN_BLOCK_BITS
    this.usedBytes -= ARENA_MIN_BLOCK << order
    this.state[unit] = 0
    if (this.kept[order] !== 0) {
      this.join(unit, order)
      return
    }
    this.kept[order] = unit + 1
    this.keptOrders |= 1 << order
  }

  /**
   * Size in bytes of the block in use at `offset`; at least what was asked for.
   * @throws RangeError when no block in use begins there.
   */
  blockSize(offset: number): number {
    return ARENA_MIN_BLOCK << this.usedOrder(offset)
  }

  private usedOrder(offset: number): number {
    const state = (offset & (ARENA_MIN_BLOCK - 1)) === 0 ? this.state[offset / ARENA_MIN_BLOCK] : 0
    if (state === undefined || (state & USED) === 0) {
      throw new RangeError(`no block in use begins at offset ${offset}; expected an offset from allocate() that was not freed`)
    }
    return state & ORDER
  }

  private takeKept(order: number): number {
    const unit = this.kept[order]! - 1
    if (unit < 0) return -1
    this.kept[order] = 0
    this.keptOrders &= ~(1 << order)
    return unit
  }

  /** A free block of an order, split off a larger one if need be, as a unit number; -1 for none. */
  private takeFree(order: number): number {
    // Free orders at or above the one wanted; the lowest of them wastes least.
    const fitting = this.freeOrders & (-1 << order)
    if (fitting === 0) return -1
    let found = 31 - Math.clz32(fitting & -fitting)
    const unit = this.heads[found]! - 1
    this.removeFree(unit, found)
    while (found > order) {
      found--
      this.pushFree(unit + (1 << found), found)
    }
    return unit
  }

  private joinKept(): void {
    while (this.keptOrders !== 0) {
      const order = 31 - Math.clz32(this.keptOrders)
      this.join(this.takeKept(order), order)
    }
  }

  /** Makes a block free, in one with its buddies as far as they are. */
  private join(unit: number, order: number): void {
    while (order < this.topOrder) {
      const buddy = unit ^ (1 << order)
      if (this.state[buddy] !== (FREE | order)) break
      this.removeFree(buddy, order)
      unit &= ~(1 << order)
      order++
    }
    this.pushFree(unit, order)
  }

  private pushFree(unit: number, order: number): void {
    const head = this.heads[order]!
    this.next[unit] = head
    this.previous[unit] = 0
    if (head !== 0) this.previous[head - 1] = unit + 1
    this.heads[order] = unit + 1
    this.freeOrders |= 1 << order
    this.state[unit] = FREE | order
  }

  private removeFree(unit: number, order: number): void {
    const next = this.next[unit]!
    const previous = this.previous[unit]!
    if (previous !== 0) this.next[previous - 1] = next
    else this.heads[order] = next
    if (next !== 0) this.previous[next - 1] = previous
    if (this.heads[order] === 0) this.freeOrders &= ~(1 << order)
    this.state[unit] = 0
  }
}

/** The smallest order whose blocks hold `size` bytes. */
function orderFor(size: number): number {
  return size <= ARENA_MIN_BLOCK ? 0 : 32 - Math.clz32((size - 1) >> MIN_BLOCK_BITS)
}
