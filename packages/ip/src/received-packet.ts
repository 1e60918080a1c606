import { createPacketMeta } from '@layerfour/wire'
import type { PacketMeta } from '@layerfour/wire'
import type { NetworkInterface } from './interfaces.ts'

/** The packet being received: one object, refilled for each. */
export interface ReceivedPacket {
  readonly meta: PacketMeta
  iface: NetworkInterface
  /** Memory that nobody else changes while we look at it: ours, or the device's. */
  bytes: Uint8Array
  /** Where the IP header begins. */
  start: number
  /** Where what the IP header carries begins. */
  transportStart: number
  /** The end of the IP packet; padding behind it is cut off. */
  end: number
  /** It came in a frame to everyone or to a group. */
  linkGroup: boolean
  /** It is for more hosts than us; no ICMP error may answer it (RFC 1122 §3.2.2, RFC 4443 §2.4 (e)). */
  broadcast: boolean
}

export function createReceivedPacket(iface: NetworkInterface): ReceivedPacket {
  return {
    meta: createPacketMeta(), iface, bytes: new Uint8Array(0), start: 0, transportStart: 0, end: 0, linkGroup: false, broadcast: false,
  }
}
