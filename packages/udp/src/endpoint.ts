import type { IpAddress } from '@layerfour/wire'
import { ANY_IPV6, copyIpAddress, Errno } from '@layerfour/wire'
import type { EndpointOptions } from './config.ts'
import { checkSettings } from './config.ts'
import type { EndpointSnapshots, UdpContext } from './context.ts'
import { isBroadcast, mayBindTo } from './context.ts'
import type { DatagramInfo } from './datagram-info.ts'
import type { EndpointState } from './endpoint-state.ts'
import { UdpReadiness } from './readiness.ts'
import { dequeue, emptyQueue, firstLength } from './receive-queue.ts'
import { findPath, sendDatagram } from './send.ts'
import type { EndpointSnapshot } from './snapshot.ts'

export interface BindOptions {
  /** Share the address and port with others that say so too; of several, the newest receives (SO_REUSEADDR). Default false. */
  readonly reuseAddress?: boolean
}

/**
 * One end of UDP (RFC 768), made by `Udp.open`. Nothing blocks: results are 0 or a count, or a negative errno
 * (`Errno` of `@layerfour/wire`); every call on a closed endpoint returns `EBADF`.
 */
export class UdpEndpoint {
  readonly state: EndpointState
  /** For the layer above: whatever it wants to find again from here. */
  owner: unknown = undefined
  /** It is in the queue of `Udp.takeReady`, before that one. */
  ready = false
  nextReady: UdpEndpoint | undefined = undefined
  private readonly context: UdpContext

  /** For `Udp.open`. */
  constructor(context: UdpContext, state: EndpointState) {
    this.context = context
    this.state = state
  }

  /** Unspecified while not bound, or when bound to all addresses. */
  get localAddress(): IpAddress {
    return this.state.local
  }

  /** 0 while not bound. */
  get localPort(): number {
    return this.state.localPort
  }

  get remoteAddress(): IpAddress {
    return this.state.remote
  }

  /** 0 while not connected. */
  get remotePort(): number {
    return this.state.remotePort
  }

  /** What can be done now, as bits of `UdpReadiness`. */
  get readiness(): number {
    const { queue, error, blocked } = this.state
    return (queue.datagrams > 0 ? UdpReadiness.Readable : 0)
      | (blocked ? 0 : UdpReadiness.Writable)
      | (error === 0 ? 0 : UdpReadiness.Error)
  }

  /** Bytes of data of the datagram that `receiveFrom` would return, which may be 0; -1 when none waits. */
  get nextLength(): number {
    return firstLength(this.context.arena, this.state.queue)
  }

  get options(): EndpointOptions {
    return this.state.options
  }

  /** Changes options; those not named stay. Throws RangeError or TypeError for a value that makes no sense. */
  configure(options: Partial<EndpointOptions>): void {
    checkSettings(options)
    this.state.options = { ...this.state.options, ...options }
  }

  /**
   * Sets where datagrams are received: one address of ours, 0.0.0.0 for all of IPv4, :: for all of both families, a
   * group or broadcast address for what is sent there. Port 0 has one chosen. Returns 0; `EINVAL` when it is bound
   * already or the port is none; `EADDRINUSE` when others have the port (or none is free) and not all share;
   * `EADDRNOTAVAIL` for an address that is not ours.
   */
  bind(address: IpAddress, port: number, options: BindOptions = {}): number {
    const { network } = this.context
    if (this.state.slot < 0) return Errno.EBADF
    if (this.state.localPort !== 0 || !isPort(port, 0)) return Errno.EINVAL
    if (!mayBindTo(network, address)) return Errno.EADDRNOTAVAIL
    return this.settleOn(address, port, options.reuseAddress ?? false, ANY_IPV6, 0)
  }

  /**
   * From now on receives from that peer alone, hears of its ICMP errors, and sends to it by `send`. May be called again
   * for another peer. An endpoint that is not bound gets a port chosen. Returns 0; `EINVAL` for a port that is none;
   * `ENETUNREACH` without a route; `EACCES` for a broadcast address without the option `broadcast`;
   * `EAFNOSUPPORT` when it is bound to an address of the other family; and what `bind` returns.
   */
  connect(address: IpAddress, port: number): number {
    const { context, state } = this
    const { path, table } = context
    if (state.slot < 0) return Errno.EBADF
    if (!isPort(port, 1)) return Errno.EINVAL
    if (!state.options.broadcast && isBroadcast(context.network, address)) return Errno.EACCES
    const reason = findPath(context, state.bound, address)
    if (reason !== 0) return reason
    if (state.localPort === 0) {
      const bound = this.settleOn(ANY_IPV6, 0, false, address, port)
      if (bound !== 0) return bound
    }
    table.unlink(this)
    copyIpAddress(path.source, state.local)
    copyIpAddress(address, state.remote)
    state.remotePort = port
    table.link(this)
    return 0
  }

  /** Undoes `connect`: receives from everybody again, at the address that `bind` was given. Returns 0, or `ENOTCONN`. */
  disconnect(): number {
    const { state } = this
    if (state.slot < 0) return Errno.EBADF
    if (state.remotePort === 0) return Errno.ENOTCONN
    this.context.table.unlink(this)
    copyIpAddress(state.bound, state.local)
    copyIpAddress(ANY_IPV6, state.remote)
    state.remotePort = 0
    this.context.table.link(this)
    return 0
  }

