import type { Arena } from '@layerfour/storage'
import type { IpAddress, NetworkLayer, PacketMeta, Path, UdpHeader } from '@layerfour/wire'
import { isLimitedBroadcast, isMulticast, isUnspecified } from '@layerfour/wire'
import type { PortChooser } from './config.ts'
import type { EndpointTable } from './endpoint-table.ts'
import type { EndpointState } from './endpoint-state.ts'
import type { UdpEndpoint } from './endpoint.ts'
import type { EndpointSnapshot } from './snapshot.ts'

/** The internet layer as UDP sees it. */
export interface UdpNetwork extends NetworkLayer {
  /** Whether an address is a broadcast address here. Without it, 255.255.255.255 alone is taken for one. */
  isBroadcast?(address: IpAddress): boolean
}

/** How endpoints become plain data and back: `endpointSnapshots`. */
export interface EndpointSnapshots {
  take(context: UdpContext, state: EndpointState): EndpointSnapshot
  fingerprint(context: UdpContext, state: EndpointState): string
  restore(context: UdpContext, endpoint: UdpEndpoint, saved: EndpointSnapshot): number
}

/** What all endpoints of one UDP share; the objects in it are reused for every datagram. */
export interface UdpContext {
  readonly network: UdpNetwork
  readonly arena: Arena
  /** All of the arena. */
  readonly view: DataView
  readonly ports: PortChooser | undefined
  readonly snapshots: EndpointSnapshots | undefined
  readonly table: EndpointTable
  readonly meta: PacketMeta
  readonly path: Path
  readonly header: UdpHeader
  /** The endpoint has news for the user. */
  notify(endpoint: UdpEndpoint): void
  /** The device was full: tell the endpoint in a moment that it may try again. */
  block(endpoint: UdpEndpoint, now: number): void
  /** The endpoint was closed. */
  forget(endpoint: UdpEndpoint): void
}

export function isBroadcast(network: UdpNetwork, address: IpAddress): boolean {
  return isLimitedBroadcast(address) || (network.isBroadcast !== undefined && network.isBroadcast(address))
}

/** Where datagrams may be received: any address, one of ours, a group, a broadcast address. */
export function mayBindTo(network: UdpNetwork, address: IpAddress): boolean {
  return isUnspecified(address) || network.isLocal(address) || isMulticast(address) || isBroadcast(network, address)
}
