import type { Arena } from '@layerfour/storage'
import type { Delivery } from './delivery.ts'
import type { Drops } from './drops.ts'
import type { ErrorDelivery } from './error-delivery.ts'
import type { EthernetLink } from './ethernet-link.ts'
import type { FragmentExpiry } from './fragment-expiry.ts'
import type { HeaderWriter } from './header-writer.ts'
import type { IcmpOutput } from './icmp-output.ts'
import type { Identification } from './identification.ts'
import type { InterfaceTable } from './interfaces.ts'
import type { IpOutput } from './ip-output.ts'
import type { Ipv4Input } from './ipv4-input.ts'
import type { LinkInput } from './link-input.ts'
import type { LinkOutput } from './link-output.ts'
import type { PacketQueue } from './packet-queue.ts'
import type { PathMtuCache } from './path-mtu.ts'
import type { ProtocolTable } from './protocol-table.ts'
import type { ReceivedPacket } from './received-packet.ts'
import type { ReplyOutput } from './reply-output.ts'
import type { RouteCache } from './route-cache.ts'
import type { Router } from './router.ts'
import type { Transmitter } from './transmitter.ts'

/** What every internet layer is made of; parts are joined to it. */
export interface InternetBase {
  readonly arena: Arena
  /** At least four random words. */
  readonly secret: Int32Array
  /** The latest time that was heard of, in ms, as its first element. */
  readonly clock: Float64Array
  readonly drops: Drops
  readonly interfaces: InterfaceTable
  readonly transports: ProtocolTable
  readonly transmitter: Transmitter
  readonly identification: Identification
  readonly headers: HeaderWriter
  readonly router: Router
  readonly way: RouteCache
  readonly link: LinkOutput
  readonly output: IpOutput
  readonly delivery: Delivery
  readonly ipv4: Ipv4Input
  readonly input: LinkInput
  readonly packet: ReceivedPacket
}

/** What parts have added; the layer polls those with deadlines, and parts find each other here, in whatever order they are named. */
export interface InternetExtras {
  ethernet: EthernetLink | undefined
  expiry: FragmentExpiry | undefined
  /** What we sent to ourselves. */
  loopback: PacketQueue | undefined
  /** The layer's own packets that wait for a poll, and what sends them. */
  replies: PacketQueue | undefined
  replyOutput: ReplyOutput | undefined
  errors: ErrorDelivery | undefined
  icmpOutput: IcmpOutput | undefined
  pathMtus: PathMtuCache | undefined
}

/** A part of an internet layer that may be left out, to be named in `InternetCoreOptions.parts`. What is not named is not bundled. */
export type InternetPart = (base: InternetBase, extras: InternetExtras) => void
