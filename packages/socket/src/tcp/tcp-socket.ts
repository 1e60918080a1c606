import type { CongestionControl } from '@layerfour/flow'
import type { Connection, ConnectionInfo, StateName } from '@layerfour/tcp'
import { State, stateNames } from '@layerfour/tcp'
import { Errno } from '@layerfour/wire'
import { checkRange, isPort } from '../_checks.ts'
import type { AddressLike, SocketAddress } from '../socket-address.ts'
import { toIpAddress, toSocketAddress } from '../socket-address.ts'
import type { StackSnapshot } from '../stack-snapshot.ts'
import { congestionControlName, findCongestionControl, setCongestionControl } from './congestion-option.ts'
import type { BaseTcpSockets } from './base-tcp-sockets.ts'
import type { SocketParts } from './socket-parts.ts'
import { createSocketParts, discardReceived, readinessOf } from './socket-parts.ts'
import type { SocketOptions, TcpSocketOption } from './tcp-socket-options.ts'
import { configure, getOption, listenOptions, NO_OPTIONS, openOptions, setOption } from './tcp-socket-options.ts'
import type { TcpTuning } from './tcp-tuning.ts'
import { tuningSettings } from './tcp-tuning.ts'

/** 0, the unspecified port: not bound yet. */
const UNBOUND = 0

/**
 * A TCP socket that never blocks, with the calls and the results of POSIX: 0 or a count, or a negative
 * errno (`Errno` of `@layerfour/wire`). `EAGAIN` means: wait for `onReady`. Calls only queue; the stack's next poll sends.
 * (Resets alone leave at once.)
 */
export class TcpSocket {
  /**
   * Called by the stack's poll when something changed: text or its end arrived, a full buffer has room, the
   * connection opened or broke, a connection waits in the backlog. It may use all sockets; what it
   * throws is handled as `Stack.poll` says.
   */
  onReady: ((socket: TcpSocket) => void) | null = null

  /** For the stack and the facades: what the socket is made of. */
  readonly parts: SocketParts
  readonly #sockets: BaseTcpSockets

  /** For the stack: applications call `stack.socket('stream')`. */
  constructor(sockets: BaseTcpSockets, options: SocketOptions = NO_OPTIONS) {
    this.#sockets = sockets
    this.parts = createSocketParts(options)
  }

  get type(): 'stream' {
    return 'stream'
  }

  /** For the stack: a connection that was opened, accepted or restored. */
  adopt(connection: Connection): void {
    const { parts } = this
    parts.connection = connection
    connection.owner = this
    parts.localAddress = connection.tcb.localAddress
    parts.localPort = connection.tcb.localPort
  }

  /** The state of the connection by its RFC name; `LISTEN` or `CLOSED` without one. */
  get state(): StateName {
    if (this.parts.listener !== undefined) return 'LISTEN'
    return this.parts.connection === undefined ? 'CLOSED' : stateNames[this.parts.connection.state]!
  }

  /** What can be done now without meeting `EAGAIN`, as `Readiness` bits. */
  get readiness(): number {
    return readinessOf(this.parts)
  }

  /** Undefined while the socket is not bound. */
  get localAddress(): SocketAddress | undefined {
    return this.parts.localPort === UNBOUND ? undefined : toSocketAddress(this.parts.localAddress, this.parts.localPort)
  }

  /** Undefined without a connection. */
  get remoteAddress(): SocketAddress | undefined {
    const tcb = this.parts.connection?.look()
    return tcb === undefined ? undefined : toSocketAddress(tcb.remoteAddress, tcb.remotePort)
  }

  /** Bytes that `recv` would give now. */
  get receiveQueue(): number {
    return this.parts.connection?.readable ?? 0
  }

  /** The peer has acknowledged our FIN, hence all that was sent. */
  get flushed(): boolean {
    return this.parts.connection?.look().finAcked ?? false
  }

  /**
   * Names our end. An unspecified address stands for any; port 0 for an ephemeral one (RFC 6056).
   * `EINVAL` when bound already or the address is none, `EADDRNOTAVAIL` when it is not ours, `EADDRINUSE`.
   */
  bind(address: AddressLike, port: number): number {
    if (this.parts.dead !== 0) return this.parts.dead
    const parsed = toIpAddress(address)
    if (parsed === undefined || this.parts.localPort !== UNBOUND || !isPort(port)) return Errno.EINVAL
    const bound = this.#sockets.bind(this, parsed, port, this.parts.options.reuseAddress)
    if (bound < 0) return bound
    this.parts.localAddress = { ...parsed }
    this.parts.localPort = bound
    return 0
  }

