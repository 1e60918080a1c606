import { createSegmentTimer } from '../segment-timer.ts'
import { type ArqOptions, type ArqReceiver, type ArqSender, MAX_ARQ_WINDOW } from './arq.ts'

/** What a scheme demands of its parameters. */
export interface ArqLimits {
  name: string
  maxWindow: number
  /** The least modulus for this window. */
  leastModulus(window: number): number
  /** Whether an ACK acknowledges all packets before it too. */
  cumulative: boolean
}

function integer(what: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw new RangeError(`${what} must be an integer from ${least} to ${most}, got ${value}`)
}

function checkNumbers(options: ArqOptions, limits: ArqLimits): { window: number; modulus: number; firstNumber: number } {
  const { name, cumulative } = limits
  const window = integer(`${name}: window`, options.window ?? 1, 1, Math.min(limits.maxWindow, MAX_ARQ_WINDOW))
  const modulus = integer(`${name}: modulus`, options.modulus ?? 2 ** 32, 2, 2 ** 32)
  const least = limits.leastModulus(window)
  if (modulus < least) {
    throw new RangeError(`${name}: a window of ${window} needs a modulus of at least ${least} to tell new packets from old, got ${modulus}`)
  }
  if (options.nak === true && modulus < 2 * window) {
    throw new RangeError(`${name}: NAKs with a window of ${window} need a modulus of at least ${2 * window}, got ${modulus}`)
  }
  integer(`${name}: ackEvery`, options.ackEvery ?? 1, 1, cumulative ? window : 1)
  return { window, modulus, firstNumber: integer(`${name}: firstNumber`, options.firstNumber ?? 0, 0, modulus - 1) }
}

export function createArqSender(options: ArqOptions, limits: ArqLimits): ArqSender {
  const { window, modulus, firstNumber } = checkNumbers(options, limits)
  const { timer } = options
  if (typeof timer === 'number' && !(timer > 0 && timer < Infinity)) {
    throw new RangeError(`${limits.name}: the timer must be a finite number of ms above 0, or an RttEstimator, got ${timer}`)
  }
  // NaN first: double slots for what grows beyond 2^31 or has fractions, overwritten in place.
  const sender: ArqSender = {
    state: 'active', window, modulus: NaN, firstNumber: NaN, base: NaN, next: NaN, sent: NaN, offered: NaN, deadline: NaN, timeout: NaN,
    estimator: typeof timer === 'number' ? null : timer,
    maxRetries: integer(`${limits.name}: maxRetries`, options.maxRetries ?? 8, 0, 65_535),
    retries: 0, timing: createSegmentTimer(), nakked: NaN,
  }
  sender.modulus = modulus
  sender.firstNumber = firstNumber
  sender.base = 0
  sender.next = 0
  sender.sent = 0
  sender.offered = 0
  sender.deadline = Infinity
  sender.timeout = typeof timer === 'number' ? timer : 0
  sender.nakked = -1
  return sender
}

export function createArqReceiver(options: ArqOptions, limits: ArqLimits): ArqReceiver {
  const { window, modulus, firstNumber } = checkNumbers(options, limits)
  const receiver: ArqReceiver = {
    window, modulus: NaN, firstNumber: NaN, expected: NaN, index: NaN, ackDue: false, ack: NaN, nak: NaN,
    ackEvery: options.ackEvery ?? 1, unacknowledged: 0, asks: options.nak ?? false, asked: NaN,
  }
  receiver.modulus = modulus
  receiver.firstNumber = firstNumber
  receiver.expected = 0
  receiver.index = -1
  // The number before the first: nothing has arrived.
  receiver.ack = firstNumber === 0 ? modulus - 1 : firstNumber - 1
  receiver.nak = -1
  receiver.asked = -1
  return receiver
}
