/**
 * Every cap and interval of the internet layer in one place. Each says who owns it: an RFC, or us.
 */

/** Ours. Interfaces of one layer, the loopback included. */
export const MAX_INTERFACES = 64
/** Ours. Addresses of all interfaces together. */
export const MAX_ADDRESSES = 256
/** Ours. Routes; a look-up reads them in order, so this also bounds its work. */
export const MAX_ROUTES = 256

/** Ours. Default TTL and hop limit, as RFC 1700 recommends. */
export const DEFAULT_HOP_LIMIT = 64

/** Largest IP packet that an interface may carry, in bytes. */
export const MAX_MTU = 65535
/** RFC 791 §3.1: every module can forward this without fragmenting it; the least MTU of an interface. */
export const MIN_MTU_IPV4 = 68
/** RFC 8200 §5: every IPv6 link carries this much. */
export const MIN_MTU_IPV6 = 1280

/** Room in front of every packet that we build: 14 bytes Ethernet, 40 IPv6, 8 Fragment, rounded up to a multiple of 8. */
export const HEADROOM = 64

/** Ours. Room for the packet that is being built, and for the one that is being received: the longest one with headroom. */
export const PACKET_BUFFER_BYTES: number = 2 * HEADROOM + MAX_MTU + 1

/** The margin that `InternetLayer` wants of an `Arena`: its two packet buffers. Without it, they are memory of their own. */
export const INTERNET_LAYER_MARGIN: number = 2 * PACKET_BUFFER_BYTES

/** Ours. What the loopback carries: with its headroom, a packet fills a block of 64 KiB. */
export const LOOPBACK_MTU: number = 65536 - HEADROOM

/** Ours. Memory of a layer that is given no arena; packets that wait share it, and when it is full, later ones are dropped. */
export const DEFAULT_ARENA_BYTES: number = 2 * 1024 * 1024

/** Ours. Replies of the layer itself (ICMP, ARP, released pending packets) that wait for a poll. */
export const REPLY_QUEUE_PACKETS = 64
export const REPLY_QUEUE_BYTES: number = 256 * 1024
/** Ours. How long, in ms, a reply is kept for a device that refuses it, and how often it is tried again. */
export const REPLY_LIFETIME = 1000
export const REPLY_RETRY_INTERVAL = 5

/** Ours. Packets to our own addresses that wait for a poll. */
export const LOOPBACK_QUEUE_PACKETS = 256
export const LOOPBACK_QUEUE_BYTES: number = 1024 * 1024

/** Ours. Neighbours of all interfaces together; the least recently used one makes room. */
export const MAX_NEIGHBOURS = 256
/** RFC 1122 §2.3.2.1: at most one request a second to one neighbour. In ms. */
export const NEIGHBOUR_RETRY_INTERVAL = 1000
/** Ours. Requests without an answer before a neighbour counts as unreachable. */
export const NEIGHBOUR_TRIES = 5
/** RFC 1122 §2.3.2.1 (2): after "on the order of a minute" an entry in use is polled by unicast. In ms. */
export const NEIGHBOUR_REACHABLE_TIME = 60_000
/** RFC 1122 §2.3.2.1 (2): "typically N is 2" such polls without an answer delete the entry. */
export const NEIGHBOUR_PROBES = 2

/** Ours. Destinations whose path MTU is known; the oldest one makes room. */
export const MAX_PATH_MTUS = 256
/** RFC 1191 §6.3: a lowered path MTU is forgotten after this long, so that a better path is found. In ms. */
export const PATH_MTU_LIFETIME = 600_000
/** Ours, as Linux has it: no ICMP message makes us send smaller IPv4 packets; below it routers fragment instead. */
export const PATH_MTU_FLOOR_IPV4 = 552

/** Ours. Datagrams in reassembly; the oldest one makes room. */
export const MAX_REASSEMBLIES = 16
/** Ours. Share of the arena that reassembly may take; the oldest datagram makes room, so fragments cannot starve all else. */
export const REASSEMBLY_SHARE: number = 1 / 4
/** Ours. What reassembly may take of a small arena: enough for one datagram of any size. */
export const MIN_REASSEMBLY_BYTES: number = 128 * 1024
/** Ours. Separate runs of bytes in one datagram: a stream of tiny scattered fragments ends here. */
export const MAX_FRAGMENT_RUNS = 64
/** Ours, as Linux has it (RFC 1122 §3.3.2 asks for 60 to 120 s, from slower days). In ms. */
export const REASSEMBLY_TIMEOUT_IPV4 = 30_000
/** RFC 8200 §4.5. In ms. */
export const REASSEMBLY_TIMEOUT_IPV6 = 60_000

/** Ours (RFC 1812 §4.3.2.8 and RFC 4443 §2.4 (f) leave the figures open): ICMP errors a second, and at once. */
export const ICMP_ERRORS_PER_SECOND = 100
export const ICMP_ERROR_BURST = 50
/** Ours. The same for one destination (an IPv4 address, an IPv6 /64); a traceroute by threes fits. */
export const ICMP_ERRORS_PER_SECOND_PER_DESTINATION = 10
export const ICMP_ERROR_BURST_PER_DESTINATION = 10
/** RFC 1812 §4.3.2.3: an ICMP error quotes as much as fits into this. */
export const ICMP_ERROR_BYTES_IPV4 = 576
/** RFC 4443 §2.4 (c): as much as fits into the minimum IPv6 MTU. */
export const ICMP_ERROR_BYTES_IPV6: number = MIN_MTU_IPV6