  /**
   * Sends `bytes[start, end)`, lent for this call, as one datagram to the peer that it is connected to. As `sendTo`; `EDESTADDRREQ`
   * when it is not connected.
   */
  send(bytes: Uint8Array, start: number, end: number, now: number): number {
    const { state } = this
    if (state.slot >= 0 && state.remotePort === 0) return Errno.EDESTADDRREQ
    return this.sendTo(bytes, start, end, state.remote, state.remotePort, now)
  }

  /**
   * Sends `bytes[start, end)`, lent for this call, as one datagram. An endpoint that is not bound gets a port chosen.
   *
   * Returns the count of bytes, or: `EMSGSIZE` for more than 65,507 bytes over IPv4 and 65,527 over IPv6, or more than the path
   * takes with the option `dontFragment`; `EAGAIN` when the device is full (`Writable` tells when to try again); `EACCES` for a
   * broadcast address without the option `broadcast`; `EINVAL` for a port that is none; `ENETUNREACH`, `EHOSTUNREACH`,
   * `EADDRNOTAVAIL`, `EAFNOSUPPORT` or `ENOBUFS`; or, once, the ICMP error that came back for an earlier one.
   * @throws RangeError when the range does not lie within `bytes`.
   */
  sendTo(bytes: Uint8Array, start: number, end: number, address: IpAddress, port: number, now: number): number {
    checkRange(bytes, start, end)
    const { context, state } = this
    if (state.slot < 0) return Errno.EBADF
    if (state.error !== 0) return this.takeError()
    if (!isPort(port, 1)) return Errno.EINVAL
    if (state.localPort === 0) {
      const bound = this.settleOn(ANY_IPV6, 0, false, address, port)
      if (bound !== 0) return bound
    }
    const result = sendDatagram(context, state, bytes, start, end, address, port, now)
    if (result === Errno.EAGAIN) context.block(this, now)
    return result
  }

  /**
   * Takes the first datagram in the queue: its data goes to `into[start, end)`, what does not fit is lost and `truncated` says so.
   * Returns the count of bytes copied, which may be 0; `EAGAIN` when none waits; or, once, an ICMP error.
   * @throws RangeError when the range does not lie within `into`.
   */
  receiveFrom(into: Uint8Array, start: number, end: number, info: DatagramInfo): number {
    checkRange(into, start, end)
    const { state } = this
    if (state.slot < 0) return Errno.EBADF
    if (state.error !== 0) return this.takeError()
    if (state.queue.datagrams === 0) return Errno.EAGAIN
    return dequeue(this.context.arena, this.context.view, state.queue, into, start, end, info)
  }

  /** The ICMP error that waits, negative errno, and forgets it (SO_ERROR); 0 for none. */
  takeError(): number {
    const { error } = this.state
    this.state.error = 0
    return error
  }

  /** All of it as plain data, for `restore` of a new endpoint elsewhere; this one goes on living. */
  snapshot(): EndpointSnapshot {
    return this.snapshots.take(this.context, this.state)
  }

  /** A digest of what `snapshot` holds, 16 hexadecimal digits: equal for equal states, wherever they live. */
  fingerprint(): string {
    return this.snapshots.fingerprint(this.context, this.state)
  }

  /**
   * Makes this endpoint, which must be a new one, what another was, with the datagrams that wait. Returns 0; `EADDRNOTAVAIL` when the
   * address is not ours, `EADDRINUSE` when others have the port (and not all share), `ENOBUFS` without memory, `EINVAL` when it is bound.
   * Throws as `configure`.
   */
  restore(saved: EndpointSnapshot): number {
    return this.state.slot < 0 ? Errno.EBADF : this.snapshots.restore(this.context, this, saved)
  }

  /** Gives back port, memory and queued datagrams. A second call does nothing. */
  close(): void {
    const { context, state } = this
    if (state.slot < 0) return
    if (state.localPort !== 0) context.table.unlink(this)
    emptyQueue(context.arena, state.queue)
    context.forget(this)
    state.slot = -1
    state.localPort = 0
    state.remotePort = 0
    state.error = 0
  }

  private get snapshots(): EndpointSnapshots {
    const { snapshots } = this.context
    if (snapshots === undefined) throw new TypeError('the endpoint is of a UdpCore without snapshots, expected one of a Udp')
    return snapshots
  }

  /** Takes a port, chosen if 0, and enters the table. */
  private settleOn(address: IpAddress, port: number, shared: boolean, remote: IpAddress, remotePort: number): number {
    const { state } = this
    const { table, ports } = this.context
    if (port === 0) {
      if (ports === undefined) return Errno.EINVAL
      // Shared or not: a port for somebody who does not care which is one that nobody else has.
      port = ports.choose(address, remote, remotePort, (candidate) => table.isFree(address, candidate, false))
      if (port === 0) return Errno.EADDRINUSE
    } else if (!table.isFree(address, port, shared)) return Errno.EADDRINUSE
    copyIpAddress(address, state.bound)
    copyIpAddress(address, state.local)
    state.localPort = port
    state.shared = shared
    table.link(this)
    return 0
  }
}

function isPort(port: number, least: number): boolean {
  return Number.isInteger(port) && port >= least && port <= 65_535
}

function checkRange(bytes: Uint8Array, start: number, end: number): void {
  if (!(start >= 0 && start <= end && end <= bytes.length)) {
    throw new RangeError(`got the range [${start}, ${end}), expected one within ${bytes.length} bytes`)
  }
}
