/** How the packets of an interface begin, as tcpdump's registry of link types numbers it. */
export const LinkType = {
  /** Ethernet II frames without FCS: a `Device` whose medium is `ethernet`. */
  Ethernet: 1,
  /** IPv4 and IPv6 packets; the version tells which. A `Device` whose medium is `ip`. */
  Raw: 101,
} as const

export type LinkType = (typeof LinkType)[keyof typeof LinkType]
