import { MAX_CONGESTION_WINDOW } from './congestion/congestion-control.ts'

/**
 * Spreads segments over time: a bucket that fills at the pacing rate and from which sending takes. Plain data.
 *
 * The caller asks `pacerBudget` before sending, tells each segment to `pacerSent`, and when the budget (and nothing else) stopped
 * it, comes back at `pacerDeadline`.
 */
export interface Pacer {
  /** Bytes that may go; negative after sending without asking. */
  credit: number
  /** When `credit` was right, ms; -Infinity before the first question. */
  at: number
  /** When there will be credit for a whole burst, ms; Infinity: nothing to wait for. */
  deadline: number
  /** MSS and bytes of a burst as of the last `pacerBudget`. */
  mss: number
  quantum: number
  /** The pacer and nothing else held back the last segments. If the next call is late, its timer was late. */
  limited: boolean
}

/** Segments that may go at once in the beginning: the initial window (RFC 6928). */
const INITIAL_BURST = 10
/** Greatest burst in bytes, unless two segments are more. */
const MAX_QUANTUM = 65_536
/** How late, in ms, a timer may come without lowering the average rate. Hosts' timers are late by 1 to 4 ms. */
const LATENESS = 4

export function createPacer(): Pacer {
  const pacer: Pacer = { credit: NaN, at: NaN, deadline: NaN, mss: 0, quantum: 0, limited: false }
  pacer.credit = 0
  pacer.at = -Infinity
  pacer.deadline = Infinity
  return pacer
}

/** Bytes sent in one go at `rate` bytes/s: what 1 ms takes, from two segments up to 64 KiB (draft-ietf-ccwg-bbr: send quantum). */
export function sendQuantum(rate: number, mss: number): number {
  return Math.max(Math.min(Math.floor(rate / 1000), MAX_QUANTUM), 2 * mss)
}

/**
 * Bytes that may go now at `rate` bytes/s: a multiple of `mss`, so that the budget never cuts a segment short.
 * `MAX_CONGESTION_WINDOW` when `rate` is 0: unpaced.
 */
export function pacerBudget(pacer: Pacer, rate: number, mss: number, now: number): number {
  if (rate <= 0) {
    pacer.deadline = Infinity
    return MAX_CONGESTION_WINDOW
  }
  pacer.mss = mss
  pacer.quantum = sendQuantum(rate, mss)
  refill(pacer, rate, now)
  if (pacer.credit < mss) return 0
  pacer.limited = false
  return Math.floor(pacer.credit / mss) * mss
}

/** `bytes` bytes were sent at `rate` bytes/s. What goes without asking (a retransmission, a probe) is paid for later. */
export function pacerSent(pacer: Pacer, rate: number, bytes: number, now: number): void {
  if (rate <= 0 || pacer.at === -Infinity) return
  refill(pacer, rate, now)
  pacer.credit -= bytes
  pacer.limited = pacer.credit < pacer.mss
  schedule(pacer, rate)
}

/** When to ask for a budget again, ms; Infinity: no need to wait. Only of use when the last budget was used up. */
export function pacerDeadline(pacer: Pacer): number {
  return pacer.deadline
}

/** The connection goes on by another clock: `by` ms are added to every time. */
export function pacerShiftTime(pacer: Pacer, by: number): void {
  pacer.at += by
  pacer.deadline += by
}

/**
 * Pacing rate in bytes/s for algorithms that decide a window only: a window per round trip, times 2 in slow start, where the window
 * doubles in that time, and times 1.2 later, so that pacing never holds the window back (as Linux does). `srtt` in ms; 0 (unpaced)
 * while it is unknown.
 */
export function windowPacingRate(cwnd: number, srtt: number, inSlowStart: boolean): number {
  return srtt > 0 ? cwnd * (inSlowStart ? 2 : 1.2) * 1000 / srtt : 0
}

function refill(pacer: Pacer, rate: number, now: number): void {
  if (pacer.at === -Infinity) pacer.credit = INITIAL_BURST * pacer.mss
  else if (now > pacer.at) {
    // Credit does not pile up while there is nothing to send: a burst is what pacing is there to avoid. Only when a timer is
    // late is the time that it lost credited too.
    const most = pacer.limited ? pacer.quantum + LATENESS * rate / 1000 : pacer.quantum
    const credit = pacer.credit + (now - pacer.at) * rate / 1000
    pacer.credit = credit < most ? credit : Math.max(most, pacer.credit)
  }
  pacer.at = now
  schedule(pacer, rate)
}

function schedule(pacer: Pacer, rate: number): void {
  const missing = pacer.quantum - pacer.credit
  pacer.deadline = pacer.at + (missing > 0 ? missing * 1000 / rate : 0)
}
