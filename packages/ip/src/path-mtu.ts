import { FlowTable } from '@layerfour/storage'
import { ANY_IPV6, createIpAddress, isIpv4 } from '@layerfour/wire'
import type { IpAddress, MutableIpAddress } from '@layerfour/wire'
import { MAX_MTU, MAX_PATH_MTUS, MIN_MTU_IPV6, PATH_MTU_FLOOR_IPV4, PATH_MTU_LIFETIME } from './limits.ts'

/**
 * What ICMP said about the largest packet that reaches a destination, where that is less than our own link carries
 * (RFC 1191, RFC 8201). Only such destinations have an entry. Entries only shrink, and are forgotten after ten minutes,
 * so that a path that got better is found to be; that is looked at on use, so it needs no timer. When the cache is full, the entry
 * that was changed longest ago makes room.
 */
export class PathMtuCache {
  private readonly slots: FlowTable
  private readonly clock: Float64Array
  private readonly addresses: MutableIpAddress[] = []
  private readonly mtus: Int32Array = new Int32Array(MAX_PATH_MTUS)
  private readonly expiries: Float64Array = new Float64Array(MAX_PATH_MTUS)
  /** Set where a router wants less than the least we agree to. */
  private readonly locked: Uint8Array = new Uint8Array(MAX_PATH_MTUS)

  /** @param secret keys the table: at least two random words. @param clock its first element is the time, in ms. */
  constructor(secret: Int32Array, clock: Float64Array) {
    this.slots = new FlowTable(secret, MAX_PATH_MTUS)
    this.clock = clock
  }

  /** Destinations that have an entry, outdated ones included. */
  get size(): number {
    return this.slots.size
  }

  /** The path MTU in bytes; 65,535 where nothing less is known. */
  mtu(destination: IpAddress): number {
    const slot = this.find(destination)
    return slot < 0 ? MAX_MTU : this.mtus[slot]!
  }

  /**
   * Whether IPv4 packets to `destination` must go without DF: a router wants smaller ones than we make, so it has to
   * fragment them itself.
   */
  mustAllowFragments(destination: IpAddress): boolean {
    const slot = this.find(destination)
    return slot >= 0 && this.locked[slot] === 1
  }

  /** Notes that packets over `mtu` bytes do not reach `destination`. Whether that is news: less than was known. */
  lower(destination: IpAddress, mtu: number): boolean {
    const floor = isIpv4(destination) ? PATH_MTU_FLOOR_IPV4 : MIN_MTU_IPV6
    const accepted = Math.max(mtu, floor)
    if (accepted >= this.mtu(destination) && mtu >= floor) return false
    const slot = this.slotFor(destination)
    this.mtus[slot] = accepted
    this.locked[slot] = mtu < floor && isIpv4(destination) ? 1 : 0
    this.expiries[slot] = this.clock[0]! + PATH_MTU_LIFETIME
    return true
  }

  private find(destination: IpAddress): number {
    if (this.slots.size === 0) return -1
    const slot = this.slots.get(ANY_IPV6, 0, destination, 0)
    return slot >= 0 && this.clock[0]! < this.expiries[slot]! ? slot : -1
  }

  private slotFor(destination: IpAddress): number {
    const known = this.slots.get(ANY_IPV6, 0, destination, 0)
    if (known >= 0) return known
    let slot = this.addresses.length
    if (slot < MAX_PATH_MTUS) {
      this.addresses.push(createIpAddress())
    } else {
      slot = 0
      for (let i = 1; i < MAX_PATH_MTUS; i++) if (this.expiries[i]! < this.expiries[slot]!) slot = i
      this.slots.delete(ANY_IPV6, 0, this.addresses[slot]!, 0)
    }
    const address = this.addresses[slot]!
    address.w0 = destination.w0
    address.w1 = destination.w1
    address.w2 = destination.w2
    address.w3 = destination.w3
    this.slots.set(ANY_IPV6, 0, destination, 0, slot)
    return slot
  }
}
