import type { IpAddress } from '@layerfour/wire'
import { formatIpAddress, LOOPBACK_IPV4, parseIpAddress } from '@layerfour/wire'

/** One end of a connection or the source of a datagram. */
export interface SocketAddress {
  /** IPv4 in dotted form, IPv6 as RFC 5952 writes it. */
  readonly hostname: string
  /** 1 to 65,535; 0 when it is not chosen yet. */
  readonly port: number
}

/** An address as the base sockets take it: as text, or parsed, which costs nothing per call. */
export type AddressLike = string | IpAddress

export function toSocketAddress(address: IpAddress, port: number): SocketAddress {
  return { hostname: formatIpAddress(address), port }
}

/**
 * Reads an address; `undefined` when it is none. Besides IP literals, with or without brackets
 * around IPv6, it knows `localhost` (127.0.0.1); there is no name service here.
 */
export function toIpAddress(address: AddressLike): IpAddress | undefined {
  if (typeof address !== 'string') return address
  if (address === 'localhost') return LOOPBACK_IPV4
  if (address === latestText) return latest
  const bare = address.startsWith('[') && address.endsWith(']') ? address.slice(1, -1) : address
  const parsed = parseIpAddress(bare)
  if (parsed !== undefined) {
    latestText = address
    latest = parsed
  }
  return parsed
}

/** What was read last: who opens connections one after another opens them to one peer. Nobody writes to an address. */
let latestText = ''
let latest: IpAddress | undefined
