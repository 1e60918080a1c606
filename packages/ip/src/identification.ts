import { SipHash } from '@layerfour/storage'
import { copyIpAddress, createIpAddress, ipAddressEquals } from '@layerfour/wire'
import type { IpAddress, MutableIpAddress } from '@layerfour/wire'

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

  /** Whom the last value was for, where they count from and on which counter: packets come in trains. */
  private readonly source: MutableIpAddress = createIpAddress()
  private readonly destination: MutableIpAddress = createIpAddress()
  private protocol = -1
  private start = 0
  private counter = 0

  /** @param secret at least four random words. */
  constructor(secret: Int32Array) {
    this.hash = new SipHash(secret)
  }

  /** The next value for this pair of addresses: an int32, of which IPv4 takes the low 16 bits. */
  next(source: IpAddress, destination: IpAddress, protocol: number): number {
    if (protocol !== this.protocol || !ipAddressEquals(destination, this.destination) || !ipAddressEquals(source, this.source)) {
      this.settle(source, destination, protocol)
    }
    return (this.start + this.counters[this.counter]!++) | 0
  }

  private settle(source: IpAddress, destination: IpAddress, protocol: number): void {
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
    this.start = hash.finish()
    this.counter = hash.high & (COUNTERS - 1)
    copyIpAddress(source, this.source)
    copyIpAddress(destination, this.destination)
    this.protocol = protocol
  }
}
