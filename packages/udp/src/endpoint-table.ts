import { FlowTable } from '@layerfour/storage'
import type { IpAddress, MutableIpAddress } from '@layerfour/wire'
import { ANY_IPV4, ANY_IPV6, copyIpAddress, createIpAddress, ipAddressEquals, isIpv4, isUnspecified } from '@layerfour/wire'
import type { UdpEndpoint } from './endpoint.ts'

/**
 * Which endpoint a datagram belongs to. An endpoint has one key: both ends when it is connected, else its local address and
 * port. Endpoints that share a key (SO_REUSEADDR) form a chain, the newest first. A second table chains all that use a port, for
 * `bind` to see what is taken.
 */
export class EndpointTable {
  private readonly byKey: FlowTable
  private readonly byPort: FlowTable
  private readonly endpoints: (UdpEndpoint | undefined)[] = []
  private readonly freeSlots: number[] = []
  private readonly maxEndpoints: number
  private open = 0
  /** The last datagram that `find` found the endpoint of: those that follow are for the same one mostly. */
  private readonly lastLocal: MutableIpAddress = createIpAddress()
  private readonly lastRemote: MutableIpAddress = createIpAddress()
  private lastLocalPort = 0
  private lastRemotePort = 0
  private last: UdpEndpoint | undefined = undefined

  constructor(secret: Int32Array, maxEndpoints: number) {
    this.byKey = new FlowTable(secret, maxEndpoints)
    this.byPort = new FlowTable(secret, maxEndpoints)
    this.maxEndpoints = maxEndpoints
  }

  /** Open endpoints, bound or not. */
  get size(): number {
    return this.open
  }

  /** Slots looked at since the start, in both tables. */
  get steps(): number {
    return this.byKey.steps + this.byPort.steps
  }

  /** A place for one more endpoint; -1 when all are taken. */
  takeSlot(): number {
    if (this.open === this.maxEndpoints) return -1
    this.open++
    return this.freeSlots.pop() ?? this.endpoints.push(undefined) - 1
  }

  put(endpoint: UdpEndpoint): void {
    this.endpoints[endpoint.state.slot] = endpoint
  }

  freeSlot(slot: number): void {
    this.endpoints[slot] = undefined
    this.freeSlots.push(slot)
    this.open--
  }

  at(slot: number): UdpEndpoint | undefined {
    return slot < 0 ? undefined : this.endpoints[slot]
  }

  forEach(visit: (endpoint: UdpEndpoint) => void): void {
    for (const endpoint of this.endpoints) if (endpoint !== undefined) visit(endpoint)
  }

  /** Whose a datagram is that was sent to `local` alone: the endpoint connected to exactly these two ends, else the one that fits best. */
  find(local: IpAddress, localPort: number, remote: IpAddress, remotePort: number): UdpEndpoint | undefined {
    if (this.last !== undefined && localPort === this.lastLocalPort && remotePort === this.lastRemotePort
      && ipAddressEquals(remote, this.lastRemote) && ipAddressEquals(local, this.lastLocal)) return this.last
    const found = this.findConnected(local, localPort, remote, remotePort) ?? this.findBest(local, localPort)
    copyIpAddress(local, this.lastLocal)
    copyIpAddress(remote, this.lastRemote)
    this.lastLocalPort = localPort
    this.lastRemotePort = remotePort
    this.last = found
    return found
  }

  /** The endpoint connected to exactly these two ends. */
  findConnected(local: IpAddress, localPort: number, remote: IpAddress, remotePort: number): UdpEndpoint | undefined {
    return this.at(this.byKey.get(local, localPort, remote, remotePort))
  }

  /** The unconnected endpoint bound to `local` itself, which may be a wildcard; those after it follow by `nextSameKey`. */
  findBound(local: IpAddress, localPort: number): UdpEndpoint | undefined {
    return this.at(this.byKey.get(local, localPort, ANY_IPV6, 0))
  }

  /** The unconnected endpoint that fits best: its very address before 0.0.0.0, and that before ::. */
  findBest(local: IpAddress, localPort: number): UdpEndpoint | undefined {
    return this.findBound(local, localPort)
      ?? (isIpv4(local) ? this.findBound(ANY_IPV4, localPort) : undefined)
      ?? this.findBound(ANY_IPV6, localPort)
  }

  /** Whether `address` and `port` can be given out: nobody whose address overlaps has the port, or all share. */
  isFree(address: IpAddress, port: number, shared: boolean): boolean {
    let other = this.at(this.byPort.get(ANY_IPV6, port, ANY_IPV6, 0))
    for (; other !== undefined; other = this.at(other.state.nextSamePort)) {
      if (!(shared && other.state.shared) && overlap(other.state.bound, address)) return false
    }
    return true
  }

  /** Enters an endpoint that has a local port under its key. */
  link(endpoint: UdpEndpoint): void {
    const { state } = endpoint
    this.last = undefined
    const { slot, local, localPort, remotePort } = state
    const remote = remotePort === 0 ? ANY_IPV6 : state.remote
    state.nextSameKey = this.byKey.get(local, localPort, remote, remotePort)
    this.byKey.set(local, localPort, remote, remotePort, slot)
    state.nextSamePort = this.byPort.get(ANY_IPV6, localPort, ANY_IPV6, 0)
    this.byPort.set(ANY_IPV6, localPort, ANY_IPV6, 0, slot)
  }

  /** Undoes `link`; to be called before the endpoint's addresses change. */
  unlink(endpoint: UdpEndpoint): void {
    const { state } = endpoint
    this.last = undefined
    const { slot, local, localPort, remotePort } = state
    const remote = remotePort === 0 ? ANY_IPV6 : state.remote
    const first = this.byKey.get(local, localPort, remote, remotePort)
    if (first !== slot) this.before(first, slot, 'nextSameKey').nextSameKey = state.nextSameKey
    else if (state.nextSameKey >= 0) this.byKey.set(local, localPort, remote, remotePort, state.nextSameKey)
    else this.byKey.delete(local, localPort, remote, remotePort)

    const firstOnPort = this.byPort.get(ANY_IPV6, localPort, ANY_IPV6, 0)
    if (firstOnPort !== slot) this.before(firstOnPort, slot, 'nextSamePort').nextSamePort = state.nextSamePort
    else if (state.nextSamePort >= 0) this.byPort.set(ANY_IPV6, localPort, ANY_IPV6, 0, state.nextSamePort)
    else this.byPort.delete(ANY_IPV6, localPort, ANY_IPV6, 0)
    state.nextSameKey = -1
    state.nextSamePort = -1
  }

  /** The state in the chain from `first` on whose successor is `slot`. */
  private before(first: number, slot: number, next: 'nextSameKey' | 'nextSamePort'): UdpEndpoint['state'] {
    let state = this.at(first)!.state
    while (state[next] !== slot) state = this.at(state[next])!.state
    return state
  }
}

/** `::` stands for every address of both families, `0.0.0.0` for every IPv4 address. */
function overlap(a: IpAddress, b: IpAddress): boolean {
  return covers(a, b) || covers(b, a)
}

function covers(wide: IpAddress, address: IpAddress): boolean {
  return ipAddressEquals(wide, address) || (isUnspecified(wide) && (!isIpv4(wide) || isIpv4(address)))
}
