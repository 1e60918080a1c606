import type { MutableIpAddress } from '@layerfour/wire'
import { createIpAddress } from '@layerfour/wire'

/** What is known of a datagram besides its data. `receiveFrom` fills one in place: copy what you keep. */
export interface DatagramInfo {
  /** Who sent it. */
  readonly address: MutableIpAddress
  /** Where to answer to; 0 when the sender wants no answer (RFC 768). */
  port: number
  /** Which address of ours it was sent to; a broadcast or group address if to such. */
  readonly destination: MutableIpAddress
  /** Bytes of data it had. */
  length: number
  /** There was less room than data; the rest is gone (MSG_TRUNC). */
  truncated: boolean
  /** TTL or hop limit that it arrived with. */
  hopLimit: number
  /** DSCP and ECN that it arrived with. */
  trafficClass: number
}

export function createDatagramInfo(): DatagramInfo {
  return {
    address: createIpAddress(),
    port: 0,
    destination: createIpAddress(),
    length: 0,
    truncated: false,
    hopLimit: 0,
    trafficClass: 0,
  }
}
