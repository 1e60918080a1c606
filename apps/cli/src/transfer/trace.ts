import type { LinkDropCause, LinkObserver } from '@layerfour/sim'
import type { Observer } from '@layerfour/socket'
import { causeNames, State, stateNames } from '@layerfour/tcp'
import { greaterThan, sequenceDistance, TcpFlags } from '@layerfour/wire'
import type { Phase, SegmentEvent, TransferEvent } from './events.ts'
import type { SegmentView } from './segment.ts'
import { createSegmentView, formatFlags, readSegment } from './segment.ts'
import type { HostName } from './settings.ts'

/** What is known of one host's half of the sequence space. Sequence numbers are int32. */
interface Half {
  state: State
  iss: number
  synSeen: boolean
  /** Its FIN's number, once seen. */
  fin: number | undefined
  /** It has acknowledged the other's SYN. */
  ackedSyn: boolean
  /** The end of all that it has sent. */
  highest: number
}

const createHalf = (): Half => ({ state: State.CLOSED, iss: 0, synSeen: false, fin: undefined, ackedSyn: false, highest: 0 })

/**
 * Watches both hosts and the link and tells what belongs to the handshake and to the close: state
 * changes, and segments with SYN, FIN or RST and those that acknowledge a SYN or FIN first. With
 * `all` it tells of every segment, and of what congestion control does.
 */
export class Trace {
  readonly #emit: (event: TransferEvent) => void
  readonly #clock: () => number
  readonly #all: boolean
  readonly #halves: Readonly<Record<HostName, Half>> = { client: createHalf(), server: createHalf() }
  readonly #segment: SegmentView = createSegmentView()
  #phase: Phase = 'handshake'

  constructor(clock: () => number, emit: (event: TransferEvent) => void, all: boolean) {
    this.#clock = clock
    this.#emit = emit
    this.#all = all
  }

  /** For the host's stack. */
  observer(host: HostName): Observer {
    return {
      packetOut: (_interface, bytes, start, end, now) => this.#packet(host, bytes, start, end, now, undefined),
      stateChanged: (_tcb, from, to, cause) => this.#stateChanged(host, from, to, causeNames[cause]!),
      ...(this.#all ? this.#congestionObserver(host) : {}),
    }
  }

  #congestionObserver(host: HostName): Observer {
    return {
      congestion: (_tcb, event, time) => this.#emit({ type: 'congestion', phase: this.#phase, time, host, event }),
      congestionTrace: (_tcb, trace, time) => this.#emit({ type: 'window', phase: this.#phase, time, host, trace: { ...trace } }),
    }
  }

  /** For the link between client (a) and server (b). */
  linkObserver(): LinkObserver {
    return {
      dropped: ({ direction, bytes, start, end, time, cause }) =>
        this.#packet(direction === 'aToB' ? 'client' : 'server', bytes, start, end, time, cause),
    }
  }

  #stateChanged(host: HostName, from: State, to: State, cause: string): void {
    this.#halves[host].state = to
    if (from >= State.ESTABLISHED) this.#phase = 'close'
    this.#emit({
      type: 'state', phase: this.#phase, time: this.#clock(), host, from: stateNames[from]!, to: stateNames[to]!, cause,
    })
    const { client, server } = this.#halves
    if (client.state === State.ESTABLISHED && server.state === State.ESTABLISHED) this.#phase = 'data'
  }

  #packet(from: HostName, bytes: Uint8Array, start: number, end: number, time: number, dropped: LinkDropCause | undefined): void {
    const segment = this.#segment
    if (!readSegment(bytes, start, end, segment)) return
    const { header } = segment
    const half = this.#halves[from]
    const other = this.#halves[from === 'client' ? 'server' : 'client']
    if ((header.flags & TcpFlags.SYN) !== 0 && !half.synSeen) {
      half.synSeen = true
      half.iss = half.highest = header.sequence
    }
    if ((header.flags & TcpFlags.FIN) !== 0) half.fin ??= (header.sequence + segment.length) | 0
    if (this.#all || belongsToHandshakeOrClose(segment, half, other)) {
      this.#emit(this.#describe(from, segment, half, other, time, dropped))
    }
    if (dropped === undefined) noteSent(segment, half, other)
  }

  #describe(
    from: HostName, { header, length }: SegmentView, half: Half, other: Half, time: number, dropped: LinkDropCause | undefined,
  ): SegmentEvent {
    const acknowledges = (header.flags & TcpFlags.ACK) !== 0
    return {
      type: 'segment',
      phase: this.#phase,
      time,
      from,
      dropped,
      flags: formatFlags(header.flags),
      sequence: sequenceDistance(half.iss, header.sequence) >>> 0,
      acknowledgment: acknowledges ? sequenceDistance(other.iss, header.acknowledgment) >>> 0 : undefined,
      length,
      window: header.window,
      options: describeOptions(header.options, other.iss),
      again: dropped === undefined && occupies(header.flags, length) > 0 && greaterThan(half.highest, header.sequence),
    }
  }
}

function belongsToHandshakeOrClose({ header }: SegmentView, half: Half, other: Half): boolean {
  if ((header.flags & (TcpFlags.SYN | TcpFlags.FIN | TcpFlags.RST)) !== 0) return true
  if ((header.flags & TcpFlags.ACK) === 0) return false
  if (!half.ackedSyn && header.acknowledgment === ((other.iss + 1) | 0)) return true
  return other.fin !== undefined && header.acknowledgment === ((other.fin + 1) | 0)
}

function noteSent({ header, length }: SegmentView, half: Half, other: Half): void {
  if ((header.flags & TcpFlags.ACK) !== 0 && other.synSeen) half.ackedSyn = true
  const end = (header.sequence + occupies(header.flags, length)) | 0
  if (greaterThan(end, half.highest)) half.highest = end
}

/** Sequence numbers that a segment takes up: SEG.LEN of RFC 9293 §3.4. */
function occupies(flags: number, length: number): number {
  return length + ((flags & TcpFlags.SYN) !== 0 ? 1 : 0) + ((flags & TcpFlags.FIN) !== 0 ? 1 : 0)
}

function describeOptions(options: SegmentView['header']['options'], iss: number): string[] {
  const list: string[] = []
  if (options.mss >= 0) list.push(`mss ${options.mss}`)
  if (options.windowScale >= 0) list.push(`wscale ${options.windowScale}`)
  if (options.sackPermitted) list.push('sackOK')
  if (options.hasTimestamps && options.mss >= 0) list.push('timestamps')
  for (let block = 0; block < options.sackCount; block++) {
    const [left, right] = [0, 1].map((side) => sequenceDistance(iss, options.sackEdges[2 * block + side]!) >>> 0)
    list.push(`sack ${left}:${right}`)
  }
  return list
}
