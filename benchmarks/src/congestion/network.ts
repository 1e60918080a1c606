import type { CongestionControl } from '@layerfour/flow'
import { FULL_OFFLOAD, pair } from '@layerfour/link'
import type { Impairments } from '@layerfour/sim'
import { EmulatedLink, Simulation } from '@layerfour/sim'
import type { Observer, TcpSettings, TcpSocket } from '@layerfour/socket'
import { Stack, tcp } from '@layerfour/socket'
import type { ConnectionInfo } from '@layerfour/tcp'
import { Errno } from '@layerfour/wire'
import { succeeded } from '../succeeded.ts'
import type { DataPacket } from './packet.ts'
import { createDataPacket, mark, readDataPacket, senderOf } from './packet.ts'

/** Bytes of a full packet, and of the text in it: 1500 less IP and TCP headers with timestamps. */
export const PACKET = 1500
export const TEXT = 1448

const PORT = 5001
const RECEIVER = '10.0.0.1'
/** The last byte of the first sender's address. */
const FIRST_SENDER = 2
const block = new Uint8Array(1 << 16)

/** One sender: a stack of its own, with one connection to the receiver. */
export interface SenderOptions {
  readonly control: CongestionControl
  /** Added to the round-trip time of an empty path, ms. */
  readonly extraRtt?: number
  /** When it connects, ms. */
  readonly start?: number
  /** What it sends, bytes; without end by default. */
  readonly bytes?: number
  readonly tcp?: TcpSettings
  readonly observer?: Observer
}

export interface NetworkOptions {
  /** Of the bottleneck, bit/s. */
  readonly rate: number
  /** Round-trip time of an empty path, ms. */
  readonly rtt: number
  /** Bytes that may wait in front of the bottleneck. */
  readonly buffer: number
  readonly seed?: number
  /** What else happens to packets on their way to the receiver. */
  readonly impairments?: Partial<Pick<Impairments, 'loss' | 'reorder' | 'reorderGap' | 'reorderDelay'>>
  /**
   * Random delay of ACKs, ms, that spares them order. Without any, packets of flows that are clocked by the same queue meet it in the same
   * order again and again, and tail drop hits one of them only (phase effects: Floyd and Jacobson 1992).
   */
  readonly jitter?: number
  /** Packets that find more than so many bytes waiting are marked (RFC 3168), if they may be. */
  readonly markAbove?: number
  /** Asked for every packet with text, in front of the bottleneck: whether it goes on. One object for all packets. */
  readonly gate?: (packet: DataPacket) => boolean
  readonly receiver?: TcpSettings
  readonly senders: readonly SenderOptions[]
}

/** A sender at work. */
export class Flow {
  readonly options: SenderOptions
  readonly socket: TcpSocket
  /** The other end, once it has accepted. */
  receiver: TcpSocket | undefined
  /** Text that the receiver has read, bytes. */
  received = 0
  /** Packets with text that reached the bottleneck's gate. */
  packets = 0
  private unsent: number

  constructor(options: SenderOptions, socket: TcpSocket) {
    this.options = options
    this.socket = socket
    this.unsent = options.bytes ?? Infinity
  }

  /** The application has more to send. */
  send(bytes: number): void {
    this.unsent += bytes
    this.fill()
  }

  fill(): void {
    while (this.unsent > 0) {
      const count = this.socket.send(block, 0, Math.min(block.length, this.unsent))
      if (count === Errno.EAGAIN) return
      this.unsent -= succeeded(count)
    }
  }

  /** Throws before the connection was begun. */
  info(): ConnectionInfo {
    const info = this.socket.info()
    if (info === undefined) throw new Error('the connection has not begun yet')
    return info
  }
}

/**
 * Senders, a bottleneck that they share, and a receiver; virtual time.
 *
 *     sender ── extra delay ──┐
 *     sender ── extra delay ──┴── gate ── bottleneck ── receiver
 */
export class Network {
  readonly simulation: Simulation = new Simulation()
  readonly options: NetworkOptions
  readonly bottleneck: EmulatedLink
  readonly flows: readonly Flow[]
  /** Packets that were marked. */
  marked = 0
  private readonly packet = createDataPacket()
  private readonly received: Uint8Array = new Uint8Array(1 << 16)

