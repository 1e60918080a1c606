import { INTERNET_LAYER_MARGIN, InternetLayer } from '@layerfour/ip'
import type { Device } from '@layerfour/link'
import { Arena, SipHash } from '@layerfour/storage'
import { dropReasonNames, Errno, isIpv4, parseIpAddress, parsePrefix } from '@layerfour/wire'
import { combineDigests } from './_combine-digests.ts'
import { hostTime } from './_host-clock.ts'
import type { Accounting } from './accounting.ts'
import { EphemeralPorts } from './ephemeral-ports.ts'
import { createKernelMemory } from './kernels/kernels.ts'
import type { KernelChoice } from './kernels/kernels.ts'
import type { NetstatRow } from './netstat.ts'
import type { Observer } from './observer.ts'
import type { DatagramProtocol, ProtocolAccounting, ProtocolFactory, ProtocolHost, SocketProtocol, StreamProtocol } from './protocol.ts'
import { SocketError } from './socket-error.ts'
import type { StackSnapshot } from './stack-snapshot.ts'
import type { Listener, ListenOptions } from './tcp/listener.ts'
import type { ConnectOptions, TcpConnection } from './tcp/tcp-connection.ts'
import type { TcpSocket } from './tcp/tcp-socket.ts'
import type { Datagram, DatagramOptions } from './udp/datagram.ts'
import type { UdpSocket } from './udp/udp-socket.ts'

export interface StackOptions {
  /** `tcp()`, `udp()` or both. What is not named is not bundled. */
  readonly protocols: readonly ProtocolFactory[]
  /**
   * Monotonic time in ms. Default: `performance.now` in steps of 1/64 ms, and `runRealTime` lets it stand still during a poll. Virtual
   * time: `() => simulation.now`.
   */
  readonly clock?: () => number
  /** Four random words that nobody else knows; default from `crypto.getRandomValues`. Given, a run can be repeated. */
  readonly secret?: Int32Array
  /**
   * Memory budget of all buffers in bytes, a power of two; default 16 MiB. Beside it there are two packet buffers, 128 KiB, for as
   * long as the stack lives.
   */
  readonly memory?: number
  /**
   * What computes checksums: `'wasm'`, 128-bit instructions of WebAssembly, in whose memory the buffers then are; `'js'`; or
   * `'auto'`, the default, the former where the host allows it. A host of very many stacks may prefer `'js'`: address space for
   * WebAssembly is limited.
   */
  readonly kernels?: KernelChoice
  /** First and last port for those who do not name one; default 49,152 to 65,535 (RFC 6335 §6). */
  readonly ephemeralPorts?: readonly [first: number, last: number]
  readonly observer?: Observer
  /** Takes what a readiness callback throws. Without it, `poll` throws it when all its work is done. */
  readonly onError?: (error: unknown) => void
}

export interface InterfaceOptions {
  /** Addresses with their on-link prefixes: `10.0.0.1/24`, `2001:db8::1/64`. */
  readonly addresses: readonly string[]
  /** Next hops for everything that is not on-link, one a family at most. */
  readonly gateway?: string | readonly string[]
}

/** An interface of a stack. */
export interface StackInterface {
  /** Its number in `Observer` calls and routes. */
  readonly index: number
  readonly device: Device
}

const DEFAULT_MEMORY = 1 << 24
/** `deadline` when something is to be done at once. */
const NOW = 0

/**
 * A host: interfaces, the internet layer, transport protocols and sockets, in one memory budget and
 * without a clock of its own. A driver (`runRealTime`, `runVirtual`, or a loop of yours) calls
 * `poll` when `deadline` comes or `onWake` calls.
 *
 * Packets that come in and calls of the application only note what is to be done; `poll` does it:
 * it sends what is owed, runs timers, and calls the readiness callbacks of sockets. So packets never
 * nest, and a callback may use every socket freely.
 */
export class Stack {
  /** The internet layer: more addresses, routes, counters. */
  readonly internet: InternetLayer
  /** What computes checksums over the stack's memory. */
  readonly kernels: 'js' | 'wasm'
  /** Called once when something became due outside of `poll`; a driver sets it. */
  onWake: (() => void) | null = null

  readonly #clock: () => number
  readonly #arena: Arena
  readonly #observer: Observer | undefined
  readonly #onError: ((error: unknown) => void) | undefined
  readonly #protocols: SocketProtocol[] = []
  readonly #interfaces: StackInterface[] = []
  #stream: StreamProtocol | undefined
  #datagram: DatagramProtocol | undefined
  /** When the first packet since the last poll came: a burst takes one look at the clock. */
  #arrival: number | undefined
  #due = false
  #polling = false
  #closed = false
  #activity = 0
  #errors: unknown[] = []

