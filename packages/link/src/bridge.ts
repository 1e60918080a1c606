import type { Device } from './device.ts'

/**
 * Joins two devices: what comes in on one leaves by the other. Put between a switch port and an
 * emulated link, it plugs the cable in. A packet that the other side refuses is lost, as in a
 * bridge whose output queue is full. It takes the place of both devices' receivers.
 * @throws TypeError when one carries IP packets and the other Ethernet frames.
 */
export function bridge(a: Device, b: Device): void {
  if (a.medium !== b.medium) {
    throw new TypeError(`one device's medium is '${a.medium}' and the other's '${b.medium}', expected the same`)
  }
  a.attach((bytes, start, end) => {
    b.transmit(bytes, start, end)
  })
  b.attach((bytes, start, end) => {
    a.transmit(bytes, start, end)
  })
}
