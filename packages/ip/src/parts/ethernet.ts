import { Arp } from '../arp.ts'
import { EthernetLink } from '../ethernet-link.ts'
import { NeighbourCache } from '../neighbours.ts'
import type { InternetBase, InternetExtras } from '../part.ts'
import { errorsOf, repliesOf } from './shared.ts'

/** Interfaces with Ethernet frames, and ARP (RFC 826, RFC 894). */
export function ethernet(base: InternetBase, extras: InternetExtras): void {
  const { arena, drops, input, interfaces, ipv4, link, secret, transmitter } = base
  const neighbours = new NeighbourCache(arena, secret, drops)
  const arp = new Arp(arena, interfaces, neighbours, repliesOf(base, extras), transmitter, errorsOf(base, extras))
  extras.ethernet = new EthernetLink(interfaces, ipv4, arp, neighbours)
  input.ethernet = extras.ethernet
  link.ethernet = extras.ethernet
}
