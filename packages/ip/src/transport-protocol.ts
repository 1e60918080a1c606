import type { DropReason, IcmpCause, PacketMeta } from '@layerfour/wire'

/**
 * A protocol on top of IP. The layer calls it; it calls the layer's `NetworkLayer` side. Packets are lent for the call
 * alone, and `receive` and `icmp` must not send: they note what is owed, and `poll` sends it.
 */
export interface TransportProtocol {
  /** IP protocol number: 6 TCP, 17 UDP. 1 and 58 take the ICMP messages that the layer itself has no use for: echo replies. */
  readonly protocol: number

  /**
   * Takes one whole packet, `bytes[start, end)` from the transport header on. The reason it returns is counted by the
   * layer; `PortUnreachable` makes it answer with an ICMP error.
   */
  receive(meta: PacketMeta, bytes: Uint8Array, start: number, end: number, now: number): DropReason

  /**
   * An ICMP error came about a packet of ours, which is quoted: `meta.source` is us, `meta.destination` the peer, and
   * `bytes[start, end)` the beginning of its transport header, at least 8 bytes. `mtu` is the next hop's, in bytes
   * including the IP header, with `PacketTooBig`; else 0. The sender of the error proves nothing: check the quoted header against
   * what was sent, and return `IcmpUnmatched` where it does not fit; then the path MTU stays as it was.
   */
  icmp(
    cause: IcmpCause, mtu: number, meta: PacketMeta, bytes: Uint8Array, start: number, end: number, now: number,
  ): DropReason

  /** Sends what is owed and runs due timers. Returns the next deadline in ms; Infinity for none. */
  poll(now: number): number

  /** When `poll` is wanted next, in ms; at or before now when something is owed. */
  readonly deadline: number
}
