import { ipAddressEquals, isIpv4, prefixContains } from '@layerfour/wire'
import type { IpAddress, IpPrefix } from '@layerfour/wire'
import { MAX_ROUTES } from './limits.ts'

/** Where packets to a network go. */
export interface Route {
  readonly destination: IpPrefix
  /** The router that takes them; without one the network is on-link: its hosts are neighbours. */
  readonly gateway?: IpAddress
  readonly interfaceIndex: number
}

/**
 * The routes, longest prefix first, so that the first one that matches is the most specific (RFC 1122 §3.3.1.1, RFC
 * 1812 §5.2.4.3). A look-up reads them in order: a host has a handful.
 */
export class RouteTable {
  /** Goes up whenever a route comes or goes. */
  version = 0
  private readonly routes: Route[] = []

  get list(): readonly Route[] {
    return this.routes
  }

  /** Adds a route behind those of the same length; false when it is there already. @throws RangeError when full, or for nonsense. */
  add(route: Route): boolean {
    const { destination, gateway, interfaceIndex } = route
    if (this.routes.length >= MAX_ROUTES) throw new RangeError(`there are ${MAX_ROUTES} routes already, expected no more`)
    if (this.indexOf(route) >= 0) return false
    const bits = isIpv4(destination.address) ? 32 : 128
    if (!Number.isInteger(destination.length) || destination.length < 0 || destination.length > bits) {
      throw new RangeError(`prefix length is ${destination.length}, expected 0 to ${bits}`)
    }
    if (gateway !== undefined && isIpv4(gateway) !== isIpv4(destination.address)) {
      throw new RangeError('gateway and destination are of different families, expected the same')
    }
    const copy: Route = {
      destination: { address: { ...destination.address }, length: destination.length },
      interfaceIndex,
      ...(gateway === undefined ? {} : { gateway: { ...gateway } }),
    }
    const at = this.routes.findIndex((other) => other.destination.length < destination.length)
    this.routes.splice(at < 0 ? this.routes.length : at, 0, copy)
    this.version++
    return true
  }

  /** Removes a route; whether it was there. */
  remove(route: Route): boolean {
    const at = this.indexOf(route)
    if (at < 0) return false
    this.routes.splice(at, 1)
    this.version++
    return true
  }

  /**
   * The most specific route to `destination`. Among equally specific ones, one by `preferredInterface` (-1: any) goes
   * first, then the one added first. With `onlyInterface` not -1, all others are passed over.
   */
  lookup(destination: IpAddress, preferredInterface = -1, onlyInterface = -1): Route | undefined {
    const { routes } = this
    let best: Route | undefined
    for (let i = 0; i < routes.length; i++) {
      const route = routes[i]!
      if (best !== undefined && route.destination.length < best.destination.length) break
      if (onlyInterface >= 0 && route.interfaceIndex !== onlyInterface) continue
      if (!prefixContains(route.destination, destination)) continue
      if (preferredInterface < 0 || route.interfaceIndex === preferredInterface) return route
      best ??= route
    }
    return best
  }

  private indexOf({ destination, gateway, interfaceIndex }: Route): number {
    return this.routes.findIndex((route) => route.interfaceIndex === interfaceIndex
      && route.destination.length === destination.length && prefixContains(route.destination, destination.address)
      && (route.gateway === undefined ? gateway === undefined : gateway !== undefined && ipAddressEquals(route.gateway, gateway)))
  }
}
