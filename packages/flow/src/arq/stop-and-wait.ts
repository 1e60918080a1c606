import { type ArqLimits, createArqReceiver, createArqSender } from './_create.ts'
import { onPacketInOrder } from './_in-order-receiver.ts'
import { baseAdvanced, goBackTo, retryAllowed, sendNext, windowOpen } from './_retry-timer.ts'
import { arqNumber, type ArqScheme } from './arq.ts'

const name = 'stop-and-wait'
const limits: ArqLimits = { name, maxWindow: 1, leastModulus: () => 2, cumulative: true }

/**
 * Stop-and-wait: send a packet, wait for its ACK, send the next. With a modulus of 2 it is the alternating-bit protocol;
 * TFTP (RFC 1350) uses 16 bits. A path is in use for 1/(1 + 2a) of the time, a being its delay in packet times.
 *
 * Only the timer sends a packet again. An ACK that is not for the packet under way does nothing: were the next packet sent for
 * each ACK, one packet delayed past the timer would make every later one be sent twice (the Sorcerer's Apprentice
 * Syndrome, RFC 1123 §4.2.3.1).
 */
export const stopAndWait: ArqScheme = {
  name,
  createSender: (options) => createArqSender(options, limits),

  nextToSend(sender, now) {
    return windowOpen(sender) ? sendNext(sender, now) : -1
  },

  onAck(sender, number, now) {
    const underWay = sender.sent > sender.base
    if (sender.state === 'failed' || !underWay || number !== arqNumber(sender, sender.base)) return 0
    baseAdvanced(sender, sender.base + 1, now)
    return 1
  },

  /** No gap can show with one packet under way: a NAK here means a packet that arrived damaged. */
  onNak(sender, number) {
    const underWay = sender.next > sender.base
    if (!underWay || sender.nakked === sender.base || number !== arqNumber(sender, sender.base)) return
    sender.nakked = sender.base
    goBackTo(sender, sender.base)
  },

  onTimer(sender, now) {
    if (now >= sender.deadline && retryAllowed(sender)) goBackTo(sender, sender.base)
  },

  createReceiver: (options) => createArqReceiver(options, limits),
  onPacket: onPacketInOrder,
}
