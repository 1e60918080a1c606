import {
  copyIpAddress, createIpAddress, DropReason, ipAddressEquals, isIpv4, isLimitedBroadcast, isLoopback, isMulticast, isUnspecified,
} from '@layerfour/wire'
import type { IpAddress, MutableIpAddress } from '@layerfour/wire'
import type { InterfaceTable, NetworkInterface } from './interfaces.ts'
import { LOOPBACK_INTERFACE } from './loopback.ts'
import type { Router } from './router.ts'
import type { RouteTable } from './routes.ts'

/**
 * The way that packets between two addresses take, and whether they may. Packets come in trains, so the answer to the last
 * question is kept for the next one, until an interface, an address or a route changes.
 */
export class RouteCache {
  /** The answer, when `find` returned `None`; after `NoSourceAddress` the interface is set too. */
  iface: NetworkInterface | undefined = undefined
  readonly nextHop: MutableIpAddress = createIpAddress()
  private reason: DropReason = DropReason.NoRoute
  private readonly interfaces: InterfaceTable
  private readonly routes: RouteTable
  private readonly router: Router
  private readonly source: MutableIpAddress = createIpAddress()
  private readonly destination: MutableIpAddress = createIpAddress()
  private onlyInterface = -1
  private interfacesVersion = -1
  private routesVersion = -1

  constructor(interfaces: InterfaceTable, routes: RouteTable, router: Router) {
    this.interfaces = interfaces
    this.routes = routes
    this.router = router
  }

  /**
   * Finds the way from `source` to `destination`, as `Router.choose`. Returns `None`, `NoRoute`, or `NoSourceAddress` when nothing
   * may go that way from that address.
   */
  find(destination: IpAddress, source: IpAddress, onlyInterface: number): DropReason {
    if (ipAddressEquals(destination, this.destination) && ipAddressEquals(source, this.source) && onlyInterface === this.onlyInterface
      && this.interfacesVersion === this.interfaces.version && this.routesVersion === this.routes.version) return this.reason
    return this.ask(destination, source, onlyInterface)
  }

  private ask(destination: IpAddress, source: IpAddress, onlyInterface: number): DropReason {
    copyIpAddress(destination, this.destination)
    copyIpAddress(source, this.source)
    this.onlyInterface = onlyInterface
    this.interfacesVersion = this.interfaces.version
    this.routesVersion = this.routes.version
    const iface = this.router.choose(destination, source, onlyInterface)
    copyIpAddress(this.router.nextHop, this.nextHop)
    this.iface = iface
    if (iface === undefined) this.reason = DropReason.NoRoute
    else this.reason = maySend(source, destination, iface) ? DropReason.None : DropReason.NoSourceAddress
    return this.reason
  }
}

/** RFC 1122 §3.2.1.3: a host without an address yet may only ask everyone; a loopback address stays inside. */
function maySend(source: IpAddress, destination: IpAddress, iface: NetworkInterface): boolean {
  if (isIpv4(source) !== isIpv4(destination)) return false
  if (isUnspecified(source)) return isLimitedBroadcast(destination) || isMulticast(destination)
  return !isLoopback(source) || iface.index === LOOPBACK_INTERFACE
}
