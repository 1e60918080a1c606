/**
 * What one direction of a link has done. At any time
 * `sent + duplicated = delivered + lost + queueDrops + unattended + inFlight`.
 */
export interface LinkStats {
  /** Packets and bytes that the link got. */
  sent: number
  bytesSent: number
  /** Packets and bytes handed to the receiver, duplicates and damaged ones included. */
  delivered: number
  bytesDelivered: number
  /** Dropped on the way. */
  lost: number
  /** Dropped because the queue had no room. */
  queueDrops: number
  /** Dropped at the other end: no receiver there, or the device closed. */
  unattended: number
  /** Second copies made. */
  duplicated: number
  /** Packets with a flipped bit. */
  corrupted: number
  /** Delivered after a packet that was sent later (RFC 4737 §3). */
  reordered: number
  /** Time in ms in which the sender was sending, up to the last poll; divided by the time passed it is the utilisation. */
  busyTime: number
  /** Waiting for their turn to be sent, as of the last poll. */
  queuedPackets: number
  queuedBytes: number
  /** Packets in the link: waiting, being sent, or on the way. */
  inFlight: number
}

export function createLinkStats(): LinkStats {
  return {
    sent: 0,
    bytesSent: 0,
    delivered: 0,
    bytesDelivered: 0,
    lost: 0,
    queueDrops: 0,
    unattended: 0,
    duplicated: 0,
    corrupted: 0,
    reordered: 0,
    busyTime: 0,
    queuedPackets: 0,
    queuedBytes: 0,
    inFlight: 0,
  }
}