  /**
   * Lets peers connect; `backlog` of them wait for `accept` at most (1 to 65,535), further SYNs go unanswered.
   * `EINVAL` for a connected socket or one that is not bound, `EADDRINUSE`.
   */
  listen(backlog = 128): number {
    if (this.parts.dead !== 0) return this.parts.dead
    if (this.parts.localPort === UNBOUND || this.parts.connection !== undefined || this.parts.listener !== undefined) return Errno.EINVAL
    if (!Number.isInteger(backlog) || backlog < 1 || backlog > 65_535) return Errno.EINVAL
    const { localAddress, localPort, options } = this.parts
    const listener = this.#sockets.listenOn(this, localAddress, localPort, { ...listenOptions(options), backlog })
    if (typeof listener === 'number') return listener
    this.parts.listener = listener
    listener.owner = this
    return 0
  }

  /** The next connection of a listening socket. `EAGAIN` when none waits, `EINVAL` when it does not listen. */
  accept(): TcpSocket | number {
    if (this.parts.dead !== 0) return this.parts.dead
    if (this.parts.listener === undefined) return Errno.EINVAL
    const connection = this.parts.listener.accept()
    if (connection === undefined) return Errno.EAGAIN
    return this.#sockets.accepted(connection, this.parts.options)
  }

  /**
   * Begins a connection: `EINPROGRESS`, and `onReady` follows with `Connected` or `Error` in `readiness`.
   * `EISCONN`, `EALREADY`, `EINVAL`, `ENETUNREACH`, `EADDRNOTAVAIL`, `EADDRINUSE` (no ephemeral port left), `ENOBUFS`.
   */
  connect(address: AddressLike, port: number): number {
    if (this.parts.dead !== 0) return this.parts.dead
    if (this.parts.connection !== undefined) {
      return this.parts.connection.state < State.ESTABLISHED ? Errno.EALREADY : Errno.EISCONN
    }
    const parsed = toIpAddress(address)
    if (this.parts.listener !== undefined || parsed === undefined || port === 0 || !isPort(port)) return Errno.EINVAL
    const connection = this.#sockets.open(this.parts.localAddress, this.parts.localPort, parsed, port, openOptions(this.parts.options))
    if (typeof connection === 'number') return connection
    this.adopt(connection)
    return Errno.EINPROGRESS
  }

  /**
   * Queues `bytes[start, end)` and returns how many were taken, at least one. `EAGAIN` when the buffer is
   * full, `EPIPE` after shutdown or the end of the connection, and once the error that ended it.
   */
  send(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
    if (this.parts.dead !== 0) return this.parts.dead
    checkRange(bytes, start, end)
    const connection = this.parts.connection
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
    if (this.parts.dead !== 0) return this.parts.dead
    checkRange(into, start, end)
    const connection = this.parts.connection
    if (connection === undefined) return Errno.ENOTCONN
    if (this.parts.readShut) return connection.tcb.error === 0 ? 0 : connection.takeError()
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
    if (this.parts.dead !== 0) return this.parts.dead
    const connection = this.parts.connection
    if (connection === undefined) return Errno.ENOTCONN
    if (how !== 'write') {
      this.parts.readShut = true
      discardReceived(connection)
    }
    const result = how === 'read' ? 0 : connection.shutdownSend()
    this.#sockets.wake()
    return result
  }

  /**
   * Gives the socket up; later calls return `EBADF`. What was queued is still sent, then a FIN; unread data, or the option
   * SO_LINGER, makes it a reset (RFC 9293 §3.10.4, RFC 1122 §4.2.2.13). A listener's waiting connections are reset.
   */
  close(): number {
    return this.#end(false)
  }

  /** Gives the socket up and resets the connection: nothing more is sent, nothing waits. */
  abort(): number {
    return this.#end(true)
  }

