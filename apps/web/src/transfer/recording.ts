import type { CongestionEvent, StateName, Transition } from '@layerfour/tcp'
import { Column } from './column.ts'
import { HostSamples } from './host-samples.ts'
import { SegmentTable } from './segment-table.ts'

/** Host A (0) or host B (1). */
export type Side = 0 | 1
export const sides: readonly Side[] = [0, 1]
export const sideNames: readonly [string, string] = ['A', 'B']

export interface StateChange {
  /** Virtual time, ms. */
  readonly time: number
  readonly side: Side
  readonly from: StateName
  readonly to: StateName
  readonly cause: Transition['cause']
}

export interface CongestionMark {
  readonly time: number
  readonly side: Side
  readonly event: CongestionEvent
  /** Losses are found by SACKs and time, not by counting duplicate ACKs. */
  readonly sack: boolean
}

/** What a congestion control does from this time on, in its own word. */
export interface PhaseChange {
  readonly time: number
  readonly side: Side
  readonly phase: string
}

/** Something that an application did, in words. */
export interface Remark {
  readonly time: number
  readonly side: Side
  readonly text: string
}

/** No packet was on the link, or in the queue before it, between these times. */
export interface Silence {
  readonly from: number
  readonly to: number
}

/** One direction's bytes, when all were read or the connection broke. */
export interface Digest {
  readonly bytes: number
  readonly sha256: string
  /** When the last byte was queued, or read. */
  readonly time: number
}

/** All that happened in a transfer, by virtual time in ms. It grows while the simulation runs. */
export class Recording {
  readonly segments: SegmentTable = new SegmentTable()
  readonly samples: readonly [HostSamples, HostSamples] = [new HostSamples(), new HostSamples()]
  readonly states: StateChange[] = []
  readonly congestion: CongestionMark[] = []
  readonly phases: PhaseChange[] = []
  readonly remarks: Remark[] = []
  readonly silences: Silence[] = []
  /** What each host queued and what the other one read of it. */
  readonly sent: [Digest | undefined, Digest | undefined] = [undefined, undefined]
  readonly received: [Digest | undefined, Digest | undefined] = [undefined, undefined]
  /** What broke each host's connection: `ECONNREFUSED`. */
  readonly errors: [string | undefined, string | undefined] = [undefined, undefined]
  /** Times at which something can be seen to happen, besides what the segment table knows. */
  readonly instants: Column = new Column()
  /** Recorded up to here. */
  until = 0
  /** The simulation is over: nothing will be due ever again. */
  done = false
  /** Why it ended early, if it did. */
  cut: string | undefined

  /** When the last packet left the link; what follows is TIME-WAIT. */
  get quietFrom(): number {
    return Math.max(this.segments.lastEnd, this.states.findLast(({ to }) => to !== 'CLOSED')?.time ?? 0)
  }

  noteInstant(time: number): void {
    if (this.instants.last !== time) this.instants.push(time)
  }

  /** The first time after `time` at which something happens; Infinity when nothing does. */
  nextEvent(time: number): number {
    const next = Math.min(this.instants.after(time), this.segments.nextEvent(time))
    return next <= this.until ? next : Infinity
  }

  /** The last time before `time` at which something happened; -Infinity when nothing did. */
  previousEvent(time: number): number {
    return Math.max(this.instants.before(time), this.segments.previousEvent(time))
  }

  /** The state of each host at `time`. */
  stateAt(side: Side, time: number): StateName {
    return this.lastChange(side, time)?.to ?? 'CLOSED'
  }

  lastChange(side: Side, time: number): StateChange | undefined {
    return this.states.findLast((change) => change.side === side && change.time <= time)
  }

  /** What congestion control of a host does at `time`; undefined before the connection is established. */
  phaseAt(side: Side, time: number): string | undefined {
    return this.phases.findLast((change) => change.side === side && change.time <= time)?.phase
  }

  /** The silence that `time` lies in. */
  silenceAt(time: number): Silence | undefined {
    let low = 0
    let high = this.silences.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.silences[middle]!.to > time) high = middle
      else low = middle + 1
    }
    const silence = this.silences[low]
    return silence !== undefined && silence.from <= time ? silence : undefined
  }
}
