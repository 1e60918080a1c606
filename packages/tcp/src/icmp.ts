import { Errno, IcmpCause, isIpv4, lessThan } from '@layerfour/wire'
import { closeConnection } from './closing.ts'
import type { TcpContext } from './context.ts'
import { lowerPathMtu } from './path-mtu.ts'
import { Readiness } from './readiness.ts'
import { Cause, State } from './state-machine.ts'
import type { Tcb } from './tcb.ts'

/** Smallest MTU that a router may claim: what every host of the family must take (RFC 791, RFC 8200 §5). */
const MINIMUM_MTU_IPV4 = 68
const MINIMUM_MTU_IPV6 = 1280

/** What the user is told when an ICMP error ends an attempt to connect (RFC 1122 §4.2.3.9). */
function errnoOf(cause: IcmpCause): number {
  switch (cause) {
    case IcmpCause.NetworkUnreachable: return Errno.ENETUNREACH
    case IcmpCause.PortUnreachable:
    case IcmpCause.ProtocolUnreachable: return Errno.ECONNREFUSED
    default: return Errno.EHOSTUNREACH
  }
}

/** Errors after which trying again is pointless (RFC 1122 §4.2.3.9: protocol, port, prohibited). */
function isHard(cause: IcmpCause): boolean {
  return (
    cause === IcmpCause.ProtocolUnreachable
    || cause === IcmpCause.PortUnreachable
    || cause === IcmpCause.AdministrativelyProhibited
  )
}

/**
 * An ICMP error about a segment of ours that began at `sequence`. One that names nothing in flight
 * is forged or late (RFC 5927 §4.1): false. A hard error ends a handshake, never an established
 * connection (RFC 5927 §5.2); a soft one waits for the user timeout.
 */
export function icmpError(context: TcpContext, tcb: Tcb, cause: IcmpCause, mtu: number, sequence: number, now: number): boolean {
  const { snd } = tcb
  if (lessThan(sequence, snd.una) || !lessThan(sequence, snd.max)) return false
  if (cause === IcmpCause.PacketTooBig) {
    heedPacketTooBig(tcb, mtu, now)
    return true
  }
  tcb.softError = errnoOf(cause)
  tcb.events |= Readiness.SoftError
  const handshaking = tcb.state === State['SYN-SENT'] || tcb.state === State['SYN-RECEIVED']
  if (handshaking && isHard(cause)) {
    tcb.error = errnoOf(cause)
    closeConnection(context, tcb, Cause.Unreachable)
  }
  return true
}

/** RFC 1191 §3, RFC 8201: smaller segments from now on, and those in flight again. */
function heedPacketTooBig(tcb: Tcb, mtu: number, now: number): void {
  const least = isIpv4(tcb.remoteAddress) ? MINIMUM_MTU_IPV4 : MINIMUM_MTU_IPV6
  lowerPathMtu(tcb, mtu < least ? least : mtu, now)
}
