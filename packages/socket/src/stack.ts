import { INTERNET_LAYER_MARGIN, InternetLayer } from '@layerfour/ip'
import type { Device } from '@layerfour/link'
import { dropReasonNames, isIpv4, parseIpAddress, parsePrefix } from '@layerfour/wire'
import { combineDigests } from './_combine-digests.ts'
import type { Accounting } from './accounting.ts'
import { createKernelMemory } from './kernels/kernels.ts'
import type { KernelChoice } from './kernels/kernels.ts'
import type { NetstatRow } from './netstat.ts'
import type { DatagramProtocol, ProtocolAccounting, ProtocolFactory, SocketProtocol, StreamProtocol } from './protocol.ts'
import type { StackCoreOptions, StackInterface } from './stack-core.ts'
import { DEFAULT_MEMORY, StackCore } from './stack-core.ts'
import type { StackSnapshot } from './stack-snapshot.ts'
import type { Listener, ListenOptions } from './tcp/listener.ts'
import type { ConnectOptions, TcpConnection } from './tcp/tcp-connection.ts'
import type { TcpSocket } from './tcp/tcp-socket.ts'
import type { Datagram, DatagramOptions } from './udp/datagram.ts'

export interface StackOptions extends Omit<StackCoreOptions<InternetLayer>, 'protocols' | 'internet' | 'buffer'> {
  /** `tcp()`, `udp()` or both. What is not named is not bundled. */
  readonly protocols: readonly ProtocolFactory[]
  /**
   * What computes checksums: `'wasm'`, 128-bit instructions of WebAssembly, in whose memory the buffers then are; `'js'`; or
   * `'auto'`, the default, the former where the host allows it. A host of very many stacks may prefer `'js'`: address space for
   * WebAssembly is limited.
   */
  readonly kernels?: KernelChoice
}

export interface InterfaceOptions {
  /** Addresses with their on-link prefixes: `10.0.0.1/24`, `2001:db8::1/64`. */
  readonly addresses: readonly string[]
  /** Next hops for everything that is not on-link, one a family at most. */
  readonly gateway?: string | readonly string[]
}

/**
 * A host: interfaces, the internet layer with all its parts, transport protocols and sockets, in one memory budget and
 * without a clock of its own. A driver (`runRealTime`, `runVirtual`, or a loop of yours) calls
 * `poll` when `deadline` comes or `onWake` calls.
 *
 * Packets that come in and calls of the application only note what is to be done; `poll` does it:
 * it sends what is owed, runs timers, and calls the readiness callbacks of sockets. So packets never
 * nest, and a callback may use every socket freely.
 */
export class Stack extends StackCore<InternetLayer> {
  /** What computes checksums over the stack's memory. */
  readonly kernels: 'js' | 'wasm'

  /** @throws RangeError for figures out of range; TypeError when two protocols claim one socket type. */
  constructor(options: StackOptions) {
    const { kernels: choice = 'auto', memory = DEFAULT_MEMORY } = options
    const { kernels, buffer } = createKernelMemory(choice, memory + INTERNET_LAYER_MARGIN)
    super({ ...options, memory, buffer, internet: (host) => new InternetLayer(host) })
    this.kernels = kernels
  }

  /**
   * Joins the stack to a medium. The device belongs to the caller, who also closes it.
   * @throws TypeError for an address that is none; RangeError from `InternetLayer` for one that no host may have.
   */
  addInterface(device: Device, options: InterfaceOptions): StackInterface {
    this.requireOpen('addInterface')
    const prefixes = options.addresses.map((text) => {
      const prefix = parsePrefix(text)
      if (prefix === undefined) throw new TypeError(`address is '${text}', expected one like 10.0.0.1/24 or 2001:db8::1/64`)
      return prefix
    })
    const gateways = [options.gateway ?? []].flat().map((text) => {
      const address = parseIpAddress(text)
      if (address === undefined) throw new TypeError(`gateway is '${text}', expected an IP address`)
      return address
    })
    const index = this.internet.addInterface(device)
    for (const prefix of prefixes) this.internet.addAddress(index, prefix)
    for (const gateway of gateways) {
      const destination = parsePrefix(isIpv4(gateway) ? '0.0.0.0/0' : '::/0')!
      this.internet.addRoute({ destination, gateway, interfaceIndex: index })
    }
    return this.join(device, index)
  }