  /** @throws RangeError for figures out of range; TypeError when two protocols claim one socket type. */
  constructor(options: StackOptions) {
    const secret = options.secret ?? crypto.getRandomValues(new Int32Array(4))
    if (secret.length < 4) throw new RangeError(`secret has ${secret.length} words, expected 4`)
    this.#clock = options.clock ?? hostTime
    this.#onError = options.onError
    const memory = options.memory ?? DEFAULT_MEMORY
    const { kernels, buffer } = createKernelMemory(options.kernels ?? 'auto', memory + INTERNET_LAYER_MARGIN)
    this.kernels = kernels
    this.#arena = new Arena(memory, INTERNET_LAYER_MARGIN, buffer)
    const { observer } = options
    this.#observer = observer
    this.internet = new InternetLayer({
      secret: deriveSecret(secret, 0), arena: this.#arena, ...(observer === undefined ? {} : { observer }),
    })
    const ports = new EphemeralPorts(deriveSecret(secret, 1), options.ephemeralPorts)
    for (const [i, factory] of options.protocols.entries()) {
      const host: ProtocolHost = {
        network: this.internet,
        arena: this.#arena,
        secret: deriveSecret(secret, 2 + i),
        ports,
        observer,
        now: () => this.now(),
        wake: () => this.#wake(),
      }
      this.#register(factory.create(host))
    }
  }

