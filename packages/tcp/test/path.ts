import { Arena } from '@layerfour/storage'
import { copyIpAddress, createPacketMeta } from '@layerfour/wire'
import type { Connection, TcpOptions } from '../src/index.ts'
import { Tcp, TcpListener } from '../src/index.ts'
import type { Packet, TestSegment } from './harness.ts'
import { address, describe, FakeNetwork, PEER, SECRET, US } from './harness.ts'

/** What becomes of a packet that would arrive at `arrives`: Infinity loses it, else it comes so many ms later. */
export type Fate = (segment: TestSegment, index: number, arrives: number) => number

export interface PathOptions {
  /** Bytes per second that leave the sender. */
  rate: number
  /** One way, ms. */
  delay: number
  /** Of segments with text, numbered from 0 as they are sent. */
  fate?: Fate
  /** Of all that comes back. */
  ackFate?: Fate
  sender?: Partial<TcpOptions>
  both?: Partial<TcpOptions>
}

interface Flying {
  at: number
  order: number
  to: number
  bytes: Uint8Array
}

/** One way of bulk text from one TCP to another over a path whose every packet a test decides about, in virtual time. */
export class Path {
  now = 0
  /** Segments with text, in the order of sending. */
  readonly sent: { segment: TestSegment, at: number }[] = []
  readonly events: { event: string, at: number }[] = []
  received = 0
  readonly connection: Connection
  private server: Connection | undefined
  private readonly listener: TcpListener
  private readonly tcps: [Tcp, Tcp]
  private readonly networks = [new FakeNetwork(US), new FakeNetwork(PEER)] as const
  private readonly flying: Flying[] = []
  private readonly meta = createPacketMeta()
  private readonly options: PathOptions
  private readonly buffer = new Uint8Array(65_536)
  private order = 0
  private busyUntil = 0
  private toWrite = 0
  private acks = 0

  constructor(options: PathOptions) {
    this.options = options
    const observer = {
      congestion: (tcb: { localPort: number }, event: string, now: number): void => {
        if (tcb.localPort === 40_000) this.events.push({ event, at: now })
      },
    }
    this.tcps = [0, 1].map((side) => new Tcp(this.networks[side]!, {
      arena: new Arena(1 << 26), secret: SECRET, msl: 1000, mtuProbing: false, quickAcks: 0, initialBuffer: 1 << 22,
      ...options.both, ...(side === 0 ? { observer, ...options.sender } : {}),
    })) as [Tcp, Tcp]
    const listener = this.tcps[1].listen(address(PEER), 80, {})
    if (!(listener instanceof TcpListener)) throw new Error('listen')
    this.listener = listener
    const client = this.tcps[0].connect(address(US), 40_000, address(PEER), 80, {}, 0)
    if (typeof client === 'number') throw new Error('connect')
    this.connection = client
    while (this.server === undefined) this.step()
  }

  /** Queues text; it goes out as the sender's buffer has room. */
  write(bytes: number): this {
    this.toWrite += bytes
    this.act()
    return this
  }

  close(): this {
    this.connection.shutdownSend()
    return this
  }

  /** Until `done` says so, or all is acknowledged, or nothing will ever happen. */
  run(done: () => boolean = () => false): this {
    for (let steps = 0; !done(); steps++) {
      if (steps > 500_000) throw new Error(`not settled at ${this.now} ms`)
      if (!this.step()) return this
      if (this.toWrite === 0 && this.connection.info().sendQueue === 0) return this
    }
    return this
  }

  count(event: string): number {
    return this.events.filter((each) => each.event === event).length
  }

  private act(): void {
    while (this.toWrite > 0) {
      const taken = this.connection.send(this.buffer, 0, Math.min(this.toWrite, this.buffer.length))
      if (taken <= 0) break
      this.toWrite -= taken
    }
    for (;;) {
      const got = this.server?.receive(this.buffer, 0, this.buffer.length) ?? 0
      if (got <= 0) break
      this.received += got
    }
  }

  private step(): boolean {
    let next = Infinity
    for (const side of [0, 1] as const) {
      const tcp = this.tcps[side]
      for (let turns = 0; tcp.deadline <= this.now; turns++) {
        if (turns > 100) throw new Error('still due after 100 polls')
        tcp.poll(this.now)
      }
      for (const packet of this.networks[side].sent.splice(0)) this.launch(packet, side)
      next = Math.min(next, tcp.deadline)
    }
    for (const packet of this.flying) next = Math.min(next, packet.at)
    if (next === Infinity) return false
    this.now = Math.max(this.now, next)
    const due = this.flying.filter((packet) => packet.at <= this.now).sort((a, b) => a.at - b.at || a.order - b.order)
    for (const packet of due) {
      this.flying.splice(this.flying.indexOf(packet), 1)
      copyIpAddress(this.networks[1 - packet.to]!.own, this.meta.source)
      copyIpAddress(this.networks[packet.to]!.own, this.meta.destination)
      this.tcps[packet.to]!.receive(this.meta, packet.bytes, 0, packet.bytes.length, this.now)
      this.tcps[packet.to]!.poll(this.now)
    }
    this.server ??= this.listener.accept()
    for (const tcp of this.tcps) while (tcp.takeReady() !== undefined) { /* Polled anyway. */ }
    this.act()
    return true
  }

  private launch(packet: Packet, side: 0 | 1): void {
    const segment = describe(packet)
    const { rate, delay, fate, ackFate } = this.options
    let extra = 0
    let leaves = this.now
    if (side === 0) {
      this.busyUntil = Math.max(this.busyUntil, this.now) + (packet.bytes.length + 20) * 1000 / rate
      leaves = this.busyUntil
      if (segment.text !== undefined) {
        this.sent.push({ segment, at: this.now })
        extra = fate?.(segment, this.sent.length - 1, leaves + delay) ?? 0
      }
    } else extra = ackFate?.(segment, this.acks++, leaves + delay) ?? 0
    if (extra === Infinity) return
    this.flying.push({ at: leaves + delay + extra, order: this.order++, to: 1 - side, bytes: packet.bytes })
  }
}