  /**
   * Opens a TCP connection. Rejects with SocketError: ECONNREFUSED, ETIMEDOUT, ECONNRESET, ENETUNREACH, EHOSTUNREACH,
   * EADDRINUSE, EADDRNOTAVAIL, ENOBUFS…; with the reason of `signal` when that aborts.
   */
  connect(options: ConnectOptions): Promise<TcpConnection> {
    try {
      return this.#streams('connect').connect(options)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Accepts TCP connections. @throws SocketError EADDRINUSE, EADDRNOTAVAIL… */
  listen(options: ListenOptions): Listener {
    return this.#streams('listen').listen(options)
  }

  /** Opens a UDP socket. @throws SocketError EADDRINUSE, EADDRNOTAVAIL… */
  datagram(options: DatagramOptions = {}): Datagram {
    return this.#datagrams('bind').datagram(options)
  }

  // The options take whole protocols only.
  get #whole(): readonly SocketProtocol[] {
    return this.protocols as readonly SocketProtocol[]
  }

  #streams(syscall: string): StreamProtocol {
    return this.protocol('stream', syscall) as StreamProtocol
  }

  #datagrams(syscall: string): DatagramProtocol {
    return this.protocol('datagram', syscall) as DatagramProtocol
  }

  get #stream(): StreamProtocol | undefined {
    return this.#whole.find((protocol) => protocol.type === 'stream')
  }

  get #datagram(): DatagramProtocol | undefined {
    return this.#whole.find((protocol) => protocol.type === 'datagram')
  }

  /** Who has which memory, timers and table entries; back at its first figures when all connections have ended. */
  accounting(): Accounting {
    const { capacity, used, peak } = this.arena
    const protocols: Record<string, ProtocolAccounting> = {}
    let bytes = used
    for (const protocol of this.#whole) {
      const part = protocol.accounting()
      protocols[protocol.name] = part
      bytes -= part.bytes
    }
    return { memory: { capacity, used, peak }, internet: { bytes }, protocols }
  }

  /** Every socket and connection. */
  netstat(): NetstatRow[] {
    const now = this.now()
    return this.#whole.flatMap((protocol) => protocol.netstat(now))
  }

  /** Packets dropped so far, by the name of the `DropReason`; reasons that did not occur are left out. */
  drops(): Record<string, number> {
    const drops: Record<string, number> = {}
    for (const [reason, count] of this.internet.drops.counts.entries()) {
      if (count > 0) drops[dropReasonNames[reason]!] = count
    }
    return drops
  }

  /**
   * TCP and UDP as they stand, as plain data: every socket with its address, its options, its connection and the datagrams that
   * wait in it, and every connection that waits to be accepted, goes on ending or is in TIME-WAIT. The stack goes on living; to
   * move, use `detach`. Not part of it: secrets, memberships of groups, and what is learned again (neighbours, fragments).
   *
   * @throws SocketError ENETDOWN when the stack is closed.
   */
  snapshot(): StackSnapshot {
    this.requireOpen('snapshot')
    return { version: 1, tcp: this.#stream?.snapshot() ?? null, udp: this.#datagram?.snapshot() ?? null }
  }

  /**
   * `snapshot`, and the stack ends as by `close`, but no peer hears of it: the connections go on where `restore` is called.
   * What peers send meanwhile is lost and sent again by them.
   */
  detach(): StackSnapshot {
    this.requireOpen('detach')
    const udp = this.#datagram?.snapshot() ?? null
    const tcp = this.#stream?.detachAll() ?? null
    this.close()
    return { version: 1, tcp, udp }
  }

  /**
   * Goes on with the connections of another stack, by this one's clock, secret and memory; the interfaces must be there, with the
   * addresses. Returns the snapshot's TCP sockets in its order, `sockets('datagram')` the UDP sockets, behind those that were there
   * before; `new TcpConnection(socket)`, `new Listener(socket)` and `new Datagram(socket)` make facades of them. They may be
   * ready at once: try first, then wait for `onReady`.
   *
   * A snapshot is trusted like a program: take none from strangers.
   *
   * @throws SocketError EADDRNOTAVAIL, EADDRINUSE, ENOBUFS, EPROTONOSUPPORT without the protocol in this stack, and nothing is restored;
   * TypeError for a snapshot of another version or another congestion control.
   */
  restore(snapshot: StackSnapshot): TcpSocket[] {
    const { version, tcp, udp } = snapshot
    if (version !== 1) throw new TypeError(`snapshot version is ${String(version)}, expected 1`)
    this.requireOpen('restore')
    const streams = tcp === null ? undefined : this.#streams('restore')
    const datagramSockets = udp === null ? [] : this.#datagrams('restore').restore(udp)
    try {
      return streams === undefined ? [] : streams.restore(tcp!)
    } catch (error) {
      for (const socket of datagramSockets) socket.close()
      throw error
    }
  }

  /**
   * A digest of what `snapshot` holds, 16 hexadecimal digits: equal for equal states, in whatever memory and by whatever clock.
   */
  fingerprint(): string {
    this.requireOpen('fingerprint')
    return combineDigests(this.#whole.map((protocol) => `${protocol.name} ${protocol.fingerprint()}`))
  }
}
