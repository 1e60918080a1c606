import { copyBytes } from '@layerfour/storage'
import type { IpAddress } from '@layerfour/wire'
import {
  ANY_IPV6, copyIpAddress, DropReason, Errno, IPV4_HEADER_LENGTH, IPV6_HEADER_LENGTH, IpProtocol, isIpv4, isMulticast, isUnspecified,
  UDP_HEADER_LENGTH, writeTransportChecksum, writeUdp,
} from '@layerfour/wire'
import type { UdpContext } from './context.ts'
import { isBroadcast } from './context.ts'
import type { EndpointState } from './endpoint-state.ts'
import { errnoOfDrop } from './errors.ts'
import { MAX_PAYLOAD_IPV4, MAX_PAYLOAD_IPV6 } from './limits.ts'

/** Time to live of datagrams to groups unless the user says otherwise (RFC 1112 §6.1). */
const GROUP_HOP_LIMIT = 1

/** Builds a datagram from a bound endpoint and hands it to the internet layer at once. Returns the count of data bytes or an errno. */
export function sendDatagram(
  context: UdpContext, state: EndpointState, bytes: Uint8Array, start: number, end: number, address: IpAddress, port: number, now: number,
): number {
  const { network, path, header, meta } = context
  const { scratch, transportStart } = network
  const { options } = state
  const size = end - start
  if (size > (isIpv4(address) ? MAX_PAYLOAD_IPV4 : MAX_PAYLOAD_IPV6)) return Errno.EMSGSIZE
  if (!options.broadcast && isBroadcast(network, address)) return Errno.EACCES
  const reason = findPath(context, state.local, address)
  if (reason !== 0) return reason

  const length = UDP_HEADER_LENGTH + size
  const segmentEnd = transportStart + length
  header.sourcePort = state.localPort
  header.destinationPort = port
  header.length = length
  writeUdp(header, scratch, transportStart)
  copyBytes(bytes, start, end, scratch, transportStart + UDP_HEADER_LENGTH)
  // No medium can complete the checksum of a datagram that leaves in fragments.
  if (path.checksumNeeded || length + (isIpv4(address) ? IPV4_HEADER_LENGTH : IPV6_HEADER_LENGTH) > path.mtu) {
    writeTransportChecksum(path.source, address, IpProtocol.Udp, scratch, transportStart, segmentEnd)
  }
  copyIpAddress(path.source, meta.source)
  copyIpAddress(address, meta.destination)
  meta.hopLimit = options.hopLimit === 0 && isMulticast(address) ? GROUP_HOP_LIMIT : options.hopLimit
  meta.trafficClass = options.trafficClass
  meta.dontFragment = options.dontFragment
  const sent = network.send(meta, length, now)
  if (sent !== DropReason.None) return errnoOfDrop(sent)
  state.datagramsOut++
  return size
}

/** Fills `context.path` with the way from `local` to `remote`; 0 or an errno. */
export function findPath(context: UdpContext, local: IpAddress, remote: IpAddress): number {
  const { network, path } = context
  // :: serves both families; 0.0.0.0 would never see the answer of an IPv6 peer.
  if (isIpv4(local) !== isIpv4(remote) && (isIpv4(local) || !isUnspecified(local))) return Errno.EAFNOSUPPORT
  let reason = network.findPath(remote, local, path)
  if (reason === DropReason.NoSourceAddress && (isMulticast(local) || isBroadcast(network, local))) {
    // Bound to a group or broadcast address, which nobody may send from (RFC 1122 §3.2.1.3).
    reason = network.findPath(remote, ANY_IPV6, path)
  }
  return reason === DropReason.None ? 0 : errnoOfDrop(reason)
}
