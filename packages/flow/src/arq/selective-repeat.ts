import { rttSample } from '../rtt.ts'
import { type ArqLimits, createArqReceiver, createArqSender } from './_create.ts'
import { retryAllowed, retryTime, windowOpen } from './_retry-timer.ts'
import { arqDistance, arqNumber, type ArqReceiver, type ArqScheme, type ArqSender, ArqVerdict } from './arq.ts'

/**
 * After `window` packets whose ACKs are all lost, the receiver takes any of the `window` numbers that follow, and the sender
 * sends the old ones again: none may be in both sets, or an old packet would be taken for a new one.
 */
const name = 'selective repeat'
const limits: ArqLimits = { name, maxWindow: Infinity, leastModulus: (window) => 2 * window, cumulative: false }

const Progress = { UnderWay: 0, ToResend: 1, Acked: 2 } as const

/** A slot per packet of the window: packet `index` has slot index % window. */
export interface SelectiveSender extends ArqSender {
  /** What is known of each packet from `base` up to `next`. */
  progress: Uint8Array
  /** When each was sent last, and when its ACK is overdue, ms. */
  sentAt: Float64Array
  dueAt: Float64Array
  /** 1 where it was sent more than once. */
  resent: Uint8Array
  /** Packets to resend, and an index before which there are none. */
  resends: number
  resendFrom: number
}

export interface SelectiveReceiver extends ArqReceiver {
  /** A slot per packet of the window, by index % window: 1 where it has arrived before its turn. */
  arrived: Uint8Array
}

/**
 * Selective repeat: up to `window` packets under way, each with an ACK and a timer of its own. The receiver keeps what is
 * out of order, so only lost packets are sent again. The sender's timers are one deadline: the earliest of them, or an
 * earlier time at which to look for it, as packets are acknowledged more often than they are lost.
 */
export const selectiveRepeat: ArqScheme<SelectiveSender, SelectiveReceiver> = {
  name,

  createSender(options) {
    const sender = createArqSender(options, limits)
    const { window } = sender
    const selective: SelectiveSender = Object.assign(sender, {
      progress: new Uint8Array(window), sentAt: new Float64Array(window), dueAt: new Float64Array(window), resent: new Uint8Array(window),
      resends: 0, resendFrom: NaN,
    })
    selective.resendFrom = 0
    return selective
  },

  nextToSend(sender, now) {
    const again = sender.resends > 0
    if (again ? sender.state === 'failed' : !windowOpen(sender)) return -1
    const index = again ? takeResend(sender) : sender.next
    if (!again) sender.next = sender.sent = index + 1
    const slot = index % sender.window
    const due = now + retryTime(sender)
    sender.progress[slot] = Progress.UnderWay
    sender.resent[slot] = again ? 1 : 0
    sender.sentAt[slot] = now
    sender.dueAt[slot] = due
    if (due < sender.deadline) sender.deadline = due
    return index
  },

  onAck(sender, number, now) {
    const slot = slotOf(sender, number)
    if (slot < 0) return 0
    if (sender.progress[slot] === Progress.ToResend) sender.resends -= 1
    sender.progress[slot] = Progress.Acked
    // Karn's rule: an ACK of a packet sent twice does not say of which.
    if (sender.resent[slot] === 0 && sender.estimator !== null) rttSample(sender.estimator, now - sender.sentAt[slot]!)
    while (sender.base < sender.next && sender.progress[sender.base % sender.window] === Progress.Acked) {
      sender.base += 1
      sender.retries = 0
    }
    if (sender.base === sender.next) sender.deadline = Infinity
    return 1
  },

  onNak(sender, number) {
    const slot = slotOf(sender, number)
    // The packet's first loss only; whether a resent one is lost too, its timer will tell.
    if (slot < 0 || sender.resent[slot] === 1 || sender.progress[slot] !== Progress.UnderWay) return
    resendLater(sender, sender.base + arqDistance(sender, sender.base, number))
  },

  onTimer(sender, now) {
    if (now < sender.deadline) return
    let earliest = Infinity
    for (let index = sender.base; index < sender.next; index++) {
      const slot = index % sender.window
      if (sender.progress[slot] !== Progress.UnderWay) continue
      const due = sender.dueAt[slot]!
      if (due > now) {
        if (due < earliest) earliest = due
        continue
      }
      // As long as others get through, a lost one is no sign that the timer is too short: only the oldest backs it off.
      if (index === sender.base && !retryAllowed(sender)) return
      resendLater(sender, index)
    }
    sender.deadline = earliest
  },

  createReceiver: (options) => {
    const receiver = createArqReceiver(options, limits)
    return Object.assign(receiver, { arrived: new Uint8Array(receiver.window) })
  },

  onPacket(receiver, number) {
    const { window, modulus } = receiver
    receiver.ackDue = false
    receiver.nak = -1
    const ahead = arqDistance(receiver, receiver.expected, number)
    const behind = modulus - ahead
    if (ahead < 0 || (ahead >= window && behind > window)) return ArqVerdict.OutOfWindow
    receiver.ack = number
    receiver.ackDue = true
    if (ahead >= window) return ArqVerdict.Duplicate
    receiver.index = receiver.expected + ahead
    if (receiver.arrived[receiver.index % window] === 1) return ArqVerdict.Duplicate
    receiver.arrived[receiver.index % window] = 1
    if (ahead > 0) {
      if (receiver.asks && receiver.asked !== receiver.expected) {
        receiver.asked = receiver.expected
        receiver.nak = arqNumber(receiver, receiver.expected)
      }
      return ArqVerdict.Buffer
    }
    while (receiver.arrived[receiver.expected % window] === 1) {
      receiver.arrived[receiver.expected % window] = 0
      receiver.expected += 1
    }
    return ArqVerdict.Deliver
  },
}

/** Slot of the packet that was sent and not acknowledged and goes by this number; -1: there is none. */
function slotOf(sender: SelectiveSender, number: number): number {
  const ahead = arqDistance(sender, sender.base, number)
  if (sender.state === 'failed' || ahead < 0 || ahead >= sender.next - sender.base) return -1
  const slot = (sender.base + ahead) % sender.window
  return sender.progress[slot] === Progress.Acked ? -1 : slot
}

function resendLater(sender: SelectiveSender, index: number): void {
  sender.progress[index % sender.window] = Progress.ToResend
  if (sender.resends === 0 || index < sender.resendFrom) sender.resendFrom = index
  sender.resends += 1
}

/** The oldest packet to resend; there must be one. */
function takeResend(sender: SelectiveSender): number {
  // Nothing new is sent while there are some, so no slot from `resendFrom` on has been given away.
  let index = sender.resendFrom
  while (sender.progress[index % sender.window] !== Progress.ToResend) index += 1
  sender.resendFrom = index + 1
  sender.resends -= 1
  return index
}
