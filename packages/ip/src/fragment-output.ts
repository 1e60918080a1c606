import { createIpAddress, DropReason, IPV4_HEADER_LENGTH, IPV6_HEADER_LENGTH, readIpv6Address } from '@layerfour/wire'
import type { MutableIpAddress } from '@layerfour/wire'
import { Fragmenter } from './fragmenter.ts'
import type { Identification } from './identification.ts'
import type { NetworkInterface } from './interfaces.ts'
import type { LinkOutput } from './link-output.ts'

/** Sends packets that are too large for a link in fragments. */
export class FragmentOutput {
  private readonly link: LinkOutput
  private readonly identification: Identification
  private readonly fragmenter: Fragmenter = new Fragmenter()
  private readonly source: MutableIpAddress = createIpAddress()
  private readonly destination: MutableIpAddress = createIpAddress()

  constructor(link: LinkOutput, identification: Identification) {
    this.link = link
    this.identification = identification
  }

  /** Sends what `LinkOutput.progress` says is still to be sent of the packet `bytes[start, end)`. Returns `None` or `DeviceQueueFull`. */
  emit(iface: NetworkInterface, limit: number, bytes: Uint8Array, start: number, end: number, now: number): DropReason {
    const { fragmenter, link } = this
    const ipv4 = bytes[start]! >> 4 === 4
    const payload = end - start - (ipv4 ? IPV4_HEADER_LENGTH : IPV6_HEADER_LENGTH)
    if (!ipv4 && link.progress === 0) {
      readIpv6Address(bytes, start + 8, this.source)
      readIpv6Address(bytes, start + 24, this.destination)
      link.fragmentIdentification = this.identification.next(this.source, this.destination, bytes[start + 6]!)
    }
    while (link.progress < payload) {
      const next = fragmenter.build(bytes, start, end, limit, link.progress, link.fragmentIdentification)
      if (!link.transmit(iface, fragmenter.bytes, fragmenter.start, fragmenter.end, now, 0)) return DropReason.DeviceQueueFull
      link.progress = next
    }
    return DropReason.None
  }
}
