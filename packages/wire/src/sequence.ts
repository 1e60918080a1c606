/**
 * A position in TCP's sequence space (RFC 9293 §3.4): 32 bits that wrap round, kept as an int32.
 * Comparisons hold for numbers less than 2³¹ apart, which TCP's windows guarantee.
 */
export type SequenceNumber = number

/** `a + n` modulo 2³². */
export function sequenceAdd(a: SequenceNumber, n: number): SequenceNumber {
  return (a + n) | 0
}

/** How far `to` lies after `from`: -2³¹ to 2³¹ - 1, negative when it lies before. */
export function sequenceDistance(from: SequenceNumber, to: SequenceNumber): number {
  return (to - from) | 0
}

export function lessThan(a: SequenceNumber, b: SequenceNumber): boolean {
  return ((a - b) | 0) < 0
}

export function lessThanOrEqual(a: SequenceNumber, b: SequenceNumber): boolean {
  return ((a - b) | 0) <= 0
}

export function greaterThan(a: SequenceNumber, b: SequenceNumber): boolean {
  return ((a - b) | 0) > 0
}

export function greaterThanOrEqual(a: SequenceNumber, b: SequenceNumber): boolean {
  return ((a - b) | 0) >= 0
}

/** Whether `s` lies in [from, to), going upwards from `from` modulo 2³². Empty when they are equal. */
export function inRange(s: SequenceNumber, from: SequenceNumber, to: SequenceNumber): boolean {
  return (s - from) >>> 0 < (to - from) >>> 0
}

/** The later of two numbers; int32. */
export function sequenceMax(a: SequenceNumber, b: SequenceNumber): SequenceNumber {
  return ((a - b) | 0) < 0 ? b | 0 : a | 0
}
