import { ETHERNET_HEADER_LENGTH } from '@layerfour/wire'
import type { Offload } from './device.ts'

/** Every checksum is computed and verified, as on a medium that may damage packets. */
export const NO_OFFLOAD: Offload = /* @__PURE__ */ Object.freeze({ transmit: false, receive: false })

/** No checksum is computed or verified: the packets never leave the process's memory. */
export const FULL_OFFLOAD: Offload = /* @__PURE__ */ Object.freeze({ transmit: true, receive: true })

/**
 * No checksum is computed or verified, and TCP segments of up to 64 KiB pass whole, whatever the MTU: for `pair`, whose packets
 * never leave the process's memory.
 */
export const SEGMENTATION_OFFLOAD: Offload = /* @__PURE__ */ Object.freeze({ transmit: true, receive: true, segmentation: 65_535 })

/** What every carrier of this package can be told. */
export interface DeviceOptions {
  /** `ip` (the default): bare IP packets. `ethernet`: Ethernet II frames without FCS. */
  readonly medium?: 'ip' | 'ethernet'
  /** Largest IP packet in bytes, 68 (RFC 791 §3.2) to 65,535; 1500 by default. An Ethernet frame is 14 more. */
  readonly mtu?: number
  /** `NO_OFFLOAD` by default. `segmentation` is for carriers that know it. */
  readonly offload?: Offload
}

/** `DeviceOptions` checked and completed, with the lengths that packets may have. */
export interface DeviceSettings {
  readonly medium: 'ip' | 'ethernet'
  readonly mtu: number
  readonly offload: Offload
  /** Bytes of the shortest packet: 1, or an Ethernet header. */
  readonly shortestPacket: number
  /** Bytes of the longest packet: the MTU and the Ethernet header, if any. */
  readonly longestPacket: number
  /** The same for a packet with a segment to be cut; 0 where there is no segmentation offload. */
  readonly longestSegmented: number
}

const SMALLEST_MTU = 68
const LARGEST_MTU = 65_535

/**
 * Checks the options of a device; for those who write a carrier of their own.
 * @param segments whether the carrier passes on `segmentSize`.
 * @throws TypeError or RangeError saying which option is wrong.
 */
export function deviceSettings(options: DeviceOptions, segments = false): DeviceSettings {
  const { medium = 'ip', mtu = 1500, offload = NO_OFFLOAD } = options
  if (medium !== 'ip' && medium !== 'ethernet') {
    throw new TypeError(`medium is ${String(medium)}, expected 'ip' or 'ethernet'`)
  }
  if (!Number.isInteger(mtu) || mtu < SMALLEST_MTU || mtu > LARGEST_MTU) {
    throw new RangeError(`mtu is ${mtu}, expected an integer from ${SMALLEST_MTU} to ${LARGEST_MTU}`)
  }
  const { transmit, receive, segmentation = 0 } = offload
  if (segmentation !== 0) checkSegmentation(segmentation, transmit, mtu, segments)
  const headerLength = medium === 'ethernet' ? ETHERNET_HEADER_LENGTH : 0
  return {
    medium,
    mtu,
    offload: segmentation === 0 ? { transmit, receive } : { transmit, receive, segmentation },
    shortestPacket: headerLength === 0 ? 1 : headerLength,
    longestPacket: mtu + headerLength,
    longestSegmented: segmentation === 0 ? 0 : segmentation + headerLength,
  }
}

function checkSegmentation(segmentation: number, transmit: boolean, mtu: number, segments: boolean): void {
  if (!segments) throw new TypeError(`offload.segmentation is ${segmentation}, expected 0: this device passes packets of its MTU only`)
  if (!Number.isInteger(segmentation) || segmentation < mtu || segmentation > LARGEST_MTU) {
    throw new RangeError(`offload.segmentation is ${segmentation}, expected 0, or an integer from the MTU, ${mtu}, to ${LARGEST_MTU}`)
  }
  if (!transmit) throw new TypeError('offload.segmentation is given and offload.transmit false, expected both: who cuts writes checksums')
}