  constructor(options: NetworkOptions) {
    this.options = options
    const { rate, rtt, buffer, seed = 1, jitter = 0 } = options
    this.bottleneck = new EmulatedLink({
      rate, seed, delay: rtt / 2, offload: FULL_OFFLOAD, memory: 2 ** 28,
      aToB: { queue: { bytes: buffer }, ...options.impairments },
      bToA: { rate: Infinity, queue: {}, jitter },
    })
    this.listen(this.host(RECEIVER, options.receiver, undefined, this.bottleneck.b))
    const returns: ((bytes: Uint8Array, start: number, end: number) => void)[] = []
    this.flows = options.senders.map((sender, index) => this.open(sender, index, returns))
    this.bottleneck.a.attach((bytes, start, end) => returns[senderOf(bytes, start, 'destination') - FIRST_SENDER]?.(bytes, start, end))
    this.simulation.add(this.bottleneck, 'bottleneck')
  }

  get now(): number {
    return this.simulation.now
  }

  /** What the queue in front of the bottleneck costs now, ms. */
  get queueDelay(): number {
    return this.bottleneck.stats.aToB.queuedBytes * 8000 / this.options.rate
  }

  /** Runs up to `time`, ms. */
  run(time: number): void {
    this.simulation.run({ time })
  }

  /** Calls `look` every `interval` ms from now on. */
  every(interval: number, look: (now: number) => void): void {
    const watch = {
      deadline: this.now + interval,
      poll(now: number): number {
        this.deadline = now + interval
        look(now)
        return this.deadline
      },
    }
    this.simulation.add(watch, 'watch')
  }

  private host(address: string, settings: TcpSettings | undefined, observer: Observer | undefined, device: EmulatedLink['a']): Stack {
    const stack = new Stack({
      protocols: [tcp(settings)], clock: () => this.simulation.now, memory: 2 ** 26,
      secret: Int32Array.of(this.options.seed ?? 1, address.length, 333, address.charCodeAt(address.length - 1)),
      ...(observer === undefined ? {} : { observer }),
    })
    stack.addInterface(device, { addresses: [`${address}/24`] })
    this.simulation.add(stack, address)
    return stack
  }

  private listen(stack: Stack): void {
    const listener = stack.socket('stream')
    succeeded(listener.bind('0.0.0.0', PORT))
    succeeded(listener.listen())
    listener.onReady = () => {
      for (let socket = listener.accept(); typeof socket !== 'number'; socket = listener.accept()) {
        const flow = this.flows[Number(socket.remoteAddress!.hostname.split('.')[3]) - FIRST_SENDER]!
        const receiver = socket
        flow.receiver = receiver
        receiver.onReady = () => {
          for (let count = receiver.recv(this.received); count > 0; count = receiver.recv(this.received)) flow.received += count
        }
      }
    }
  }

  private open(options: SenderOptions, index: number, returns: ((bytes: Uint8Array, start: number, end: number) => void)[]): Flow {
    const { control, extraRtt = 0, start = 0 } = options
    const [near, far] = pair({ offload: FULL_OFFLOAD })
    const address = `10.0.0.${FIRST_SENDER + index}`
    const stack = this.host(address, { congestionControl: control, ...options.tcp }, options.observer, near)
    const flow = new Flow(options, stack.socket('stream'))
    const enter = (bytes: Uint8Array, from: number, to: number): void => this.enter(flow, index, bytes, from, to)
    if (extraRtt === 0) {
      far.attach(enter)
      returns.push((bytes, from, to) => far.transmit(bytes, from, to))
    } else {
      const access = this.simulation.add(new EmulatedLink({ delay: extraRtt / 2, offload: FULL_OFFLOAD, queue: {} }), `access ${index}`)
      far.attach((bytes, from, to) => access.a.transmit(bytes, from, to))
      access.b.attach(enter)
      access.a.attach((bytes, from, to) => far.transmit(bytes, from, to))
      returns.push((bytes, from, to) => access.b.transmit(bytes, from, to))
    }
    const connect = (): void => {
      flow.socket.setsockopt('TCP_NODELAY', 1)
      flow.socket.connect(RECEIVER, PORT)
      flow.socket.onReady = () => flow.fill()
    }
    if (start === 0) connect()
    else this.at(start, connect)
    return flow
  }

  private at(time: number, act: () => void): void {
    const watch = {
      deadline: time,
      poll(): number {
        this.deadline = Infinity
        act()
        return Infinity
      },
    }
    this.simulation.add(watch, 'start')
  }

  /** A packet in front of the bottleneck. */
  private enter(flow: Flow, index: number, bytes: Uint8Array, start: number, end: number): void {
    const { packet, options } = this
    readDataPacket(packet, bytes, start, end)
    if (packet.length > 0) {
      packet.sender = index
      packet.number = flow.packets++
      packet.now = this.now
      if (options.gate !== undefined && !options.gate(packet)) return
      if (options.markAbove !== undefined && this.bottleneck.stats.aToB.queuedBytes > options.markAbove && mark(bytes, start)) this.marked++
    }
    this.bottleneck.a.transmit(bytes, start, end)
  }
}
