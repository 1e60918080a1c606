import type { Connection, ConnectionInfo, StateName, TcpListener, OpenOptions } from '@layerfour/tcp'
import { Readiness, State, stateNames } from '@layerfour/tcp'
import type { IpAddress } from '@layerfour/wire'
import { ANY_IPV4, Errno } from '@layerfour/wire'
import type { AddressLike, SocketAddress } from '../socket-address.ts'
import { toIpAddress, toSocketAddress } from '../socket-address.ts'
import type { SocketSnapshot, StackSnapshot } from './tcp-snapshot.ts'
import type { TcpSockets } from './tcp-sockets.ts'

/** Options of a TCP socket; all values are numbers, flags 0 or 1. */
export type TcpSocketOption =
  /** Get only: the error that ended the connection, negative errno, and forgets it; 0 for none. */
  | 'SO_ERROR'
  /** Bind although another socket that does not listen has the address too. */
  | 'SO_REUSEADDR'
  /** Receive buffer limit in bytes; set before connect or listen. */
  | 'SO_RCVBUF'
  /** Send buffer limit in bytes; set before connect or listen. */
  | 'SO_SNDBUF'
  /** Nagle's algorithm off (RFC 9293 §3.7.4). */
  | 'TCP_NODELAY'
  /** Get only: text bytes in a full segment. */
  | 'TCP_MAXSEG'

/** 0, the unspecified port and address: not bound yet. */
const UNBOUND = 0
/** Where text goes that nobody wants. */
const DISCARDED = new Uint8Array(16_384)

/**
 * A TCP socket that never blocks, with the calls and the results of POSIX: 0 or a count, or a negative
 * errno (`Errno` of `@layerfour/wire`). `EAGAIN` means: wait for `onReady`. Calls only queue; the stack's next poll sends.
 * (Resets alone leave at once.)
 */
export class TcpSocket {
  readonly type = 'stream' as const
  /**
   * Called by the stack's poll when something changed: text or its end arrived, a full buffer has room, the
   * connection opened or broke, a connection waits in the backlog. It may use all sockets; what it
   * throws is handled as `Stack.poll` says.
   */
  onReady: ((socket: TcpSocket) => void) | null = null

  readonly #sockets: TcpSockets
  #connection: Connection | undefined
  #listener: TcpListener | undefined
  #localAddress: IpAddress = ANY_IPV4
  #localPort = UNBOUND
  #reuseAddress = false
  #noDelay = false
  #sendBuffer: number | undefined
  #receiveBuffer: number | undefined
  #readShut = false
  /** Negative errno that every call returns: `EBADF` once closed, or why the stack ended. */
  #dead = 0

  /** For the stack: applications call `stack.socket('stream')`. */
  constructor(sockets: TcpSockets, accepted?: Connection) {
    this.#sockets = sockets
    if (accepted !== undefined) this.#adopt(accepted)
  }

