import { BaseDevice } from './base-device.ts'
import type { DeviceOptions } from './device-options.ts'
import { deviceSettings } from './device-options.ts'
import { checkHardwareAddress, localHardwareAddress } from './hardware-address.ts'

/** With `SEGMENTATION_OFFLOAD`, segments of up to 64 KiB arrive as they were sent: nobody cuts them. */
export interface PairOptions extends DeviceOptions {
  /** `ethernet` only: the two ends' addresses; 02:00:00:00:00:01 and 02:00:00:00:00:02 by default. */
  readonly hardwareAddresses?: readonly [Uint8Array, Uint8Array]
}

class PairEnd extends BaseDevice {
  peer: PairEnd | null = null

  /** Always true: what cannot be delivered is dropped, as on a wire whose other end is not plugged in. */
  transmit(bytes: Uint8Array, start: number, end: number, segmentSize = 0): boolean {
    if (this.admit(end - start, segmentSize)) {
      this.sent(end - start)
      this.peer!.deliver(bytes, start, end, segmentSize)
    }
    return true
  }
}

/**
 * Two devices joined back to back in this process. A packet is in the other end's receiver before
 * `transmit` returns: no copy, no queue, no time. For a link with rate, delay and loss, see
 * `EmulatedLink` of `@layerfour/sim`.
 */
export function pair(options: PairOptions = {}): [BaseDevice, BaseDevice] {
  const settings = deviceSettings(options, true)
  const ethernet = settings.medium === 'ethernet'
  const [first, second] = options.hardwareAddresses ?? [localHardwareAddress(1), localHardwareAddress(2)]
  const a = new PairEnd(settings, ethernet ? checkHardwareAddress(first) : undefined)
  const b = new PairEnd(settings, ethernet ? checkHardwareAddress(second) : undefined)
  a.peer = b
  b.peer = a
  return [a, b]
}
