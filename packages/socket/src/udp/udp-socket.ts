import type { DatagramInfo, EndpointOptions, UdpEndpoint } from '@layerfour/udp'
import { createDatagramInfo, UdpReadiness } from '@layerfour/udp'
import type { IpAddress } from '@layerfour/wire'
import { Errno } from '@layerfour/wire'
import type { AddressLike, SocketAddress } from '../socket-address.ts'
import { toIpAddress, toSocketAddress } from '../socket-address.ts'
import type { StackSnapshot } from '../stack-snapshot.ts'
import type { UdpSocketSnapshot } from './udp-snapshot.ts'
import type { BaseUdpSockets } from './base-udp-sockets.ts'

/** Options of a UDP socket; all values are numbers, flags 0 or 1. */
export type UdpSocketOption =
  /** Get only: an ICMP error for an earlier datagram, negative errno, and forgets it; 0 for none. */
  | 'SO_ERROR'
  /** Share address and port with others that say so too; set before bind. */
  | 'SO_REUSEADDR'
  /** Allow broadcast addresses (RFC 1122 §3.3.6). */
  | 'SO_BROADCAST'
  /** Most bytes that wait to be received, with 40 for each datagram. */
  | 'SO_RCVBUF'
  /** Hop limit of outgoing datagrams, of both families; 0 for the default. */
  | 'IP_TTL'
  | 'IPV6_UNICAST_HOPS'
  /** DSCP and ECN of outgoing datagrams, of both families. */
  | 'IP_TOS'
  | 'IPV6_TCLASS'
  /** Refuse what would need fragments, with EMSGSIZE. */
  | 'IP_DONTFRAG'

type EndpointOption = Exclude<UdpSocketOption, 'SO_ERROR' | 'SO_REUSEADDR'>

const endpointOptions: Record<EndpointOption, keyof EndpointOptions> = {
  SO_BROADCAST: 'broadcast', SO_RCVBUF: 'receiveBuffer', IP_DONTFRAG: 'dontFragment',
  IP_TTL: 'hopLimit', IPV6_UNICAST_HOPS: 'hopLimit', IP_TOS: 'trafficClass', IPV6_TCLASS: 'trafficClass',
}

/**
 * A UDP socket that never blocks, with the calls and the results of POSIX: 0 or a count, or a negative errno (`Errno` of
 * `@layerfour/wire`). `EAGAIN` means: wait for `onReady`. Datagrams leave within the call.
 */
export class UdpSocket {
  readonly type = 'datagram' as const
  /**
   * Called by the stack's poll when datagrams or an error came, or a device that was full takes datagrams again. It may use
   * all sockets; what it throws is handled as `Stack.poll` says.
   */
  onReady: ((socket: UdpSocket) => void) | null = null

  readonly #sockets: BaseUdpSockets
  readonly #endpoint: UdpEndpoint
  readonly #info: DatagramInfo = createDatagramInfo()
  #text = ''
  #parsed: IpAddress | undefined
  #reuseAddress = false
  /** Why the stack ended. */
  #stopped = 0

  /** For the stack: applications call `stack.socket('datagram')`. */
  constructor(sockets: BaseUdpSockets, endpoint: UdpEndpoint) {
    this.#sockets = sockets
    this.#endpoint = endpoint
    endpoint.owner = this
  }

  /** What can be done now without meeting `EAGAIN`, as `Readiness` bits. */
  get readiness(): number {
    return this.#stopped === 0 ? this.#endpoint.readiness : UdpReadiness.Error
  }

  /** Undefined while the socket is not bound. */
  get localAddress(): SocketAddress | undefined {
    const { localAddress, localPort } = this.#endpoint
    return localPort === 0 ? undefined : toSocketAddress(localAddress, localPort)
  }

  /** Undefined while it is not connected. */
  get remoteAddress(): SocketAddress | undefined {
    const { remoteAddress, remotePort } = this.#endpoint
    return remotePort === 0 ? undefined : toSocketAddress(remoteAddress, remotePort)
  }

  /** Bytes of data of the next datagram, which may be 0; -1 when none waits. */
  get nextLength(): number {
    return this.#endpoint.nextLength
  }

  /**
   * Sets where datagrams are received: an address of ours, 0.0.0.0 or `::` for any, a group or broadcast address for
   * what is sent there; port 0 for an ephemeral one (RFC 6056). `EINVAL` when bound already, `EADDRNOTAVAIL`, `EADDRINUSE`.
   */
  bind(address: AddressLike, port: number): number {
    const parsed = toIpAddress(address)
    if (parsed === undefined) return Errno.EINVAL
    return this.#stopped || this.#endpoint.bind(parsed, port, { reuseAddress: this.#reuseAddress })
  }

  /** Receives from this peer alone from now on, hears of its ICMP errors, and sends to it by `send`. As `UdpEndpoint.connect`. */
  connect(address: AddressLike, port: number): number {
    const parsed = toIpAddress(address)
    if (parsed === undefined) return Errno.EINVAL
    return this.#stopped || this.#endpoint.connect(parsed, port)
  }

  /** Undoes `connect`. */
  disconnect(): number {
    return this.#stopped || this.#endpoint.disconnect()
  }

