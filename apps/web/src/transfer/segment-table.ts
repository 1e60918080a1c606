import type { Side } from './recording.ts'
import { Column } from './column.ts'

/** What became of a packet. */
export const Fate = {
  /** Waiting or on its way when the recording ends. */
  Pending: 0,
  Delivered: 1,
  /** Lost on the way. */
  Lost: 2,
  /** The queue before the link was full. */
  QueueFull: 3,
} as const

export type Fate = (typeof Fate)[keyof typeof Fate]

/** Why something was sent that had been sent before, or that the window did not allow. */
export const Again = {
  No: 0,
  /** Three duplicate ACKs (RFC 5681 §3.2), or SACKs of what was sent later (RFC 8985). */
  FastRetransmit: 1,
  /** A partial ACK in fast recovery (RFC 6582), or later SACKs: more is lost. */
  PartialAck: 2,
  /** The retransmission timer (RFC 6298). */
  Timeout: 3,
  /** A probe of a closed window (RFC 9293 §3.8.6.1). */
  Probe: 4,
  /** A tail loss probe: the last segment once more (RFC 8985 §7). */
  LossProbe: 5,
} as const

export type Again = (typeof Again)[keyof typeof Again]

/** What a segment's acknowledgment number says beside the one before it from the same host. */
export const Ack = {
  None: 0,
  /** More than before. */
  New: 1,
  /** The same as before, in passing. */
  Same: 2,
  /** Nothing but the same again while there is text under way: a sign of a hole (RFC 5681 §2). */
  Duplicate: 3,
} as const

export type Ack = (typeof Ack)[keyof typeof Ack]

/** What a SYN negotiates, and SACK blocks in relative numbers. */
export interface SegmentOptions {
  readonly mss?: number
  readonly windowScale?: number
  readonly sackPermitted?: boolean
  readonly timestamps?: readonly [value: number, echo: number]
  readonly sack?: readonly (readonly [number, number])[]
}

/** One segment, as a view of one row. Numbers of the sequence space are relative: SYN is 0. */
export interface SegmentRow {
  /** Its number in the capture, from 0. */
  readonly index: number
  readonly side: Side
  /** When the host handed it to the link, when its first and its last bit left, when it arrived or was lost. NaN: not known. */
  readonly transmittedAt: number
  readonly startedAt: number
  readonly departedAt: number
  readonly endedAt: number
  /** When its second copy arrived; NaN when it has none. */
  readonly copyAt: number
  readonly fate: Fate
  readonly again: Again
  readonly ack: Ack
  readonly reordered: boolean
  readonly flags: number
  readonly sequence: number
  /** Undefined without ACK. */
  readonly acknowledgment: number | undefined
  readonly length: number
  /** In bytes, scaled. */
  readonly window: number
  /** Absolute numbers, as on the wire: 0 to 2^32 - 1. */
  readonly wireSequence: number
  readonly wireAcknowledgment: number
  /** Bytes of the IP packet. */
  readonly packetLength: number
  readonly options: SegmentOptions
}

/** What is known of a segment when it is handed to the link. */
export type NewSegment = Omit<SegmentRow, 'index' | 'endedAt' | 'copyAt' | 'fate' | 'reordered'>

const NO_OPTIONS: SegmentOptions = Object.freeze({})

/** Every segment that entered the link, in the order in which it did, one column a field. */
export class SegmentTable {
  readonly side: Column = new Column()
  readonly transmittedAt: Column = new Column()
  readonly startedAt: Column = new Column()
  readonly departedAt: Column = new Column()
  readonly endedAt: Column = new Column()
  readonly copyAt: Column = new Column()
  readonly fate: Column = new Column()
  readonly again: Column = new Column()
  readonly ack: Column = new Column()
  readonly reordered: Column = new Column()
  readonly flags: Column = new Column()
  readonly sequence: Column = new Column()
  readonly acknowledgment: Column = new Column()
  readonly length: Column = new Column()
  readonly window: Column = new Column()
  readonly wireSequence: Column = new Column()
  readonly wireAcknowledgment: Column = new Column()
  readonly packetLength: Column = new Column()
  readonly #options = new Map<number, SegmentOptions>()
  /** Starts of each side's segments, arrivals, and drops of each side's: columns that never fall. */
  readonly starts: readonly [Column, Column] = [new Column(), new Column()]
  readonly arrivals: readonly [Column, Column] = [new Column(), new Column()]
  readonly drops: readonly [Column, Column] = [new Column(), new Column()]
  /** Starts of each side's retransmissions. */
  readonly repeats: readonly [Column, Column] = [new Column(), new Column()]
  /** The longest that a segment took from the host to its end, ms. */
  longest = 0
  lastEnd = 0

