import {
  createIcmpv6Header, Icmpv6Parameter, Icmpv6Type, Icmpv6Unreachable, IPV6_HEADER_LENGTH, IpProtocol, isIcmpv6Error, writeIcmpv6,
  writeTransportChecksum,
} from '@layerfour/wire'
import type { Icmpv6Header } from '@layerfour/wire'
import type { IcmpMessages } from './icmp-messages.ts'
import { ICMP_ERROR_BYTES_IPV6 } from './limits.ts'
import type { ReceivedPacket } from './received-packet.ts'
import { findUpperLayer } from './upper-layer.ts'
import type { UpperLayer } from './upper-layer.ts'

/** The header under construction, and what was found last: one serves all. */
const header: Icmpv6Header = /* @__PURE__ */ createIcmpv6Header()
const upper: UpperLayer = { field: 0, at: 0 }

function upperLayerOf({ bytes, start, end }: ReceivedPacket): UpperLayer {
  findUpperLayer(bytes, start, end, upper)
  return upper
}

/** Messages of RFC 4443. */
export const icmpv6Messages: IcmpMessages = {
  protocol: IpProtocol.Icmpv6,
  ipHeaderLength: IPV6_HEADER_LENGTH,
  errorBytes: ICMP_ERROR_BYTES_IPV6,
  echoReply: Icmpv6Type.EchoReply,
  unreachable: Icmpv6Type.DestinationUnreachable,
  portUnreachable: Icmpv6Unreachable.Port,
  timeExceeded: Icmpv6Type.TimeExceeded,

  isAboutError(packet) {
    const { field, at } = upperLayerOf(packet)
    return packet.bytes[field] === IpProtocol.Icmpv6 && at < packet.end && isIcmpv6Error(packet.bytes[at]!)
  },

  protocolUnreachable(output, packet, now) {
    if (packet.meta.protocol === IpProtocol.NoNextHeader) return
    const pointer = upperLayerOf(packet).field - packet.start
    output.error(packet, Icmpv6Type.ParameterProblem, Icmpv6Parameter.UnrecognizedNextHeader, pointer, now)
  },

  writeHeader(type, code, pointer, bytes, at) {
    header.type = type
    header.code = code
    header.pointer = pointer
    writeIcmpv6(header, bytes, at)
  },

  writeChecksum(source, destination, bytes, start, end) {
    writeTransportChecksum(source, destination, IpProtocol.Icmpv6, bytes, start, end)
  },
}
