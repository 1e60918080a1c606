import { Arena } from '@layerfour/storage'
import { createPacketMeta, copyIpAddress, DropReason, dropReasonNames } from '@layerfour/wire'
import type { IcmpCause, PacketMeta } from '@layerfour/wire'
import { afterEach, expect } from 'vitest'
import { INTERNET_LAYER_MARGIN, InternetLayer } from '../../src/index.ts'
import type { IpObserver, LinkPort, TransportProtocol } from '../../src/index.ts'
import { concat, ip, macBytes, prefix } from './packets.ts'

export const SECRET: Int32Array = Int32Array.of(0x01234567, 0x89abcdef | 0, 0x76543210, 0xfedcba98 | 0)

/** A port that keeps what is sent. */
export class Wire implements LinkPort {
  readonly medium: 'ip' | 'ethernet'
  readonly mtu: number
  readonly hardwareAddress: Uint8Array | undefined
  readonly offload: { transmit: boolean, receive: boolean, segmentation?: number }
  /** How many more packets it takes. */
  room = Infinity
  sent: Uint8Array[] = []
  /** Of each packet in `sent`. */
  segmentSizes: number[] = []

  constructor(
    options: { medium?: 'ip' | 'ethernet', mtu?: number, hardwareAddress?: string, offload?: boolean, segmentation?: number } = {},
  ) {
    this.medium = options.medium ?? 'ip'
    this.mtu = options.mtu ?? 1500
    this.hardwareAddress = this.medium === 'ethernet' ? macBytes(options.hardwareAddress ?? '02:00:00:00:00:01') : undefined
    this.offload = { transmit: options.offload ?? false, receive: options.offload ?? false }
    if (options.segmentation !== undefined) this.offload = { transmit: true, receive: false, segmentation: options.segmentation }
  }

  transmit(bytes: Uint8Array, start: number, end: number, segmentSize = 0): boolean {
    if (this.room <= 0) return false
    this.room--
    this.segmentSizes.push(segmentSize)
    this.sent.push(bytes.slice(start, end))
    return true
  }
}

export interface Delivered {
  meta: PacketMeta
  data: Uint8Array
  now: number
}

export interface IcmpNews {
  cause: IcmpCause
  mtu: number
  meta: PacketMeta
  data: Uint8Array
}

/** A transport that keeps what it is given. */
export class Recorder implements TransportProtocol {
  readonly protocol: number
  received: Delivered[] = []
  news: IcmpNews[] = []
  polls: number[] = []
  deadline = Infinity
  /** What `receive` and `icmp` return. */
  verdict: DropReason = DropReason.None
  icmpVerdict: DropReason = DropReason.None
  onPoll: ((now: number) => void) | undefined

  constructor(protocol: number) {
    this.protocol = protocol
  }

  receive(meta: PacketMeta, bytes: Uint8Array, start: number, end: number, now: number): DropReason {
    this.received.push({ meta: structuredClone(meta), data: bytes.slice(start, end), now })
    return this.verdict
  }

  icmp(cause: IcmpCause, mtu: number, meta: PacketMeta, bytes: Uint8Array, start: number, end: number): DropReason {
    this.news.push({ cause, mtu, meta: structuredClone(meta), data: bytes.slice(start, end) })
    return this.icmpVerdict
  }

  poll(now: number): number {
    this.polls.push(now)
    this.onPoll?.(now)
    return this.deadline
  }
}

const hosts: Host[] = []

/** A layer with one interface (index 1), a recording UDP and TCP, and its own arena, in scripted time. */
export class Host {
  readonly arena: Arena
  readonly layer: InternetLayer
  readonly wire: Wire
  readonly udp: Recorder = new Recorder(17)
  readonly tcp: Recorder = new Recorder(6)
  now = 1000

  constructor(options: {
    medium?: 'ip' | 'ethernet', mtu?: number, hardwareAddress?: string, offload?: boolean, addresses?: string[], arena?: number,
    observer?: IpObserver, segmentation?: number,
  } = {}) {
    this.arena = new Arena(options.arena ?? 2 ** 21, INTERNET_LAYER_MARGIN)
    this.layer = new InternetLayer({
      secret: SECRET, arena: this.arena, ...(options.observer === undefined ? {} : { observer: options.observer }),
    })
    this.wire = new Wire(options)
    this.layer.addInterface(this.wire, { name: 'test0' })
    for (const address of options.addresses ?? ['10.0.0.1/24']) this.layer.addAddress(1, prefix(address))
    this.layer.register(this.udp)
    this.layer.register(this.tcp)
    hosts.push(this)
  }

  /** A packet comes in. What comes back is the name of the drop reason. */
  receive(packet: Uint8Array, interfaceIndex = 1): string {
    // Somewhere in a larger buffer, as devices have it.
    const bytes = concat(new Uint8Array(3).fill(0xee), packet, new Uint8Array(3).fill(0xee))
    return dropReasonNames[this.layer.receive(interfaceIndex, bytes, 3, 3 + packet.length, this.now)]!
  }

  poll(at = this.now): number {
    this.now = at
    return this.layer.poll(at)
  }

  /** A transport sends. */
  send(fields: Partial<Omit<PacketMeta, 'source' | 'destination'>> & { source?: string, destination?: string }, data: Uint8Array): string {
    const { source = '10.0.0.1', destination = '10.0.0.2', ...rest } = fields
    const meta = { ...createPacketMeta(), protocol: 17, ...rest }
    copyIpAddress(ip(source), meta.source)
    copyIpAddress(ip(destination), meta.destination)
    this.layer.scratch.set(data, this.layer.transportStart)
    return dropReasonNames[this.layer.send(meta, data.length, this.now)]!
  }

  /** Takes what was sent since the last time. */
  sent(): Uint8Array[] {
    const { sent } = this.wire
    this.wire.sent = []
    return sent
  }

  /** Takes the one packet that was sent. */
  sentOne(): Uint8Array {
    const sent = this.sent()
    expect(sent).toHaveLength(1)
    return sent[0]!
  }

  /** Polls; then exactly these packets were sent. */
  expectSent(...packets: Uint8Array[]): void {
    this.poll()
    expect(this.sent()).toEqual(packets)
  }

  /** Drop counts by name. */
  get drops(): Record<string, number> {
    return Object.fromEntries([...this.layer.drops.counts.entries()].filter(([, count]) => count > 0).map(
      ([reason, count]) => [dropReasonNames[reason]!, count]))
  }
}

/** Every test with a host ends like this: nothing was sent that the test did not look at, and nothing is owed. */
afterEach(() => {
  for (const host of hosts.splice(0)) {
    host.wire.room = Infinity
    host.poll()
    expect(host.sent(), 'nothing else was sent').toEqual([])
  }
})
