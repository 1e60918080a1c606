import { windowUpdateOwed } from '@layerfour/flow'
import type { CongestionControl } from '@layerfour/flow'
import { ringConsume, ringPeek, ringRelease, ringResume, ringSpace, ringWrite } from '@layerfour/storage'
import { Errno } from '@layerfour/wire'
import { abortConnection, closeConnection, startFinWait2Timer, startLingerTimer } from './closing.ts'
import type { ConnectionSnapshots, TcpContext } from './context.ts'
import { controlOf, switchControl } from './control.ts'
import type { ConnectionInfo } from './info.ts'
import { connectionInfo } from './info.ts'
import type { TcpListener } from './listener.ts'
import { stateOfRecord } from './parked-block.ts'
import type { ConnectionSnapshot } from './snapshot.ts'
import { Cause, mayReceiveText, maySendText, State, transition } from './state-machine.ts'
import type { Settings, Tcb } from './tcb.ts'
import { finSequence } from './tcb.ts'
import { armKeepAlive } from './timers.ts'

/** The first memory a send buffer takes, in bytes. */
const FIRST_RESERVE = 4096

/** A watcher is to be called. */
export const CHANGING = -1

/** What a connection asks of the `Tcp` it belongs to. */
export interface ConnectionHost {
  readonly context: TcpContext
  /** The connection may have something to send or to tell: look at it in the next poll. */
  schedule(connection: Connection): void
  /** The connection may have fallen quiet: look at it in a while. */
  watch(connection: Connection): void
  /** The block of a parked connection's record. */
  thaw(record: string): Tcb
}

/**
 * One TCP connection as its user sees it (RFC 9293 §3.9.1). Nothing blocks: results are byte counts
 * or negative errno values. Nothing is sent from here either; the next poll does that.
 */
export class Connection {
  /** Undefined while it is parked. */
  private block: Tcb | undefined
  /** What the block is made of again; '' while there is one. */
  private record = ''
  /** Its place in the connection table and its timer id; -1 for none. */
  slot = -1
  /** For the layer above: whatever it wants to find again from here. */
  owner: unknown = undefined
  /** For the layer above: hears of changes of the state if it is not undefined; see `Tcp.takeChanged`. */
  watcher: unknown = undefined
  /** The state that the watcher has seen, or `CHANGING` when it is to hear of another one. */
  seen: State | typeof CHANGING = State.CLOSED
  /** Where it waits until the handshake is done; undefined for connections that we opened. */
  listener: TcpListener | undefined = undefined
  /** Its listener has queued it for `accept`. */
  offered = false
  /** In the ready queue. */
  ready = false
  /** In the list of connections to be looked at in the next poll. */
  scheduled = false
  /** Keeps the one block that it has, also through TIME-WAIT, for who wants to see its end. */
  keepsBlock = false
  /** Lives on elsewhere: nothing that is done to this object reaches the peer. */
  released = false
  private readonly host: ConnectionHost

  constructor(host: ConnectionHost, tcb: Tcb) {
    this.host = host
    this.block = tcb
  }

  /**
   * The transmission control block. With `TcpConfig.parkAfter`, a connection that falls quiet gives it up, and this makes it again: who
   * keeps the object for longer than that may hold one of the past.
   */
  get tcb(): Tcb {
    return this.block ?? this.wake()
  }

  /** The block, or a copy of what it would be while there is none: to be read, and to be forgotten. */
  look(): Tcb {
    return this.block ?? this.host.thaw(this.record)
  }

  /** It has fallen quiet, and a record of some 200 bytes stands for its block. */
  get parked(): boolean {
    return this.block === undefined
  }

  /** For `Tables`: the record stands for the block from here on. */
  park(record: string): void {
    this.record = record
    this.block = undefined
  }

  private wake(): Tcb {
    const block = this.host.thaw(this.record)
    this.block = block
    this.record = ''
    this.host.watch(this)
    return block
  }

  get state(): State {
    return this.block === undefined ? stateOfRecord(this.record) : this.block.state
  }

  /** Takes the `Readiness` bits that changed since the last call. */
  takeEvents(): number {
    const { block } = this
    if (block === undefined) return 0
    const { events } = block
    block.events = 0
    if (events !== 0) this.host.watch(this)
    return events
  }

  /** Takes the error that ended the connection, negative errno, 0 for none (SO_ERROR). */
  takeError(): number {
    const { block } = this
    if (block === undefined) return 0
    const { error } = block
    block.error = 0
    return error
  }

