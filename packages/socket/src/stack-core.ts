import { INTERNET_LAYER_MARGIN } from '@layerfour/ip'
import type { IpObserver, LinkPort, TransportProtocol } from '@layerfour/ip'
import type { Device } from '@layerfour/link'
import { Arena, SipHash } from '@layerfour/storage'
import type { NetworkLayer } from '@layerfour/wire'
import { Errno } from '@layerfour/wire'
import { hostTime } from './_host-clock.ts'
import { EphemeralPorts } from './ephemeral-ports.ts'
import type { Observer } from './observer.ts'
import type { BaseProtocol, BaseProtocolFactory, ProtocolHost } from './protocol.ts'
import { SocketError } from './socket-error.ts'
import type { TcpSocket } from './tcp/tcp-socket.ts'
import type { UdpSocket } from './udp/udp-socket.ts'

/** What a stack needs of an internet layer: `InternetCore`, `InternetLayer` and `Ipv4Layer` of `@layerfour/ip` are such. */
export interface Internet extends NetworkLayer {
  addInterface(port: LinkPort): number
  register(transport: TransportProtocol): void
  receive(
    interfaceIndex: number, bytes: Uint8Array, start: number, end: number, now: number, segmentSize?: number, checksumVerified?: boolean,
  ): number
  poll(now: number): number
  readonly deadline: number
}

/** What a stack gives to its internet layer. */
export interface InternetHost {
  /** Four random words. */
  readonly secret: Int32Array
  readonly arena: Arena
  readonly observer?: IpObserver
}

export interface StackCoreOptions<Layer extends Internet> {
  /** `tcpBase()`, `udpBase()` or both; or `tcp()` and `udp()`. What is not named is not bundled. */
  readonly protocols: readonly BaseProtocolFactory[]
  /** Makes the internet layer: `(host) => new Ipv4Layer(host)`. */
  readonly internet: (host: InternetHost) => Layer
  /**
   * Monotonic time in ms. Default: `performance.now` in steps of 1/64 ms, and `runRealTime` lets it stand still during a poll
   * and, while one is pending, for up to 16 calls of a loop that sends. Virtual time: `() => simulation.now`.
   */
  readonly clock?: () => number
  /** Four random words that nobody else knows; default from `crypto.getRandomValues`. Given, a run can be repeated. */
  readonly secret?: Int32Array
  /**
   * Memory budget of all buffers in bytes, a power of two; default 16 MiB. Beside it there are two packet buffers, 128 KiB, for as
   * long as the stack lives.
   */
  readonly memory?: number
  /** Memory to use instead of new one, such as that of a WebAssembly module; it must hold `memory` and `INTERNET_LAYER_MARGIN` bytes. */
  readonly buffer?: ArrayBuffer | undefined
  /** First and last port for those who do not name one; default 49,152 to 65,535 (RFC 6335 §6). */
  readonly ephemeralPorts?: readonly [first: number, last: number]
  readonly observer?: Observer
  /** Takes what a readiness callback throws. Without it, `poll` throws it when all its work is done. */
  readonly onError?: (error: unknown) => void
}

/** An interface of a stack. */
export interface StackInterface {
  /** Its number in `Observer` calls and routes. */
  readonly index: number
  readonly device: Device
}

/** Bytes. */
export const DEFAULT_MEMORY: number = 1 << 24
/** `deadline` when something is to be done at once. */
const NOW = 0

/**
 * The least of a host: an internet layer of your choice, transport protocols and base sockets, in one memory budget and
 * without a clock of its own. `Stack` is the whole. A driver (`runRealTime`, `runVirtual`, or a loop of yours) calls
 * `poll` when `deadline` comes or `onWake` calls.
 *
 * Packets that come in and calls of the application only note what is to be done; `poll` does it:
 * it sends what is owed, runs timers, and calls the readiness callbacks of sockets. So packets never
 * nest, and a callback may use every socket freely.
 */
export class StackCore<Layer extends Internet = Internet> {
  /** The internet layer: addresses, routes, counters. */
  readonly internet: Layer
  /** Called once when something became due outside of `poll`; a driver sets it. */
  onWake: (() => void) | null = null

  protected readonly arena: Arena
  protected readonly protocols: readonly BaseProtocol[]
  readonly #clock: () => number
  readonly #observer: Observer | undefined
  readonly #onError: ((error: unknown) => void) | undefined
  readonly #devices: Device[] = []
  /** When the first packet or call since the last poll came: a burst takes one look at the clock. */
  #arrival: number | undefined
  #due = false
  #polling = false
  #closed = false
  #activity = 0
  #errors: unknown[] = []

