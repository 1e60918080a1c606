import type { IpAddress } from '@layerfour/wire'
import { ipAddressEquals, isIpv4, isUnspecified } from '@layerfour/wire'

export interface Binding<Owner> {
  readonly owner: Owner
  readonly address: IpAddress
  readonly port: number
  /** SO_REUSEADDR: may overlap with others that have it too. */
  readonly shared: boolean
  /** It listens: nobody may have the very same address any more. */
  exclusive: boolean
}

/** Which sockets were given which local addresses by `bind`. Ports here are the application's choice, never a peer's. */
export class BoundPorts<Owner> {
  readonly #byPort = new Map<number, Binding<Owner>[]>()
  readonly #byOwner = new Map<Owner, Binding<Owner>>()

  /**
   * Whether `address` and `port` can be given out. Overlapping addresses exclude each other unless both share;
   * then the more specific one takes its packets. Equal ones can be shared too until one of them listens.
   */
  isFree(address: IpAddress, port: number, share: boolean): boolean {
    const bindings = this.#byPort.get(port)
    return bindings === undefined || bindings.every((other) => !overlap(other.address, address)
      || (share && other.shared && !(other.exclusive && ipAddressEquals(other.address, address))))
  }

  add(owner: Owner, address: IpAddress, port: number, share: boolean): void {
    const binding = { owner, address: { ...address }, port, shared: share, exclusive: false }
    const bindings = this.#byPort.get(port)
    if (bindings === undefined) this.#byPort.set(port, [binding])
    else bindings.push(binding)
    this.#byOwner.set(owner, binding)
  }

  of(owner: Owner): Binding<Owner> | undefined {
    return this.#byOwner.get(owner)
  }

  makeExclusive(owner: Owner): void {
    const binding = this.#byOwner.get(owner)
    if (binding !== undefined) binding.exclusive = true
  }

  remove(owner: Owner): void {
    const binding = this.#byOwner.get(owner)
    if (binding === undefined) return
    this.#byOwner.delete(owner)
    const rest = this.#byPort.get(binding.port)!.filter((other) => other !== binding)
    if (rest.length > 0) this.#byPort.set(binding.port, rest)
    else this.#byPort.delete(binding.port)
  }
}

/** `::` stands for every address of both families, `0.0.0.0` for every IPv4 address. */
function overlap(a: IpAddress, b: IpAddress): boolean {
  return covers(a, b) || covers(b, a)
}

function covers(wide: IpAddress, address: IpAddress): boolean {
  return ipAddressEquals(wide, address) || (isUnspecified(wide) && (!isIpv4(wide) || isIpv4(address)))
}
