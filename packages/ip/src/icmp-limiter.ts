import { SipHash } from '@layerfour/storage'
import { isIpv4 } from '@layerfour/wire'
import type { IpAddress } from '@layerfour/wire'
import {
  ICMP_ERROR_BURST, ICMP_ERROR_BURST_PER_DESTINATION, ICMP_ERRORS_PER_SECOND, ICMP_ERRORS_PER_SECOND_PER_DESTINATION,
} from './limits.ts'
import { TokenBucket } from './token-bucket.ts'

/** Buckets that destinations share by hash. */
const BUCKETS = 256

/**
 * How many ICMP errors leave, to one destination and in all. A destination's own bucket is asked first, so that one
 * flooder does not silence the errors for everyone else. From the common one, an error takes 0 to 2 tokens, 1 on average, in a
 * secret order: otherwise a forger of sources could count by it how many of his packets met an open port (SAD DNS,
 * CVE-2020-25705).
 */
export class IcmpLimiter {
  private readonly hash: SipHash
  /** Made when first asked. */
  private readonly destinations: (TokenBucket | undefined)[] = new Array<undefined>(BUCKETS).fill(undefined)
  private readonly common: TokenBucket = new TokenBucket(ICMP_ERRORS_PER_SECOND, ICMP_ERROR_BURST)
  private count = 0

  /** @param secret at least four random words. */
  constructor(secret: Int32Array) {
    this.hash = new SipHash(secret)
  }

  /** Whether an error may go to `destination` now; it is counted then. */
  take(destination: IpAddress, now: number): boolean {
    const { hash } = this
    if (isIpv4(destination)) {
      hash.word(destination.w3)
    } else {
      // Who has one address of a /64 has all of them.
      hash.word(destination.w0)
      hash.word(destination.w1)
    }
    const at = hash.finish() & (BUCKETS - 1)
    const own = this.destinations[at]
      ??= new TokenBucket(ICMP_ERRORS_PER_SECOND_PER_DESTINATION, ICMP_ERROR_BURST_PER_DESTINATION)
    if (!own.take(now)) return false
    this.count = (this.count + 1) | 0
    // Three words: no message for an address has as many.
    hash.word(this.count)
    hash.word(0)
    hash.word(0)
    return this.common.take(now, (hash.finish() >>> 0) / 0x80000000)
  }
}
