import { rtoBackOff, rttSample } from '../rtt.ts'
import { segmentAcked, segmentRetransmitted, segmentSent } from '../segment-timer.ts'
import type { ArqSender } from './arq.ts'

/** How long to wait for an ACK of a packet sent now, ms. */
export function retryTime(sender: ArqSender): number {
  return sender.estimator === null ? sender.timeout : sender.estimator.rto
}

/** Whether a packet not sent before may go. */
export function windowOpen(sender: ArqSender): boolean {
  return sender.state === 'active' && sender.next < sender.offered && sender.next < sender.base + sender.window
}

/** Sends the packet at `next`, for the first time or again, under the one timer of stop-and-wait and go-back-N. */
export function sendNext(sender: ArqSender, now: number): number {
  const index = sender.next
  sender.next = index + 1
  if (index < sender.sent) {
    segmentRetransmitted(sender.timing, index)
  } else {
    sender.sent = index + 1
    segmentSent(sender.timing, index + 1, now)
  }
  if (sender.deadline === Infinity) sender.deadline = now + retryTime(sender)
  return index
}

/** All packets before `base` are acknowledged, some of them just now: the timer starts over for the rest. */
export function baseAdvanced(sender: ArqSender, base: number, now: number): void {
  sender.base = base
  // After going back: what arrived after all is not sent again.
  if (sender.next < base) sender.next = base
  sender.retries = 0
  const rtt = segmentAcked(sender.timing, base, now)
  if (rtt >= 0 && sender.estimator !== null) rttSample(sender.estimator, rtt)
  sender.deadline = sender.next > base ? now + retryTime(sender) : Infinity
}

/** Sends again from `index` on; the timer starts when that is sent. */
export function goBackTo(sender: ArqSender, index: number): void {
  sender.next = index
  sender.deadline = Infinity
}

/** The timer expired for the packet at `base`. Returns whether it may be sent once more; the sender has failed if not. */
export function retryAllowed(sender: ArqSender): boolean {
  if (sender.retries === sender.maxRetries) {
    sender.state = 'failed'
    sender.deadline = Infinity
    return false
  }
  sender.retries += 1
  if (sender.estimator !== null) rtoBackOff(sender.estimator)
  return true
}
