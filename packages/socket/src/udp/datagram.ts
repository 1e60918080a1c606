import { createDatagramInfo } from '@layerfour/udp'
import { Errno } from '@layerfour/wire'
import { LastAddress } from '../_last-address.ts'
import { WAIT, WaitQueue } from '../_wait-queue.ts'
import type { AbortOptions } from '../abort-options.ts'
import type { SocketAddress } from '../socket-address.ts'
import { SocketError } from '../socket-error.ts'
import type { UdpSocket } from './udp-socket.ts'

export interface DatagramOptions {
  /** One of the stack's addresses, 0.0.0.0 for any IPv4 address, `::` (the default) for any; or a broadcast address or group. */
  readonly hostname?: string
  /** 1 to 65,535, or 0 (the default) for an ephemeral one. */
  readonly port?: number
  /** The only peer to talk to; then its ICMP errors are heard (ECONNREFUSED). */
  readonly remote?: SocketAddress
  /** Share the port with others that say so too: false. */
  readonly reuseAddress?: boolean
  /** Allow sending to broadcast addresses: false. */
  readonly broadcast?: boolean
  /** DSCP and ECN of what is sent, 0 to 255: 0. */
  readonly trafficClass?: number
  /** Hop limit of what is sent, 1 to 255; 0, the default, leaves it to the internet layer. */
  readonly hopLimit?: number
  /** Refuse what would need fragments, with EMSGSIZE: false. */
  readonly dontFragment?: boolean
}

/** For `stack.datagram`. @throws SocketError when the address cannot be had; RangeError for an option out of range. */
export function openDatagram(socket: UdpSocket, options: DatagramOptions): Datagram {
  const { hostname = '::', port = 0, remote } = options
  try {
    if (options.reuseAddress === true) socket.setsockopt('SO_REUSEADDR', 1)
    if (options.broadcast === true) socket.setsockopt('SO_BROADCAST', 1)
    if (options.dontFragment === true) socket.setsockopt('IP_DONTFRAG', 1)
    setOctet(socket, 'IP_TOS', 'trafficClass', options.trafficClass)
    setOctet(socket, 'IP_TTL', 'hopLimit', options.hopLimit)
    const bound = socket.bind(hostname, port)
    if (bound < 0) throw new SocketError(bound, 'bind', { hostname, port })
    const connected = remote === undefined ? 0 : socket.connect(remote.hostname, remote.port)
    if (connected < 0) throw new SocketError(connected, 'connect', remote)
  } catch (error) {
    socket.close()
    throw error
  }
  return new Datagram(socket)
}

function setOctet(socket: UdpSocket, option: 'IP_TOS' | 'IP_TTL', name: string, value: number | undefined): void {
  if (value === undefined || socket.setsockopt(option, value) === 0) return
  throw new RangeError(`${name} is ${value}, expected an integer from 0 to 255`)
}

/** A datagram that came in. */
export interface ReceivedDatagram {
  /** All of its data, the receiver's to keep. */
  readonly data: Uint8Array<ArrayBuffer>
  /** Who sent it. */
  readonly remoteAddress: SocketAddress
}

const NO_DATA = /* @__PURE__ */ new Uint8Array(0)

/** A UDP socket as promises: `send`, `receive`, `for await (const { data, remoteAddress } of datagram)`. */
export class Datagram implements AsyncIterable<ReceivedDatagram>, AsyncDisposable {
  /** Where datagrams are received; unspecified for any address. */
  readonly localAddress: SocketAddress
  /** The only peer, if there is one. */
  readonly remoteAddress: SocketAddress | undefined
  readonly #socket: UdpSocket
  readonly #sends = new WaitQueue()
  readonly #receives = new WaitQueue()
  readonly #info = createDatagramInfo()
  readonly #addresses = new LastAddress()
  #closed = false

  /** Wraps a base socket that is bound; it belongs to this object from here on. */
  constructor(socket: UdpSocket) {
    this.#socket = socket
    this.localAddress = socket.localAddress!
    this.remoteAddress = socket.remoteAddress
    socket.onReady = () => {
      this.#receives.pump()
      this.#sends.pump()
    }
  }

  /** The base socket, for options. */
  get socket(): UdpSocket {
    return this.#socket
  }

  /**
   * Sends one datagram, to `to` or to the only peer, waiting while the device is full; until then `bytes` must not change. Gives the
   * count of bytes. Rejects with SocketError: EMSGSIZE over 65,507 bytes (IPv6: 65,527), ENETUNREACH, EHOSTUNREACH, EACCES,
   * EDESTADDRREQ…, or with the ICMP error for an earlier datagram.
   */
  send(bytes: Uint8Array, to?: SocketAddress, options?: AbortOptions): Promise<number> {
    return this.#sends.run(() => {
      const sent = this.#closed ? Errno.ECANCELED : to === undefined ? this.#socket.send(bytes) : this.#sendTo(bytes, to)
      if (sent === Errno.EAGAIN) return WAIT
      if (sent < 0) throw new SocketError(sent, 'send', to ?? this.remoteAddress)
      return sent
    }, options?.signal)
  }

  #sendTo(bytes: Uint8Array, { hostname, port }: SocketAddress): number {
    return this.#socket.sendto(bytes, hostname, port)
  }

  /** The next datagram. Rejects with ECANCELED when the socket or its stack closes, and with ICMP errors from the only peer. */
  receive(options?: AbortOptions): Promise<ReceivedDatagram> {
    return this.#receives.run(() => {
      if (this.#closed) throw new SocketError(Errno.ECANCELED, 'receive')
      const length = this.#socket.nextLength
      const data = length > 0 ? new Uint8Array(length) : NO_DATA
      const count = this.#socket.recvfrom(data, this.#info)
      if (count === Errno.EAGAIN) return WAIT
      if (count < 0) throw new SocketError(count, 'receive', this.remoteAddress)
      const { address, port } = this.#info
      return { data, remoteAddress: { hostname: this.#addresses.textOf(address), port } }
    }, options?.signal)
  }

  /** Gives the port back; pending promises reject with ECANCELED. Idempotent. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#socket.close()
    this.#receives.pump()
    this.#sends.pump()
  }

  /** Every datagram; ends when the socket or its stack closes. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ReceivedDatagram, void, undefined> {
    for (;;) {
      let datagram: ReceivedDatagram
      try {
        datagram = await this.receive()
      } catch (error) {
        if (error instanceof SocketError && error.errno === Errno.ECANCELED) return
        throw error
      }
      yield datagram
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close()
    return Promise.resolve()
  }
}