  /**
   * SEND: queues `bytes[start, end)` and returns how many were taken. `EAGAIN` when the buffer is full
   * (`Writable` follows), `ENOBUFS` when the stack's memory is, `EPIPE` after CLOSE or the end of the
   * connection; the error that ended it is returned first, once.
   */
  send(bytes: Uint8Array, start: number, end: number): number {
    if (this.released) return Errno.EBADF
    const { tcb } = this
    const { sendRing } = tcb
    if (tcb.error !== 0) return this.takeError()
    if (tcb.finQueued || !maySendText(tcb.state)) return Errno.EPIPE
    if (start === end) return 0
    const room = tcb.sendLimit - sendRing.length
    if (room <= 0) {
      tcb.sendBlocked = true
      return Errno.EAGAIN
    }
    const wanted = end - start < room ? end - start : room
    this.reserveSend(sendRing.length + wanted)
    const space = ringSpace(sendRing)
    const taken = ringWrite(this.host.context.arena, sendRing, bytes, start, start + (wanted < space ? wanted : space))
    if (taken < end - start) tcb.sendBlocked = true
    if (taken === 0) return Errno.ENOBUFS
    this.host.schedule(this)
    return taken
  }

  /**
   * RECEIVE: copies text to `into[start, end)` and returns how much. 0 at the end of the peer's text,
   * `EAGAIN` while there is none (`Readable` follows), and once the error that ended the connection.
   */
  receive(into: Uint8Array, start: number, end: number): number {
    if (this.released) return Errno.EBADF
    const { tcb } = this
    const { receiveRing } = tcb
    const { arena } = this.host.context
    if (receiveRing.length === 0) {
      if (tcb.error !== 0) return this.takeError()
      if (tcb.finReceived || tcb.state === State.CLOSED) return 0
      return tcb.state < State['SYN-SENT'] ? Errno.ENOTCONN : Errno.EAGAIN
    }
    const count = ringPeek(arena, receiveRing, 0, into, start, end)
    ringConsume(receiveRing, count)
    tcb.autotune.read += count
    if (tcb.rcv.urgent && this.urgent === 0) tcb.rcv.urgent = false
    const idle = tcb.reassembly === undefined || tcb.reassembly.count === 0
    if (receiveRing.length === 0 && idle) {
      ringRelease(arena, receiveRing)
      this.host.watch(this)
    }
    if (mayReceiveText(tcb.state)) this.announceWindow()
    return count
  }

  /** SEND with URGENT (RFC 9293 §3.8.5): as `send`, and the peer hears that text up to the end of this is urgent. */
  sendUrgent(bytes: Uint8Array, start: number, end: number): number {
    const taken = this.send(bytes, start, end)
    if (taken > 0) {
      const { tcb } = this
      tcb.snd.up = finSequence(tcb)
      tcb.snd.urgent = true
    }
    return taken
  }

  /** Bytes yet to be received up to the end of the peer's urgent text, 0 when none is pending (RFC 9293 MUST-33). */
  get urgent(): number {
    const { rcv, receiveRing } = this.look()
    if (!rcv.urgent) return 0
    const ahead = (rcv.up - rcv.nxt + receiveRing.length) | 0
    return ahead > 0 ? ahead : 0
  }

  /** Takes the latest soft error, such as EHOSTUNREACH from ICMP, which ended nothing; 0 for none (RFC 9293 MUST-47). */
  takeSoftError(): number {
    const { softError } = this.tcb
    this.tcb.softError = 0
    return softError
  }

  /** Bytes that `receive` would give now. */
  get readable(): number {
    return this.block === undefined ? 0 : this.block.receiveRing.length
  }

  /** Bytes that `send` would take now, as far as the connection's own limit goes. */
  get writable(): number {
    const tcb = this.look()
    if (tcb.finQueued || !maySendText(tcb.state)) return 0
    return tcb.sendLimit - tcb.sendRing.length
  }

  /**
   * CLOSE (RFC 9293 §3.10.4) of our direction: queued text still goes out, then a FIN; text may go on
   * arriving. 0, or `ENOTCONN` when there is no connection.
   */
  shutdownSend(): number {
    if (this.released) return Errno.EBADF
    const { tcb } = this
    if (tcb.finQueued) return 0
    switch (tcb.state) {
      case State.CLOSED:
      case State.LISTEN:
        return Errno.ENOTCONN
      case State['SYN-SENT']:
        return this.closeInSynSent()
      case State['SYN-RECEIVED']:
      case State.ESTABLISHED:
      case State['CLOSE-WAIT']:
        tcb.finQueued = true
        transition(tcb, Cause.Close, this.host.context.observer)
        break
    }
    this.host.schedule(this)
    return 0
  }

