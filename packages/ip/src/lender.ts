import { copyBytes } from '@layerfour/storage'
import { hasSumKernel } from '@layerfour/wire'

/** Arrays remembered. */
const LENDERS = 4
/** From so many bytes on, a native copy is faster than a loop, where it needs no view. */
const LONG = 256

/** What is known of an array that packets came in. */
const Lent = {
  /** It came once: memory made for one packet alone would be judged for nothing. */
  Once: 0,
  /** Somebody else may change it while we look at it. */
  Shared: 1,
  /** To copy a packet and to have the arena's kernel verify it is faster than to verify it there. */
  WithoutKernel: 2,
  Readable: 3,
} as const

type Lent = (typeof Lent)[keyof typeof Lent]

/**
 * The memory in which the packets of an interface come in. Devices have habits: they hand over packet after packet in one array.
 * Nothing can change that array before the call returns, unless it is shared between threads: then packets are copied first, and
 * else they are read where they are. So they are copied if their array has not come before: then they would be verified, and copied
 * on, octet by octet.
 */
export class Lender {
  private readonly arrays: (Uint8Array | undefined)[] = new Array<Uint8Array | undefined>(LENDERS).fill(undefined)
  private readonly known: Lent[] = new Array<Lent>(LENDERS).fill(Lent.Once)
  private turn = 0

  /**
   * Whether packets in `bytes` may be read there, rather than be copied to `own`.
   * @param verified whether their checksums are of no interest.
   */
  lends(bytes: Uint8Array, own: Uint8Array, verified: boolean): boolean {
    const { arrays } = this
    for (let i = 0; i < LENDERS; i++) {
      if (arrays[i] !== bytes) continue
      const known = this.known[i]! === Lent.Once ? this.judge(i, bytes, own) : this.known[i]!
      return known === Lent.Readable || (known === Lent.WithoutKernel && verified)
    }
    arrays[this.turn] = bytes
    this.known[this.turn] = Lent.Once
    this.turn = (this.turn + 1) % LENDERS
    return false
  }

  private judge(place: number, bytes: Uint8Array, own: Uint8Array): Lent {
    let judged: Lent = Lent.Readable
    if (isShared(bytes)) judged = Lent.Shared
    else if (hasSumKernel(own.buffer) && !hasSumKernel(bytes.buffer)) judged = Lent.WithoutKernel
    this.known[place] = judged
    return judged
  }
}

/** By tag and not by `instanceof`: the buffer may come from another realm, and not all hosts have the class. */
function isShared({ buffer }: Uint8Array): boolean {
  return Object.prototype.toString.call(buffer) === '[object SharedArrayBuffer]'
}

/** Copies the packet `from[start, end)` to `into[at, …)`. */
export function copyPacket(from: Uint8Array, start: number, end: number, into: Uint8Array, at: number): void {
  if (start === 0 && end === from.length && end >= LONG) into.set(from, at)
  else copyBytes(from, start, end, into, at)
}
