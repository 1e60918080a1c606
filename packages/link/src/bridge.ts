import type { Device } from './device.ts'

/**
 * Joins two devices: what comes in on one leaves by the other. Put between a switch port and an
 * emulated link, it plugs the cable in. A packet that the other side refuses is lost, as in a
 * bridge whose output queue is full. It takes the place of both devices' receivers.
 * @throws TypeError when one carries IP packets and the other Ethernet frames, or when one alone has segmentation offload.
 */
export function bridge(a: Device, b: Device): void {
  if (a.medium !== b.medium) {
    throw new TypeError(`one device's medium is '${a.medium}' and the other's '${b.medium}', expected the same`)
  }
  if (cuts(a) !== cuts(b)) {
    throw new TypeError('one device has offload.segmentation and the other has not, expected the same: what the one delivers may be too long')
  }
  a.attach((bytes, start, end, segmentSize) => {
    b.transmit(bytes, start, end, segmentSize)
  })
  b.attach((bytes, start, end, segmentSize) => {
    a.transmit(bytes, start, end, segmentSize)
  })
}

function cuts({ offload }: Device): boolean {
  return (offload.segmentation ?? 0) > 0
}
