import type { IpAddress } from '@layerfour/wire'
import type { NetworkInterface } from './interfaces.ts'
import type { PathMtuCache } from './path-mtu.ts'

/** The largest packet to `destination` by this interface, in bytes: what the link carries, or less where ICMP said so. */
export function mtuTo(destination: IpAddress, iface: NetworkInterface, pathMtus: PathMtuCache | undefined): number {
  return pathMtus === undefined ? iface.port.mtu : Math.min(iface.port.mtu, pathMtus.mtu(destination))
}
