import { arqAcknowledge, arqDistance, arqNumber, type ArqReceiver, ArqVerdict } from './arq.ts'

/**
 * The receiver of stop-and-wait and go-back-N, which keeps nothing: the expected packet is delivered, any other dropped. The
 * ACK is cumulative, the number of the last packet delivered; a packet that shows a gap has it sent at once.
 *
 * A duplicate of a packet acknowledged before has the last ACK sent again, as it may have been lost. It is not one for what
 * was delivered since (`ackEvery`): the sender might take an ACK from within its window for a gap, and send the rest twice.
 */
export function onPacketInOrder(receiver: ArqReceiver, number: number): ArqVerdict {
  receiver.ackDue = false
  receiver.nak = -1
  const ahead = arqDistance(receiver, receiver.expected, number)
  if (ahead < 0) return ArqVerdict.OutOfWindow
  if (ahead === 0) {
    receiver.index = receiver.expected
    receiver.expected += 1
    receiver.unacknowledged += 1
    if (receiver.unacknowledged >= receiver.ackEvery) acknowledgeNow(receiver)
    return ArqVerdict.Deliver
  }
  // Where the modulus is below 2·window a number may be of either kind, and counts as old.
  const behind = receiver.modulus - ahead
  if (behind > receiver.window && ahead < receiver.window) {
    acknowledgeNow(receiver)
    if (receiver.asks && receiver.asked !== receiver.expected) {
      receiver.asked = receiver.expected
      receiver.nak = arqNumber(receiver, receiver.expected)
    }
    return ArqVerdict.OutOfWindow
  }
  receiver.ackDue = behind > receiver.unacknowledged
  return behind <= receiver.window ? ArqVerdict.Duplicate : ArqVerdict.OutOfWindow
}

function acknowledgeNow(receiver: ArqReceiver): void {
  arqAcknowledge(receiver)
  receiver.ackDue = true
}
