import {
  copyIpAddress, createHardwareAddress, createIpAddress, ipAddressEquals, isDirectedBroadcast, isIpv4, isLimitedBroadcast, isLinkLocal,
  isLoopback, isMulticast, isUnspecified, prefixContains,
} from '@layerfour/wire'
import type { HardwareAddress, IpAddress, IpPrefix, MutableIpAddress } from '@layerfour/wire'
import { TrafficCounters } from './traffic-counters.ts'
import { MAX_ADDRESSES, MAX_INTERFACES, MAX_MTU, MIN_MTU_IPV4, MIN_MTU_IPV6 } from './limits.ts'
import { Lender } from './lender.ts'
import type { LinkPort } from './link-port.ts'

/** An address of ours with the network that is on-link with it. */
export interface InterfaceAddress {
  readonly address: IpAddress
  /** The on-link network: the address with its prefix length, in the terms of its family (0..32 or 0..128). */
  readonly prefix: IpPrefix
}

/** One interface: a port, its addresses and its counters. */
export interface NetworkInterface {
  readonly index: number
  readonly name: string
  readonly port: LinkPort
  /** The port's hardware address; all zeros on media without. */
  readonly hardware: HardwareAddress
  readonly addresses: InterfaceAddress[]
  readonly traffic: TrafficCounters
  readonly lender: Lender
}

/**
 * The interfaces of a host, and which addresses are its own. The host is "weak" (RFC 1122 §3.3.4.2): a packet to any
 * address of ours is accepted on any interface, as most systems do.
 */
export class InterfaceTable {
  readonly list: NetworkInterface[] = []
  /** Goes up whenever an interface or an address comes or goes: what was concluded from them is to be looked at again. */
  version = 0
  /** All addresses of all interfaces: what `isLocal` reads for each packet. */
  private readonly own: IpAddress[] = []
  /** The last address that `isBroadcastAnywhere` was asked for, when, and the answer. */
  private readonly asked: MutableIpAddress = createIpAddress()
  private askedVersion = -1
  private answer = false

  /** @throws RangeError when the table is full or the MTU is out of range. */
  add(port: LinkPort, name: string, hardware: HardwareAddress = createHardwareAddress()): NetworkInterface {
    if (this.list.length >= MAX_INTERFACES) throw new RangeError(`there are ${MAX_INTERFACES} interfaces already, expected no more`)
    if (!Number.isInteger(port.mtu) || port.mtu < MIN_MTU_IPV4 || port.mtu > MAX_MTU) {
      throw new RangeError(`interface ${name} has MTU ${port.mtu}, expected ${MIN_MTU_IPV4} to ${MAX_MTU} bytes`)
    }
    const { transmit, segmentation = 0 } = port.offload
    if (!Number.isInteger(segmentation) || segmentation < 0 || segmentation > MAX_MTU || (segmentation > 0 && !transmit)) {
      const expected = `0 to ${MAX_MTU} bytes, and offload.transmit with more than 0`
      throw new RangeError(`interface ${name} has offload.segmentation ${segmentation}, expected ${expected}`)
    }
    const added: NetworkInterface = {
      index: this.list.length, name, port, hardware, addresses: [], traffic: new TrafficCounters(), lender: new Lender(),
    }
    this.list.push(added)
    this.version++
    return added
  }

  /** @throws RangeError when there is no such interface. */
  at(index: number): NetworkInterface {
    const found = this.list[index]
    if (found === undefined) throw new RangeError(`interface index is ${index}, expected 0 to ${this.list.length - 1}`)
    return found
  }

  /** Gives an interface an address. @throws RangeError when it cannot be a host's, is ours already, or the table is full. */
  addAddress(index: number, prefix: IpPrefix): InterfaceAddress {
    const { address, length } = prefix
    const iface = this.at(index)
    if (this.own.length >= MAX_ADDRESSES) throw new RangeError(`there are ${MAX_ADDRESSES} addresses already, expected no more`)
    if (isUnspecified(address) || isMulticast(address) || isLimitedBroadcast(address)) {
      throw new RangeError('the address is unspecified, multicast or broadcast, expected a unicast one')
    }
    if (!isIpv4(address) && iface.port.mtu < MIN_MTU_IPV6) {
      throw new RangeError(`interface ${iface.name} has MTU ${iface.port.mtu}, expected at least ${MIN_MTU_IPV6} for IPv6`)
    }
    const bits = isIpv4(address) ? 32 : 128
    if (!Number.isInteger(length) || length < 0 || length > bits) {
      throw new RangeError(`prefix length is ${length}, expected 0 to ${bits}`)
    }
    if (this.own.some((other) => ipAddressEquals(other, address))) throw new RangeError('the address is one of ours already')
    const added: InterfaceAddress = { address: { ...address }, prefix: { address: { ...address }, length } }
    iface.addresses.push(added)
    this.own.push(added.address)
    this.version++
    return added
  }

