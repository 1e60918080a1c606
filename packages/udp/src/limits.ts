/** Most data in a datagram over IPv4: 65,535 bytes less 20 of IP header and 8 of UDP header. */
export const MAX_PAYLOAD_IPV4 = 65_507
/** Over IPv6, whose length field leaves its own header out (RFC 8200 §3). */
export const MAX_PAYLOAD_IPV6 = 65_527

/** What a queued datagram takes in the queue beside its data, in bytes: who sent it, and how. */
export const QUEUE_OVERHEAD = 40