  get count(): number {
    return this.side.length
  }

  add(segment: NewSegment): number {
    const index = this.count
    this.side.push(segment.side)
    this.transmittedAt.push(segment.transmittedAt)
    this.startedAt.push(segment.startedAt)
    this.departedAt.push(segment.departedAt)
    this.endedAt.push(NaN)
    this.copyAt.push(NaN)
    this.fate.push(Fate.Pending)
    this.again.push(segment.again)
    this.ack.push(segment.ack)
    this.reordered.push(0)
    this.flags.push(segment.flags)
    this.sequence.push(segment.sequence)
    this.acknowledgment.push(segment.acknowledgment ?? -1)
    this.length.push(segment.length)
    this.window.push(segment.window)
    this.wireSequence.push(segment.wireSequence)
    this.wireAcknowledgment.push(segment.wireAcknowledgment)
    this.packetLength.push(segment.packetLength)
    if (Object.keys(segment.options).length > 0) this.#options.set(index, segment.options)
    this.starts[segment.side].push(segment.startedAt)
    if (segment.again !== Again.No) this.repeats[segment.side].push(segment.startedAt)
    this.#extend(index, segment.departedAt)
    return index
  }

  deliver(index: number, time: number, reordered: boolean): void {
    this.endedAt.set(index, time)
    this.fate.set(index, Fate.Delivered)
    if (reordered) this.reordered.set(index, 1)
    this.arrivals[this.side.at(index) as Side].push(time)
    this.#extend(index, time)
  }

  deliverCopy(index: number, time: number): void {
    this.copyAt.set(index, time)
    this.arrivals[this.side.at(index) as Side].push(time)
    this.#extend(index, time)
  }

  drop(index: number, time: number, fate: typeof Fate.Lost | typeof Fate.QueueFull): void {
    this.endedAt.set(index, time)
    this.fate.set(index, fate)
    this.drops[this.side.at(index) as Side].push(time)
    this.#extend(index, time)
  }

  #extend(index: number, time: number): void {
    this.longest = Math.max(this.longest, time - this.transmittedAt.at(index))
    this.lastEnd = Math.max(this.lastEnd, time)
  }

  nextEvent(time: number): number {
    let next = Infinity
    for (const columns of [this.starts, this.arrivals, this.drops]) {
      next = Math.min(next, columns[0].after(time), columns[1].after(time))
    }
    return next
  }

  previousEvent(time: number): number {
    let previous = -Infinity
    for (const columns of [this.starts, this.arrivals, this.drops]) {
      previous = Math.max(previous, columns[0].before(time), columns[1].before(time))
    }
    return previous
  }

  /** Rows that may have something to show between the two times: [first, end). A few more than needed. */
  between(from: number, to: number): readonly [first: number, end: number] {
    return [this.transmittedAt.countUpTo(from - this.longest - 1e-9), this.transmittedAt.countUpTo(to)]
  }

  row(index: number): SegmentRow {
    const flags = this.flags.at(index)
    const acknowledgment = this.acknowledgment.at(index)
    return {
      index,
      side: this.side.at(index) as Side,
      transmittedAt: this.transmittedAt.at(index),
      startedAt: this.startedAt.at(index),
      departedAt: this.departedAt.at(index),
      endedAt: this.endedAt.at(index),
      copyAt: this.copyAt.at(index),
      fate: this.fate.at(index) as Fate,
      again: this.again.at(index) as Again,
      ack: this.ack.at(index) as Ack,
      reordered: this.reordered.at(index) === 1,
      flags,
      sequence: this.sequence.at(index),
      acknowledgment: acknowledgment < 0 ? undefined : acknowledgment,
      length: this.length.at(index),
      window: this.window.at(index),
      wireSequence: this.wireSequence.at(index),
      wireAcknowledgment: this.wireAcknowledgment.at(index),
      packetLength: this.packetLength.at(index),
      options: this.#options.get(index) ?? NO_OPTIONS,
    }
  }
}
