/**
 * What the internet layer needs of a network device; a `Device` of `@layerfour/link` is one. Incoming packets are not
 * fetched through it: whoever drives the layer hands them to `InternetLayer.receive`.
 */
export interface LinkPort {
  /** `ip`: bare IP packets. `ethernet`: Ethernet II frames without FCS. */
  readonly medium: 'ip' | 'ethernet'
  /** Largest IP packet in bytes. */
  readonly mtu: number
  /** Six bytes; `ethernet` only. */
  readonly hardwareAddress: Uint8Array | undefined
  /**
   * Which checksums, of IP and of transports, the medium makes needless; and the largest IP packet, in bytes, with a TCP segment that
   * it cuts into segments that fit its MTU, 0 or absent for none.
   */
  readonly offload: { readonly transmit: boolean; readonly receive: boolean; readonly segmentation?: number }
  /**
   * Sends one packet, lent for this call alone. `segmentSize`, when not 0: it is to be cut into segments with so many bytes of text each.
   * False: not now, try again later.
   */
  transmit(bytes: Uint8Array, start: number, end: number, segmentSize?: number): boolean
}
