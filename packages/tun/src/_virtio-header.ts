/*
 * struct virtio_net_hdr (<linux/virtio_net.h>, VIRTIO 1.2 §5.1.6), which stands in front of each packet once IFF_VNET_HDR is set:
 * which checksum is still to be completed, and which TCP segment is to be cut. Here as old devices have it, in the machine's byte
 * order; all machines that this package knows are little-endian.
 *
 *   0 flags · 1 gso_type · 2 hdr_len · 4 gso_size · 6 csum_start · 8 csum_offset
 */
export const VIRTIO_HEADER_LENGTH = 10

/** The sum from `csum_start` on is to be complemented and put at `csum_offset`, where the pseudo-header's sum is now. */
const NEEDS_CHECKSUM = 1
/** The checksum was verified. */
const CHECKSUM_VALID = 2
const GSO_TCPV4 = 1
const GSO_TCPV6 = 4
/** The first of the segments has CWR, the others have not. */
const GSO_ECN = 0x80

const TCP = 6
const UDP = 17
const TCP_CHECKSUM = 16
const UDP_CHECKSUM = 6
const TCP_HEADER = 20
const UDP_HEADER = 8
const ETHERNET_HEADER = 14
const ETHERTYPE_IPV4 = 0x0800
const ETHERTYPE_IPV6 = 0x86dd

/** Text bytes in each segment that the packet behind the header at `bytes[at]` stands for; 0: it is one as it is. */
export function segmentSizeOf(bytes: Uint8Array, at: number): number {
  const type = bytes[at + 1]! & ~GSO_ECN
  return type === GSO_TCPV4 || type === GSO_TCPV6 ? bytes[at + 4]! | (bytes[at + 5]! << 8) : 0
}

/** Whether the kernel vouches for the transport checksum of the packet behind the header at `bytes[at]`. */
export function checksumVouchedFor(bytes: Uint8Array, at: number): boolean {
  return (bytes[at]! & (NEEDS_CHECKSUM | CHECKSUM_VALID)) !== 0
}

/**
 * Writes the header for the packet in `bytes[at + 10, end)` to `bytes[at]`. A TCP or UDP checksum that is 0 or holds no more than
 * the pseudo-header's sum is left to the kernel to complete, and `segmentSize`, when not 0, the segment to cut.
 * @param ethernet whether the packet begins with an Ethernet header.
 */
export function writeVirtioHeader(bytes: Uint8Array, at: number, end: number, ethernet: boolean, segmentSize: number): void {
  for (let i = 0; i < VIRTIO_HEADER_LENGTH; i++) bytes[at + i] = 0
  const packet = at + VIRTIO_HEADER_LENGTH
  const ip = ethernet ? packet + ETHERNET_HEADER : packet
  if (end - ip < 1) return
  const version = bytes[ip]! >> 4
  if (ethernet && readUint16(bytes, packet + 12) !== (version === 4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6)) return
  const transport = transportAt(bytes, ip, end, version)
  if (transport < 0) return
  const protocol = bytes[ip + (version === 4 ? 9 : 6)]!
  const tcp = protocol === TCP
  if (!tcp && protocol !== UDP) return
  if (end - transport < (tcp ? TCP_HEADER : UDP_HEADER)) return

  const field = transport + (tcp ? TCP_CHECKSUM : UDP_CHECKSUM)
  const addresses = ip + (version === 4 ? 12 : 8)
  const sum = pseudoHeaderSum(bytes, addresses, version === 4 ? 8 : 32, protocol, end - transport)
  const found = readUint16(bytes, field)
  const cut = tcp && segmentSize > 0
  if (found !== 0 && found !== sum && !cut) return
  bytes[field] = sum >> 8
  bytes[field + 1] = sum
  bytes[at] = NEEDS_CHECKSUM
  writeNative16(bytes, at + 6, transport - packet)
  writeNative16(bytes, at + 8, field - transport)
  if (!cut) return
  bytes[at + 1] = version === 4 ? GSO_TCPV4 : GSO_TCPV6
  writeNative16(bytes, at + 2, transport + ((bytes[transport + 12]! >> 4) << 2) - packet)
  writeNative16(bytes, at + 4, segmentSize)
}

/** Where the transport header begins; -1 for a fragment, for IPv6 extension headers and for what is no whole packet. */
function transportAt(bytes: Uint8Array, ip: number, end: number, version: number): number {
  if (version === 4) {
    if (end - ip < 20 || readUint16(bytes, ip + 2) !== end - ip || (readUint16(bytes, ip + 6) & 0x3fff) !== 0) return -1
    return ip + ((bytes[ip]! & 15) << 2)
  }
  return version === 6 && end - ip >= 40 && readUint16(bytes, ip + 4) === end - ip - 40 ? ip + 40 : -1
}

/** Ones' complement sum of the pseudo-header, folded and not complemented (RFC 9293 §3.1, RFC 8200 §8.1). */
function pseudoHeaderSum(bytes: Uint8Array, addresses: number, length: number, protocol: number, transportLength: number): number {
  let sum = protocol + transportLength
  for (let i = 0; i < length; i += 2) sum += readUint16(bytes, addresses + i)
  sum = (sum & 0xffff) + (sum >>> 16)
  return (sum & 0xffff) + (sum >>> 16)
}

function readUint16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!
}

function writeNative16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value
  bytes[at + 1] = value >> 8
}
