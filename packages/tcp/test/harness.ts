import { Arena } from '@layerfour/storage'
import {
  copyIpAddress, createPacketMeta, createTcpHeader, DropReason, parseIpAddress, readTcp, TcpFlags, verifyTransportChecksum,
  writeTcp, writeTransportChecksum,
} from '@layerfour/wire'
import type { IpAddress, NetworkLayer, PacketMeta, Path } from '@layerfour/wire'
import { expect } from 'vitest'
import { Tcp } from '../src/index.ts'
import type { ListenOptions, OpenOptions, TcpOptions , Connection, TcpListener } from '../src/index.ts'

const TCP = 6
export const SECRET: Int32Array = Int32Array.of(1, 2, 3, 4)

export function address(text: string): IpAddress {
  const parsed = parseIpAddress(text)
  if (parsed === undefined) throw new Error(`${text} is no address`)
  return parsed
}

export const US = '10.0.0.1'
export const PEER = '10.0.0.2'

/** A packet as it left a `Tcp`. */
export interface Packet {
  source: IpAddress
  destination: IpAddress
  hopLimit: number
  trafficClass: number
  segmentSize: number
  bytes: Uint8Array
}

/** An internet layer that keeps what it is given to send. */
export class FakeNetwork implements NetworkLayer {
  readonly scratch: Uint8Array = new Uint8Array(64 + 65_536)
  readonly transportStart: number = 64
  readonly sent: Packet[] = []
  mtu = 1500
  /** Longest packet that it takes to cut. */
  segmentation = 0
  /** What `send` answers. */
  answer: DropReason = DropReason.None
  readonly own: IpAddress
  doubtPath: (destination: IpAddress) => void = () => undefined

  constructor(own: string) {
    this.own = address(own)
  }

  findPath(_destination: IpAddress, _source: IpAddress, path: Path): DropReason {
    copyIpAddress(this.own, path.source)
    path.mtu = this.mtu
    path.checksumNeeded = true
    path.segmentation = this.segmentation
    path.interfaceIndex = 0
    return DropReason.None
  }

  isLocal(candidate: IpAddress): boolean {
    return candidate.w3 === this.own.w3 && candidate.w0 === this.own.w0
  }

  send(meta: PacketMeta, length: number): DropReason {
    if (this.answer !== DropReason.None) return this.answer
    this.sent.push({
      source: { ...meta.source },
      destination: { ...meta.destination },
      hopLimit: meta.hopLimit,
      trafficClass: meta.trafficClass,
      segmentSize: meta.segmentSize,
      bytes: this.scratch.slice(this.transportStart, this.transportStart + length),
    })
    return DropReason.None
  }
}

/** A segment as tests write it; what is left out is 0 or absent. Sequence numbers are unsigned. */
export interface TestSegment {
  flags: string
  seq: number
  ack?: number
  window?: number
  text?: string | number
  mss?: number
  scale?: number
  sackPermitted?: boolean
  timestamps?: [number, number]
  sack?: [number, number][]
  /** Bytes put behind the other options as they are, a multiple of four. */
  rawOptions?: number[]
  urgent?: number
  /** Seconds of the user timeout option. */
  userTimeout?: number
  /** Fast open cookie, empty to ask for one. */
  fastOpen?: number[]
  /** TOS octet of the packet. */
  tos?: number
  /** It stands for several segments, with so many bytes of text each. */
  segmentSize?: number
}

const flagLetters: [string, number][] = [
  ['S', TcpFlags.SYN], ['F', TcpFlags.FIN], ['R', TcpFlags.RST], ['P', TcpFlags.PSH], ['U', TcpFlags.URG], ['A', TcpFlags.ACK], ['E', TcpFlags.ECE],
  ['C', TcpFlags.CWR],
]

/** How far the sequence numbers on the wire lie beyond those that a script writes: ours, and the peer's. */
let ourShift = 0
let peerShift = 0

/**
 * Moves every script of this module's importers, whose initial sequence numbers are 100 and 500 as written, to other
 * ones on the wire: `iss` for ours, `irs` for the peer's.
 */
export function useInitialSequenceNumbers(iss: number, irs: number): void {
  ourShift = (iss - 100) | 0
  peerShift = (irs - 500) | 0
}

/** A sequence number of ours as it stands on the wire (int32), from what a script writes. */
export function wireSequence(sequence: number): number {
  return (sequence + ourShift) | 0
}

/** Text of a given length that differs from place to place. */
export function filler(length: number, from = 0): string {
  let text = ''
  for (let index = 0; index < length; index++) text += String.fromCharCode(97 + (from + index) % 26)
  return text
}

function textOf(segment: TestSegment): string {
  return typeof segment.text === 'number' ? filler(segment.text) : segment.text ?? ''
}

