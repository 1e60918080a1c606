import { DropReason } from '@layerfour/wire'
import type { IpAddress } from '@layerfour/wire'
import type { Resolution } from './arp.ts'
import type { EthernetLink } from './ethernet-link.ts'
import type { FragmentOutput } from './fragment-output.ts'
import type { NetworkInterface } from './interfaces.ts'
import type { Transmitter } from './transmitter.ts'

/** What becomes of a packet by how its next hop was found; `None` goes on. */
const outcomes: Readonly<Record<Exclude<Resolution, 0>, DropReason>> = {
  1: DropReason.None, 2: DropReason.NeighbourUnreachable, 3: DropReason.OutOfMemory,
}

/** The last steps of a packet of ours: the next hop's hardware address, fragments where it is too large, the device. */
export class LinkOutput {
  /** After `DeviceQueueFull`: how many bytes of the packet's payload were sent in fragments. */
  progress = 0
  /** The identification that IPv6 fragments bear. */
  fragmentIdentification = 0
  /** When not 0, the packet is one TCP segment that the device cuts into segments with so many bytes of text. */
  segmentSize = 0
  /** Undefined where the layer has no Ethernet interfaces, or does not fragment. */
  ethernet: EthernetLink | undefined = undefined
  fragments: FragmentOutput | undefined = undefined
  private readonly transmitter: Transmitter

  constructor(transmitter: Transmitter) {
    this.transmitter = transmitter
  }

  /**
   * Sends the IP packet `bytes[start, end)`, with at least 14 bytes of room before it, in packets of at most `limit` bytes.
   * `progress` and `fragmentIdentification` say what was sent of it before. Returns `None` (sent, or held until ARP is
   * answered), `NeighbourUnreachable`, `OutOfMemory`, `DeviceQueueFull` with `progress`, or `PacketTooBig` where the layer does not
   * fragment.
   */
  emit(
    iface: NetworkInterface, nextHop: IpAddress, limit: number, bytes: Uint8Array, start: number, end: number, now: number,
  ): DropReason {
    if (iface.port.medium === 'ethernet') {
      const resolution = this.ethernet!.address(iface, nextHop, bytes, start, end, now)
      if (resolution !== 0) return outcomes[resolution]
    }
    if (end - start > limit) {
      return this.fragments === undefined ? DropReason.PacketTooBig : this.fragments.emit(iface, limit, bytes, start, end, now)
    }
    return this.transmit(iface, bytes, start, end, now, this.segmentSize) ? DropReason.None : DropReason.DeviceQueueFull
  }

  /** Sends a frame that has its Ethernet header already. Returns `None` or `DeviceQueueFull`. */
  emitFrame(iface: NetworkInterface, bytes: Uint8Array, start: number, end: number, now: number): DropReason {
    return this.transmitter.transmit(iface, bytes, start, end, now) ? DropReason.None : DropReason.DeviceQueueFull
  }

  /** Sends an IP packet to the next hop that was found last; false when the device does not take it now. */
  transmit(iface: NetworkInterface, bytes: Uint8Array, start: number, end: number, now: number, segmentSize: number): boolean {
    const at = iface.port.medium === 'ethernet' ? this.ethernet!.writeHeader(bytes, start) : start
    return this.transmitter.transmit(iface, bytes, at, end, now, segmentSize)
  }
}
