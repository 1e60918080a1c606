import type { IpPrefix } from '@layerfour/wire'
import { formatPrefix, ipAddressEquals, isDirectedBroadcast, isIpv4, prefixContains, prefixNetwork } from '@layerfour/wire'

/**
 * The address that the kernel gets on its side of the interface, so that it can reach ours: the first
 * one of the prefix that is neither the network's, nor its broadcast, nor ours. Undefined when the prefix has room for us only.
 */
export function kernelAddressBeside(ours: IpPrefix): IpPrefix | undefined {
  const { address, length } = ours
  const network = prefixNetwork(ours)
  // RFC 3021 and RFC 6164: two addresses without a network's own.
  const first = length >= (isIpv4(address) ? 31 : 127) ? 0 : 1
  for (let host = first; host < first + 2; host++) {
    const candidate = { ...network, w3: network.w3 + host | 0 }
    if (!prefixContains(ours, candidate) || isDirectedBroadcast(ours, candidate)) return undefined
    if (!ipAddressEquals(candidate, address)) return { address: candidate, length }
  }
  return undefined
}

/** As `kernelAddressBeside`, for texts like `10.0.0.2/24`. */
export function kernelAddressesBeside(ours: readonly IpPrefix[]): string[] {
  return ours.map(kernelAddressBeside).filter((prefix) => prefix !== undefined).map(formatPrefix)
}
