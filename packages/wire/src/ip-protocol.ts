/** IANA protocol numbers: IPv4's protocol field and IPv6's next header. */
export const IpProtocol = {
  HopByHopOptions: 0,
  Icmp: 1,
  Igmp: 2,
  Tcp: 6,
  Udp: 17,
  Routing: 43,
  Fragment: 44,
  Icmpv6: 58,
  NoNextHeader: 59,
  DestinationOptions: 60,
} as const

export type IpProtocol = (typeof IpProtocol)[keyof typeof IpProtocol]
