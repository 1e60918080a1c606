/**
 * Takes one packet that came in. The bytes are lent for this call alone; whoever keeps them copies
 * them. Must not call back into the device: replies leave at the receiver's next poll.
 */
export type PacketReceiver = (bytes: Uint8Array, start: number, end: number) => void

/** Which transport and IP checksums the medium makes needless, as virtio's offload bits say. */
export interface ChecksumOffload {
  /** Outgoing packets may leave without them. */
  readonly transmit: boolean
  /** Incoming packets need no verification. */
  readonly receive: boolean
}

/** Something that carries packets: the one interface between a stack and any medium. */
export interface Device {
  /** `ip`: bare IP packets (TUN, tunnels). `ethernet`: Ethernet II frames without FCS. */
  readonly medium: 'ip' | 'ethernet'
  /** Largest IP packet in bytes; an Ethernet frame is 14 more. */
  readonly mtu: number
  /** The interface's own address, six bytes; `ethernet` only. */
  readonly hardwareAddress: Uint8Array | undefined
  readonly offload: ChecksumOffload
  /** Says who takes incoming packets. Packets that come before are dropped. A second call replaces the first. */
  attach(receiver: PacketReceiver): void
  /**
   * Sends one packet, whose bytes are lent for this call alone. False when the device cannot take
   * it now; the caller still owns the packet and may try again later. True when it was taken, which
   * does not say that it will arrive: a packet too long, or for a closed device, is taken and dropped.
   */
  transmit(bytes: Uint8Array, start: number, end: number): boolean
  /** Releases what the device holds; later packets in either direction are dropped. Idempotent. */
  close(): void
}
