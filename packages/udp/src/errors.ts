import { DropReason, Errno, IcmpCause } from '@layerfour/wire'

/** What the user is told when the internet layer did not take a datagram for `reason`. */
export function errnoOfDrop(reason: DropReason): number {
  switch (reason) {
    case DropReason.DeviceQueueFull: return Errno.EAGAIN
    case DropReason.PacketTooBig: return Errno.EMSGSIZE
    case DropReason.NoRoute: return Errno.ENETUNREACH
    case DropReason.NoSourceAddress: return Errno.EADDRNOTAVAIL
    case DropReason.NeighbourUnreachable: return Errno.EHOSTUNREACH
    default: return Errno.ENOBUFS
  }
}

/** What the user of a connected endpoint is told when an ICMP error came back (RFC 1122 §4.1.3.3: all are passed on). */
export function errnoOfIcmp(cause: IcmpCause): number {
  switch (cause) {
    case IcmpCause.PortUnreachable: return Errno.ECONNREFUSED
    case IcmpCause.ProtocolUnreachable: return Errno.ENOPROTOOPT
    case IcmpCause.NetworkUnreachable: return Errno.ENETUNREACH
    case IcmpCause.PacketTooBig: return Errno.EMSGSIZE
    case IcmpCause.ParameterProblem: return Errno.EPROTO
    default: return Errno.EHOSTUNREACH
  }
}