  /** Takes an address away; the address as it was, or undefined when no interface had it. */
  removeAddress(address: IpAddress): InterfaceAddress | undefined {
    const place = this.own.findIndex((other) => ipAddressEquals(other, address))
    if (place < 0) return undefined
    this.own.splice(place, 1)
    this.version++
    for (const { addresses } of this.list) {
      const at = addresses.findIndex((other) => ipAddressEquals(other.address, address))
      if (at >= 0) return addresses.splice(at, 1)[0]
    }
    return undefined
  }

  /** Whether the address is a unicast one of ours. All of 127.0.0.0/8 and ::1 is. */
  isLocal(address: IpAddress): boolean {
    const { own } = this
    for (let i = 0; i < own.length; i++) if (ipAddressEquals(own[i]!, address)) return true
    return isLoopback(address)
  }

  /** Index of the interface that has this address; -1 when none has. */
  ownerOf(address: IpAddress): number {
    const { list } = this
    for (let i = 0; i < list.length; i++) if (this.owns(list[i]!, address)) return i
    return -1
  }

  /** The first interface beside the loopback that has an address of the same family. */
  firstOf(family: IpAddress): NetworkInterface | undefined {
    const ipv4 = isIpv4(family)
    for (let i = 1; i < this.list.length; i++) {
      const { addresses } = this.list[i]!
      for (let j = 0; j < addresses.length; j++) if (isIpv4(addresses[j]!.address) === ipv4) return this.list[i]
    }
    return undefined
  }

  /** Whether `iface` has this address. */
  owns(iface: NetworkInterface, address: IpAddress): boolean {
    const { addresses } = iface
    for (let i = 0; i < addresses.length; i++) if (ipAddressEquals(addresses[i]!.address, address)) return true
    return false
  }

  /** Whether the address lies in a network that is on-link with an address of `iface`. */
  isOnLink(iface: NetworkInterface, address: IpAddress): boolean {
    const { addresses } = iface
    for (let i = 0; i < addresses.length; i++) if (prefixContains(addresses[i]!.prefix, address)) return true
    return false
  }

  /** Whether the address means every host on the interface's wire: 255.255.255.255, or a subnet's own (RFC 1122 §3.2.1.3). */
  isBroadcast(iface: NetworkInterface, address: IpAddress): boolean {
    if (!isIpv4(address)) return false
    if (isLimitedBroadcast(address)) return true
    const { addresses } = iface
    for (let i = 0; i < addresses.length; i++) if (isDirectedBroadcast(addresses[i]!.prefix, address)) return true
    return false
  }

  /** The same for any of the interfaces. The last answer is kept for the next datagram, until an address changes. */
  isBroadcastAnywhere(address: IpAddress): boolean {
    if (!ipAddressEquals(address, this.asked) || this.askedVersion !== this.version) {
      copyIpAddress(address, this.asked)
      this.askedVersion = this.version
      this.answer = this.list.some((iface) => this.isBroadcast(iface, address))
    }
    return this.answer
  }

  /**
   * Our address for packets that leave by `iface` towards `next`, the next hop or an on-link destination: one on the
   * same network, else one of the same family and scope, else of the same family (RFC 1122 §3.3.4.3, RFC 6724 §5 rule 2).
   */
  sourceFor(iface: NetworkInterface, next: IpAddress): IpAddress | undefined {
    const { addresses } = iface
    const ipv4 = isIpv4(next)
    const linkLocal = isLinkLocal(next)
    let best: IpAddress | undefined
    let bestRank = 0
    for (let i = 0; i < addresses.length; i++) {
      const { address, prefix } = addresses[i]!
      if (isIpv4(address) !== ipv4) continue
      const rank = prefixContains(prefix, next) ? 3 : isLinkLocal(address) === linkLocal ? 2 : 1
      if (rank <= bestRank) continue
      best = address
      bestRank = rank
    }
    return best
  }
}

