import { type ArqLimits, createArqReceiver, createArqSender } from './_create.ts'
import { onPacketInOrder } from './_in-order-receiver.ts'
import { baseAdvanced, goBackTo, retryAllowed, sendNext, windowOpen } from './_retry-timer.ts'
import { arqDistance, type ArqScheme } from './arq.ts'

/**
 * After `window` packets whose ACKs are all lost, the receiver expects the number after them, and the sender sends them again:
 * the two must differ, so the numbers must be one more than the packets under way.
 */
const name = 'go-back-N'
const limits: ArqLimits = { name, maxWindow: Infinity, leastModulus: (window) => window + 1, cumulative: true }

/**
 * Go-back-N: up to `window` packets under way and one timer, for the oldest. When it expires all of them are sent again, as
 * the receiver, which keeps nothing that is out of order, has dropped whatever followed a lost one. An ACK is for its
 * packet and all before it, so that a lost ACK costs nothing when a later one arrives.
 *
 * Repeated ACKs cause no sending (compare stop-and-wait). Windows as in TFTP (RFC 7440): `ackEvery` as large as the window, so
 * that a new ACK from within the window (`next` is above `base` after it) says that the number after it is missing: the caller
 * hands that to `onNak`.
 */
export const goBackN: ArqScheme = {
  name,
  createSender: (options) => createArqSender(options, limits),

  nextToSend(sender, now) {
    return windowOpen(sender) ? sendNext(sender, now) : -1
  },

  onAck(sender, number, now) {
    // From the packet before `base`: 0 is a repeated ACK. Packets before which we went back may be acknowledged too.
    const newlyAcked = arqDistance(sender, sender.base - 1, number)
    if (sender.state === 'failed' || newlyAcked <= 0 || newlyAcked > sender.sent - sender.base) return 0
    baseAdvanced(sender, sender.base + newlyAcked, now)
    return newlyAcked
  },

  /** Acknowledges all packets before the missing one, and goes back to that. */
  onNak(sender, number, now) {
    const newlyAcked = arqDistance(sender, sender.base, number)
    if (sender.state === 'failed' || newlyAcked < 0 || newlyAcked > sender.sent - sender.base) return
    if (newlyAcked > 0) baseAdvanced(sender, sender.base + newlyAcked, now)
    if (sender.next === sender.base || sender.nakked === sender.base) return
    sender.nakked = sender.base
    goBackTo(sender, sender.base)
  },

  onTimer(sender, now) {
    if (now >= sender.deadline && retryAllowed(sender)) goBackTo(sender, sender.base)
  },

  createReceiver: (options) => createArqReceiver(options, limits),
  onPacket: onPacketInOrder,
}
