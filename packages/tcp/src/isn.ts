import type { SipHash } from '@layerfour/storage'
import type { IpAddress } from '@layerfour/wire'

/**
 * Initial sequence number of RFC 6528 §3: M + F(localip, localport, remoteip, remoteport, secret),
 * where M is a clock of 4 µs ticks. Two incarnations of one connection never overlap, and nobody
 * without the secret can guess another connection's numbers. `ends`: what `hashEnds` gave.
 */
export function initialSequenceNumber(ends: number, now: number): number {
  // 32 bits of 4 µs ticks wrap after 4.77 hours; the product stays exact for decades of ms.
  const ticks = Math.floor(now * 250) % 0x1_0000_0000
  return (ticks + ends) | 0
}

/**
 * What is added to the clock in a connection's timestamps (RFC 7323 §5.4): the same for every connection of these two ends, so that a
 * new one is known by later timestamps than the old one's, which may be in TIME-WAIT (RFC 6191 §2). The other half of the hash than
 * the ISN's, so neither tells of the other.
 */
export function timestampOffset(
  hash: SipHash, localAddress: IpAddress, localPort: number, remoteAddress: IpAddress, remotePort: number,
): number {
  hashEnds(hash, localAddress, localPort, remoteAddress, remotePort)
  return hash.high
}

/** F of RFC 6528; `hash.high` is `timestampOffset` afterwards. */
export function hashEnds(
  hash: SipHash, localAddress: IpAddress, localPort: number, remoteAddress: IpAddress, remotePort: number,
): number {
  hash.reset()
  hash.word(localAddress.w0)
  hash.word(localAddress.w1)
  hash.word(localAddress.w2)
  hash.word(localAddress.w3)
  hash.word(remoteAddress.w0)
  hash.word(remoteAddress.w1)
  hash.word(remoteAddress.w2)
  hash.word(remoteAddress.w3)
  hash.word((localPort << 16) | remotePort)
  return hash.finish()
}
