import { SipHash } from '@layerfour/storage'
import type { IpAddress } from '@layerfour/wire'

/** Counters that destinations share by hash. */
const COUNTERS = 256

/**
 * Identification values for packets that may be fragmented (RFC 791 §3.2; RFC 6864: others need none). One global
 * counter would tell everybody how much we send to everybody else (RFC 7739 §2), so each pair of addresses counts from
 * its own secret place (RFC 7739 §5.3), on one of 256 counters. Peers see the values, hence `SipHash`.
 */
export class Identification {
  private readonly hash: SipHash
  private readonly counters: Int32Array = new Int32Array(COUNTERS)

  /** @param secret at least four random words. */
  constructor(secret: Int32Array) {
    this.hash = new SipHash(secret)
  }

  /** The next value for this pair of addresses: an int32, of which IPv4 takes the low 16 bits. */
  next(source: IpAddress, destination: IpAddress, protocol: number): number {
    const { hash } = this
    hash.word(source.w0)
    hash.word(source.w1)
    hash.word(source.w2)
    hash.word(source.w3)
    hash.word(destination.w0)
    hash.word(destination.w1)
    hash.word(destination.w2)
    hash.word(destination.w3)
    hash.word(protocol)
    const start = hash.finish()
    return (start + this.counters[hash.high & (COUNTERS - 1)]!++) | 0
  }
}
