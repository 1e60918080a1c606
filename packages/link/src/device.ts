/**
 * Takes one packet that came in. The bytes are lent for this call alone; whoever keeps them copies
 * them. Nothing else may write to them before it returns, unless their buffer is a `SharedArrayBuffer`, out of which a stack
 * copies them first. Must not call back into the device: replies leave at the receiver's next poll.
 *
 * `segmentSize` is given, and not 0, for a packet that stands for several TCP segments, cut or not: the text bytes in each of
 * them but the last. It may be longer than the MTU, if the device's `offload.segmentation` says so.
 * `checksumVerified`: the medium vouches for this packet's transport checksum, whatever `offload.receive` says of all of them.
 */
export type PacketReceiver = (
  bytes: Uint8Array, start: number, end: number, segmentSize?: number, checksumVerified?: boolean,
) => void

/** Which transport and IP checksums the medium makes needless, as virtio's offload bits say. */
export interface ChecksumOffload {
  /** Outgoing packets may leave without them. */
  readonly transmit: boolean
  /** Incoming packets need no verification. */
  readonly receive: boolean
}

/** What else the medium does for the stack. */
export interface Offload extends ChecksumOffload {
  /**
   * Bytes of the largest IP packet with a TCP segment that the medium cuts into segments which fit its MTU, up to 65,535, or
   * carries whole; packets of that length may come in as well. 0 or absent: none. Needs `transmit`: whoever cuts segments
   * writes their checksums.
   */
  readonly segmentation?: number
}

/** Something that carries packets: the one interface between a stack and any medium. */
export interface Device {
  /** `ip`: bare IP packets (TUN, tunnels). `ethernet`: Ethernet II frames without FCS. */
  readonly medium: 'ip' | 'ethernet'
  /** Largest IP packet in bytes; an Ethernet frame is 14 more. */
  readonly mtu: number
  /** The interface's own address, six bytes; `ethernet` only. */
  readonly hardwareAddress: Uint8Array | undefined
  readonly offload: Offload
  /** Says who takes incoming packets. Packets that come before are dropped. A second call replaces the first. */
  attach(receiver: PacketReceiver): void
  /**
   * Sends one packet, whose bytes are lent for this call alone. False when the device cannot take
   * it now; the caller still owns the packet and may try again later. True when it was taken, which
   * does not say that it will arrive: a packet too long, or for a closed device, is taken and dropped.
   *
   * `segmentSize`, where `offload.segmentation` allows it and when not 0: the packet is one TCP segment, to be cut into
   * segments of so many bytes of text each, of which the last may have fewer.
   */
  transmit(bytes: Uint8Array, start: number, end: number, segmentSize?: number): boolean
  /** Releases what the device holds; later packets in either direction are dropped. Idempotent. */
  close(): void
}
