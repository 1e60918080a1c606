import type { EndpointSnapshot } from '@layerfour/udp'
import { combineDigests } from '../_combine-digests.ts'
import { SocketError } from '../socket-error.ts'
import { toSocketAddress } from '../socket-address.ts'
import type { UdpSocket } from './udp-socket.ts'
import type { UdpSockets } from './udp-sockets.ts'

/** A UDP socket as plain data. */
export interface UdpSocketSnapshot {
  /** SO_REUSEADDR, for a `bind` that is still to come. */
  readonly reuseAddress: boolean
  /** Address, peer, options, and the datagrams that wait. */
  readonly endpoint: EndpointSnapshot
}

/** UDP of a whole stack, or of some of its sockets, as plain data. */
export interface UdpSnapshot {
  /** In the order in which they were opened. */
  readonly sockets: readonly UdpSocketSnapshot[]
}

/** Sockets as they stand; they go on living. */
export function snapshotUdp(sockets: readonly UdpSocket[]): UdpSnapshot {
  return { sockets: sockets.map((socket) => socket.save()) }
}

/** All sockets of a snapshot, in its order, or none. */
export function restoreUdp(all: UdpSockets, { sockets: saved }: UdpSnapshot): UdpSocket[] {
  const sockets = saved.map(() => all.socket())
  // Of several with one address the newest receives: they get in line in the old order.
  const order = [...saved.keys()].sort((a, b) => saved[a]!.endpoint.older - saved[b]!.endpoint.older)
  for (const index of order) {
    const result = sockets[index]!.load(saved[index]!)
    if (result === 0) continue
    for (const socket of sockets) socket.close()
    const { bound, localPort } = saved[index]!.endpoint
    throw new SocketError(result, 'restore', toSocketAddress(bound, localPort))
  }
  all.wake()
  return sockets
}

/** One digest of all sockets in whatever order, wherever their datagrams wait. */
export function fingerprintUdp(sockets: readonly UdpSocket[]): string {
  return combineDigests(sockets.map((socket) => socket.fingerprint()))
}
