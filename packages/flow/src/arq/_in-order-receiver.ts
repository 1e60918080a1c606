import { arqDistance, arqNumber, type ArqReceiver, ArqVerdict } from './arq.ts'

/**
 * The receiver of stop-and-wait and go-back-N, which keeps nothing: the expected packet is delivered, any other dropped. The
 * ACK is cumulative, the number of the last packet delivered. Each dropped packet is answered with it at once, as the ACK
 * that the sender waits for may have been lost.
 */
export function onPacketInOrder(receiver: ArqReceiver, number: number): ArqVerdict {
  receiver.ackDue = false
  receiver.nak = -1
  const ahead = arqDistance(receiver, receiver.expected, number)
  if (ahead < 0) return ArqVerdict.OutOfWindow
  if (ahead === 0) {
    receiver.index = receiver.expected
    receiver.expected += 1
    receiver.ack = number
    receiver.unacknowledged += 1
    if (receiver.unacknowledged >= receiver.ackEvery) acknowledge(receiver)
    return ArqVerdict.Deliver
  }
  acknowledge(receiver)
  // Where the modulus is below 2·window a number may be of either kind; both are dropped, so only the word differs.
  if (receiver.modulus - ahead <= receiver.window) return ArqVerdict.Duplicate
  if (receiver.asks && ahead < receiver.window && receiver.asked !== receiver.expected) {
    receiver.asked = receiver.expected
    receiver.nak = arqNumber(receiver, receiver.expected)
  }
  return ArqVerdict.OutOfWindow
}

function acknowledge(receiver: ArqReceiver): void {
  receiver.ackDue = true
  receiver.unacknowledged = 0
}
