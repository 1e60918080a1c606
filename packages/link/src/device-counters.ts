/**
 * What a device has done since it was made. Every packet handed to `transmit` is counted once, as
 * out, refused or dropped; every one that came in, as in or dropped.
 */
export interface DeviceCounters {
  /** Sent on the medium. */
  packetsOut: number
  bytesOut: number
  /** Handed to the receiver. */
  packetsIn: number
  bytesIn: number
  /** `transmit` returned false: not open yet, or too much is waiting. The caller still owns the packet. */
  refused: number
  /** Dropped, either direction: longer than MTU and link header. */
  tooLong: number
  /** Dropped, either direction: empty, or shorter than an Ethernet header. */
  tooShort: number
  /** Dropped on input: a message that is no packet, such as text. */
  notBinary: number
  /** Dropped on input: no receiver was attached. */
  unattended: number
  /** Dropped, either direction: the device was closed. */
  afterClose: number
}

export function createDeviceCounters(): DeviceCounters {
  return {
    packetsOut: 0,
    bytesOut: 0,
    packetsIn: 0,
    bytesIn: 0,
    refused: 0,
    tooLong: 0,
    tooShort: 0,
    notBinary: 0,
    unattended: 0,
    afterClose: 0,
  }
}