  #register(protocol: SocketProtocol): void {
    if (this.#protocols.some(({ type }) => type === protocol.type)) {
      throw new TypeError(`protocol ${protocol.name} is the second one for ${protocol.type} sockets, expected one`)
    }
    if (protocol.type === 'stream') this.#stream = protocol
    else this.#datagram = protocol
    this.#protocols.push(protocol)
    this.internet.register(protocol.transport)
  }

  /** The stack's clock in ms. */
  now(): number {
    return this.#clock()
  }

  /**
   * Joins the stack to a medium. The device belongs to the caller, who also closes it.
   * @throws TypeError for an address that is none; RangeError from `InternetLayer` for one that no host may have.
   */
  addInterface(device: Device, options: InterfaceOptions): StackInterface {
    this.#requireOpen('addInterface')
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
    this.#observer?.interfaceAdded?.(index, device)
    device.attach((bytes, start, end, segmentSize, checksumVerified) => {
      this.#arrival ??= this.#clock()
      this.internet.receive(index, bytes, start, end, this.#arrival, segmentSize, checksumVerified)
      this.#wake()
    })
    const added = { index, device }
    this.#interfaces.push(added)
    this.#wake()
    return added
  }

  /** When `poll` is wanted next, in ms of the clock: not later than now when something is due; Infinity for never. */
  get deadline(): number {
    if (this.#closed) return Infinity
    if (this.#due) return NOW
    return this.internet.deadline
  }

  /** How many readiness callbacks were called: grows whenever a promise of the stack may have settled. */
  get activity(): number {
    return this.#activity
  }

  /**
   * Does everything that is due: calls readiness callbacks, delivers loopback packets, sends what is
   * owed, runs timers. Returns `deadline`.
   *
   * What callbacks throw goes to `StackOptions.onError`; without that, poll throws it at its end (an
   * `AggregateError` if there were several), when the stack is as it would be had nothing been thrown.
   */
  poll(now: number = this.now()): number {
    if (this.#polling) throw new TypeError('poll was called by a callback of poll, expected to be called by the driver alone')
    if (this.#closed) return Infinity
    this.#polling = true
    this.#due = false
    this.#arrival = undefined
    // Callbacks first: what they send leaves in the segments that acknowledge.
    this.#dispatch()
    const deadline = this.internet.poll(now)
    const called = this.#dispatch()
    this.#polling = false
    if (this.#errors.length > 0) this.#throwErrors()
    // Callbacks may have changed anything; one may have closed the stack. A device may have delivered meanwhile.
    return called > 0 || this.#due ? this.deadline : deadline
  }

  #dispatch(): number {
    const protocols = this.#protocols
    let called = 0
    for (let i = 0; i < protocols.length; i++) called += protocols[i]!.dispatch(this.#report)
    this.#activity += called
    return called
  }

  readonly #report = (error: unknown): void => {
    if (this.#onError !== undefined) this.#onError(error)
    else this.#errors.push(error)
  }

  #throwErrors(): never {
    const errors = this.#errors
    this.#errors = []
    throw errors.length === 1 ? errors[0] : new AggregateError(errors, `${errors.length} readiness callbacks threw`)
  }

  #wake(): void {
    if (this.#due) return
    this.#due = true
    // A poll that is under way returns the deadline to its driver anyway.
    if (!this.#polling) this.onWake?.()
  }

  /**
   * A non-blocking socket: `'stream'` is TCP, `'datagram'` UDP.
   * @throws SocketError EPROTONOSUPPORT without such a protocol in the stack; ENETDOWN when the stack is closed.
   */
  socket(type: 'stream'): TcpSocket
  socket(type: 'datagram'): UdpSocket
  socket(type: 'stream' | 'datagram'): TcpSocket | UdpSocket {
    if (type === 'stream') return this.#streams('socket').socket()
    if (type === 'datagram') return this.#datagrams('socket').socket()
    throw new TypeError(`socket type is ${String(type)}, expected 'stream' or 'datagram'`)
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

  #streams(syscall: string): StreamProtocol {
    this.#requireOpen(syscall)
    if (this.#stream === undefined) throw new SocketError(Errno.EPROTONOSUPPORT, syscall)
    return this.#stream
  }

  #datagrams(syscall: string): DatagramProtocol {
    this.#requireOpen(syscall)
    if (this.#datagram === undefined) throw new SocketError(Errno.EPROTONOSUPPORT, syscall)
    return this.#datagram
  }

  #requireOpen(syscall: string): void {
    if (this.#closed) throw new SocketError(Errno.ENETDOWN, syscall)
  }

  /** Who has which memory, timers and table entries; back at its first figures when all connections have ended. */
  accounting(): Accounting {
    const { capacity, used, peak } = this.#arena
    const protocols: Record<string, ProtocolAccounting> = {}
    let bytes = used
    for (const protocol of this.#protocols) {
      const part = protocol.accounting()
      protocols[protocol.name] = part
      bytes -= part.bytes
    }
    return { memory: { capacity, used, peak }, internet: { bytes }, protocols }
  }

  /** Every socket and connection. */
  netstat(): NetstatRow[] {
    const now = this.now()
    return this.#protocols.flatMap((protocol) => protocol.netstat(now))
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
    this.#requireOpen('snapshot')
    return { version: 1, tcp: this.#stream?.snapshot() ?? null, udp: this.#datagram?.snapshot() ?? null }
  }

  /**
   * `snapshot`, and the stack ends as by `close`, but no peer hears of it: the connections go on where `restore` is called.
   * What peers send meanwhile is lost and sent again by them.
   */
  detach(): StackSnapshot {
    this.#requireOpen('detach')
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
    this.#requireOpen('restore')
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
   * The open sockets of one type, in the order in which they were opened: accepted ones and those of facades too.
   * @throws SocketError EPROTONOSUPPORT without such a protocol in the stack; ENETDOWN when the stack is closed.
   */
  sockets(type: 'stream'): TcpSocket[]
  sockets(type: 'datagram'): UdpSocket[]
  sockets(type: 'stream' | 'datagram'): TcpSocket[] | UdpSocket[] {
    return type === 'stream' ? this.#streams('sockets').sockets : this.#datagrams('sockets').sockets
  }

  /**
   * A digest of what `snapshot` holds, 16 hexadecimal digits: equal for equal states, in whatever memory and by whatever clock.
   */
  fingerprint(): string {
    this.#requireOpen('fingerprint')
    return combineDigests(this.#protocols.map((protocol) => `${protocol.name} ${protocol.fingerprint()}`))
  }

  /**
   * Ends the stack: connections are reset, pending promises reject with ECANCELED, devices are let go (not closed).
   * Later calls throw or reject with ENETDOWN. Idempotent. What readiness callbacks throw is handled as by `poll`.
   */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const protocol of this.#protocols) protocol.stop(Errno.ECANCELED, this.#report)
    // The resets leave; nobody is called any more.
    this.internet.poll(this.now())
    for (const { device } of this.#interfaces) device.attach(() => undefined)
    if (this.#polling) return
    this.onWake?.()
    if (this.#errors.length > 0) this.#throwErrors()
  }
}

/** Independent secrets for different uses, from one. */
function deriveSecret(secret: Int32Array, purpose: number): Int32Array {
  const hash = new SipHash(secret)
  return Int32Array.from([0, 1, 2, 3], (word) => {
    hash.word(purpose)
    hash.word(word)
    return hash.finish()
  })
}
