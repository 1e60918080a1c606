import { ETHERNET_HEADER_LENGTH } from '@layerfour/wire'
import type { ChecksumOffload } from './device.ts'

/** Every checksum is computed and verified, as on a medium that may damage packets. */
export const NO_OFFLOAD: ChecksumOffload = Object.freeze({ transmit: false, receive: false })

/** No checksum is computed or verified: the packets never leave the process's memory. */
export const FULL_OFFLOAD: ChecksumOffload = Object.freeze({ transmit: true, receive: true })

/** What every carrier of this package can be told. */
export interface DeviceOptions {
  /** `ip` (the default): bare IP packets. `ethernet`: Ethernet II frames without FCS. */
  readonly medium?: 'ip' | 'ethernet'
  /** Largest IP packet in bytes, 68 (RFC 791 §3.2) to 65,535; 1500 by default. An Ethernet frame is 14 more. */
  readonly mtu?: number
  /** `NO_OFFLOAD` by default. */
  readonly offload?: ChecksumOffload
}

/** `DeviceOptions` checked and completed, with the lengths that packets may have. */
export interface DeviceSettings {
  readonly medium: 'ip' | 'ethernet'
  readonly mtu: number
  readonly offload: ChecksumOffload
  /** Bytes of the shortest packet: 1, or an Ethernet header. */
  readonly shortestPacket: number
  /** Bytes of the longest packet: the MTU and the Ethernet header, if any. */
  readonly longestPacket: number
}

const SMALLEST_MTU = 68
const LARGEST_MTU = 65_535

/**
 * Checks the options of a device; for those who write a carrier of their own.
 * @throws TypeError or RangeError saying which option is wrong.
 */
export function deviceSettings(options: DeviceOptions): DeviceSettings {
  const { medium = 'ip', mtu = 1500, offload = NO_OFFLOAD } = options
  if (medium !== 'ip' && medium !== 'ethernet') {
    throw new TypeError(`medium is ${String(medium)}, expected 'ip' or 'ethernet'`)
  }
  if (!Number.isInteger(mtu) || mtu < SMALLEST_MTU || mtu > LARGEST_MTU) {
    throw new RangeError(`mtu is ${mtu}, expected an integer from ${SMALLEST_MTU} to ${LARGEST_MTU}`)
  }
  const headerLength = medium === 'ethernet' ? ETHERNET_HEADER_LENGTH : 0
  return {
    medium,
    mtu,
    offload: { transmit: offload.transmit, receive: offload.receive },
    shortestPacket: headerLength === 0 ? 1 : headerLength,
    longestPacket: mtu + headerLength,
  }
}
