/** How much may wait for its turn to be sent; what comes then is dropped (tail drop). Either, both or none may be given. */
export interface QueueLimit {
  readonly packets?: number
  readonly bytes?: number
}

/** What one direction of a link does to packets. Probabilities are from 0 to 1 and apply to each packet on its own. */
export interface Impairments {
  /** Bits per second. A packet of n bytes occupies the sender for 8n/rate seconds. 0 or Infinity (the default): no time. */
  readonly rate: number
  /** What may wait while another packet is being sent, that one not counted. 1000 packets by default. */
  readonly queue: QueueLimit
  /** Propagation delay in ms, after the last bit was sent; 0 by default. */
  readonly delay: number
  /** Each packet takes up to this many ms more, evenly distributed. It never changes the order; 0 by default. */
  readonly jitter: number
  /** Probability that a packet is lost on the way. */
  readonly loss: number
  /** Probability that a packet arrives twice. */
  readonly duplicate: number
  /** Probability that one bit of a packet, chosen evenly, is flipped. */
  readonly corrupt: number
  /** Probability that a packet is held back so that later ones overtake it. */
  readonly reorder: number
  /** How many packets overtake one that is held back; 3 by default. */
  readonly reorderGap: number
  /** A packet is held back no longer than this, in ms, should fewer packets follow; 50 by default. */
  readonly reorderDelay: number
}

/** A link that changes nothing and takes no time. */
export const NO_IMPAIRMENTS: Impairments = Object.freeze({
  rate: Infinity,
  queue: Object.freeze({ packets: 1000 }),
  delay: 0,
  jitter: 0,
  loss: 0,
  duplicate: 0,
  corrupt: 0,
  reorder: 0,
  reorderGap: 3,
  reorderDelay: 50,
})

/**
 * `base` with `changes`, checked.
 * @throws RangeError saying which value is wrong.
 */
export function impairments(changes: Partial<Impairments>, base: Impairments = NO_IMPAIRMENTS): Impairments {
  const {
    rate = base.rate, queue = base.queue, delay = base.delay, jitter = base.jitter, loss = base.loss, duplicate = base.duplicate,
    corrupt = base.corrupt, reorder = base.reorder, reorderGap = base.reorderGap, reorderDelay = base.reorderDelay,
  } = changes
  atLeast('rate', rate, 0, 'bit/s')
  atLeast('queue.packets', queue.packets ?? Infinity, 0, 'packets')
  atLeast('queue.bytes', queue.bytes ?? Infinity, 0, 'bytes')
  finite('delay', delay)
  finite('jitter', jitter)
  finite('reorderDelay', reorderDelay)
  probability('loss', loss)
  probability('duplicate', duplicate)
  probability('corrupt', corrupt)
  probability('reorder', reorder)
  if (!Number.isSafeInteger(reorderGap) || reorderGap < 1) {
    throw new RangeError(`reorderGap is ${reorderGap}, expected a whole number of packets of at least 1`)
  }
  return { rate, queue: { ...queue }, delay, jitter, loss, duplicate, corrupt, reorder, reorderGap, reorderDelay }
}

function atLeast(name: string, value: number, least: number, unit: string): void {
  if (!(value >= least)) throw new RangeError(`${name} is ${value}, expected at least ${least} ${unit}`)
}

function finite(name: string, value: number): void {
  if (!(value >= 0) || value === Infinity) throw new RangeError(`${name} is ${value}, expected a finite number of ms of at least 0`)
}

function probability(name: string, value: number): void {
  if (!(value >= 0 && value <= 1)) throw new RangeError(`${name} is ${value}, expected a probability from 0 to 1`)
}
