import type { DropReason } from '@layerfour/wire'

/**
 * Sees every packet of an `InternetLayer`; each member may be absent and then costs nothing. Packets are lent for the call
 * alone and must not be changed. With an `ethernet` interface they begin with the Ethernet header.
 */
export interface IpObserver {
  /** A packet came in, before anything was checked. */
  packetIn?(interfaceIndex: number, bytes: Uint8Array, start: number, end: number, now: number): void
  /** A device took a packet. */
  packetOut?(interfaceIndex: number, bytes: Uint8Array, start: number, end: number, now: number): void
  /**
   * A packet was dropped and counted. `bytes[start, end)` is the packet or what is left of it, from its IP header on where
   * there is one; empty when it is gone. `interfaceIndex` is -1 when none was chosen.
   */
  dropped?(reason: DropReason, interfaceIndex: number, bytes: Uint8Array, start: number, end: number, now: number): void
}
