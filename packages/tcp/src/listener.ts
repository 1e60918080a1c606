import type { CongestionControl } from '@layerfour/flow'
import type { IpAddress } from '@layerfour/wire'
import type { Connection } from './connection.ts'
import type { OpenOptions } from './open.ts'
import { Readiness } from './readiness.ts'

export interface ListenOptions extends Omit<OpenOptions, 'fastOpen'> {
  /** Connections that wait to be accepted, at most: 128. */
  readonly backlog?: number | undefined
  /** Wait so many ms for the peer's first text before a connection may be accepted (TCP_DEFER_ACCEPT): 0. */
  readonly deferAccept?: number | undefined
  /** Connections whose text came with the SYN and whose handshake is not done (RFC 7413 §5.1), at most: 0, fast open is off. */
  readonly fastOpenQueue?: number | undefined
  /** Handshakes under way, at most: 256. */
  readonly halfOpen?: number | undefined
}

/** Handshakes that may be under way unless `halfOpen` says otherwise. */
export const DEFAULT_HALF_OPEN = 256

/** What a listener asks of the `Tcp` it belongs to. */
export interface ListenerHost {
  closeListener(listener: TcpListener, now: number): void
  addCongestionControl(control: CongestionControl): void
}

/** A passive OPEN (RFC 9293 §3.10.1): takes SYNs for a port and queues the connections they become. */
export class TcpListener {
  /** Unspecified for any address of ours of the same family; `::` takes both families. */
  readonly address: IpAddress
  readonly port: number
  /** What connections that begin from now on inherit; see `configure`. */
  options: ListenOptions
  readonly backlog: number
  /** For the layer above: whatever it wants to find again from here. */
  owner: unknown = undefined
  ready = false
  closed = false
  /** Handshakes under way. */
  halfOpen = 0
  /** Those of them that fast open let through already. */
  fastOpened = 0
  /** While cookies may be on their way, every ACK that fits no connection is searched for one; ms. */
  cookiesUntil: number = -Infinity
  private events = 0
  private readonly host: ListenerHost
  private readonly queue: Connection[] = []

  constructor(host: ListenerHost, address: IpAddress, port: number, options: ListenOptions) {
    this.host = host
    this.address = address
    this.port = port
    this.options = this.checked(options)
    this.backlog = options.backlog ?? 128
  }

  /** Handshakes under way, at most. */
  get maxHalfOpen(): number {
    return this.options.halfOpen ?? DEFAULT_HALF_OPEN
  }

  /** Changes options other than the backlog for the connections that begin from now on. */
  configure(changes: Partial<Omit<ListenOptions, 'backlog'>>): void {
    this.options = { ...this.options, ...this.checked(changes) }
  }

  /** What is wrong with an algorithm is said to who brings it, not when a SYN comes. */
  private checked<Options extends Partial<ListenOptions>>(options: Options): Options {
    if (options.congestionControl !== undefined) this.host.addCongestionControl(options.congestionControl)
    return options
  }

  /** Connections that wait to be accepted. */
  get waiting(): number {
    return this.queue.length
  }

  get full(): boolean {
    return this.queue.length >= this.backlog
  }

  /** The oldest connection that waits, undefined while there is none (`Acceptable` follows). */
  accept(): Connection | undefined {
    const connection = this.queue.shift()
    if (connection !== undefined && (connection.parked || !connection.tcb.halfOpen)) connection.listener = undefined
    return connection
  }

  /** Stops listening; connections that nobody accepted are reset. */
  close(now: number): void {
    if (this.closed) return
    this.closed = true
    this.host.closeListener(this, now)
    for (let connection = this.accept(); connection !== undefined; connection = this.accept()) connection.abort(now)
  }

  /** A handshake is done: its connection waits for `accept`. */
  enqueue(connection: Connection): void {
    this.queue.push(connection)
    this.events |= Readiness.Acceptable
  }

  takeEvents(): number {
    const { events } = this
    this.events = 0
    return events
  }
}
