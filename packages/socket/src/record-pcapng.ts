import type { Device } from '@layerfour/link'
import type { PcapngWriterOptions } from '@layerfour/pcap'
import { PcapngWriter } from '@layerfour/pcap'
import type { CongestionEvent, Tcb } from '@layerfour/tcp'
import { Cause, causeNames, State, stateNames } from '@layerfour/tcp'
import {
  createIpv4Header, createIpv6Header, DropReason, dropReasonNames, formatEndpoint, ipAddressEquals, IpProtocol, readIpv4, readIpv6,
  readUint16,
} from '@layerfour/wire'
import { ChecksumCompleter } from './_complete-checksum.ts'
import type { Observer } from './observer.ts'

export interface RecordOptions extends PcapngWriterOptions {
  /** Whole seconds since 1970 at the moment that the stack's clock calls 0. Default 0. */
  readonly timeOffset?: number
  /** Bytes kept of each packet; default all. */
  readonly snapLength?: number
}

const LOOPBACK = 0
const ETHERNET_HEADER = 14
const NO_OFFLOAD = { transmit: false, receive: false }
const LOOPBACK_OFFLOAD = { transmit: true, receive: true }
/** Ethernet header and the largest IP packet. */
const LARGEST_PACKET = 65_549
/** Longest comment that the format takes is 65,535 bytes; ours are ASCII but for the arrow. */
const LONGEST_COMMENT = 60_000

/**
 * An observer that writes all packets of a stack as a pcapng file, with what they caused, or what caused them, as packet
 * comments: state changes, retransmissions, congestion events, drops. Bytes go to `write` block by block.
 *
 * Packets are as the stack has them. With segmentation offload one may be longer than the MTU and stand for several segments.
 * Checksums that the medium makes needless, or completes, are filled in.
 *
 * One recorder serves one stack. It holds back the last packet until the next one comes, since comments may follow: call
 * `flush` at the end.
 */
export class PcapngRecorder implements Observer {
  readonly #writer: PcapngWriter
  readonly #options: RecordOptions
  /** Number in the file of each of the stack's interfaces. */
  readonly #numbers = new Map<number, number>()
  readonly #ethernet = new Set<number>()
  readonly #offloads = new Map<number, Device['offload']>([[LOOPBACK, LOOPBACK_OFFLOAD]])
  readonly #checksums = new ChecksumCompleter()
  /** The packet held back. */
  readonly #held = new Uint8Array(LARGEST_PACKET)
  #heldLength = -1
  /** The stack's number of its interface. */
  #heldInterface = 0
  #heldTime = 0
  #heldOut = false
  #heldComments: string[] = []
  /** Comments for the next packet that a connection sends. */
  readonly #announced = new Map<Tcb, string[]>()
  readonly #ipv4 = createIpv4Header()
  readonly #ipv6 = createIpv6Header()

  constructor(write: (bytes: Uint8Array) => void, options: RecordOptions = {}) {
    this.#writer = new PcapngWriter(write, options)
    this.#options = options
  }

