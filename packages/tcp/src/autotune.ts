import type { TcpConfig } from './config.ts'
import type { Tcb } from './tcb.ts'

/*
 * Buffer limits follow need: a connection starts small and gets as much as its path can use, up to the
 * cap of the settings. Limits are promises; memory is taken only as text fills it.
 */

/** How the limits of one connection are tuned. A limit that the user has set stays as it is. */
export interface Autotune {
  receive: boolean
  send: boolean
  /** Bytes that the user has read since `since`. */
  read: number
  since: number
}

/** What a limit begins with: less than four segments would make a sender wait for delayed ACKs. */
export function firstLimit(config: TcpConfig, cap: number, mss: number): number {
  return Math.min(cap, Math.max(config.initialBuffer, 4 * mss))
}

/** A round trip when none was measured yet, in ms. */
const ASSUMED_RTT = 100

/**
 * Receive side, dynamic right-sizing (M. Fisk, W. Feng, 2001): what the user reads in a round trip is
 * what a window must hold; twice that lets the sender double its own. To be called as text arrives.
 */
export function tuneReceiveLimit(config: TcpConfig, tcb: Tcb, now: number): void {
  const { autotune, rtt } = tcb
  const period = rtt.samples > 0 ? rtt.srtt : ASSUMED_RTT
  if (now - autotune.since < period) return
  const wanted = 2 * autotune.read
  if (autotune.receive && wanted > tcb.receiveLimit) {
    const doubled = 2 * tcb.receiveLimit
    tcb.receiveLimit = Math.min(config.receiveBuffer, wanted < doubled ? wanted : doubled)
  }
  autotune.read = 0
  autotune.since = now
}

/** Send side: two congestion windows, one in flight and one queued behind it. To be called for each ACK. */
export function tuneSendLimit(config: TcpConfig, tcb: Tcb): void {
  if (!tcb.autotune.send) return
  const wanted = Math.min(config.sendBuffer, 2 * tcb.congestion.cwnd)
  if (wanted > tcb.sendLimit) tcb.sendLimit = wanted
}
