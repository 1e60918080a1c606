import type { NetworkInterface } from './interfaces.ts'
import type { IpObserver } from './observer.ts'

/** The one place where packets leave: hands them to the device, counts them and shows them to the observer. */
export class Transmitter {
  private readonly observer: IpObserver | undefined

  constructor(observer?: IpObserver) {
    this.observer = observer
  }

  /**
   * Sends `bytes[start, end)`, link header included, for the device to cut into segments of `segmentSize` bytes when that is not 0. False
   * when the device cannot take it now.
   */
  transmit(iface: NetworkInterface, bytes: Uint8Array, start: number, end: number, now: number, segmentSize = 0): boolean {
    if (!iface.port.transmit(bytes, start, end, segmentSize)) return false
    iface.traffic.countOut(end - start)
    this.observer?.packetOut?.(iface.index, bytes, start, end, now)
    return true
  }
}