/** What a received segment looks like, ready for `toEqual`: absent parts are left out. */
export function describe(packet: Packet): TestSegment {
  const header = createTcpHeader()
  const { bytes } = packet
  expect(readTcp(bytes, 0, bytes.length, header)).toBe(DropReason.None)
  expect(verifyTransportChecksum(packet.source, packet.destination, TCP, bytes, 0, bytes.length)).toBe(true)
  const { options } = header
  const text = new TextDecoder('latin1').decode(bytes.subarray(header.headerLength))
  const resetToNobody = header.flags & TcpFlags.RST && header.flags & TcpFlags.ACK && header.sequence === 0
  const segment: TestSegment = {
    flags: flagLetters.filter(([, bit]) => header.flags & bit).map(([letter]) => letter).join(''),
    // A reset to nobody has sequence number 0 (RFC 9293 §3.10.7.1), wherever the connections' numbers lie.
    seq: resetToNobody ? 0 : (header.sequence - ourShift) >>> 0,
    window: header.window,
  }
  if (packet.segmentSize > 0) segment.segmentSize = packet.segmentSize
  if (header.flags & TcpFlags.ACK) segment.ack = (header.acknowledgment - peerShift) >>> 0
  if (text !== '') segment.text = text
  if (header.flags & TcpFlags.URG) segment.urgent = header.urgentPointer
  if (options.fastOpenLength >= 0) segment.fastOpen = [...options.fastOpenCookie.subarray(0, options.fastOpenLength)]
  if (options.userTimeout >= 0) segment.userTimeout = options.userTimeout
  if (options.mss >= 0) segment.mss = options.mss
  if (options.windowScale >= 0) segment.scale = options.windowScale
  if (options.sackPermitted) segment.sackPermitted = true
  if (options.hasTimestamps) segment.timestamps = [options.timestampValue >>> 0, options.timestampEcho >>> 0]
  if (options.sackCount > 0) {
    segment.sack = []
    for (let index = 0; index < options.sackCount; index++) {
      segment.sack.push([
        (options.sackEdges[2 * index]! - peerShift) >>> 0, (options.sackEdges[2 * index + 1]! - peerShift) >>> 0,
      ])
    }
  }
  return segment
}

/** Options with the ISS that a script means, 100 where it does not say; `iss: undefined` takes RFC 6528's. */
function shifted<Options extends OpenOptions>(options: Options): Options {
  const iss = 'iss' in options ? options.iss : 100
  return { ...options, iss: iss === undefined ? undefined : wireSequence(iss) }
}

/** One TCP in virtual time, and a peer made of scripted segments. */
export class Script {
  now = 1000
  readonly network: FakeNetwork
  readonly arena: Arena
  readonly tcp: Tcp
  localPort = 40_000
  remotePort = 80
  connection!: Connection
  private readonly meta = createPacketMeta()
  private readonly wire = new Uint8Array(70_000)

  constructor(options: Partial<TcpOptions> = {}) {
    this.network = new FakeNetwork(US)
    this.arena = new Arena(1 << 22)
    this.tcp = new Tcp(this.network, {
      arena: this.arena, secret: SECRET, timestamps: false, windowScaling: false, sack: false, delayedAck: 40, quickAcks: 0,
      mtuProbing: false, initialBuffer: 1 << 20, receiveBuffer: 65_535, sendBuffer: 65_535, ...options,
    })
  }

  /** Our active OPEN. */
  connect(options: OpenOptions = {}): this {
    const connection = this.tcp.connect(
      this.network.own, this.localPort, address(PEER), this.remotePort, shifted(options), this.now,
    )
    if (typeof connection === 'number') throw new Error(`connect returned ${connection}`)
    this.connection = connection
    return this
  }

  /** Our passive OPEN; `accepted` then gives the connection. */
  listen(options: ListenOptions = {}): TcpListener {
    this.localPort = 80
    this.remotePort = 40_000
    const listener = this.tcp.listen(this.network.own, 80, shifted(options))
    if (typeof listener === 'number') throw new Error(`listen returned ${listener}`)
    return listener
  }

