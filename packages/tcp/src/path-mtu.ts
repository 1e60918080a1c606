import { cutRecords, RecoveryPhase, resendLonger } from '@layerfour/flow'
import { isIpv4 } from '@layerfour/wire'
import { effectiveMss } from './handshake.ts'
import type { Tcb } from './tcb.ts'

/*
 * Packetization layer path MTU discovery (RFC 4821, RFC 8899): when full segments vanish and no ICMP
 * message says why, smaller ones are tried; later, now and then, text of a larger segment probes
 * whether the path has grown again.
 */

/** The search for a larger path MTU of one connection. Sizes are whole IP packets in bytes. */
export interface MtuSearch {
  /** What the interface carries: no probe is larger. */
  readonly most: number
  /** Smallest size known or believed not to get through, or one more than `most`. */
  tooBig: number
  /** Size of the probe under way, 0 for none. */
  probe: number
  /** Sequence numbers of the probe's text. */
  probeStart: number
  probeEnd: number
  /** When to probe next, ms; Infinity while the path MTU is as large as it can be. */
  at: number
}

/** RFC 8899 §5.1.2, BASE_PLPMTU: most paths carry it. */
const BASE_MTU = 1200
/** What every IPv4 host takes (RFC 791), and the least IPv6 link (RFC 8200). */
const LEAST_MTU_IPV4 = 576
const LEAST_MTU_IPV6 = 1280
/** RFC 8899 §5.1.1, PMTU_RAISE_TIMER: 600 s. */
const RAISE_INTERVAL = 600_000
/** Timeouts in a row of full segments that make a black hole (ours: R1; RFC 4821 §7.7 wants more than one). */
const BLACK_HOLE_TIMEOUTS = 3
/** A search is over when the answer is known as closely as this. */
const PRECISION = 16

export function createMtuSearch(mtu: number): MtuSearch {
  return { most: mtu, tooBig: mtu + 1, probe: 0, probeStart: 0, probeEnd: 0, at: Infinity }
}

function setPathMtu(tcb: Tcb, mtu: number): void {
  tcb.pathMtu = mtu
  tcb.negotiated.mss = effectiveMss(tcb)
  cutRecords(tcb.recovery.sent, tcb.negotiated.mss)
}

/** Black hole detection (RFC 4821 §7.7): after a timeout, when full segments were in flight. */
export function suspectBlackHole(tcb: Tcb, outstanding: number, now: number): void {
  if (tcb.retries < BLACK_HOLE_TIMEOUTS || outstanding < tcb.negotiated.mss) return
  const least = isIpv4(tcb.remoteAddress) ? LEAST_MTU_IPV4 : LEAST_MTU_IPV6
  const smaller = tcb.pathMtu > BASE_MTU && BASE_MTU > least ? BASE_MTU : least
  if (smaller >= tcb.pathMtu) return
  tcb.mtuSearch.tooBig = tcb.pathMtu
  tcb.mtuSearch.probe = 0
  tcb.mtuSearch.at = now + RAISE_INTERVAL
  setPathMtu(tcb, smaller)
}

/** A router named the MTU (RFC 1191, RFC 8201): nothing larger until the raise timer. False when it is no news. */
export function lowerPathMtu(tcb: Tcb, claimed: number, now: number): boolean {
  const { mtuSearch } = tcb
  const probeLost = mtuSearch.probe > claimed
  if (claimed >= tcb.pathMtu && !probeLost) return false
  mtuSearch.probe = 0
  mtuSearch.tooBig = claimed + 1
  mtuSearch.at = now + RAISE_INTERVAL
  // Too big, not lost to congestion: the window stays as it is.
  if (claimed < tcb.pathMtu) {
    tcb.pathMtu = claimed
    tcb.negotiated.mss = effectiveMss(tcb)
  }
  resendLonger(tcb.recovery, tcb.negotiated.mss)
  return true
}

/**
 * Text bytes of a probe to be sent now in place of a full segment, 0 for none. It must be text that is
 * new, with enough more behind it that its loss shows by duplicate ACKs (RFC 4821 §7.4).
 */
export function probeLength(tcb: Tcb, queued: number, usable: number, now: number): number {
  const { mtuSearch, negotiated } = tcb
  if (now < mtuSearch.at || mtuSearch.probe !== 0 || tcb.recovery.phase !== RecoveryPhase.Open) return 0
  if (mtuSearch.tooBig - tcb.pathMtu <= PRECISION) {
    // Found. Much later everything up to the interface's MTU is worth another try.
    const grown = tcb.pathMtu < mtuSearch.most
    mtuSearch.tooBig = mtuSearch.most + 1
    mtuSearch.at = grown ? now + RAISE_INTERVAL : Infinity
    return 0
  }
  const size = tcb.pathMtu + ((mtuSearch.tooBig - tcb.pathMtu) >> 1)
  const length = Math.min(negotiated.peerMss, negotiated.mss + size - tcb.pathMtu)
  if (length <= negotiated.mss || queued < length + 3 * negotiated.mss || usable < length + 3 * negotiated.mss) return 0
  mtuSearch.probe = size
  mtuSearch.probeStart = tcb.snd.nxt
  mtuSearch.probeEnd = (tcb.snd.nxt + length) | 0
  return length
}

/** The cumulative ACK moved: a probe that it covers got through, and the search goes on at once. */
export function noteProbeAcked(tcb: Tcb): void {
  const { mtuSearch } = tcb
  if (mtuSearch.probe === 0 || ((tcb.snd.una - mtuSearch.probeEnd) | 0) < 0) return
  const size = mtuSearch.probe
  mtuSearch.probe = 0
  setPathMtu(tcb, size)
}

/**
 * After a timeout: whether the first segment outstanding is the probe; then its size is too big (RFC 4821 §7.6). When more was lost
 * than the probe, that says nothing about it: it is sent again in segments that fit, and its size is tried once more later (§7.6.4).
 */
export function takeLostProbe(tcb: Tcb): boolean {
  const { mtuSearch } = tcb
  if (mtuSearch.probe === 0) return false
  const { tooBig } = mtuSearch
  const first = tcb.snd.una === mtuSearch.probeStart
  noteProbeLost(tcb)
  if (!first) mtuSearch.tooBig = tooBig
  return first
}

/** The probe is lost: its size is too big, and it is sent again in segments that fit. */
export function noteProbeLost(tcb: Tcb): void {
  const { mtuSearch } = tcb
  if (mtuSearch.probe === 0) return
  mtuSearch.tooBig = mtuSearch.probe
  mtuSearch.probe = 0
  cutRecords(tcb.recovery.sent, tcb.negotiated.mss)
}