  /** `sendto` to the peer of `connect`; `EDESTADDRREQ` without. */
  send(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
    if (this.#stopped !== 0) return this.#stopped
    const sent = this.#endpoint.send(bytes, start, end, this.#sockets.burstTime())
    this.#sockets.wake()
    return sent
  }

  /**
   * Sends `bytes[start, end)` as one datagram; gives the count. `EMSGSIZE` over 65,507 bytes (IPv6: 65,527), `EAGAIN` while the device is
   * full, `EACCES` for a broadcast address without SO_BROADCAST, `EINVAL`, `ENETUNREACH`, `EHOSTUNREACH`, `EADDRNOTAVAIL`,
   * `EAFNOSUPPORT`, `ENOBUFS`; or, once, the ICMP error for an earlier one.
   */
  sendto(bytes: Uint8Array, address: AddressLike, port: number, start = 0, end: number = bytes.length): number {
    const parsed = this.#parse(address)
    if (parsed === undefined) return Errno.EINVAL
    if (this.#stopped !== 0) return this.#stopped
    const sent = this.#endpoint.sendTo(bytes, start, end, parsed, port, this.#sockets.burstTime())
    this.#sockets.wake()
    return sent
  }

  /** The text that came last is not read again. */
  #parse(address: AddressLike): IpAddress | undefined {
    if (typeof address !== 'string') return address
    if (address !== this.#text) {
      this.#parsed = toIpAddress(address)
      this.#text = address
    }
    return this.#parsed
  }

  /** `recvfrom` for those who do not ask from whom. */
  recv(into: Uint8Array, start = 0, end: number = into.length): number {
    return this.recvfrom(into, this.#info, start, end)
  }

  /**
   * Takes the next datagram: data to `into[start, end)`, sender and more to `info` (`createDatagramInfo` makes one, to be reused).
   * Gives the count of bytes, which may be 0; what does not fit is lost (`info.truncated`). `EAGAIN` when none waits; or, once, an
   * ICMP error.
   */
  recvfrom(into: Uint8Array, info: DatagramInfo, start = 0, end: number = into.length): number {
    return this.#stopped || this.#endpoint.receiveFrom(into, start, end, info)
  }

  /** Gives the socket up, with what waits in it; later calls return `EBADF`. */
  close(): number {
    if (this.#stopped !== 0) return this.#stopped
    if (this.#endpoint.state.slot < 0) return Errno.EBADF
    this.onReady = null
    this.#endpoint.close()
    this.#sockets.release(this)
    return 0
  }

  /**
   * The socket as a snapshot for `stack.restore` of another stack, with the datagrams that wait; here it is over. Later calls and
   * pending promises of a facade get `ECANCELED`. `EOPNOTSUPP` for sockets of `udpBase()`.
   */
  detach(): StackSnapshot | number {
    if (this.#stopped !== 0) return this.#stopped
    if (this.#endpoint.state.slot < 0) return Errno.EBADF
    const { onReady } = this
    const snapshot = this.#sockets.detach(this)
    if (typeof snapshot === 'number') return snapshot
    this.close()
    this.#stopped = Errno.ECANCELED
    this.onReady = onReady
    return snapshot
  }

  /** For the stack. */
  save(): UdpSocketSnapshot {
    return { reuseAddress: this.#reuseAddress, endpoint: this.#endpoint.snapshot() }
  }

  /** For the stack: equal for sockets that would behave alike. */
  fingerprint(): string {
    return `${this.#endpoint.fingerprint()} ${this.#reuseAddress}`
  }

  /** For the stack: a new socket becomes what a saved one was. 0, or what `UdpEndpoint.restore` returns. */
  load({ reuseAddress, endpoint }: UdpSocketSnapshot): number {
    this.#reuseAddress = reuseAddress
    return this.#endpoint.restore(endpoint)
  }

  /** The value, 0 or more; `SO_ERROR` gives the error itself. `ENOPROTOOPT` for an option that is none. */
  getsockopt(option: UdpSocketOption): number {
    if (option === 'SO_ERROR') return this.#stopped || this.#endpoint.takeError()
    if (option === 'SO_REUSEADDR') return Number(this.#reuseAddress)
    const name = endpointOptions[option]
    return name === undefined ? Errno.ENOPROTOOPT : Number(this.#endpoint.options[name])
  }

  /** 0; `EINVAL` for a value out of range, `ENOPROTOOPT`. */
  setsockopt(option: UdpSocketOption, value: number): number {
    if (option === 'SO_REUSEADDR') {
      this.#reuseAddress = value !== 0
      return 0
    }
    const name = option === 'SO_ERROR' ? undefined : endpointOptions[option]
    if (name === undefined) return Errno.ENOPROTOOPT
    const isFlag = typeof this.#endpoint.options[name] === 'boolean'
    try {
      this.#endpoint.configure({ [name]: isFlag ? value !== 0 : value })
    } catch {
      return Errno.EINVAL
    }
    return 0
  }

  /** For the stack: it closes, and every later call returns `errno`. */
  stop(errno: number): void {
    const { onReady } = this
    this.close()
    this.#stopped = errno
    onReady?.(this)
  }
}