  #adopt(connection: Connection): void {
    this.#connection = connection
    connection.owner = this
    this.#localAddress = connection.tcb.localAddress
    this.#localPort = connection.tcb.localPort
  }

  /** The state of the connection by its RFC name; `LISTEN` or `CLOSED` without one. */
  get state(): StateName {
    if (this.#listener !== undefined) return 'LISTEN'
    return this.#connection === undefined ? 'CLOSED' : stateNames[this.#connection.state]!
  }

  /** What can be done now without meeting `EAGAIN`, as `Readiness` bits. */
  get readiness(): number {
    if (this.#listener !== undefined) return this.#listener.waiting > 0 ? Readiness.Acceptable : 0
    if (this.#dead !== 0) return this.#dead === Errno.EBADF ? Readiness.Closed : Readiness.Closed | Readiness.Error
    const connection = this.#connection
    if (connection === undefined) return 0
    const { tcb } = connection
    const closed = connection.state === State.CLOSED
    let bits: number = closed ? Readiness.Closed : 0
    if (closed || connection.readable > 0 || tcb.finReceived || this.#readShut) bits |= Readiness.Readable
    if (connection.state >= State.ESTABLISHED) {
      bits |= Readiness.Connected
      if (connection.writable > 0) bits |= Readiness.Writable
    }
    if (tcb.error !== 0) bits |= Readiness.Error
    return bits
  }

  /** Undefined while the socket is not bound. */
  get localAddress(): SocketAddress | undefined {
    return this.#localPort === UNBOUND ? undefined : toSocketAddress(this.#localAddress, this.#localPort)
  }

  /** Undefined without a connection. */
  get remoteAddress(): SocketAddress | undefined {
    const tcb = this.#connection?.tcb
    return tcb === undefined ? undefined : toSocketAddress(tcb.remoteAddress, tcb.remotePort)
  }

  /** Bytes that `recv` would give now. */
  get receiveQueue(): number {
    return this.#connection?.readable ?? 0
  }

  /** The peer has acknowledged our FIN, hence all that was sent. */
  get flushed(): boolean {
    return this.#connection?.tcb.finAcked ?? false
  }

  /**
   * Names our end. An unspecified address stands for any; port 0 for an ephemeral one (RFC 6056).
   * `EINVAL` when bound already or the address is none, `EADDRNOTAVAIL` when it is not ours, `EADDRINUSE`.
   */
  bind(address: AddressLike, port: number): number {
    if (this.#dead !== 0) return this.#dead
    const parsed = toIpAddress(address)
    if (parsed === undefined || this.#localPort !== UNBOUND || !isPort(port)) return Errno.EINVAL
    const bound = this.#sockets.bind(this, parsed, port, this.#reuseAddress)
    if (bound < 0) return bound
    this.#localAddress = { ...parsed }
    this.#localPort = bound
    return 0
  }

  /**
   * Lets peers connect; `backlog` of them wait for `accept` at most (1 to 65,535), further SYNs go unanswered.
   * `EINVAL` for a connected socket or one that is not bound, `EADDRINUSE`.
   */
  listen(backlog = 128): number {
    if (this.#dead !== 0) return this.#dead
    if (this.#localPort === UNBOUND || this.#connection !== undefined || this.#listener !== undefined) return Errno.EINVAL
    if (!Number.isInteger(backlog) || backlog < 1 || backlog > 65_535) return Errno.EINVAL
    const listener = this.#sockets.listenOn(this, this.#localAddress, this.#localPort, { ...this.#openOptions(), backlog })
    if (typeof listener === 'number') return listener
    this.#listener = listener
    listener.owner = this
    return 0
  }

  /** The next connection of a listening socket. `EAGAIN` when none waits, `EINVAL` when it does not listen. */
  accept(): TcpSocket | number {
    if (this.#dead !== 0) return this.#dead
    if (this.#listener === undefined) return Errno.EINVAL
    const connection = this.#listener.accept()
    return connection === undefined ? Errno.EAGAIN : this.#sockets.accepted(connection)
  }

  /**
   * Begins a connection: `EINPROGRESS`, and `onReady` follows with `Connected` or `Error` in `readiness`.
   * `EISCONN`, `EALREADY`, `EINVAL`, `ENETUNREACH`, `EADDRNOTAVAIL`, `EADDRINUSE` (no ephemeral port left), `ENOBUFS`.
   */
  connect(address: AddressLike, port: number): number {
    if (this.#dead !== 0) return this.#dead
    if (this.#connection !== undefined) {
      return this.#connection.state < State.ESTABLISHED ? Errno.EALREADY : Errno.EISCONN
    }
    const parsed = toIpAddress(address)
    if (this.#listener !== undefined || parsed === undefined || port === 0 || !isPort(port)) return Errno.EINVAL
    const connection = this.#sockets.open(this.#localAddress, this.#localPort, parsed, port, this.#openOptions())
    if (typeof connection === 'number') return connection
    this.#adopt(connection)
    return Errno.EINPROGRESS
  }

  /**
   * Queues `bytes[start, end)` and returns how many were taken, at least one. `EAGAIN` when the buffer is
   * full, `EPIPE` after shutdown or the end of the connection, and once the error that ended it.
   */
  send(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
    if (this.#dead !== 0) return this.#dead
    checkRange(bytes, start, end)
    const connection = this.#connection
    if (connection === undefined) return Errno.ENOTCONN
    const count = connection.send(bytes, start, end)
    if (count > 0) this.#sockets.wake()
    // Other connections hold the memory: try again when some of it came back.
    else if (count === Errno.ENOBUFS) return this.#sockets.starve(this)
    return count
  }

  /**
   * Copies received bytes to `into[start, end)` and returns how many. 0 when the peer has sent all, `EAGAIN`
   * while there is nothing, and once the error that ended the connection.
   */
  recv(into: Uint8Array, start = 0, end: number = into.length): number {
    if (this.#dead !== 0) return this.#dead
    checkRange(into, start, end)
    const connection = this.#connection
    if (connection === undefined) return Errno.ENOTCONN
    if (this.#readShut) return connection.tcb.error === 0 ? 0 : connection.takeError()
    const count = connection.receive(into, start, end)
    // What was read makes room: a window update may be owed, or another socket wait for memory.
    if (connection.scheduled || this.#sockets.starving) this.#sockets.wake()
    return count
  }

  /**
   * Ends one or both directions of a connection. `write`: a FIN follows what was queued. `read`: what arrives from now on
   * is acknowledged and thrown away. `ENOTCONN` without a connection.
   */
  shutdown(how: 'read' | 'write' | 'both'): number {
    if (this.#dead !== 0) return this.#dead
    const connection = this.#connection
    if (connection === undefined) return Errno.ENOTCONN
    if (how !== 'write') {
      this.#readShut = true
      this.#discard(connection)
    }
    const result = how === 'read' ? 0 : connection.shutdownSend()
    this.#sockets.wake()
    return result
  }

  #discard(connection: Connection): void {
    while (connection.readable > 0) connection.receive(DISCARDED, 0, DISCARDED.length)
  }

  /**
   * Gives the socket up; later calls return `EBADF`. What was queued is still sent, then a FIN; unread data
   * makes it a reset (RFC 9293 §3.10.4, RFC 1122 §4.2.2.13). A listener's waiting connections are reset.
   */
  close(): number {
    return this.#end(false)
  }

  /** Gives the socket up and resets the connection: nothing more is sent, nothing waits. */
  abort(): number {
    return this.#end(true)
  }

  #end(reset: boolean): number {
    if (this.#dead !== 0) return this.#dead
    this.#dead = Errno.EBADF
    const now = this.#sockets.now()
    this.#listener?.close(now)
    if (reset) this.#connection?.abort(now)
    this.#connection?.close(now)
    if (this.#connection !== undefined) this.#connection.owner = undefined
    this.onReady = null
    this.#sockets.release(this)
    return 0
  }

  /** The value, 0 or more; `SO_ERROR` gives the error itself. `ENOPROTOOPT` for an option that is none. */
  getsockopt(option: TcpSocketOption): number {
    const { config } = this.#sockets
    const connection = this.#connection
    switch (option) {
      case 'SO_ERROR': return this.#dead !== 0 ? this.#dead : connection?.takeError() ?? 0
      case 'SO_REUSEADDR': return Number(this.#reuseAddress)
      case 'SO_RCVBUF': return connection?.tcb.receiveLimit ?? this.#receiveBuffer ?? config.receiveBuffer
      case 'SO_SNDBUF': return connection?.tcb.sendLimit ?? this.#sendBuffer ?? config.sendBuffer
      case 'TCP_NODELAY': return Number(connection?.noDelay ?? this.#noDelay)
      case 'TCP_MAXSEG': return connection?.tcb.negotiated.mss ?? 0
      default: return Errno.ENOPROTOOPT
    }
  }

  /** 0; `EINVAL` for a value out of range, `EISCONN` for a buffer size when it is too late, `ENOPROTOOPT`. */
  setsockopt(option: TcpSocketOption, value: number): number {
    if (this.#dead !== 0) return this.#dead
    switch (option) {
      case 'SO_REUSEADDR':
        this.#reuseAddress = value !== 0
        return 0
      case 'TCP_NODELAY':
        this.#noDelay = value !== 0
        if (this.#connection !== undefined) {
          this.#connection.noDelay = this.#noDelay
          this.#sockets.wake()
        }
        return 0
      case 'SO_RCVBUF':
      case 'SO_SNDBUF':
        if (this.#connection !== undefined || this.#listener !== undefined) return Errno.EISCONN
        if (!Number.isInteger(value) || value < 256 || value > 2 ** 30) return Errno.EINVAL
        if (option === 'SO_RCVBUF') this.#receiveBuffer = value
        else this.#sendBuffer = value
        return 0
      default:
        return Errno.ENOPROTOOPT
    }
  }

  /** What `ss -i` would show; undefined without a connection. */
  info(): ConnectionInfo | undefined {
    return this.#connection?.info()
  }

  /**
   * Calls back from the stack's poll after every change of the connection's state, also when the
   * socket was closed meanwhile, until CLOSED, or TIME-WAIT when no
   * observer sees states. Replaces an earlier callback; `null` for none.
   */
  watchState(callback: (() => void) | null): void {
    if (this.#connection === undefined) return
    this.#sockets.watch(this.#connection.tcb, callback)
  }

  /** For the stack's poll: the connection or listener has news. */
  notify(): void {
    if (this.#readShut && this.#connection !== undefined) this.#discard(this.#connection)
    this.onReady?.(this)
  }

  /** For the stack: it closes, and every later call returns `errno`. */
  stop(errno: number): void {
    const { onReady } = this
    this.#end(true)
    this.#dead = errno
    onReady?.(this)
  }

  /** For the stack: bytes of the arena that hang on this socket alone, its connection having ended. */
  get leftover(): Connection | undefined {
    return this.#connection?.state === State.CLOSED ? this.#connection : undefined
  }

  /**
   * The socket as a snapshot for `stack.restore` of another stack, which then has it; here it is over, without a word to the peer.
   * A listening socket takes the connections along that wait at it. Later calls and pending promises of a facade get `ECANCELED`.
   */
  detach(): StackSnapshot | number {
    return this.#dead !== 0 ? this.#dead : this.#sockets.detach(this)
  }

  /** For the stack: all there is to the socket but its connections' place and memory. */
  save(now: number): SocketSnapshot {
    return {
      bound: this.#sockets.bindingOf(this),
      backlog: this.#listener?.backlog ?? 0,
      reuseAddress: this.#reuseAddress,
      noDelay: this.#noDelay,
      sendBuffer: this.#sendBuffer ?? null,
      receiveBuffer: this.#receiveBuffer ?? null,
      readShut: this.#readShut,
      connection: this.#connection?.snapshot(now) ?? null,
    }
  }

  /** For the stack: a new socket gets the options and the address of a saved one. 0, or what `bind` returns. */
  load(saved: SocketSnapshot): number {
    this.#reuseAddress = saved.reuseAddress
    this.#noDelay = saved.noDelay
    this.#sendBuffer = saved.sendBuffer ?? undefined
    this.#receiveBuffer = saved.receiveBuffer ?? undefined
    this.#readShut = saved.readShut
    if (saved.bound === null) return 0
    const { address, port, shared } = saved.bound
    const bound = this.#sockets.bind(this, address, port, shared)
    if (bound < 0) return bound
    this.#localAddress = { ...address }
    this.#localPort = bound
    return 0
  }

  /** For the stack: the connection of a socket that was loaded. */
  take(connection: Connection): void {
    this.#adopt(connection)
  }

  /** For the stack: a connection that waits at the listener of a socket that was loaded, or handshakes with it. */
  takeWaiting(connection: Connection, offered: boolean): void {
    const listener = this.#listener
    if (listener === undefined) return
    const handshaking = connection.state === State['SYN-RECEIVED']
    connection.listener = listener
    connection.offered = offered
    connection.tcb.halfOpen = handshaking
    if (handshaking) listener.halfOpen++
    if (!offered) return
    if (handshaking) listener.fastOpened++
    listener.enqueue(connection)
  }

  /** For the stack: the connection and the listener are forgotten without a word to any peer. */
  leave(): void {
    if (this.#connection !== undefined) this.#sockets.forget(this.#connection)
    this.#listener?.close(this.#sockets.now())
    this.#dead = Errno.ECANCELED
    this.#sockets.release(this)
  }

  /** For the stack: the connection's digest, empty without one. */
  fingerprint(now: number): string {
    return this.#connection?.fingerprint(now) ?? ''
  }

  #openOptions(): OpenOptions {
    return {
      settings: { noDelay: this.#noDelay },
      ...(this.#sendBuffer === undefined ? {} : { sendBuffer: this.#sendBuffer }),
      ...(this.#receiveBuffer === undefined ? {} : { receiveBuffer: this.#receiveBuffer }),
    }
  }
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 0 && port <= 65_535
}

function checkRange(bytes: Uint8Array, start: number, end: number): void {
  if (!(bytes instanceof Uint8Array)) throw new TypeError(`bytes is ${typeof bytes}, expected a Uint8Array`)
  if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || end < start || end > bytes.length) {
    throw new RangeError(`range is [${start}, ${end}), expected one within ${bytes.length} bytes`)
  }
}