  /** A segment from the peer; returns why it was dropped. Nothing is sent before the next `expect` or `quiet`. */
  send(segment: TestSegment): DropReason {
    const header = createTcpHeader()
    header.sourcePort = this.remotePort
    header.destinationPort = this.localPort
    header.sequence = (segment.seq + peerShift) | 0
    header.acknowledgment = wireSequence(segment.ack ?? 0)
    header.window = segment.window ?? 65_535
    header.flags = 0
    header.urgentPointer = segment.urgent ?? 0
    for (const [letter, bit] of flagLetters) if (segment.flags.includes(letter)) header.flags |= bit
    const { options } = header
    this.meta.trafficClass = segment.tos ?? 0
    this.meta.segmentSize = segment.segmentSize ?? 0
    options.userTimeout = segment.userTimeout ?? -1
    options.fastOpenLength = segment.fastOpen?.length ?? -1
    if (segment.fastOpen !== undefined) options.fastOpenCookie.set(segment.fastOpen)
    options.mss = segment.mss ?? -1
    options.windowScale = segment.scale ?? -1
    options.sackPermitted = segment.sackPermitted ?? false
    if (segment.timestamps !== undefined) {
      options.hasTimestamps = true
      options.timestampValue = segment.timestamps[0] | 0
      options.timestampEcho = segment.timestamps[1] | 0
    }
    segment.sack?.forEach(([left, right], index) => {
      options.sackEdges[2 * index] = wireSequence(left)
      options.sackEdges[2 * index + 1] = wireSequence(right)
      options.sackCount = index + 1
    })
    let length = writeTcp(header, this.wire, 0)
    if (segment.rawOptions !== undefined) {
      this.wire.set(segment.rawOptions, length)
      length += segment.rawOptions.length
      this.wire[12] = length << 2
    }
    const text = textOf(segment)
    for (let index = 0; index < text.length; index++) this.wire[length + index] = text.charCodeAt(index)
    const end = length + text.length
    copyIpAddress(address(PEER), this.meta.source)
    copyIpAddress(this.network.own, this.meta.destination)
    writeTransportChecksum(this.meta.source, this.meta.destination, TCP, this.wire, 0, end)
    return this.tcp.receive(this.meta, this.wire, 0, end, this.now)
  }

  /** Everything that goes out now, in order, and nothing else. Members left out are not compared. */
  expect(...segments: TestSegment[]): this {
    this.poll()
    const sent = this.network.sent.splice(0).map(describe)
    const compared = sent.map((segment, index) => {
      const wanted = segments[index]
      if (wanted === undefined) return segment
      const kept: Partial<TestSegment> = {}
      for (const key of Object.keys(segment) as (keyof TestSegment)[]) {
        if (key in wanted || key === 'text' || key === 'ack' || key === 'segmentSize') Object.assign(kept, { [key]: segment[key] })
      }
      return kept
    })
    const wanted = segments.map((segment) => {
      const full: TestSegment = { ...segment }
      if (full.text !== undefined) full.text = textOf(full)
      return full
    })
    expect(compared).toEqual(wanted)
    return this
  }

  /** Nothing goes out now. */
  quiet(): this {
    return this.expect()
  }

  poll(): this {
    for (let turns = 0; this.tcp.deadline <= this.now; turns++) {
      if (turns > 1000) throw new Error('still due after 1000 polls')
      this.tcp.poll(this.now)
    }
    return this
  }

  /** Time passes without anything going out on the way; what falls due at its end is left to `expect`. */
  advance(ms: number): this {
    this.now += ms
    return this
  }

  write(text: string | number): number {
    const bytes = new TextEncoder().encode(typeof text === 'number' ? filler(text) : text)
    return this.connection.send(bytes, 0, bytes.length)
  }

  /** Reads up to `count` bytes; 0 or an errno as a number. */
  read(count = 65_536): string | number {
    const into = new Uint8Array(count)
    const got = this.connection.receive(into, 0, count)
    return got <= 0 ? got : new TextDecoder('latin1').decode(into.subarray(0, got))
  }

  /** The three-way handshake as the active side: ISS 100, IRS 500. */
  establish(options: OpenOptions = {}, peer: Partial<TestSegment> = {}): this {
    this.connect(options)
    const iss = (options.iss ?? 100) >>> 0
    this.expect({ flags: 'S', seq: iss })
    this.send({ flags: 'SA', seq: 500, ack: (iss + 1) >>> 0, mss: 1460, ...peer })
    this.expect({ flags: 'A', seq: (iss + 1) >>> 0, ack: ((peer.seq ?? 500) + 1) >>> 0 })
    return this
  }

  /** The three-way handshake as the passive side: ISS 100, IRS 500. */
  accept(options: ListenOptions = {}, peer: Partial<TestSegment> = {}): this {
    const listener = this.listen(options)
    const iss = (options.iss ?? 100) >>> 0
    const irs = peer.seq ?? 500
    this.send({ flags: 'S', seq: irs, mss: 1460, ...peer })
    this.expect({ flags: 'SA', seq: iss, ack: (irs + 1) >>> 0 })
    this.send({ flags: 'A', seq: (irs + 1) >>> 0, ack: (iss + 1) >>> 0 })
    this.quiet()
    this.connection = listener.accept()!
    return this
  }

  /** Who has news, with the bits. */
  news(): [Connection | TcpListener, number][] {
    const all: [Connection | TcpListener, number][] = []
    for (let who = this.tcp.takeReady(); who !== undefined; who = this.tcp.takeReady()) all.push([who, who.takeEvents()])
    return all
  }
}
