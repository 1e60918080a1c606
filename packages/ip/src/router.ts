import {
  copyIpAddress, createIpAddress, DropReason, ipAddressEquals, isIpv4, isLimitedBroadcast, isLoopback, isMulticast, isUnspecified,
  LOOPBACK_IPV4, LOOPBACK_IPV6,
} from '@layerfour/wire'
import type { IpAddress, MutableIpAddress, Path } from '@layerfour/wire'
import type { InterfaceTable, NetworkInterface } from './interfaces.ts'
import { LOOPBACK_INTERFACE } from './loopback.ts'
import { mtuTo } from './mtu-to.ts'
import type { PathMtuCache } from './path-mtu.ts'
import type { RouteTable } from './routes.ts'

/** Decides by which interface a packet leaves, and to which neighbour it goes first (RFC 1122 §3.3.1). */
export class Router {
  /** The neighbour that `choose` chose: a gateway or the destination itself. */
  readonly nextHop: MutableIpAddress = createIpAddress()
  private readonly interfaces: InterfaceTable
  private readonly routes: RouteTable
  /** The last question to `findPath`, and the answer: by which interface, if there is a way, and from which address of ours. */
  private readonly source: MutableIpAddress = createIpAddress()
  private readonly destination: MutableIpAddress = createIpAddress()
  private interfacesVersion = -1
  private routesVersion = -1
  private iface: NetworkInterface | undefined = undefined
  private readonly ours: MutableIpAddress = createIpAddress()
  private reason: DropReason = DropReason.NoRoute
  /** What ICMP said of paths; undefined where there is none. */
  pathMtus: PathMtuCache | undefined
  /** Whether packets to ourselves have a way, and packets of IPv6. */
  loops = true
  ipv6 = true

  constructor(interfaces: InterfaceTable, routes: RouteTable, pathMtus?: PathMtuCache) {
    this.interfaces = interfaces
    this.routes = routes
    this.pathMtus = pathMtus
  }

  /**
   * The interface by which packets from `source` (unspecified: any) to `destination` leave; undefined when there is none.
   * Fills `nextHop`. @param onlyInterface when not -1, it must be this one, unless the destination is ourselves.
   */
  choose(destination: IpAddress, source: IpAddress, onlyInterface: number): NetworkInterface | undefined {
    const { interfaces, nextHop } = this
    copyIpAddress(destination, nextHop)
    if (interfaces.isLocal(destination)) return this.loops ? this.usable(interfaces.list[LOOPBACK_INTERFACE], destination) : undefined
    let preferred = onlyInterface
    // With one interface beside the loopback, whose address the source is makes no difference.
    if (preferred < 0 && interfaces.list.length > 2 && !isUnspecified(source)) preferred = interfaces.ownerOf(source)
    // These go to a wire rather than to a host: the one asked for needs no route to them.
    const everyone = isLimitedBroadcast(destination) || isMulticast(destination)
    if (everyone && preferred > LOOPBACK_INTERFACE) return this.usable(interfaces.list[preferred], destination)
    const route = this.routes.lookup(destination, preferred, onlyInterface)
    if (route === undefined) return everyone ? this.usable(interfaces.firstOf(destination), destination) : undefined
    if (!everyone && route.gateway !== undefined) copyIpAddress(route.gateway, nextHop)
    return this.usable(interfaces.list[route.interfaceIndex], destination)
  }

  /**
   * As `NetworkLayer.findPath`. The answer to the last question is kept for the next datagram, until an interface, an address or a route
   * changes; but for what ICMP says of the path.
   */
  findPath(destination: IpAddress, source: IpAddress, path: Path): DropReason {
    const { interfaces, routes, ours } = this
    if (!ipAddressEquals(destination, this.destination) || !ipAddressEquals(source, this.source)
      || this.interfacesVersion !== interfaces.version || this.routesVersion !== routes.version) this.ask(destination, source)
    const { iface } = this
    if (iface === undefined) return this.reason
    copyIpAddress(ours, path.source)
    path.interfaceIndex = iface.index
    path.mtu = mtuTo(destination, iface, this.pathMtus)
    path.checksumNeeded = !iface.port.offload.transmit
    path.segmentation = iface.port.offload.segmentation ?? 0
    return DropReason.None
  }

  private ask(destination: IpAddress, source: IpAddress): void {
    copyIpAddress(destination, this.destination)
    copyIpAddress(source, this.source)
    this.interfacesVersion = this.interfaces.version
    this.routesVersion = this.routes.version
    this.iface = undefined
    this.reason = this.answer(destination, source)
  }

  private answer(destination: IpAddress, source: IpAddress): DropReason {
    const { interfaces } = this
    const chosen = !isUnspecified(source)
    if (isUnspecified(destination)) return DropReason.NoRoute
    if (chosen && (!interfaces.isLocal(source) || isIpv4(source) !== isIpv4(destination))) return DropReason.NoSourceAddress
    const iface = this.choose(destination, source, -1)
    if (iface === undefined) return DropReason.NoRoute
    const loops = iface.index === LOOPBACK_INTERFACE
    // RFC 1122 §3.2.1.3 (g): a loopback address never appears outside a host.
    if (chosen && !loops && isLoopback(source)) return DropReason.NoSourceAddress
    const ours = chosen ? source : loops ? ownSource(destination) : interfaces.sourceFor(iface, this.nextHop)
    if (ours === undefined) return DropReason.NoSourceAddress
    copyIpAddress(ours, this.ours)
    this.iface = iface
    return DropReason.None
  }

  /** IPv6 has no neighbour discovery here yet, so it cannot leave by Ethernet; and it may not be there at all. */
  private usable(iface: NetworkInterface | undefined, destination: IpAddress): NetworkInterface | undefined {
    return iface === undefined || isIpv4(destination) || (this.ipv6 && iface.port.medium === 'ip') ? iface : undefined
  }
}

/** Who talks to an address of this host, talks from that address; in 127.0.0.0/8 from 127.0.0.1. */
function ownSource(destination: IpAddress): IpAddress {
  if (!isLoopback(destination)) return destination
  return isIpv4(destination) ? LOOPBACK_IPV4 : LOOPBACK_IPV6
}