  #end(reset: boolean): number {
    if (this.parts.dead !== 0) return this.parts.dead
    this.parts.dead = Errno.EBADF
    const now = this.#sockets.now()
    this.parts.listener?.close(now)
    if (reset) this.parts.connection?.abort(now)
    this.parts.connection?.close(now)
    if (this.parts.connection !== undefined) this.parts.connection.owner = undefined
    this.onReady = null
    this.#sockets.release(this)
    return 0
  }

  /**
   * The value, 0 or more; `SO_ERROR` gives the error itself. `ENOPROTOOPT` for an option that is none. `TCP_CONGESTION` gives the name of
   * the congestion control, that of the stack unless another one was set.
   */
  getsockopt(option: 'TCP_CONGESTION'): string
  getsockopt(option: TcpSocketOption): number
  getsockopt(option: TcpSocketOption | 'TCP_CONGESTION'): number | string {
    if (option === 'TCP_CONGESTION') return congestionControlName(this.parts, this.#sockets.transport)
    return getOption(this.parts, this.#sockets.config, option)
  }

  /**
   * 0; `EINVAL` for a value out of range, `EISCONN` when a connection makes it too late, `ENOPROTOOPT` for what is no option or can
   * only be read.
   *
   * `TCP_CONGESTION`, at any time: one of `@layerfour/flow`'s algorithms, an object of your own, or the name of one that the stack knows
   * (`tcp({ congestionControls })`); `ENOENT` for other names. An open connection goes on with the window that it had.
   * @throws TypeError for an object that is no congestion control; RangeError when 256 different ones are in use.
   */
  setsockopt(option: 'TCP_CONGESTION', value: string | CongestionControl): number
  setsockopt(option: TcpSocketOption, value: number): number
  setsockopt(option: TcpSocketOption | 'TCP_CONGESTION', value: number | string | CongestionControl): number {
    if (this.parts.dead !== 0) return this.parts.dead
    const { transport, config } = this.#sockets
    const result = option === 'TCP_CONGESTION'
      ? setCongestionControl(this.parts, transport, value as string | CongestionControl)
      : setOption(this.parts, config, option, value as number)
    if (this.parts.connection !== undefined) this.#sockets.wake()
    return result
  }

  /** For the facades: as `setsockopt`, but all at once. @throws RangeError for a figure out of range; then nothing is changed. */
  configure(tuning: TcpTuning): void {
    const settings = tuningSettings(tuning)
    const { transport } = this.#sockets
    const control = findCongestionControl(transport, tuning.congestionControl)
    if (control !== undefined) setCongestionControl(this.parts, transport, control)
    configure(this.parts, settings)
    if (this.parts.connection !== undefined) this.#sockets.wake()
  }

  /** For the facades: the linger time begins, though the socket is not closed before its end. */
  startLinger(): void {
    this.parts.connection?.linger(this.#sockets.now())
    this.#sockets.wake()
  }

  /** What `ss -i` would show; undefined without a connection. */
  info(): ConnectionInfo | undefined {
    return this.parts.connection?.info()
  }

  /**
   * Calls back from the stack's poll after every change of the connection's state, also when the
   * socket was closed meanwhile, until CLOSED, or TIME-WAIT when no
   * observer sees states. Replaces an earlier callback; `null` for none.
   */
  watchState(callback: (() => void) | null): void {
    if (this.parts.connection === undefined) return
    this.#sockets.watch(this.parts.connection, callback)
  }

  /** For the stack's poll: the connection or listener has news. */
  notify(): void {
    if (this.parts.readShut && this.parts.connection !== undefined) discardReceived(this.parts.connection)
    this.onReady?.(this)
  }

  /** For the stack: it closes, and every later call returns `errno`. */
  stop(errno: number): void {
    const { onReady } = this
    this.#end(true)
    this.parts.dead = errno
    onReady?.(this)
  }

  /**
   * The socket as a snapshot for `stack.restore` of another stack, which then has it; here it is over, without a word to the peer.
   * A listening socket takes the connections along that wait at it. Later calls and pending promises of a facade get `ECANCELED`.
   * `EOPNOTSUPP` for sockets of `tcpBase()`.
   */
  detach(): StackSnapshot | number {
    return this.parts.dead !== 0 ? this.parts.dead : this.#sockets.detach(this)
  }
}
