import { SipHash } from '@layerfour/storage'
import type { IpAddress } from '@layerfour/wire'

/** The first and the last ephemeral port, both included. RFC 6335 §6: the dynamic ports. */
export const DYNAMIC_PORTS: readonly [number, number] = [49_152, 65_535]

/** Upper bound of the random steps between ports: the N of RFC 6056 §3.3.5, which recommends 500. */
const STEP = 500

/**
 * Local ports for those who do not name one, hard to guess for who does not know the secret: the
 * hash-based selection of RFC 6056 §3.3.3 (every pair of addresses and remote port walks through a
 * row of ports of its own, so that a port comes back to the same peer as late as can be), in random
 * steps (§3.3.5), so that who sees one port does not know the next.
 */
export class EphemeralPorts {
  readonly #hash: SipHash
  readonly #first: number
  readonly #count: number
  /** Ports that were chosen so far; feeds the random steps. */
  #chosen = 0
  #next = 0

  /**
   * @param secret at least four random words.
   * @throws RangeError when `range` does not lie in 1 to 65,535.
   */
  constructor(secret: Int32Array, range: readonly [first: number, last: number] = DYNAMIC_PORTS) {
    const [first, last] = range
    if (!Number.isInteger(first) || !Number.isInteger(last) || first < 1 || last < first || last > 65_535) {
      throw new RangeError(`ephemeral ports are ${first} to ${last}, expected a range within 1 to 65535`)
    }
    this.#hash = new SipHash(secret)
    this.#first = first
    this.#count = last - first + 1
  }

  /**
   * A port for which `isFree` holds; 0 when there is none. At most every port is tried once.
   * `remote` is the unspecified address, and `remotePort` 0, when the peer is not known yet.
   */
  choose(local: IpAddress, remote: IpAddress, remotePort: number, isFree: (port: number) => boolean): number {
    const offset = this.#offset(local, remote, remotePort)
    this.#next = (this.#next + this.#step()) % this.#count
    for (let tried = 0; tried < this.#count; tried++) {
      const port = this.#first + ((offset + this.#next) % this.#count)
      if (isFree(port)) return port
      this.#next = (this.#next + 1) % this.#count
    }
    return 0
  }

  #offset(local: IpAddress, remote: IpAddress, remotePort: number): number {
    const hash = this.#hash
    for (const address of [local, remote]) {
      hash.word(address.w0)
      hash.word(address.w1)
      hash.word(address.w2)
      hash.word(address.w3)
    }
    hash.word(remotePort)
    return (hash.finish() >>> 0) % this.#count
  }

  /** 1 to `STEP`, from the secret and a counter. One word only, so it is no message of `#offset`. */
  #step(): number {
    this.#chosen = (this.#chosen + 1) | 0
    this.#hash.word(this.#chosen)
    return ((this.#hash.finish() >>> 0) % Math.min(STEP, this.#count)) + 1
  }
}
