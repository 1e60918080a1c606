import { ringPeek, SipHash } from '@layerfour/storage'
import type { IpAddress } from '@layerfour/wire'
import { copyIpAddress, Errno } from '@layerfour/wire'
import type { EndpointOptions } from './config.ts'
import type { EndpointSnapshots, UdpContext } from './context.ts'
import { mayBindTo } from './context.ts'
import type { EndpointState } from './endpoint-state.ts'
import type { UdpEndpoint } from './endpoint.ts'
import { fillQueue } from './receive-queue.ts'

/** An endpoint as plain data: addresses, options, counters, and the datagrams that wait. */
export interface EndpointSnapshot
  extends Readonly<Pick<EndpointState, 'localPort' | 'remotePort' | 'shared' | 'error' | 'datagramsIn' | 'datagramsOut' | 'drops'>> {
  /** What `bind` said, where it receives, and whom it is connected to (port 0: nobody). */
  readonly bound: IpAddress
  readonly local: IpAddress
  readonly remote: IpAddress
  readonly options: EndpointOptions
  /** Datagrams that wait, each with `QUEUE_OVERHEAD` bytes in front of its data, and how many there are. */
  readonly queue: Uint8Array
  readonly datagrams: number
  /** Endpoints that share its address and peer and are older: the newest receives, so they are restored in this order. */
  readonly older: number
}

function snapshotEndpoint(context: UdpContext, state: EndpointState): EndpointSnapshot {
  const { localPort, remotePort, shared, error, datagramsIn, datagramsOut, drops, options } = state
  const { ring, datagrams } = state.queue
  const queue = new Uint8Array(ring.length)
  ringPeek(context.arena, ring, 0, queue, 0, queue.length)
  let older = 0
  for (let next = context.table.at(state.nextSameKey); next !== undefined; next = context.table.at(next.state.nextSameKey)) older++
  return {
    bound: { ...state.bound }, local: { ...state.local }, remote: { ...state.remote },
    localPort, remotePort, shared, error, datagramsIn, datagramsOut, drops, options: { ...options }, queue, datagrams, older,
  }
}

function fingerprintEndpoint(context: UdpContext, state: EndpointState): string {
  const { bound, local, remote, options, queue, ...figures } = snapshotEndpoint(context, state)
  const hash = new SipHash(Int32Array.of(0, 0, 0, 0))
  for (const { w0, w1, w2, w3 } of [bound, local, remote]) for (const word of [w0, w1, w2, w3]) hash.word(word)
  const { broadcast, hopLimit, trafficClass, dontFragment, receiveBuffer, receiveQueue } = options
  for (const option of [broadcast, hopLimit, trafficClass, dontFragment, receiveBuffer, receiveQueue]) hash.word(Number(option))
  const { localPort, remotePort, shared, error, datagramsIn, datagramsOut, drops, datagrams, older } = figures
  for (const figure of [localPort, remotePort, Number(shared), error, datagrams, older]) hash.word(figure)
  for (const count of [datagramsIn, datagramsOut, drops]) {
    hash.word(count | 0)
    hash.word(Math.floor(count / 2 ** 32))
  }
  for (const byte of queue) hash.word(byte)
  const low = hash.finish()
  return [hash.high, low].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
}

/** Makes a new endpoint what another one was. 0, or an errno as `UdpEndpoint.restore` says. */
function restoreEndpoint(context: UdpContext, endpoint: UdpEndpoint, saved: EndpointSnapshot): number {
  const { table, network, arena } = context
  const { state } = endpoint
  const { bound, local, localPort, remote, remotePort, shared } = saved
  if (state.localPort !== 0) return Errno.EINVAL
  if (localPort !== 0) {
    if (!mayBindTo(network, bound) || !mayBindTo(network, local)) return Errno.EADDRNOTAVAIL
    if (!table.isFree(bound, localPort, shared)) return Errno.EADDRINUSE
    if (!fillQueue(arena, state.queue, saved.queue, saved.datagrams)) return Errno.ENOBUFS
  }
  endpoint.configure(saved.options)
  copyIpAddress(bound, state.bound)
  copyIpAddress(local, state.local)
  copyIpAddress(remote, state.remote)
  state.localPort = localPort
  state.remotePort = remotePort
  state.shared = shared
  state.error = saved.error
  state.datagramsIn = saved.datagramsIn
  state.datagramsOut = saved.datagramsOut
  state.drops = saved.drops
  if (localPort !== 0) table.link(endpoint)
  if (saved.datagrams > 0 || saved.error !== 0) context.notify(endpoint)
  return 0
}

/** For `Udp`, which is the one that names it. */
export const endpointSnapshots: EndpointSnapshots = { take: snapshotEndpoint, fingerprint: fingerprintEndpoint, restore: restoreEndpoint }
