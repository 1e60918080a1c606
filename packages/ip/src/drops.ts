import { DROP_REASONS } from '@layerfour/wire'
import type { DropReason } from '@layerfour/wire'
import type { IpObserver } from './observer.ts'

/** Counts dropped packets per `DropReason`, those of the internet layer and of the transports on it, and tells the observer. */
export class Drops {
  /** Indexed by `DropReason`; `dropReasonNames` names the places. */
  readonly counts: Float64Array = new Float64Array(DROP_REASONS)
  private readonly observer: IpObserver | undefined

  constructor(observer?: IpObserver) {
    this.observer = observer
  }

  of(reason: DropReason): number {
    return this.counts[reason]!
  }

  get total(): number {
    let total = 0
    for (const count of this.counts) total += count
    return total
  }

  /** Counts one packet, `bytes[start, end)`, and returns the reason. */
  note(reason: DropReason, interfaceIndex: number, bytes: Uint8Array, start: number, end: number, now: number): DropReason {
    this.counts[reason]!++
    this.observer?.dropped?.(reason, interfaceIndex, bytes, start, end, now)
    return reason
  }
}