  /** @throws RangeError for figures out of range; TypeError when two protocols claim one socket type. */
  constructor(options: StackCoreOptions<Layer>) {
    const { observer, secret = crypto.getRandomValues(new Int32Array(4)), memory = DEFAULT_MEMORY } = options
    if (secret.length < 4) throw new RangeError(`secret has ${secret.length} words, expected 4`)
    this.#clock = options.clock ?? hostTime
    this.#onError = options.onError
    this.#observer = observer
    this.arena = new Arena(memory, INTERNET_LAYER_MARGIN, options.buffer)
    this.internet = options.internet({
      secret: deriveSecret(secret, 0), arena: this.arena, ...(observer === undefined ? {} : { observer }),
    })
    const ports = new EphemeralPorts(deriveSecret(secret, 1), options.ephemeralPorts)
    this.protocols = options.protocols.map((factory, i) => {
      const host: ProtocolHost = {
        network: this.internet,
        arena: this.arena,
        secret: deriveSecret(secret, 2 + i),
        ports,
        observer,
        now: () => this.now(),
        burstTime: () => this.#burstTime(),
        wake: () => this.#wake(),
      }
      return factory.create(host)
    })
    for (const [i, { name, type, transport }] of this.protocols.entries()) {
      if (this.protocols.findIndex((other) => other.type === type) !== i) {
        throw new TypeError(`protocol ${name} is the second one for ${type} sockets, expected one`)
      }
      this.internet.register(transport)
    }
  }

  /** The stack's clock in ms. */
  now(): number {
    return this.#clock()
  }

  /** Joins the stack to a medium, without an address yet. The device belongs to the caller, who also closes it. */
  attach(device: Device): StackInterface {
    this.requireOpen('addInterface')
    return this.join(device, this.internet.addInterface(device))
  }

  /** Takes the packets of a device, which the internet layer has as interface `index`. */
  protected join(device: Device, index: number): StackInterface {
    this.#observer?.interfaceAdded?.(index, device)
    device.attach((bytes, start, end, segmentSize, checksumVerified) => {
      this.#arrival ??= this.#clock()
      this.internet.receive(index, bytes, start, end, this.#arrival, segmentSize, checksumVerified)
      this.#wake()
    })
    this.#devices.push(device)
    this.#wake()
    return { index, device }
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
    this.#arrival = undefined
    // Callbacks first: what they send leaves in the segments that acknowledge.
    this.#dispatch()
    // What they asked for is done here and now.
    this.#due = false
    const deadline = this.internet.poll(now)
    const called = this.#dispatch()
    this.#polling = false
    if (this.#errors.length > 0) this.#throwErrors()
    // Callbacks may have changed anything; one may have closed the stack. A device may have delivered meanwhile.
    return called > 0 || this.#due ? this.deadline : deadline
  }

  #dispatch(): number {
    const { protocols } = this
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

  /** A burst of calls takes one look at the clock, like one of packets: while a poll is owed, the time is that of the first of them. */
  #burstTime(): number {
    return this.#due ? (this.#arrival ??= this.#clock()) : this.#clock()
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
    if (type !== 'stream' && type !== 'datagram') throw new TypeError(`socket type is ${String(type)}, expected 'stream' or 'datagram'`)
    return this.protocol(type, 'socket').socket()
  }

  /**
   * The open sockets of one type, in the order in which they were opened: accepted ones and those of facades too.
   * @throws SocketError EPROTONOSUPPORT without such a protocol in the stack; ENETDOWN when the stack is closed.
   */
  sockets(type: 'stream'): TcpSocket[]
  sockets(type: 'datagram'): UdpSocket[]
  sockets(type: 'stream' | 'datagram'): TcpSocket[] | UdpSocket[] {
    return this.protocol(type, 'sockets').sockets
  }

  /** @throws SocketError EPROTONOSUPPORT without such a protocol; ENETDOWN when the stack is closed. */
  protected protocol(type: 'stream' | 'datagram', syscall: string): BaseProtocol {
    this.requireOpen(syscall)
    const found = this.protocols.find((protocol) => protocol.type === type)
    if (found === undefined) throw new SocketError(Errno.EPROTONOSUPPORT, syscall)
    return found
  }

  protected requireOpen(syscall: string): void {
    if (this.#closed) throw new SocketError(Errno.ENETDOWN, syscall)
  }

  /**
   * Ends the stack: connections are reset, pending promises reject with ECANCELED, devices are let go (not closed).
   * Later calls throw or reject with ENETDOWN. Idempotent. What readiness callbacks throw is handled as by `poll`.
   */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const protocol of this.protocols) protocol.stop(Errno.ECANCELED, this.#report)
    // The resets leave; nobody is called any more.
    this.internet.poll(this.now())
    for (const device of this.#devices) device.attach(() => undefined)
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