  /** Writes the packet that is held back, if any. */
  flush(): void {
    if (this.#heldLength < 0) return
    const comment = this.#heldComments.join('\n').slice(0, LONGEST_COMMENT)
    const number = this.#numbers.get(this.#heldInterface) ?? this.#add(LOOPBACK, 'raw', 'lo')
    this.#writer.packet(number, this.#heldTime, this.#held, 0, this.#heldLength, comment === '' ? undefined : comment)
    this.#heldLength = -1
    this.#heldComments = []
  }

  interfaceAdded(index: number, device: Device): void {
    if (device.medium === 'ethernet') this.#ethernet.add(index)
    this.#offloads.set(index, device.offload)
    this.#add(index, device.medium === 'ethernet' ? 'ethernet' : 'raw', `if${index}`)
  }

  packetIn(index: number, bytes: Uint8Array, start: number, end: number, now: number): void {
    this.#hold(index, bytes, start, end, now, false)
  }

  packetOut(index: number, bytes: Uint8Array, start: number, end: number, now: number): void {
    this.#hold(index, bytes, start, end, now, true)
    if (this.#announced.size === 0) return
    for (const [tcb, comments] of this.#announced) {
      if (!this.#isFrom(tcb)) continue
      this.#heldComments.push(...comments)
      this.#announced.delete(tcb)
    }
  }

  dropped(reason: DropReason): void {
    // An outgoing packet that was dropped was never seen.
    if (this.#heldLength >= 0 && !this.#heldOut) this.#heldComments.push(`dropped: ${dropReasonNames[reason]}`)
  }

  stateChanged(tcb: Tcb, from: State, to: State, cause: Cause): void {
    const text = `${name(tcb)} ${stateNames[from]} → ${stateNames[to]} (${causeNames[cause]})`
    switch (cause) {
      case Cause.ActiveOpen:
      case Cause.Close:
        if (to === State.CLOSED) this.#announced.delete(tcb)
        else this.#announce(tcb, text)
        break
      case Cause.Abort:
      case Cause.Timeout:
        // The reset, if one was due, has just left.
        this.#announced.delete(tcb)
        if (this.#heldOut && this.#isFrom(tcb)) this.#heldComments.push(text)
        break
      default:
        this.#heldComments.push(text)
    }
  }

  congestion(tcb: Tcb, event: CongestionEvent): void {
    const text = `${name(tcb)} ${event}, cwnd ${Math.round(tcb.congestion.cwnd)}, ssthresh ${Math.round(tcb.congestion.ssthresh)}`
    if (event === 'timeout') this.#announce(tcb, text)
    else this.#heldComments.push(text)
  }

  retransmitted(tcb: Tcb): void {
    if (this.#heldOut && this.#isFrom(tcb)) this.#heldComments.push('retransmission')
  }

  #announce(tcb: Tcb, text: string): void {
    const comments = this.#announced.get(tcb)
    if (comments === undefined) this.#announced.set(tcb, [text])
    else comments.push(text)
  }

  #add(index: number, linkType: 'ethernet' | 'raw', interfaceName: string): number {
    const { snapLength, timeOffset } = this.#options
    const number = this.#writer.addInterface({
      linkType,
      name: interfaceName,
      ...(snapLength === undefined ? {} : { snapLength }),
      ...(timeOffset === undefined ? {} : { timeOffset }),
    })
    this.#numbers.set(index, number)
    return number
  }

  #hold(index: number, bytes: Uint8Array, start: number, end: number, now: number, out: boolean): void {
    this.flush()
    this.#heldComments = []
    this.#heldInterface = index
    this.#heldTime = now
    this.#heldOut = out
    this.#heldLength = Math.min(end - start, LARGEST_PACKET)
    for (let i = 0; i < this.#heldLength; i++) this.#held[i] = bytes[start + i]!
    const { transmit, receive } = this.#offloads.get(index) ?? NO_OFFLOAD
    if (transmit || receive) {
      this.#checksums.complete(this.#held, this.#ethernet.has(index) ? ETHERNET_HEADER : 0, this.#heldLength, out ? transmit : receive)
    }
  }

  /** Whether the packet held back was sent by that connection. */
  #isFrom(tcb: Tcb): boolean {
    const bytes = this.#held
    const at = this.#ethernet.has(this.#heldInterface) ? ETHERNET_HEADER : 0
    const end = this.#heldLength
    if (end - at < 1) return false
    const ipv4 = bytes[at]! >>> 4 === 4
    const header = ipv4 ? this.#ipv4 : this.#ipv6
    const reason = ipv4 ? readIpv4(bytes, at, end, this.#ipv4, false) : readIpv6(bytes, at, end, this.#ipv6)
    const transport = at + header.headerLength
    return reason === DropReason.None && header.protocol === IpProtocol.Tcp && end - transport >= 4
      && readUint16(bytes, transport) === tcb.localPort && readUint16(bytes, transport + 2) === tcb.remotePort
      && ipAddressEquals(header.source, tcb.localAddress) && ipAddressEquals(header.destination, tcb.remoteAddress)
  }
}

function name(tcb: Tcb): string {
  return `${formatEndpoint(tcb.localAddress, tcb.localPort)} > ${formatEndpoint(tcb.remoteAddress, tcb.remotePort)}`
}

/** A `PcapngRecorder`, for `StackOptions.observer`. */
export function recordPcapng(write: (bytes: Uint8Array) => void, options: RecordOptions = {}): PcapngRecorder {
  return new PcapngRecorder(write, options)
}
