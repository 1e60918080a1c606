import { copyIpAddress, createIpv4Header, DropReason, readIpv4 } from '@layerfour/wire'
import type { Ipv4Header } from '@layerfour/wire'
import type { Delivery } from './delivery.ts'
import type { Ipv4Admission } from './ipv4-admission.ts'
import type { ReceivedPacket } from './received-packet.ts'

/** IPv4 packets in: RFC 791, with what RFC 1122 §3.2.1 and §3.3.6 want checked. */
export class Ipv4Input {
  private readonly admission: Ipv4Admission
  private readonly delivery: Delivery
  private readonly header: Ipv4Header = createIpv4Header()

  constructor(admission: Ipv4Admission, delivery: Delivery) {
    this.admission = admission
    this.delivery = delivery
  }

  receive(packet: ReceivedPacket, now: number): DropReason {
    const { header } = this
    const reason = this.accept(packet, !packet.iface.port.offload.receive)
    if (reason !== DropReason.None) return reason
    if (!header.moreFragments && header.fragmentOffset === 0) return this.delivery.deliver(packet, now)
    return this.receiveFragment(packet, now)
  }

  private receiveFragment(packet: ReceivedPacket, now: number): DropReason {
    const { header } = this
    const { reassembly } = this.delivery
    if (reassembly === undefined) return DropReason.FragmentLimit
    const added = reassembly.add(packet, header.identification, header.fragmentOffset, header.moreFragments, now)
    const { completed } = reassembly
    if (completed === undefined) return added
    // Now a packet like any other, with a header of our own making.
    const whole = this.accept(packet, false)
    const delivered = whole === DropReason.None ? this.delivery.deliver(packet, now) : whole
    reassembly.release(completed)
    return delivered
  }

  /** Reads the header and says whether the packet is for us. */
  private accept(packet: ReceivedPacket, verify: boolean): DropReason {
    const { header } = this
    const { meta, iface, start } = packet
    const reason = readIpv4(packet.bytes, start, packet.end, header, verify)
    if (reason !== DropReason.None) return reason
    const { source, destination } = header
    packet.transportStart = start + header.headerLength
    packet.end = start + header.totalLength
    const admitted = this.admission.check(source, destination, packet)
    if (admitted !== DropReason.None) return admitted
    copyIpAddress(source, meta.source)
    copyIpAddress(destination, meta.destination)
    meta.protocol = header.protocol
    meta.hopLimit = header.hopLimit
    meta.trafficClass = header.trafficClass
    meta.interfaceIndex = iface.index
    meta.dontFragment = header.dontFragment
    return DropReason.None
  }
}