  /**
   * CLOSE of both directions: nobody reads any more. Text that was received and not read, or that
   * still arrives, meets a reset, so that the peer learns of its loss (RFC 1122 §4.2.2.13). With `settings.linger` 0 it is a reset
   * at once; above 0 there is one if not everything is acknowledged so many ms later.
   */
  close(now: number): void {
    if (this.released) return
    const { tcb } = this
    const { context } = this.host
    if (tcb.orphan) return
    tcb.orphan = true
    const unread = tcb.receiveRing.length > 0
    ringRelease(context.arena, tcb.receiveRing)
    tcb.reassembly?.clear()
    const over = tcb.state === State.CLOSED || tcb.state === State['TIME-WAIT']
    if (!over && (unread || tcb.settings.linger === 0)) {
      this.abort(now)
      return
    }
    this.shutdownSend()
    startLingerTimer(tcb, now)
    startFinWait2Timer(context, tcb, now)
    this.host.schedule(this)
  }

  /** Starts the time of `settings.linger`, as `close` does, for who closes our direction and still waits for the outcome. */
  linger(now: number): void {
    if (this.released) return
    startLingerTimer(this.tcb, now)
    this.host.schedule(this)
  }

  /** ABORT (RFC 9293 §3.10.5): drops everything and resets the connection. */
  abort(now: number): void {
    if (this.released) return
    const { tcb } = this
    tcb.orphan = true
    if (tcb.state === State.CLOSED) {
      ringRelease(this.host.context.arena, tcb.receiveRing)
      return
    }
    abortConnection(this.host.context, tcb, Cause.Abort, 0, now)
    this.host.schedule(this)
  }

  get settings(): Readonly<Settings> {
    return this.look().settings
  }

  /** Changes settings from now on. */
  configure(changes: Partial<Settings>): void {
    const { tcb } = this
    const { keepAlive, keepAliveIdle, userTimeout } = tcb.settings
    tcb.settings = { ...tcb.settings, ...changes }
    const { settings, timers } = tcb
    // Other changes leave probes that are under way alone.
    if (settings.keepAlive !== keepAlive || settings.keepAliveIdle !== keepAliveIdle) armKeepAlive(tcb)
    // What waits already waits as long as the new figure says; a handshake has a time of its own.
    if (tcb.synAcked && timers.user !== Infinity) timers.user += settings.userTimeout - userTimeout
    this.host.schedule(this)
  }

  /** The algorithm in use; its state is `tcb.congestion`. */
  get congestionControl(): CongestionControl {
    return controlOf(this.host.context, this.look())
  }

  /**
   * Goes on with another algorithm (TCP_CONGESTION), in any state; it begins with the window and the threshold that the old one
   * had reached. One object serves any number of connections, in which it keeps nothing.
   * @throws TypeError for an object that is none; RangeError when 256 different ones are in use.
   */
  setCongestionControl(control: CongestionControl): void {
    if (this.released || control === this.congestionControl) return
    switchControl(this.host.context, this.tcb, control)
    this.host.schedule(this)
  }

  set noDelay(on: boolean) {
    this.configure({ noDelay: on })
  }

  get noDelay(): boolean {
    return this.settings.noDelay
  }

  /** STATUS (RFC 9293 §3.10.6): what there is to know about the connection now. */
  info(): ConnectionInfo {
    return connectionInfo(this.look(), this.host.context)
  }

  /** With a FIN before any SYN,ACK there is nothing to be delivered to anyone. */
  private closeInSynSent(): number {
    closeConnection(this.host.context, this.tcb, Cause.Close)
    this.host.schedule(this)
    return 0
  }

  /** The connection as plain data, from which `Tcp.restore` makes it again; see `Tcp.release` for moving it. */
  snapshot(now: number): ConnectionSnapshot {
    return this.snapshots.take(this.host.context, this.look(), now)
  }

  /** A digest of all its state, equal for equal states: 16 hexadecimal digits. */
  fingerprint(now: number): string {
    return this.snapshots.fingerprint(this.host.context, this.look(), now)
  }

  private get snapshots(): ConnectionSnapshots {
    const { snapshots } = this.host.context
    if (snapshots === undefined) throw new TypeError('the connection is of a TcpCore without snapshots, expected one of a Tcp')
    return snapshots
  }

  /** Grows the ring in doublings as text is queued; what the arena cannot give, `ringSpace` shows. */
  private reserveSend(needed: number): void {
    const ring = this.tcb.sendRing
    if (needed <= ring.capacity) return
    let capacity = ring.capacity === 0 ? FIRST_RESERVE : ring.capacity
    while (capacity < needed) capacity *= 2
    ringResume(this.host.context.arena, ring, capacity)
  }

  /** Reading made room: say so once it is worth a segment (RFC 9293 §3.8.6.2.2). */
  private announceWindow(): void {
    const { tcb } = this
    const space = tcb.receiveLimit - tcb.receiveRing.length
    if (!windowUpdateOwed(tcb.window, tcb.receivedOffset, space, tcb.receiveLimit, tcb.negotiated.ourMss)) return
    tcb.ackNow = true
    this.host.schedule(this)
  }
}

