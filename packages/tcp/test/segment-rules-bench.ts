import { Arena } from '@layerfour/storage'
import { copyIpAddress, createPacketMeta, createTcpHeader, DropReason, readTcp, TcpFlags, writeTcp } from '@layerfour/wire'
import type { IpAddress, NetworkLayer, PacketMeta, Path } from '@layerfour/wire'
import { Connection, stateNames, Tcp } from '../src/index.ts'
import type { StateName, TcpListener, TcpOptions } from '../src/index.ts'
import { address, PEER, SECRET, US } from './harness.ts'
import type { Arriving, Reply } from './segment-rules.ts'

const LOCAL_PORT = 80
const REMOTE_PORT = 40_000
/** All that the peer ever offers, and all that our receive buffer holds, in bytes. */
export const PEER_WINDOW = 1000
export const OUR_WINDOW = 256
export const MSL = 1

/** A segment that went out, as much of it as the rules speak of. */
export interface Sent extends Reply {
  text: number
  window: number
  timestampEcho: number | undefined
}

/** An internet layer that remembers what a segment said, and no more: the tables send hundreds of thousands of them. */
class Recorder implements NetworkLayer {
  readonly scratch: Uint8Array = new Uint8Array(4096)
  readonly transportStart: number = 64
  readonly own: IpAddress = address(US)
  sent: Sent[] = []
  private readonly header = createTcpHeader()

  findPath(_destination: IpAddress, _source: IpAddress, path: Path): DropReason {
    copyIpAddress(this.own, path.source)
    path.mtu = 1500
    path.checksumNeeded = false
    path.interfaceIndex = 0
    return DropReason.None
  }

  isLocal(candidate: IpAddress): boolean {
    return candidate.w3 === this.own.w3
  }

  send(_meta: PacketMeta, length: number): DropReason {
    const { header, transportStart: start } = this
    if (readTcp(this.scratch, start, start + length, header) !== DropReason.None) throw new Error('malformed segment sent')
    const { options } = header
    this.sent.push({
      flags: header.flags,
      sequence: header.sequence,
      acknowledgment: header.flags & TcpFlags.ACK ? header.acknowledgment : 0,
      text: length - header.headerLength,
      window: header.window,
      timestampEcho: options.hasTimestamps ? options.timestampEcho : undefined,
    })
    return DropReason.None
  }
}

/** One TCP that lives through many short connections, each brought by a conversation to the state that a table is about. */
export class Bench {
  now = 1000
  readonly tcp: Tcp
  readonly arena = new Arena(1 << 16)
  connection: Connection | undefined
  listener: TcpListener | undefined
  readonly network = new Recorder()
  private readonly peer: IpAddress = address(PEER)
  private readonly meta = createPacketMeta()
  private readonly header = createTcpHeader()
  private readonly wire = new Uint8Array(2048).fill(120)
  private readonly text = new Uint8Array(256).fill(46)

  constructor(options: Partial<TcpOptions> = {}) {
    this.tcp = new Tcp(this.network, {
      arena: this.arena, secret: SECRET, maxConnections: 8, receiveBuffer: OUR_WINDOW, sendBuffer: 4096, msl: MSL,
      timestamps: false, windowScaling: false, sack: false, delayedAck: 0, challengeAcks: 1000, ...options,
    })
    this.meta.checksumVerified = true
    copyIpAddress(this.peer, this.meta.source)
    copyIpAddress(this.network.own, this.meta.destination)
  }

  connect(iss: number): void {
    const connection = this.tcp.connect(this.network.own, LOCAL_PORT, this.peer, REMOTE_PORT, { iss }, this.now)
    if (!(connection instanceof Connection)) throw new Error(`connect returned ${connection}`)
    this.connection = connection
  }

  listen(iss: number | undefined): void {
    const listener = this.tcp.listen(this.network.own, LOCAL_PORT, { iss })
    if (typeof listener === 'number') throw new Error(`listen returned ${listener}`)
    this.listener = listener
  }

  /** A segment from the peer. Returns why it was dropped. */
  arrive(segment: Arriving): DropReason {
    const { header, wire } = this
    header.sourcePort = REMOTE_PORT
    header.destinationPort = LOCAL_PORT
    header.sequence = segment.sequence
    header.acknowledgment = segment.acknowledgment
    header.flags = segment.flags
    header.window = segment.window
    header.urgentPointer = segment.flags & TcpFlags.URG ? 5 : 0
    header.options.hasTimestamps = segment.timestamp !== undefined
    header.options.timestampValue = segment.timestamp ?? 0
    const length = writeTcp(header, wire, 0)
    return this.tcp.receive(this.meta, wire, 0, length + segment.text, this.now)
  }

  /** All that goes out now. */
  poll(): Sent[] {
    for (let turns = 0; this.tcp.deadline <= this.now; turns++) {
      if (turns > 10) throw new Error('still due after 10 polls')
      this.tcp.poll(this.now)
    }
    const { sent } = this.network
    this.network.sent = []
    return sent
  }

  /** Queues text of ours. */
  write(length: number): void {
    this.connection!.send(this.text, 0, length)
  }

  /** The state that the peer's port and ours are in: of their connection, else LISTEN or CLOSED. */
  get state(): StateName {
    let found: Connection | undefined
    this.tcp.forEach((connection) => {
      found = connection
    })
    this.connection = found ?? this.connection
    if (found !== undefined) return stateNames[found.state]!
    if (this.tcp.timeWaiting > 0) return 'TIME-WAIT'
    return this.listener !== undefined ? 'LISTEN' : 'CLOSED'
  }

  /** Ends whatever there is. */
  clear(): void {
    this.tcp.forEach((connection) => connection.abort(this.now))
    // One that ended by itself keeps what can still be read until its user lets go of it.
    this.connection?.close(this.now)
    this.listener?.close(this.now)
    this.now += 4 * MSL
    this.poll()
    this.network.sent = []
    while (this.tcp.takeReady() !== undefined) { /* nobody wants to know */ }
    this.connection = this.listener = undefined
    if (this.tcp.size !== 0) throw new Error(`${this.tcp.size} connections left`)
    if (this.arena.used !== 0) throw new Error(`${this.arena.used} bytes of buffers left`)
  }
}
