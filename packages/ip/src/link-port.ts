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
  /** Which checksums, of IP and of transports, the medium makes needless. */
  readonly offload: { readonly transmit: boolean; readonly receive: boolean }
  /** Sends one packet, lent for this call alone. False: not now, try again later. */
  transmit(bytes: Uint8Array, start: number, end: number): boolean
}
