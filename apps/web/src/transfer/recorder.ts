import type { LinkEvent, LinkObserver } from '@layerfour/sim'
import type { Observer } from '@layerfour/socket'
import type { CongestionTrace, Tcb } from '@layerfour/tcp'
import { causeNames, stateNames } from '@layerfour/tcp'
import { TcpFlags } from '@layerfour/wire'
import type { Recording, Side } from './recording.ts'
import { sides } from './recording.ts'
import { copyOptions, SegmentReader } from './segment-reader.ts'
import { Ack, Again, Fate } from './segment-table.ts'

/** What is known of one host's half of the sequence space; sequence numbers are int32. */
interface Half {
  tcb: Tcb | undefined
  iss: number
  /** End of all that it sent, relative. */
  highest: number
  /** Its window scale, once both SYNs offered one. */
  offeredScale: number | undefined
  /** The window it announced last that has arrived at the other host. */
  heardWindow: number
  /** What it acknowledged last, relative, and the window beside it. */
  acknowledged: number
  window: number
  /** What its latest loss recovery began with. */
  recovery: Again
  /** What its congestion control does. */
  phase: string
  /** Row of each packet by the link's number; -1 for what is no TCP segment. */
  readonly rows: number[]
}

const createHalf = (): Half => ({
  tcb: undefined, iss: 0, highest: 0, offeredScale: undefined, heardWindow: Infinity, acknowledged: -1, window: -1,
  recovery: Again.Timeout, phase: '', rows: [],
})

/** Shorter pauses between packets are no silence, ms. */
const LEAST_SILENCE = 2

/** Listens to the link and to both hosts and writes down what happens. */
export class Recorder {
  readonly #recording: Recording
  readonly #clock: () => number
  readonly #reader: SegmentReader = new SegmentReader()
  readonly #halves: readonly [Half, Half] = [createHalf(), createHalf()]
  /** Packets on the link and in its queues, and since when there are none. */
  #inFlight = 0
  #quietSince = 0

  constructor(recording: Recording, clock: () => number) {
    this.#recording = recording
    this.#clock = clock
  }

  /** For the stack of one host. */
  hostObserver(side: Side): Observer {
    const half = this.#halves[side]
    return {
      stateChanged: (tcb, from, to, cause) => {
        half.tcb = tcb
        const time = this.#clock()
        this.#recording.states.push({ time, side, from: stateNames[from]!, to: stateNames[to]!, cause: causeNames[cause]! })
        this.#recording.noteInstant(time)
      },
      congestion: (tcb, event, time) => {
        if (event === 'timeout') half.recovery = Again.Timeout
        else if (event === 'fast-retransmit') half.recovery = Again.FastRetransmit
        else if (event === 'partial-ack') half.recovery = Again.PartialAck
        else if (event === 'loss-probe') half.recovery = Again.LossProbe
        this.#recording.congestion.push({ time, side, event, sack: tcb.recovery.selective })
        this.#recording.noteInstant(time)
      },
      congestionTrace: (_tcb, trace, time) => {
        this.#recording.samples[side].trace(trace)
        this.#notePhase(side, trace, time)
      },
    }
  }

