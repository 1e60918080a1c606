import type { SipHash } from '@layerfour/storage'
import type { IpAddress } from '@layerfour/wire'

/**
 * Initial sequence number of RFC 6528 §3: M + F(localip, localport, remoteip, remoteport, secret),
 * where M is a clock of 4 µs ticks. Two incarnations of one connection never overlap, and nobody
 * without the secret can guess another connection's numbers.
 */
export function initialSequenceNumber(
  hash: SipHash,
  localAddress: IpAddress,
  localPort: number,
  remoteAddress: IpAddress,
  remotePort: number,
  now: number,
): number {
  // 32 bits of 4 µs ticks wrap after 4.77 hours; the product stays exact for decades of ms.
  const ticks = Math.floor(now * 250) % 0x1_0000_0000
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
  return (ticks + hash.finish()) | 0
}
