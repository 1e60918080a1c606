import {
  createIcmpHeader, IcmpType, IcmpUnreachable, IPV4_HEADER_LENGTH, IpProtocol, isIcmpError, writeIcmp, writeIcmpChecksum,
} from '@layerfour/wire'
import type { IcmpHeader } from '@layerfour/wire'
import type { IcmpMessages } from './icmp-messages.ts'
import { ICMP_ERROR_BYTES_IPV4 } from './limits.ts'

/** The header under construction. */
const header: IcmpHeader = /* @__PURE__ */ createIcmpHeader()

/** Messages of RFC 792. */
export const icmpv4Messages: IcmpMessages = {
  protocol: IpProtocol.Icmp,
  ipHeaderLength: IPV4_HEADER_LENGTH,
  errorBytes: ICMP_ERROR_BYTES_IPV4,
  echoReply: IcmpType.EchoReply,
  unreachable: IcmpType.DestinationUnreachable,
  portUnreachable: IcmpUnreachable.Port,
  timeExceeded: IcmpType.TimeExceeded,

  isAboutError({ meta, bytes, transportStart, end }) {
    return meta.protocol === IpProtocol.Icmp && transportStart < end && isIcmpError(bytes[transportStart]!)
  },

  protocolUnreachable(output, packet, now) {
    output.error(packet, IcmpType.DestinationUnreachable, IcmpUnreachable.Protocol, 0, now)
  },

  writeHeader(type, code, pointer, bytes, at) {
    header.type = type
    header.code = code
    header.pointer = pointer
    writeIcmp(header, bytes, at)
  },

  writeChecksum(_source, _destination, bytes, start, end) {
    writeIcmpChecksum(bytes, start, end)
  },
}