  #notePhase(side: Side, { phase, recovery }: CongestionTrace, time: number): void {
    const half = this.#halves[side]
    const doing = recovery === 'open' ? phase : recovery === 'loss' ? `${phase}, after a timeout` : `${phase}, recovering`
    if (doing === half.phase) return
    half.phase = doing
    this.#recording.phases.push({ time, side, phase: doing })
  }

  /** For the link that has host A at its end a. `rate` in bit/s says how long a packet takes to leave. */
  linkObserver(rate: number): LinkObserver {
    return {
      transmitted: (event) => this.#transmitted(event, rate),
      delivered: (event) => this.#delivered(event),
      dropped: (event) => this.#dropped(event),
    }
  }

  /** Takes both hosts' figures; to be called after each step of the simulation. */
  sample(): void {
    const time = this.#clock()
    for (const side of sides) {
      const { tcb } = this.#halves[side]
      if (tcb !== undefined) this.#recording.samples[side].take(time, tcb)
    }
    this.#recording.until = time
  }

  finish(): void {
    if (this.#inFlight === 0) this.#endSilence(this.#recording.until)
    this.#recording.done = true
  }

  #transmitted({ direction, packet, bytes, start, end, time, departedAt }: LinkEvent, rate: number): void {
    if (this.#inFlight++ === 0) this.#endSilence(time)
    const side: Side = direction === 'aToB' ? 0 : 1
    const half = this.#halves[side]
    if (!this.#reader.read(bytes, start, end)) {
      half.rows[packet] = -1
      return
    }
    const { header, length } = this.#reader
    const other = this.#halves[side === 0 ? 1 : 0]
    const syn = (header.flags & TcpFlags.SYN) !== 0
    if (syn) {
      half.iss = header.sequence
      half.offeredScale = header.options.windowScale < 0 ? undefined : header.options.windowScale
    }
    const relative = unwrap((header.sequence - half.iss) | 0, half.highest)
    const taken = length + (syn ? 1 : 0) + ((header.flags & TcpFlags.FIN) !== 0 ? 1 : 0)
    const again = this.#again(half, other, relative, taken, header.flags)
    half.highest = Math.max(half.highest, relative + taken)
    const acknowledges = (header.flags & TcpFlags.ACK) !== 0
    const acknowledgment = acknowledges ? unwrap((header.acknowledgment - other.iss) | 0, other.highest) : undefined
    const window = scaledWindow(header.window, syn, half, other)
    const ack = ackKind(half, other, acknowledgment, window, taken > 0 || (header.flags & TcpFlags.RST) !== 0)
    half.acknowledged = acknowledgment ?? -1
    half.window = window
    half.rows[packet] = this.#recording.segments.add({
      side,
      transmittedAt: time,
      startedAt: rate === Infinity ? departedAt : Math.max(time, departedAt - (end - start) * 8000 / rate),
      departedAt,
      again,
      ack,
      flags: header.flags,
      sequence: relative,
      acknowledgment,
      length,
      window,
      wireSequence: header.sequence >>> 0,
      wireAcknowledgment: header.acknowledgment >>> 0,
      packetLength: end - start,
      options: copyOptions(header.options, other.iss),
    })
  }

  #again(half: Half, other: Half, relative: number, taken: number, flags: number): Again {
    if (taken === 0) return Again.No
    // In a simultaneous open the SYN goes out once more with the ACK, and nothing was lost (RFC 9293 §3.5).
    if ((flags & TcpFlags.SYN) !== 0 && (flags & TcpFlags.ACK) !== 0 && half.acknowledged < 0) return Again.No
    if (other.heardWindow === 0 && taken === 1 && relative > 0) return Again.Probe
    return relative < half.highest ? half.recovery : Again.No
  }

  #delivered({ direction, packet, time, duplicate, reordered }: LinkEvent): void {
    if (!duplicate) this.#left(time)
    const half = this.#halves[direction === 'aToB' ? 0 : 1]
    const row = half.rows[packet]!
    if (row < 0) return
    const { segments } = this.#recording
    half.heardWindow = segments.window.at(row)
    if (segments.fate.at(row) === Fate.Pending) segments.deliver(row, time, reordered)
    else segments.deliverCopy(row, time)
  }

  #dropped({ direction, packet, time, cause, duplicate }: LinkEvent): void {
    if (!duplicate) this.#left(time)
    const row = this.#halves[direction === 'aToB' ? 0 : 1].rows[packet]!
    if (row >= 0) this.#recording.segments.drop(row, time, cause === 'queue' ? Fate.QueueFull : Fate.Lost)
  }

  #left(time: number): void {
    if (--this.#inFlight === 0) this.#quietSince = time
  }

  #endSilence(time: number): void {
    if (time - this.#quietSince >= LEAST_SILENCE) this.#recording.silences.push({ from: this.#quietSince, to: time })
  }
}

/** A 32-bit distance as one beyond 4 GiB: the one nearest to `near`. */
function unwrap(distance: number, near: number): number {
  return near + ((distance - near) | 0)
}

function ackKind(half: Half, other: Half, acknowledgment: number | undefined, window: number, carriesMore: boolean): Ack {
  if (acknowledgment === undefined) return Ack.None
  if (acknowledgment !== half.acknowledged) return Ack.New
  const hole = acknowledgment < other.highest && window === half.window && window > 0 && !carriesMore
  return hole ? Ack.Duplicate : Ack.Same
}

/** A SYN's window is never scaled (RFC 7323 §2.2). */
function scaledWindow(field: number, syn: boolean, half: Half, other: Half): number {
  const scaling = !syn && half.offeredScale !== undefined && other.offeredScale !== undefined
  return scaling ? field * 2 ** Math.min(14, half.offeredScale!) : field
}
